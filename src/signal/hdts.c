/* A high-dimensional temporal signal (Nicola & Clopath 2017): pulses one after the other, each on a channel of its
 * own. It tells a network where in a long sequence it is. */
#include "signal/signal.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

static const volley_signal_key keys[] = {
    {.name = "pulses",
     .unit = "",
     .type = VOLLEY_SIGNAL_COUNT,
     .offset = offsetof(volley_signal, pulses),
     .required = true,
     .min = 1,
     .doc = "number of pulses, and of channels"},
    {.name = "period",
     .unit = "ms",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, period),
     .required = true,
     .positive = true,
     .doc = "time in which all channels have their turn; each pulse is half a sine of period / pulses"},
};

static const char *check(volley_signal *signal) {
  signal->dimension = signal->pulses;
  return NULL;
}

static void values(const volley_signal *signal, double t, double *out) {
  const int n = signal->pulses;
  const double turns = t / signal->period;
  const double x = n * (turns - floor(turns));
  const int channel = x < n ? (int)x : n - 1;
  memset(out, 0, (size_t)n * sizeof *out);
  out[channel] = fabs(sin(pi * (x - channel)));
}

const volley_signal_kind volley_signal_hdts = {
    .name = "hdts",
    .doc =
        "high-dimensional temporal signal: pulses one after the other, each on a channel of its own, again and again",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .check = check,
    .values = values,
};
