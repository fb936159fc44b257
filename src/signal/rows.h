/* Values that are given as rows: from the experiment, a file, or a calculation. */
#ifndef VOLLEY_SIGNAL_ROWS_H
#define VOLLEY_SIGNAL_ROWS_H

#include "signal/signal.h"

/* NULL if rows come either from the experiment or from a file, else what is wrong. */
const char *volley_rows_check(volley_signal *signal);

/* Linear interpolation between rows that are `interval` apart, row 0 at t = 0, into values: [dimension]. Before row 0
 * that row holds and after the last row that one; with `repeat`, row 0 follows the last one. */
void volley_rows_interpolate(const volley_signal *signal, double t, double *values);

#endif
