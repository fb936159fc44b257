#include "stimulus/course.h"

#include "base/text.h"
#include "stimulus/selected.h"

#include <inttypes.h>
#include <stdio.h>

static const volley_course *course_of(const volley_stimulus *stimulus) { return stimulus->parameters; }

const char *volley_course_check(const volley_stimulus *stimulus, const volley_course_words *words) {
  const volley_course *c = course_of(stimulus);
  const bool lists = c->times.values || c->values.values;
  if (lists == (c->series.file != NULL)) return words->both;
  if (c->series.dataset && !c->series.file) return "dataset needs a file";
  if (c->times.n != c->values.n) return words->lengths;
  for (int k = 0; k < c->times.n; k++) {
    if (k > 0 && !(c->times.values[k] > c->times.values[k - 1])) return "times must ascend";
    if (c->values.values[k] > words->max) return words->most;
  }
  return NULL;
}

volley_status volley_course_load(volley_loading *loading, const volley_stimulus *stimulus) {
  volley_course *c = stimulus->parameters;
  return c->series.file ? volley_stimulus_read(loading, stimulus, &c->series) : VOLLEY_OK;
}

/* What is wrong with row k. */
static const char *check_row(const volley_stimulus *stimulus, const volley_course_words *words, double dt, uint64_t k,
                             char *buffer, size_t size) {
  const volley_series *series = &course_of(stimulus)->series;
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
    if (row[c] >= words->min && row[c] <= words->max) continue;
    snprintf(buffer, size, "row %" PRIu64 " (from 0) of '%s' has the %s %g %s; %s possible", k, series->file,
             words->value, row[c], words->unit, words->possible);
    return buffer;
  }
  return NULL;
}

const char *volley_course_check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus,
                                       const volley_course_words *words, char *buffer, size_t size) {
  const volley_series *series = &course_of(stimulus)->series;
  if (!series->values) return NULL;
  if (series->n_columns != 2 && series->n_columns != (uint64_t)stimulus->neurons.count + 1) {
    snprintf(
        buffer, size,
        "the rows of '%s' have %s; 2 are possible (a time and a %s for all), or %" PRIu64 " (a time and the %s of %s)",
        series->file, volley_count(series->n_columns, "column").text, words->value,
        (uint64_t)stimulus->neurons.count + 1, words->values, volley_count(stimulus->neurons.count, "neuron").text);
    return buffer;
  }
  const char *wrong = NULL;
  for (uint64_t k = 0; k < series->n_rows && !wrong; k++)
    wrong = check_row(stimulus, words, experiment->simulation.dt, k, buffer, size);
  return wrong;
}

int64_t volley_course_length(const volley_course *c) {
  return c->series.values ? (int64_t)c->series.n_rows : c->times.n;
}

double volley_course_time(const volley_course *c, int64_t k) {
  return c->series.values ? c->series.values[(uint64_t)k * c->series.n_columns] : c->times.values[k];
}

double volley_course_value(const volley_course *c, int64_t k, uint32_t column) {
  if (!c->series.values) return c->values.values[k];
  return c->series.values[(uint64_t)k * c->series.n_columns + 1 + (volley_course_differs(c) ? column : 0)];
}

int64_t *volley_course_steps(const volley_experiment *experiment, const volley_stimulus *stimulus, int64_t shift) {
  const volley_course *c = course_of(stimulus);
  const int64_t n = volley_course_length(c);
  int64_t *steps = volley_alloc((size_t)n, sizeof *steps, "a stimulus");
  for (int64_t k = 0; k < n; k++)
    steps[k] = volley_stimulus_steps(experiment, stimulus, volley_course_time(c, k)) + shift;
  return steps;
}
