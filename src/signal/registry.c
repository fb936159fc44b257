#include "signal/signal.h"

#include <math.h>
#include <string.h>

extern const volley_signal_kind volley_signal_sines, volley_signal_van_der_pol, volley_signal_lorenz,
    volley_signal_pulses, volley_signal_hdts, volley_signal_series;

static const volley_signal_kind *const kinds[] = {&volley_signal_sines,
                                                  &volley_signal_van_der_pol,
                                                  &volley_signal_lorenz,
                                                  &volley_signal_pulses,
                                                  &volley_signal_hdts,
                                                  &volley_signal_series,
                                                  NULL};

const volley_signal_kind *const *volley_signal_kinds(void) { return kinds; }

const volley_signal_kind *volley_signal_kind_find(const char *name) {
  for (const volley_signal_kind *const *kind = kinds; *kind; kind++) {
    if (strcmp((*kind)->name, name) == 0) return *kind;
  }
  return NULL;
}

const volley_signal_key volley_signal_common_keys[] = {
    {.name = "scale",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, scale),
     .fallback = 1,
     .min = -INFINITY,
     .doc = "factor of all values"},
    {.name = "noise",
     .unit = "",
     .type = VOLLEY_SIGNAL_NUMBER,
     .offset = offsetof(volley_signal, noise),
     .doc = "amplitude of the noise that is added at every step, not scaled"},
    {.name = "noise_distribution",
     .unit = "",
     .type = VOLLEY_SIGNAL_CHOICE,
     .offset = offsetof(volley_signal, noise_distribution),
     .words = "normal|uniform",
     .doc = "normal: `noise` is the standard deviation; uniform: noise lies between 0 and `noise`"},
    {.name = "speed_times",
     .unit = "ms",
     .type = VOLLEY_SIGNAL_LIST,
     .offset = offsetof(volley_signal, speed_times),
     .count_offset = offsetof(volley_signal, n_speed_times),
     .doc = "times from which on the speeds hold, ascending"},
    {.name = "speeds",
     .unit = "",
     .type = VOLLEY_SIGNAL_LIST,
     .offset = offsetof(volley_signal, speeds),
     .count_offset = offsetof(volley_signal, n_speeds),
     .min = -INFINITY,
     .doc =
         "how fast the signal's time runs from each of the times on: 2 is twice as fast, 0 halts, -1 goes backwards; 1 "
         "before the first"},
};
const int volley_signal_n_common_keys = sizeof volley_signal_common_keys / sizeof *volley_signal_common_keys;

const char *volley_signal_check(volley_signal *signal) {
  if (signal->n_speed_times != signal->n_speeds) return "speed_times and speeds must be lists of the same length";
  for (int k = 1; k < signal->n_speeds; k++) {
    if (!(signal->speed_times[k] > signal->speed_times[k - 1])) return "speed_times must ascend";
  }
  return signal->kind->check(signal);
}
