/* A toy signal: `level` for half of a period, its negative for the other half. */
#include "signal/signal.h"

#include <math.h>

typedef struct parameters {
  double period; /* ms */
  double level;
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"period", "ms", 0, VOLLEY_ABOVE_ZERO, .required = true, AT(period), .doc = "time until it begins again"},
    {"level", "", 1, VOLLEY_ANY, AT(level), .doc = "value in the first half"},
};

static const char *check(volley_signal *signal) {
  signal->dimension = 1;
  return NULL;
}

static void values(const volley_signal *signal, double t, double *out) {
  const parameters *p = signal->parameters;
  const double periods = t / p->period;
  out[0] = periods - floor(periods) < 0.5 ? p->level : -p->level;
}

const volley_signal_kind volley_signal_square = {
    .name = "square",
    .doc = "a square wave; 1 value",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .check = check,
    .values = values,
};
