/* Values that are given as rows: from the experiment, a file, or a calculation. */
#ifndef VOLLEY_SIGNAL_ROWS_H
#define VOLLEY_SIGNAL_ROWS_H

#include "signal/signal.h"

/* What parameters of kinds that play between rows begin with. */
typedef struct volley_rows {
  volley_series series;
  double interval; /* ms between two rows */
  bool repeat;     /* row 0 follows the last one */
} volley_rows;

/* NULL if the parameters' series comes either from the experiment or from a file, else what is wrong. Sets the dimension
 * where it is known. */
const char *volley_rows_check(volley_signal *signal);

/* Linear interpolation between the rows, row 0 at t = 0, into values: [dimension]. Before row 0 that row holds and after
 * the last row that one. */
void volley_rows_interpolate(const volley_signal *signal, double t, double *values);

/* What the rows last, in ms; 0 where they repeat. */
double volley_rows_length(const volley_signal *signal);

#endif
