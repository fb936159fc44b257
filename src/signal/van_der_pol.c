/* The Van der Pol oscillator, in the published scaling. The published programs leave out a transient as long as the
 * run; here it is of fixed length, so that a signal does not depend on how long a run is. */
#include "signal/rows.h"

#include <math.h>

typedef struct parameters {
  volley_trajectory trajectory;
  double mu;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"mu", "", 0, VOLLEY_ABOVE_ZERO, .required = true, AT(mu),
     .doc = "damping: 0.5 gives nearly a sine, 5 a relaxation oscillation"},
    {"size", "", 10, VOLLEY_ABOVE_ZERO, AT(trajectory.size),
     .doc = "the first value swings between -2 / size and 2 / size"},
    {"time_scale", "", 20, VOLLEY_ABOVE_ZERO, AT(trajectory.time_scale),
     .doc = "units of the equations' time in a second"},
};

/* What is left out: so many units of the equations' time, 50 s with the published scale; at most so many s. */
static const double transient = 1000, longest = 1000;

static const char *check(volley_signal *signal) {
  volley_trajectory_begin(signal, 2);
  return NULL;
}

static void equations(const volley_signal *signal, const double *u, double *rates) {
  const parameters *p = signal->parameters;
  const double x = u[0], y = u[1], size = p->trajectory.size;
  rates[0] = p->trajectory.time_scale * p->mu * (x - x * x * x * size * size / 3 - y);
  rates[1] = p->trajectory.time_scale * x / p->mu;
}

static const char *make_rows(const volley_signal *signal) {
  return volley_trajectory_make(signal, equations,
                                fmin(transient / ((const volley_trajectory *)signal->parameters)->time_scale, longest));
}

const volley_signal_kind volley_signal_van_der_pol = {
    .name = "van_der_pol",
    .doc = "Van der Pol oscillator on its limit cycle; 2 values",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .has_series = true,
    .check = check,
    .make_rows = make_rows,
    .length = volley_rows_length,
    .values = volley_rows_interpolate,
};
