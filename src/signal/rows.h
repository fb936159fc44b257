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

/* Autonomous differential equations as signals, solved once and kept at every ms. */

/* What parameters of equations begin with. */
typedef struct volley_trajectory {
  volley_rows rows;  /* at every ms */
  double size;       /* the values are those of the equations divided by this */
  double time_scale; /* units of the equations' time in a second */
} volley_trajectory;

/* Sets the dimension and the interval of the rows. */
void volley_trajectory_begin(volley_signal *signal, int dimension);

/* Rates of change by second of values u: [dimension] each. */
typedef void (*volley_equations)(const volley_signal *signal, const double *u, double *rates);

/* Solves the equations to a tolerance of 1e-10 with PETSc, from 0.1 in all values. What comes in the first `transient`
 * seconds is left out; then the values go to the rows at every ms. A row depends on those before it
 * alone, not on how many follow. Not collective. Returns NULL, or what went wrong. */
const char *volley_trajectory_make(const volley_signal *signal, volley_equations equations, double transient);

#endif
