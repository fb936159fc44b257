/* Autonomous differential equations as signals: solved once and kept at every ms. */
#ifndef VOLLEY_SIGNAL_TRAJECTORY_H
#define VOLLEY_SIGNAL_TRAJECTORY_H

#include "signal/signal.h"

/* Rates of change by second of values u: [dimension] each. */
typedef void (*volley_equations)(const volley_signal *signal, const double *u, double *rates);

/* Solves the equations to a tolerance of 1e-10 with PETSc, from 0.1 in all values. What comes in the first `transient`
 * seconds is left out; then the values go to rows at every ms: [n_rows][dimension]. A row depends on those before it
 * alone, not on how many follow. Not collective. Returns NULL, or what went wrong. */
const char *volley_trajectory_make(const volley_signal *signal, volley_equations equations, double transient,
                                   double *rows);

#endif
