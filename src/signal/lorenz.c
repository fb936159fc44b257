/* The Lorenz attractor, in the published scaling; nothing is left out at its beginning. */
#include "signal/rows.h"
#include "signal/trajectory.h"

#include <math.h>

static const volley_signal_key keys[] = {
    {.name = "sigma",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, sigma),
     .fallback = 10,
     .min = -INFINITY,
     .doc = "parameter of the equations"},
    {.name = "rho",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, rho),
     .fallback = 28,
     .min = -INFINITY,
     .doc = "parameter of the equations"},
    {.name = "beta",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, beta),
     .fallback = 8.0 / 3,
     .min = -INFINITY,
     .doc = "parameter of the equations"},
    {.name = "size",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, size),
     .fallback = 70,
     .positive = true,
     .doc = "the values are those of the equations divided by this"},
    {.name = "time_scale",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, time_scale),
     .fallback = 1,
     .positive = true,
     .doc = "units of the equations' time in a second"},
};

static const char *check(volley_signal *signal) {
  signal->dimension = 3;
  signal->interval = 1;
  return NULL;
}

static void equations(const volley_signal *signal, const double *u, double *rates) {
  const double x = u[0], y = u[1], z = u[2], size = signal->size;
  rates[0] = signal->time_scale * signal->sigma * (y - x);
  rates[1] = signal->time_scale * (signal->rho * x - size * x * z - y);
  rates[2] = signal->time_scale * (size * x * y - signal->beta * z);
}

static const char *make_rows(const volley_signal *signal, double *rows) {
  return volley_trajectory_make(signal, equations, 0, rows);
}

static double length(const volley_signal *signal) { return signal->n_rows * signal->interval; }

const volley_signal_kind volley_signal_lorenz = {
    .name = "lorenz",
    .doc = "Lorenz attractor; 3 values",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .is_chaotic = true,
    .check = check,
    .make_rows = make_rows,
    .length = length,
    .values = volley_rows_interpolate,
};
