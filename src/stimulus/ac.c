/* Alternating current: offset + amplitude sin(2 pi frequency t + phase) in every step that begins in [start, stop), t
 * being the end of the step, as a signal has it and NEST's ac_generator. */
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

static const double pi = 3.14159265358979323846;

struct volley_generator {
  VOLLEY_GENERATOR;
  double offset, amplitude;
  double turns, phase; /* of a step, and at time 0 */
};

typedef struct parameters {
  double amplitude, offset; /* pA */
  double frequency;         /* Hz */
  double phase;             /* degrees */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"amplitude", "pA", 0, VOLLEY_ANY, .required = true, AT(amplitude), .doc = "greatest deviation from the offset"},
    {"offset", "pA", 0, VOLLEY_ANY, AT(offset), .doc = "constant part of the current"},
    {"frequency", "Hz", 0, VOLLEY_FROM_ZERO, .required = true, AT(frequency), .doc = "of the sine"},
    {"phase", "deg", 0, VOLLEY_ANY, AT(phase), .doc = "of the sine at time 0 of the run"},
};

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  (void)slice;
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const parameters *p = stimulus->parameters;
  generator->offset = p->offset;
  generator->amplitude = p->amplitude;
  generator->turns = p->frequency * experiment->simulation.dt * 1e-3;
  generator->phase = p->phase / 360;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const double turns = (double)(step + 1) * generator->turns;
  const double sine = sin(2 * pi * (turns - floor(turns) + generator->phase));
  volley_add_current(slice, &generator->selected, generator->offset + generator->amplitude * sine);
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
};
