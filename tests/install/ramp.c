/* A stimulus of a plugin: a current that rises from 0 to its amplitude in a period, again and again. */
#include <volley/plugin/plugin.h>
#include <volley/stimulus/selected.h>

typedef struct parameters {
  double amplitude; /* pA */
  double period;    /* ms */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"amplitude", "pA", 0, VOLLEY_ANY, .required = true, AT(amplitude), .doc = "what the current rises to"},
    {"period", "ms", 10, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_STEPS, AT(period), .doc = "time of a rise; whole steps"},
};

struct volley_generator {
  VOLLEY_GENERATOR;
  double amplitude;
  int64_t period; /* steps */
};

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const parameters *p = experiment->stimuli[number].parameters;
  (void)slice;
  generator->amplitude = p->amplitude;
  generator->period = volley_steps(experiment, p->period);
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const int64_t passed = (step - generator->window.first) % generator->period;
  volley_add_current(slice, &generator->selected, generator->amplitude * (double)passed / (double)generator->period);
}

static const volley_stimulus_kind ramp = {
    .name = "ramp",
    .doc = "a current that rises, again and again",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
};

VOLLEY_PLUGIN(.stimuli = {&ramp})
