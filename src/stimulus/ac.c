/* Alternating current: offset + amplitude sin(2 pi frequency t + phase) in every step that begins in [start, stop), t
 * being the end of the step, as a signal has it and NEST's ac_generator. */
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_each offset, amplitude, frequency, phase;
  double dt; /* ms */
};

typedef struct parameters {
  double amplitude, offset; /* pA */
  double frequency;         /* Hz */
  double phase;             /* degrees */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"amplitude", "pA", 0, VOLLEY_ANY, .required = true, .own = true, AT(amplitude),
     .doc = "greatest deviation from the offset"},
    {"offset", "pA", 0, VOLLEY_ANY, .own = true, AT(offset), .doc = "constant part of the current"},
    {"frequency", "Hz", 0, VOLLEY_FROM_ZERO, .required = true, .own = true, AT(frequency), .doc = "of the sine"},
    {"phase", "deg", 0, VOLLEY_ANY, .own = true, AT(phase), .doc = "of the sine at time 0 of the run"},
};

static void create(volley_generator *g, const volley_experiment *experiment, int number, volley_slice *slice) {
  const parameters *p = experiment->stimuli[number].parameters;
  g->dt = experiment->simulation.dt;
  g->offset = volley_each_of(experiment, number, "offset", p->offset, slice, &g->selected);
  g->amplitude = volley_each_of(experiment, number, "amplitude", p->amplitude, slice, &g->selected);
  g->frequency = volley_each_of(experiment, number, "frequency", p->frequency, slice, &g->selected);
  g->phase = volley_each_of(experiment, number, "phase", p->phase, slice, &g->selected);
}

/* At the end of a step. */
static double sine_of(const volley_generator *g, int64_t step, double frequency, double phase) {
  const double turns = (double)(step + 1) * (frequency * g->dt * 1e-3);
  return sin(2 * pi * (turns - floor(turns) + phase / 360));
}

static void apply(volley_generator *g, volley_slice *slice, int64_t step) {
  if (step < g->window.first || step >= g->window.end) return;
  const bool is_one = !g->frequency.own && !g->phase.own;
  const double sine = is_one ? sine_of(g, step, g->frequency.all, g->phase.all) : 0;
  if (is_one && !g->offset.own && !g->amplitude.own) {
    volley_add_current(slice, &g->selected, g->offset.all + g->amplitude.all * sine);
    return;
  }
  for (uint32_t r = 0, k = 0; r < (uint32_t)g->selected.n_ranges; r++) {
    double *to = slice->current + g->selected.ranges[r].first;
    for (uint32_t i = 0; i < g->selected.ranges[r].count; i++, k++) {
      const double own =
          is_one ? sine : sine_of(g, step, volley_each_at(&g->frequency, k), volley_each_at(&g->phase, k));
      to[i] += volley_each_at(&g->offset, k) + volley_each_at(&g->amplitude, k) * own;
    }
  }
}

static void destroy(volley_generator *g) {
  free(g->offset.own);
  free(g->amplitude.own);
  free(g->frequency.own);
  free(g->phase.own);
}

const volley_stimulus_kind volley_stimulus_ac = {
    .name = "ac",
    .doc = "alternating current: offset + amplitude sin(2 pi frequency t + phase), t being the end of the step",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
