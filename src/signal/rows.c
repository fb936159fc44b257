#include "signal/rows.h"

#include <math.h>

const char *volley_rows_check(volley_signal *signal) {
  if (signal->dataset && !signal->file) return "dataset needs a file";
  if (!signal->rows && !signal->file) return "rows or a file must be given";
  if (signal->rows && signal->file) return "either rows or a file can be given, not both";
  return NULL;
}

void volley_rows_interpolate(const volley_signal *signal, double t, double *values) {
  const size_t n = (size_t)signal->n_rows, width = (size_t)signal->dimension;
  double x = t / signal->interval;
  if (signal->repeat) x -= (double)n * floor(x / (double)n);
  x = fmax(x, 0);
  const size_t row = x < (double)n ? (size_t)x : n - 1;
  const size_t next = row + 1 < n ? row + 1 : signal->repeat ? 0 : row;
  const double part = fmin(x - (double)row, 1);
  const double *from = signal->rows + row * width, *to = signal->rows + next * width;
  for (size_t d = 0; d < width; d++) values[d] = from[d] + part * (to[d] - from[d]);
}
