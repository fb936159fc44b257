/* The Van der Pol oscillator, in the published scaling. The published programs leave out a transient as long as the
 * run; here it is of fixed length, so that a signal does not depend on how long a run is. */
#include "signal/rows.h"
#include "signal/trajectory.h"

#include <math.h>

static const volley_signal_key keys[] = {
    {.name = "mu",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, mu),
     .required = true,
     .positive = true,
     .doc = "damping: 0.5 gives nearly a sine, 5 a relaxation oscillation"},
    {.name = "size",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, size),
     .fallback = 10,
     .positive = true,
     .doc = "the first value swings between -2 / size and 2 / size"},
    {.name = "time_scale",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, time_scale),
     .fallback = 20,
     .positive = true,
     .doc = "units of the equations' time in a second"},
};

/* What is left out: so many units of the equations' time, 50 s with the published scale; at most so many s. */
static const double transient = 1000, longest = 1000;

static const char *check(volley_signal *signal) {
  signal->dimension = 2;
  signal->interval = 1;
  return NULL;
}

static void equations(const volley_signal *signal, const double *u, double *rates) {
  const double x = u[0], y = u[1], size = signal->size;
  rates[0] = signal->time_scale * signal->mu * (x - x * x * x * size * size / 3 - y);
  rates[1] = signal->time_scale * x / signal->mu;
}

static const char *make_rows(const volley_signal *signal, double *rows) {
  return volley_trajectory_make(signal, equations, fmin(transient / signal->time_scale, longest), rows);
}

static double length(const volley_signal *signal) { return signal->n_rows * signal->interval; }

const volley_signal_kind volley_signal_van_der_pol = {
    .name = "van_der_pol",
    .doc = "Van der Pol oscillator on its limit cycle; 2 values",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .check = check,
    .make_rows = make_rows,
    .length = length,
    .values = volley_rows_interpolate,
};
