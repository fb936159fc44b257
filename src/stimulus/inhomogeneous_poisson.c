/* Poisson spike trains whose rate is piecewise constant in time: rates[k] from times[k] on, none before times[0].
 * A file has rows of a time and one rate for all neurons, or a time and a rate for each. */
#include "stimulus/rates.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct parameters {
  volley_list times, rates; /* ms, Hz */
  volley_series series;
} parameters;

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_rates rates;
  const parameters *parameters;
  int64_t *steps; /* [n] first step on which spikes of rate k act */
  int64_t n;
  int64_t at; /* number of the rate that is set; -1: none */
};

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"times", "ms", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_TIMES, AT(times),
     .doc = "times at which the rate changes, ascending; whole steps"},
    {"rates", "Hz", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, AT(rates),
     .doc = "rate of each neuron from each of the times on"},
    {"file", .type = VOLLEY_KEY_PATH, AT(series.file),
     .doc = "HDF5 or text file (CSV) instead of `times` and `rates`: rows of a time in ms and a rate in Hz, or a time "
            "and a rate for each of the neurons"},
    {"dataset", .type = VOLLEY_KEY_TEXT, AT(series.dataset), .doc = "where the HDF5 file has the rows"},
};

static const char *check(const volley_stimulus *stimulus) {
  const parameters *p = stimulus->parameters;
  const bool lists = p->times.values || p->rates.values;
  if (lists == (p->series.file != NULL)) return "either times and rates must be given, or a file";
  if (p->series.dataset && !p->series.file) return "dataset needs a file";
  if (p->times.n != p->rates.n) return "times and rates must be lists of the same length";
  for (int k = 0; k < p->times.n; k++) {
    if (k > 0 && !(p->times.values[k] > p->times.values[k - 1])) return "times must ascend";
    if (p->rates.values[k] > volley_max_rate) return "rates must not exceed 10 MHz";
  }
  return NULL;
}

static volley_status load(volley_loading *loading, const volley_stimulus *stimulus) {
  parameters *p = stimulus->parameters;
  return p->series.file ? volley_stimulus_read(loading, stimulus, &p->series) : VOLLEY_OK;
}

/* What is wrong with row k. */
static const char *check_row(const volley_stimulus *stimulus, double dt, uint64_t k, char *buffer, size_t size) {
  const volley_series *series = &((const parameters *)stimulus->parameters)->series;
  const double *row = series->values + k * series->n_columns;
  if (k > 0 && !(row[0] > row[0 - (ptrdiff_t)series->n_columns])) {
    snprintf(buffer, size,
             "row %" PRIu64 " (from 0) of '%s' has the time %g ms, which is not after that of the row before", k,
             series->file, row[0]);
    return buffer;
  }
  if (!(row[0] >= 0) || (!stimulus->allow_offgrid_times && !volley_is_whole_steps(row[0], dt))) {
    snprintf(buffer, size,
             "row %" PRIu64 " (from 0) of '%s' has the time %.10g ms; from 0 up and whole steps of dt = %g ms are "
             "possible%s",
             k, series->file, row[0], dt,
             row[0] >= 0 ? ", or allow_offgrid_times: true, which moves times to the end of their step" : "");
    return buffer;
  }
  for (uint64_t c = 1; c < series->n_columns; c++) {
    if (row[c] >= 0 && row[c] <= volley_max_rate) continue;
    snprintf(buffer, size, "row %" PRIu64 " (from 0) of '%s' has the rate %g Hz; from 0 to 10 MHz is possible", k,
             series->file, row[c]);
    return buffer;
  }
  return NULL;
}

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  const volley_series *series = &((const parameters *)stimulus->parameters)->series;
  if (!series->values) return NULL;
  if (series->n_columns != 2 && series->n_columns != (uint64_t)stimulus->neurons.count + 1) {
    snprintf(buffer, size,
             "the rows of '%s' have %s; 2 are possible (a time and a rate for all), or %" PRIu64
             " (a time and the rates of %s)",
             series->file, volley_count(series->n_columns, "column").text, (uint64_t)stimulus->neurons.count + 1,
             volley_count(stimulus->neurons.count, "neuron").text);
    return buffer;
  }
  const char *wrong = NULL;
  for (uint64_t k = 0; k < series->n_rows && !wrong; k++)
    wrong = check_row(stimulus, experiment->simulation.dt, k, buffer, size);
  return wrong;
}

static double time_of(const parameters *p, int64_t k) {
  return p->series.values ? p->series.values[(uint64_t)k * p->series.n_columns] : p->times.values[k];
}

static double rate_of(const parameters *p, int64_t k, uint32_t column) {
  if (!p->series.values) return p->rates.values[k];
  return p->series.values[(uint64_t)k * p->series.n_columns + 1 + (p->series.n_columns > 2 ? column : 0)];
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const parameters *p = stimulus->parameters;
  const int64_t shift = volley_stimulus_delay(experiment, stimulus);
  generator->rates = volley_rates_begin(experiment, number, slice, &generator->selected);
  generator->parameters = p;
  generator->n = p->series.values ? (int64_t)p->series.n_rows : p->times.n;
  generator->steps = volley_alloc((size_t)generator->n, sizeof *generator->steps, "an inhomogeneous Poisson stimulus");
  for (int64_t k = 0; k < generator->n; k++)
    generator->steps[k] = volley_stimulus_steps(experiment, stimulus, time_of(p, k)) + shift;
  generator->at = -1;
}

static void set_rates(volley_generator *generator) {
  for (uint32_t i = 0; i < generator->rates.selected.count; i++) {
    volley_rates_set(&generator->rates, i, rate_of(generator->parameters, generator->at, generator->rates.columns[i]));
  }
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const int64_t before = generator->at;
  while (generator->at + 1 < generator->n && generator->steps[generator->at + 1] <= step) generator->at++;
  if (generator->at != before) set_rates(generator);
  volley_rates_apply(&generator->rates, slice, step);
}

static void destroy(volley_generator *generator) {
  volley_rates_end(&generator->rates);
  free(generator->steps);
}

const volley_stimulus_kind volley_stimulus_inhomogeneous_poisson = {
    .name = "inhomogeneous_poisson",
    .doc = "independent Poisson spike trains, one for each neuron, whose rates change at given times",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .check = check,
    .load = load,
    .check_loaded = check_loaded,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
