/* Constant current: amplitude in every step that begins in [start, stop). */
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_each amplitude;
};

typedef struct parameters {
  double amplitude; /* pA */
} parameters;

static const volley_key_info keys[] = {
    {"amplitude", "pA", 0, VOLLEY_ANY, .required = true, .own = true, .offset = offsetof(parameters, amplitude),
     .doc = "current"},
};

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const parameters *p = experiment->stimuli[number].parameters;
  generator->amplitude = volley_each_of(experiment, number, "amplitude", p->amplitude, slice, &generator->selected);
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  volley_add_currents(slice, &generator->selected, &generator->amplitude, 1);
}

static void destroy(volley_generator *generator) { free(generator->amplitude.own); }

static void begin(const volley_generator *generator, volley_gid gid, double from, volley_cursor *cursor) {
  (void)gid, (void)from;
  cursor->time = generator->span.start;
  cursor->value = volley_each_at(&generator->amplitude, cursor->i);
}

static void next(const volley_generator *generator, volley_gid gid, volley_cursor *cursor) {
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
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
    .events = &events,
};
