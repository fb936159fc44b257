/* A high-dimensional temporal signal (Nicola & Clopath 2017): pulses one after the other, each on a channel of its
 * own. It tells a network where in a long sequence it is. */
#include "signal/signal.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

typedef struct parameters {
  int pulses;
  double period; /* ms */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"pulses", "", 0, 1, INFINITY, .type = VOLLEY_KEY_COUNT, .required = true, AT(pulses),
     .doc = "number of pulses, and of channels"},
    {"period", "ms", 0, VOLLEY_ABOVE_ZERO, .required = true, AT(period),
     .doc = "time in which all channels have their turn; each pulse is half a sine of period / pulses"},
};

static const char *check(volley_signal *signal) {
  signal->dimension = ((const parameters *)signal->parameters)->pulses;
  return NULL;
}

static void values(const volley_signal *signal, double t, double *out) {
  const parameters *p = signal->parameters;
  const int n = p->pulses;
  const double turns = t / p->period;
  const double x = n * (turns - floor(turns));
  const int channel = x < n ? (int)x : n - 1;
  memset(out, 0, (size_t)n * sizeof *out);
  out[channel] = fabs(sin(pi * (x - channel)));
}

const volley_signal_kind volley_signal_hdts = {
    .name = "hdts",
    .doc =
        "high-dimensional temporal signal: pulses one after the other, each on a channel of its own, again and again",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .check = check,
    .values = values,
};
