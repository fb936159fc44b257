/* Constant current: amplitude in every step that begins in [start, stop). */
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  volley_selected selected;
  volley_window window;
  volley_span_of_time span;
  double amplitude;
};

typedef struct parameters {
  double amplitude; /* pA */
} parameters;

static const volley_key_info keys[] = {
    {"amplitude", "pA", 0, VOLLEY_ANY, .required = true, .offset = offsetof(parameters, amplitude), .doc = "current"},
};

static volley_generator *create(const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const parameters *p = stimulus->parameters;
  const volley_selected selected = volley_select(experiment, stimulus, slice);
  if (selected.count == 0) return NULL;
  volley_generator *generator = volley_alloc(1, sizeof *generator, "a dc stimulus");
  generator->selected = selected;
  generator->window = volley_stimulus_window(experiment, stimulus, 0);
  generator->span = volley_stimulus_span(stimulus);
  generator->amplitude = p->amplitude;
  return generator;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  volley_add_current(slice, &generator->selected, generator->amplitude);
}

static void destroy(volley_generator *generator) {
  free(generator->selected.ranges);
  free(generator);
}

static void begin(const volley_generator *generator, uint32_t gid, double from, volley_cursor *cursor) {
  (void)gid, (void)from;
  cursor->time = generator->span.start;
  cursor->value = generator->amplitude;
}

static void next(const volley_generator *generator, uint32_t gid, volley_cursor *cursor) {
  (void)gid;
  cursor->time = cursor->count++ == 0 ? generator->span.stop : INFINITY;
  cursor->value = 0;
}

static const volley_stimulus_events events = {begin, next};

const volley_stimulus_kind volley_stimulus_dc = {
    .name = "dc",
    .doc = "constant current",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .create = create,
    .apply = apply,
    .destroy = destroy,
    .events = &events,
};
