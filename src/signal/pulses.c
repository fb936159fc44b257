/* Rows of amplitudes, played one after the other: songs, classes, inputs. */
#include "signal/rows.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static const volley_signal_key keys[] = {
    {.name = "rows",
     .unit = "",
     .type = VOLLEY_SIGNAL_MATRIX,
     .offset = offsetof(volley_signal, rows),
     .count_offset = offsetof(volley_signal, n_rows),
     .min = -INFINITY,
     .doc = "one row a slot, one amplitude a channel"},
    {.name = "file",
     .unit = "",
     .type = VOLLEY_SIGNAL_PATH,
     .offset = offsetof(volley_signal, file),
     .doc = "HDF5 or text file (CSV) of the rows, instead of `rows`"},
    {.name = "dataset",
     .unit = "",
     .type = VOLLEY_SIGNAL_TEXT,
     .offset = offsetof(volley_signal, dataset),
     .doc = "where the HDF5 file has the rows"},
    {.name = "slot",
     .unit = "ms",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, slot),
     .required = true,
     .positive = true,
     .doc = "time of each row"},
    {.name = "blank",
     .unit = "ms",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, blank),
     .doc = "time of silence after each row"},
    {.name = "envelope",
     .unit = "",
     .type = VOLLEY_SIGNAL_CHOICE,
     .offset = offsetof(volley_signal, envelope),
     .words = "half_sine|constant",
     .doc = "shape of the pulses"},
    {.name = "holds",
     .unit = "",
     .type = VOLLEY_SIGNAL_LIST,
     .offset = offsetof(volley_signal, holds),
     .count_offset = offsetof(volley_signal, n_holds),
     .min = 1,
     .doc = "numbers, from 1, of rows that last on through the slot of the next row, as one pulse, on the channels "
            "that are "
            "not 0 in them"},
    {.name = "held_channels",
     .unit = "",
     .type = VOLLEY_SIGNAL_COUNT,
     .offset = offsetof(volley_signal, held_channels),
     .doc = "only the first so many channels are held; 0: all"},
};

/* Row number `row`, from 0, is held on a channel. */
static bool is_held(const volley_signal *signal, int row, int channel) {
  if (row < 0 || (signal->held_channels > 0 && channel >= signal->held_channels)) return false;
  if (signal->rows[(size_t)row * (size_t)signal->dimension + (size_t)channel] == 0) return false;
  for (int k = 0; k < signal->n_holds; k++) {
    if ((int)signal->holds[k] == row + 1) return true;
  }
  return false;
}

static const char *check_holds(const volley_signal *signal) {
  for (int k = 0; k < signal->n_holds; k++) {
    const double row = signal->holds[k];
    if (row != rint(row) || row < 1 || row >= signal->n_rows)
      return "holds must be numbers of rows, from 1 to the last but one";
    for (int d = 0; d < signal->dimension; d++) {
      if (is_held(signal, (int)row - 1, d) && is_held(signal, (int)row, d))
        return "of two rows that follow each other, only one can be held on a channel";
    }
  }
  return NULL;
}

static const char *check(volley_signal *signal) {
  const char *wrong = volley_rows_check(signal);
  if (wrong) return wrong;
  if (signal->n_holds > 0 && signal->blank > 0) return "rows can be held only where blank is 0";
  return signal->rows ? check_holds(signal) : NULL;
}

/* x: from 0 to 1 through the pulse */
static double envelope(const volley_signal *signal, double x) { return signal->envelope == 0 ? fabs(sin(pi * x)) : 1; }

static void values(const volley_signal *signal, double t, double *out) {
  const size_t width = (size_t)signal->dimension;
  const double all = signal->slot + signal->blank;
  double slots = t / all;
  if (fabs(slots - rint(slots)) < 1e-9)
    slots = rint(slots); /* a step on the border begins the next slot, however t is rounded */
  slots -= signal->n_rows * floor(slots / signal->n_rows);
  const int row = slots < signal->n_rows ? (int)slots : 0;
  const double x = fmax(slots - row, 0) * all / signal->slot;
  const double *now = signal->rows + (size_t)row * width;
  if (x >= 1 - 1e-9 && signal->blank > 0) {
    memset(out, 0, width * sizeof *out);
    return;
  }
  const double plain = envelope(signal, x);
  for (size_t d = 0; d < width; d++) out[d] = plain * now[d];
  for (int d = 0; d < signal->dimension && signal->n_holds > 0; d++) {
    if (is_held(signal, row, d))
      out[d] = envelope(signal, x / 2) * now[d];
    else if (is_held(signal, row - 1, d))
      out[d] = envelope(signal, (1 + x) / 2) * (now - width)[d];
  }
}

const volley_signal_kind volley_signal_pulses = {
    .name = "pulses",
    .doc =
        "rows of amplitudes, one after the other and again from the first: a song, classes to be told apart; as many "
        "values as columns",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .check = check,
    .values = values,
};
