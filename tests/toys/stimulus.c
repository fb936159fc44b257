/* A toy stimulus: a current that changes its sign after every `half`. */
#include "stimulus/selected.h"

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
  VOLLEY_GENERATOR;
  double amplitude;
  int64_t half; /* steps */
};

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const parameters *p = experiment->stimuli[number].parameters;
  (void)slice;
  generator->amplitude = p->amplitude;
  generator->half = volley_steps(experiment, p->half);
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const bool is_turned = (step - generator->window.first) / generator->half % 2 == 1;
  volley_add_current(slice, &generator->selected, is_turned ? -generator->amplitude : generator->amplitude);
}

const volley_stimulus_kind volley_stimulus_turning = {
    .name = "turning",
    .doc = "a current that changes its sign again and again",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
};
