/* Autonomous differential equations as signals: solved once and kept at every ms. */
#ifndef VOLLEY_SIGNAL_TRAJECTORY_H
#define VOLLEY_SIGNAL_TRAJECTORY_H

#include "signal/rows.h"

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
