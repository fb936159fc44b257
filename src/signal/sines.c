/* Sum or product of sines. With waveform `arcsine` each of them is arcsin(sin(x)), the triangle between -pi/2 and pi/2
 * that the literature of FORCE calls a sawtooth. */
#include "signal/signal.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static const volley_signal_key keys[] = {
    {.name = "frequencies",
     .unit = "Hz",
     .type = VOLLEY_SIGNAL_LIST,
     .offset = offsetof(volley_signal, frequencies),
     .count_offset = offsetof(volley_signal, n_frequencies),
     .required = true,
     .doc = "one sine each"},
    {.name = "amplitudes",
     .unit = "",
     .type = VOLLEY_SIGNAL_LIST,
     .offset = offsetof(volley_signal, amplitudes),
     .count_offset = offsetof(volley_signal, n_amplitudes),
     .min = -INFINITY,
     .doc = "one for each frequency; 1 if left out"},
    {.name = "phases",
     .unit = "",
     .type = VOLLEY_SIGNAL_LIST,
     .offset = offsetof(volley_signal, phases),
     .count_offset = offsetof(volley_signal, n_phases),
     .min = -INFINITY,
     .doc = "one for each frequency, in cycles: 0.25 is a cosine; 0 if left out"},
    {.name = "combination",
     .unit = "",
     .type = VOLLEY_SIGNAL_CHOICE,
     .offset = offsetof(volley_signal, combination),
     .words = "sum|product",
     .doc = "what becomes of several sines"},
    {.name = "waveform",
     .unit = "",
     .type = VOLLEY_SIGNAL_CHOICE,
     .offset = offsetof(volley_signal, waveform),
     .words = "sine|arcsine",
     .doc = "arcsine: arcsin(sin(x)), a triangle between -pi/2 and pi/2"},
};

static const char *check(volley_signal *signal) {
  signal->dimension = 1;
  if (signal->n_frequencies < 1) return "at least one frequency is needed";
  if (signal->n_amplitudes != 0 && signal->n_amplitudes != signal->n_frequencies)
    return "amplitudes must be as many as frequencies";
  if (signal->n_phases != 0 && signal->n_phases != signal->n_frequencies)
    return "phases must be as many as frequencies";
  return NULL;
}

/* x: in cycles, -1/2 .. 1/2 */
static double arcsine(double x) { return fabs(x) <= 0.25 ? 2 * pi * x : copysign(pi - 2 * pi * fabs(x), x); }

static double wave(const volley_signal *signal, int k, double t) {
  const double cycles = signal->frequencies[k] * (t * 1e-3) + (signal->n_phases > 0 ? signal->phases[k] : 0);
  const double x = cycles - rint(cycles);
  const double amplitude = signal->n_amplitudes > 0 ? signal->amplitudes[k] : 1;
  return amplitude * (signal->waveform == 0 ? sin(2 * pi * x) : arcsine(x));
}

static void values(const volley_signal *signal, double t, double *out) {
  double all = wave(signal, 0, t);
  for (int k = 1; k < signal->n_frequencies; k++) {
    const double one = wave(signal, k, t);
    all = signal->combination == 0 ? all + one : all * one;
  }
  out[0] = all;
}

const volley_signal_kind volley_signal_sines = {
    .name = "sines",
    .doc = "sum or product of sines; 1 value",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .check = check,
    .values = values,
};
