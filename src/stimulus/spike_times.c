/* Spikes at given times, the same for every selected neuron: a spike at t acts as one of a neuron stamped t would. */
#include "base/search.h"
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  const double *times; /* [n] of the spikes, the experiment's */
  int64_t *steps;      /* [n] steps on which the spikes act, ascending */
  int n, next;
};

typedef struct parameters {
  volley_list times; /* ms */
} parameters;

static const volley_key_info keys[] = {
    {"times", "ms", 0, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_TIMES, .required = true,
     .offset = offsetof(parameters, times),
     .doc = "times of the spikes, ascending; a time may repeat. Whole steps, above 0: the first step of a run ends at "
            "dt, and a spike at t acts as one of a neuron does that is stamped t, a delay later"},
};

static const char *check(const volley_stimulus *stimulus) {
  const volley_list *times = &((const parameters *)stimulus->parameters)->times;
  for (int k = 1; k < times->n; k++) {
    if (!(times->values[k] >= times->values[k - 1])) return "times must ascend";
  }
  return NULL;
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  (void)slice;
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_list *times = &((const parameters *)stimulus->parameters)->times;
  const int64_t shift = volley_stimulus_delay(experiment, stimulus);
  generator->times = times->values;
  generator->n = times->n;
  generator->steps = volley_alloc((size_t)generator->n, sizeof *generator->steps, "a spike_times stimulus");
  for (int k = 0; k < generator->n; k++) {
    generator->steps[k] = volley_stimulus_steps(experiment, stimulus, times->values[k]) - 1 + shift;
  }
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  while (generator->next < generator->n && generator->steps[generator->next] < step) generator->next++;
  const bool active = step >= generator->window.first && step < generator->window.end;
  for (; generator->next < generator->n && generator->steps[generator->next] == step; generator->next++) {
    if (active) volley_add_spikes(generator->receptor, &generator->weight, slice, &generator->selected);
  }
}

static void destroy(volley_generator *generator) { free(generator->steps); }

/* The spike of the cursor's number, or the first after it that is in the stimulus' time. */
static void find(const volley_generator *generator, volley_cursor *cursor) {
  int k = (int)cursor->count;
  while (k < generator->n && !volley_is_in_span(&generator->span, generator->times[k])) k++;
  cursor->count = (uint32_t)k;
  cursor->time = k < generator->n ? generator->times[k] + generator->span.delay : INFINITY;
  cursor->value = volley_each_at(&generator->weight, cursor->i);
}

static void begin(const volley_generator *generator, volley_gid gid, double from, volley_cursor *cursor) {
  const double delay = generator->span.delay;
  int before = 0;
  (void)gid;
  VOLLEY_SEARCH(before, generator->n, k, generator->times[k] + delay <= from)
  cursor->count = (uint32_t)before;
  find(generator, cursor);
}

static void next(const volley_generator *generator, volley_gid gid, volley_cursor *cursor) {
  (void)gid;
  cursor->count++;
  find(generator, cursor);
}

static const volley_stimulus_events events = {begin, next};

const volley_stimulus_kind volley_stimulus_spike_times = {
    .name = "spike_times",
    .doc = "spikes at given times",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .check = check,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
    .events = &events,
};
