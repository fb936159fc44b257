#include "signal/rows.h"

#include <math.h>

const char *volley_rows_check(volley_signal *signal) {
  const volley_series *series = signal->parameters;
  if (series->dataset && !series->file) return "dataset needs a file";
  if (!series->values && !series->file) return "rows or a file must be given";
  if (series->values && series->file) return "either rows or a file can be given, not both";
  if (series->values) signal->dimension = (int)series->n_columns;
  return NULL;
}

void volley_rows_interpolate(const volley_signal *signal, double t, double *values) {
  const volley_rows *rows = signal->parameters;
  const size_t n = rows->series.n_rows, width = (size_t)signal->dimension;
  double x = t / rows->interval;
  if (rows->repeat) x -= (double)n * floor(x / (double)n);
  x = fmax(x, 0);
  const size_t row = x < (double)n ? (size_t)x : n - 1;
  const size_t next = row + 1 < n ? row + 1 : rows->repeat ? 0 : row;
  const double part = fmin(x - (double)row, 1);
  const double *from = rows->series.values + row * width, *to = rows->series.values + next * width;
  for (size_t d = 0; d < width; d++) values[d] = from[d] + part * (to[d] - from[d]);
}

double volley_rows_length(const volley_signal *signal) {
  const volley_rows *rows = signal->parameters;
  return rows->repeat ? 0 : (double)rows->series.n_rows * rows->interval;
}
