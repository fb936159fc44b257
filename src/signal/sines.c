/* Sum or product of sines. With waveform `arcsine` each of them is arcsin(sin(x)), the triangle between -pi/2 and pi/2
 * that the literature of FORCE calls a sawtooth. */
#include "signal/signal.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

typedef struct parameters {
  volley_list frequencies, amplitudes, phases; /* Hz, pure numbers, cycles */
  int combination;                             /* 0: sum, 1: product */
  int waveform;                                /* 0: sine, 1: arcsine of the sine */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"frequencies", "Hz", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, .required = true, .filled = true,
     AT(frequencies), .doc = "one sine each"},
    {"amplitudes", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, AT(amplitudes),
     .doc = "one for each frequency; 1 if left out"},
    {"phases", "", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, AT(phases),
     .doc = "one for each frequency, in cycles: 0.25 is a cosine; 0 if left out"},
    {"combination", .type = VOLLEY_KEY_CHOICE, .words = "sum|product", AT(combination),
     .doc = "what becomes of several sines"},
    {"waveform", .type = VOLLEY_KEY_CHOICE, .words = "sine|arcsine", AT(waveform),
     .doc = "arcsine: arcsin(sin(x)), a triangle between -pi/2 and pi/2"},
};

static const char *check(volley_signal *signal) {
  const parameters *p = signal->parameters;
  const int n = p->frequencies.n;
  signal->dimension = 1;
  if (n < 1) return "at least one frequency is needed";
  if (p->amplitudes.n != 0 && p->amplitudes.n != n) return "amplitudes must be as many as frequencies";
  if (p->phases.n != 0 && p->phases.n != n) return "phases must be as many as frequencies";
  return NULL;
}

/* x: in cycles, -1/2 .. 1/2 */
static double arcsine(double x) { return fabs(x) <= 0.25 ? 2 * pi * x : copysign(pi - 2 * pi * fabs(x), x); }

static double wave(const parameters *p, int k, double t) {
  const double cycles = p->frequencies.values[k] * (t * 1e-3) + (p->phases.n > 0 ? p->phases.values[k] : 0);
  const double x = cycles - rint(cycles);
  const double amplitude = p->amplitudes.n > 0 ? p->amplitudes.values[k] : 1;
  return amplitude * (p->waveform == 0 ? sin(2 * pi * x) : arcsine(x));
}

static void values(const volley_signal *signal, double t, double *out) {
  const parameters *p = signal->parameters;
  double all = wave(p, 0, t);
  for (int k = 1; k < p->frequencies.n; k++) {
    const double one = wave(p, k, t);
    all = p->combination == 0 ? all + one : all * one;
  }
  out[0] = all;
}

const volley_signal_kind volley_signal_sines = {
    .name = "sines",
    .doc = "sum or product of sines; 1 value",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .check = check,
    .values = values,
};
