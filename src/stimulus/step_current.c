/* Piecewise constant current: amplitudes[k] from times[k] on, nothing before times[0] and outside of [start, stop). */
#include "base/search.h"
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  const double *times;      /* [n] the experiment's */
  int64_t *steps;           /* [n] step at which amplitude k begins */
  const double *amplitudes; /* [n] the experiment's */
  int n;
};

typedef struct parameters {
  volley_list times, amplitudes; /* ms, pA */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"times", "ms", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_TIMES, .required = true, AT(times),
     .doc = "times at which the current changes, ascending; whole steps"},
    {"amplitudes", "pA", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, .required = true, AT(amplitudes),
     .doc = "current from each of the times on"},
};

static const char *check(const volley_stimulus *stimulus) {
  const parameters *p = stimulus->parameters;
  if (p->times.n != p->amplitudes.n) return "times and amplitudes must be lists of the same length";
  for (int k = 1; k < p->times.n; k++) {
    if (!(p->times.values[k] > p->times.values[k - 1])) return "times must ascend";
  }
  return NULL;
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  (void)slice;
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const parameters *p = stimulus->parameters;
  generator->times = p->times.values;
  generator->amplitudes = p->amplitudes.values;
  generator->n = p->times.n;
  generator->steps = volley_alloc((size_t)generator->n, sizeof *generator->steps, "a step_current stimulus");
  for (int k = 0; k < generator->n; k++)
    generator->steps[k] = volley_stimulus_steps(experiment, stimulus, p->times.values[k]);
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  int begun = 0; /* number of times that have passed */
  VOLLEY_SEARCH(begun, generator->n, k, generator->steps[k] <= step)
  if (begun > 0) volley_add_current(slice, &generator->selected, generator->amplitudes[begun - 1]);
}

static void destroy(volley_generator *generator) { free(generator->steps); }

/* The change that follows the first `count` times, or the end. */
static void next(const volley_generator *generator, uint32_t gid, volley_cursor *cursor) {
  const int k = (int)cursor->count;
  const double time = k < generator->n ? generator->times[k] : INFINITY;
  (void)gid;
  cursor->count++;
  cursor->time = cursor->now != 0 || time < generator->span.stop ? fmin(time, generator->span.stop) : INFINITY;
  cursor->value = time < generator->span.stop ? generator->amplitudes[k] : 0;
  if (time >= generator->span.stop) cursor->count = (uint32_t)generator->n;
}

static void begin(const volley_generator *generator, uint32_t gid, double from, volley_cursor *cursor) {
  int begun = 0;
  (void)from;
  VOLLEY_SEARCH(begun, generator->n, k, generator->times[k] <= generator->span.start)
  cursor->count = (uint32_t)begun;
  if (begun == 0) {
    next(generator, gid, cursor);
    return;
  }
  cursor->time = generator->span.start;
  cursor->value = generator->amplitudes[begun - 1];
}

static const volley_stimulus_events events = {begin, next};

const volley_stimulus_kind volley_stimulus_step_current = {
    .name = "step_current",
    .doc = "piecewise constant current",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .check = check,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
    .events = &events,
};
