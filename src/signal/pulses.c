/* Rows of amplitudes, played one after the other: songs, classes, inputs. */
#include "signal/rows.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

typedef struct parameters {
  volley_series series;
  double slot, blank; /* ms */
  int envelope;       /* 0: half a sine, 1: constant */
  volley_list holds;  /* numbers from 1 of rows that last on through the next slot */
  int held_channels;  /* the first so many channels are held; 0: all */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"rows", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_ROWS, AT(series), .doc = "one row a slot, one amplitude a channel"},
    {"file", .type = VOLLEY_KEY_PATH, AT(series.file), .doc = "HDF5 or text file (CSV) of the rows, instead of `rows`"},
    {"dataset", .type = VOLLEY_KEY_TEXT, AT(series.dataset), .doc = "where the HDF5 file has the rows"},
    {"slot", "ms", 0, VOLLEY_ABOVE_ZERO, .required = true, AT(slot), .doc = "time of each row"},
    {"blank", "ms", 0, VOLLEY_FROM_ZERO, AT(blank), .doc = "time of silence after each row"},
    {"envelope", .type = VOLLEY_KEY_CHOICE, .words = "half_sine|constant", AT(envelope), .doc = "shape of the pulses"},
    {"holds", "", 0, 1, INFINITY, .type = VOLLEY_KEY_LIST, AT(holds),
     .doc = "numbers, from 1, of rows that last on through the slot of the next row, as one pulse, on the channels "
            "that are not 0 in them"},
    {"held_channels", "", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_COUNT, AT(held_channels),
     .doc = "only the first so many channels are held; 0: all"},
};

/* Row number `row`, from 0, is held on a channel. */
static bool is_held(const parameters *p, int row, int channel) {
  if (row < 0 || (p->held_channels > 0 && channel >= p->held_channels)) return false;
  if (p->series.values[(size_t)row * p->series.n_columns + (size_t)channel] == 0) return false;
  for (int k = 0; k < p->holds.n; k++) {
    if ((int)p->holds.values[k] == row + 1) return true;
  }
  return false;
}

static const char *check_holds(const parameters *p) {
  for (int k = 0; k < p->holds.n; k++) {
    const double row = p->holds.values[k];
    if (row != rint(row) || row < 1 || row >= (double)p->series.n_rows)
      return "holds must be numbers of rows, from 1 to the last but one";
    for (int d = 0; d < (int)p->series.n_columns; d++) {
      if (is_held(p, (int)row - 1, d) && is_held(p, (int)row, d))
        return "of two rows that follow each other, only one can be held on a channel";
    }
  }
  return NULL;
}

static const char *check(volley_signal *signal) {
  const char *wrong = volley_rows_check(signal);
  if (wrong) return wrong;
  const parameters *p = signal->parameters;
  if (p->holds.n > 0 && p->blank > 0) return "rows can be held only where blank is 0";
  return p->series.values ? check_holds(p) : NULL;
}

/* x: from 0 to 1 through the pulse */
static double envelope(const parameters *p, double x) { return p->envelope == 0 ? fabs(sin(pi * x)) : 1; }

static void values(const volley_signal *signal, double t, double *out) {
  const parameters *p = signal->parameters;
  const size_t width = p->series.n_columns;
  const int n_rows = (int)p->series.n_rows;
  const double all = p->slot + p->blank;
  double slots = t / all;
  if (fabs(slots - rint(slots)) < 1e-9)
    slots = rint(slots); /* a step on the border begins the next slot, however t is rounded */
  slots -= n_rows * floor(slots / n_rows);
  const int row = slots < n_rows ? (int)slots : 0;
  const double x = fmax(slots - row, 0) * all / p->slot;
  const double *now = p->series.values + (size_t)row * width;
  if (x >= 1 - 1e-9 && p->blank > 0) {
    memset(out, 0, width * sizeof *out);
    return;
  }
  const double plain = envelope(p, x);
  for (size_t d = 0; d < width; d++) out[d] = plain * now[d];
  for (int d = 0; d < signal->dimension && p->holds.n > 0; d++) {
    if (is_held(p, row, d))
      out[d] = envelope(p, x / 2) * now[d];
    else if (is_held(p, row - 1, d))
      out[d] = envelope(p, (1 + x) / 2) * (now - width)[d];
  }
}

const volley_signal_kind volley_signal_pulses = {
    .name = "pulses",
    .doc =
        "rows of amplitudes, one after the other and again from the first: a song, classes to be told apart; as many "
        "values as columns",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .has_series = true,
    .check = check,
    .values = values,
};
