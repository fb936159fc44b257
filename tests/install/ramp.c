/* A stimulus of a plugin: a current that rises from 0 to its amplitude in a period, again and again. */
#include <stdlib.h>
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
  volley_selected selected;
  volley_window window;
  double amplitude;
  int64_t period; /* steps */
};

static volley_generator *create(const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const parameters *p = stimulus->parameters;
  const volley_selected selected = volley_select(experiment, stimulus, slice);
  if (selected.count == 0) return NULL;
  volley_generator *generator = malloc(sizeof *generator);
  if (!generator) abort();
  *generator = (volley_generator){.selected = selected,
                                  .window = volley_stimulus_window(experiment, stimulus, 0),
                                  .amplitude = p->amplitude,
                                  .period = volley_steps(experiment, p->period)};
  return generator;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const int64_t passed = (step - generator->window.first) % generator->period;
  volley_add_current(slice, &generator->selected, generator->amplitude * (double)passed / (double)generator->period);
}

static void destroy(volley_generator *generator) {
  free(generator->selected.ranges);
  free(generator);
}

static const volley_stimulus_kind ramp = {
    .name = "ramp",
    .doc = "a current that rises, again and again",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .create = create,
    .apply = apply,
    .destroy = destroy,
};

VOLLEY_PLUGIN(.stimuli = {&ramp})
