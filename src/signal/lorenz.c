/* The Lorenz attractor, in the published scaling; nothing is left out at its beginning. */
#include "signal/rows.h"

#include <math.h>

typedef struct parameters {
  volley_trajectory trajectory;
  double sigma, rho, beta;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"sigma", "", 10, VOLLEY_ANY, AT(sigma), .doc = "parameter of the equations"},
    {"rho", "", 28, VOLLEY_ANY, AT(rho), .doc = "parameter of the equations"},
    {"beta", "", 8.0 / 3, VOLLEY_ANY, AT(beta), .doc = "parameter of the equations"},
    {"size", "", 70, VOLLEY_ABOVE_ZERO, AT(trajectory.size),
     .doc = "the values are those of the equations divided by this"},
    {"time_scale", "", 1, VOLLEY_ABOVE_ZERO, AT(trajectory.time_scale),
     .doc = "units of the equations' time in a second"},
};

static const char *check(volley_signal *signal) {
  volley_trajectory_begin(signal, 3);
  return NULL;
}

static void equations(const volley_signal *signal, const double *u, double *rates) {
  const parameters *p = signal->parameters;
  const double x = u[0], y = u[1], z = u[2], size = p->trajectory.size;
  rates[0] = p->trajectory.time_scale * p->sigma * (y - x);
  rates[1] = p->trajectory.time_scale * (p->rho * x - size * x * z - y);
  rates[2] = p->trajectory.time_scale * (size * x * y - p->beta * z);
}

static const char *make_rows(const volley_signal *signal) { return volley_trajectory_make(signal, equations, 0); }

const volley_signal_kind volley_signal_lorenz = {
    .name = "lorenz",
    .doc = "Lorenz attractor; 3 values",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_chaotic = true,
    .has_series = true,
    .check = check,
    .make_rows = make_rows,
    .length = volley_rows_length,
    .values = volley_rows_interpolate,
};
