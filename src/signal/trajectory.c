#include "signal/rows.h"
#include "solver/solver.h"

#include <limits.h>
#include <math.h>

/* Values (in units of 1 / size) beyond which the equations count as wrong. */
static const double largest = 1e6;

static const double start = 0.1, millisecond = 1e-3;

typedef struct problem {
  const volley_signal *signal;
  volley_equations equations;
} problem;

static void rates(const void *context, const double *u, double *out) {
  const problem *p = context;
  p->equations(p->signal, u, out);
}

/* Whether the values are within bounds. */
static bool is_within(const volley_signal *signal, const double *row) {
  const volley_trajectory *trajectory = signal->parameters;
  for (int d = 0; d < signal->dimension; d++) {
    if (!(fabs(row[d]) * trajectory->size < largest)) return false;
  }
  return true;
}

void volley_trajectory_begin(volley_signal *signal, int dimension) {
  signal->dimension = dimension;
  ((volley_trajectory *)signal->parameters)->rows.interval = 1;
}

const char *volley_trajectory_make(const volley_signal *signal, volley_equations equations, double transient) {
  problem p = {signal, equations};
  const volley_series *series = signal->parameters;
  double *rows = series->values;
  const int before = (int)fmin(transient / millisecond, INT_MAX);
  volley_ode *ode = volley_ode_solver.open(signal->dimension, start, rates, &p);
  bool good = true;
  for (int d = 0; d < signal->dimension; d++) rows[d] = start;
  for (int k = 0; k < before && good; k++) good = volley_ode_solver.advance(ode, rows) && is_within(signal, rows);
  for (size_t k = 0; k < series->n_rows && good; k++) {
    double *row = rows + k * series->n_columns;
    if (k > 0) good = volley_ode_solver.advance(ode, row);
    good = is_within(signal, row) && good;
  }
  volley_ode_solver.close(ode);
  return good ? NULL
              : "the equations cannot be integrated with these values: they grow without bounds or change too fast";
}
