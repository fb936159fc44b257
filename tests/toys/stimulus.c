/* A toy stimulus: a current that changes its sign after every `half`. */
#include "base/memory.h"
#include "stimulus/selected.h"

#include <stdlib.h>

typedef struct parameters {
  double amplitude; /* pA */
  double half;      /* ms */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"amplitude", "pA", 0, VOLLEY_ANY, .required = true, AT(amplitude), .doc = "current at the beginning"},
    {"half", "ms", 10, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_STEPS, AT(half),
     .doc = "time to a change of sign; whole steps"},
};

struct volley_generator {
  volley_selected selected;
  volley_window window;
  double amplitude;
  int64_t half; /* steps */
};

static volley_generator *create(const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const parameters *p = stimulus->parameters;
  const volley_selected selected = volley_select(experiment, stimulus, slice);
  if (selected.count == 0) return NULL;
  volley_generator *generator = volley_alloc(1, sizeof *generator, "a stimulus");
  *generator = (volley_generator){.selected = selected,
                                  .window = volley_stimulus_window(experiment, stimulus, 0),
                                  .amplitude = p->amplitude,
                                  .half = volley_steps(experiment, p->half)};
  return generator;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const bool is_turned = (step - generator->window.first) / generator->half % 2 == 1;
  volley_add_current(slice, &generator->selected, is_turned ? -generator->amplitude : generator->amplitude);
}

static void destroy(volley_generator *generator) {
  free(generator->selected.ranges);
  free(generator);
}

const volley_stimulus_kind volley_stimulus_turning = {
    .name = "turning",
    .doc = "a current that changes its sign again and again",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
