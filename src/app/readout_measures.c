#include "app/readout_measures.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_ROWS = 20000 /* that a period is looked for in */ };
static const double window_ms = 1000, rhythm = 0.9; /* least autocorrelation after one period */

/* Some rows of a record: [rows][dimension]. */
typedef struct span {
  const double *output, *supervisor;
  int64_t rows;
  int dimension;
} span;

static int64_t row_at(const volley_readout_record *record, double ms) {
  const double row = round((ms - record->start_ms) / record->interval_ms);
  return row < 0 ? 0 : row > (double)record->rows ? (int64_t)record->rows : (int64_t)row;
}

/* Relative error of n rows of the output from row `at` on against the supervisor `shift` rows later. */
static double error_of(const span *all, int64_t at, int64_t n, int64_t shift) {
  const int64_t k = all->dimension;
  double difference = 0, size = 0;
  for (int64_t i = at * k; i < (at + n) * k; i++) {
    const double x = all->supervisor[i + shift * k], e = all->output[i] - x;
    difference += e * e;
    size += x * x;
  }
  return sqrt(difference / size);
}

/* The component of the supervisor that varies most. */
static int liveliest(const span *s) {
  int best = 0;
  double most = -1;
  for (int d = 0; d < s->dimension; d++) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < s->rows; i++) {
      const double x = s->supervisor[i * s->dimension + d];
      sum += x;
      squares += x * x;
    }
    const double variance = squares / (double)s->rows - sum * sum / (double)s->rows / (double)s->rows;
    if (variance > most) {
      most = variance;
      best = d;
    }
  }
  return best;
}

static double correlation(const double *x, int64_t rows, int stride, int64_t lag) {
  double xy = 0, xx = 0, yy = 0, sx = 0, sy = 0;
  const double n = (double)(rows - lag);
  for (int64_t i = 0; i + lag < rows; i++) {
    const double a = x[i * stride], b = x[(i + lag) * stride];
    sx += a;
    sy += b;
    xy += a * b;
    xx += a * a;
    yy += b * b;
  }
  return (xy - sx * sy / n) / sqrt((xx - sx * sx / n) * (yy - sy * sy / n));
}

/* Rows of one period: where the autocorrelation, after it has fallen, is highest first; between rows by a parabola. 0: none. */
static double find_period(const double *x, int64_t rows, int stride) {
  double before = 1, now = 1;
  bool fell = false;
  for (int64_t lag = 1; lag < rows / 2; lag++) {
    const double after = correlation(x, rows, stride, lag);
    if (after < 0.5) fell = true;
    if (fell && now > rhythm && now >= before && now > after)
      return (double)(lag - 1) + 0.5 * (before - after) / (before - 2 * now + after);
    before = now;
    now = after;
  }
  return 0;
}

/* Ratio of the standard deviations, all components together. */
static double spread_of(const span *s) {
  double variances[2] = {0, 0};
  for (int which = 0; which < 2; which++) {
    const double *values = which ? s->supervisor : s->output;
    for (int d = 0; d < s->dimension; d++) {
      double sum = 0, squares = 0;
      for (int64_t i = 0; i < s->rows; i++) sum += values[i * s->dimension + d];
      const double mean = sum / (double)s->rows;
      for (int64_t i = 0; i < s->rows; i++) squares += pow(values[i * s->dimension + d] - mean, 2);
      variances[which] += squares;
    }
  }
  return sqrt(variances[0] / variances[1]);
}

/* Errors of whole windows from row `from` on, each with the supervisor moved back by up to one period. */
static void measure_windows(const span *all, int64_t from, int64_t window, int64_t period,
                            volley_readout_measures *measures) {
  double sum = 0, most = 0;
  int n = 0;
  for (int64_t at = from; at + window <= all->rows; at += window, n++) {
    double least = INFINITY;
    for (int64_t shift = 0; shift <= period && at - shift >= 0; shift++)
      least = fmin(least, error_of(all, at, window, -shift));
    sum += least;
    most = fmax(most, least);
  }
  measures->win_mean = n ? sum / n : NAN;
  measures->win_most = n ? most : NAN;
}

volley_readout_measures volley_readout_measure(const volley_readout_record *record) {
  const int64_t k = record->dimension, window = (int64_t)round(window_ms / record->interval_ms);
  const span all = {record->output, record->supervisor, (int64_t)record->rows, record->dimension};
  const int64_t begin = row_at(record, record->learning_start_ms), end = row_at(record, record->learning_stop_ms);
  volley_readout_measures m = {NAN, NAN, NAN, NAN, NAN, NAN};
  if (window > 0 && end - window >= begin && end > 0) m.train = error_of(&all, end - window, window, 0);
  int64_t rows = all.rows - end;
  if (rows < 2 * window || window == 0) return m;
  const span tested = {all.output + end * k, all.supervisor + end * k, rows, all.dimension};
  m.spread = spread_of(&tested);
  const int d = liveliest(&tested);
  if (rows > MOST_ROWS) rows = MOST_ROWS;
  const double period = find_period(tested.supervisor + d, rows, all.dimension);
  const double of_output = period > 0 ? find_period(tested.output + d, rows, all.dimension) : 0;
  if (period > 0) m.supervisor_period = 1e-3 * period * record->interval_ms;
  if (of_output > 0) m.period = 1e-3 * of_output * record->interval_ms;
  if (record->is_comparable) measure_windows(&all, end, window, (int64_t)ceil(period), &m);
  return m;
}
