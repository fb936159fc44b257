/* Piecewise constant current: amplitudes[k] from times[k] on, nothing before times[0] and outside of [start, stop). */
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  volley_selected selected;
  volley_window window;
  int64_t *steps;           /* [n] step at which amplitude k begins */
  const double *amplitudes; /* [n] the experiment's */
  int n;
};

static const volley_stimulus_key keys[] = {
    VOLLEY_KEY_OFFGRID,
    {.name = "times",
     .unit = "ms",
     .kind = VOLLEY_VALUE_TIMES,
     .offset = offsetof(volley_stimulus, times),
     .count_offset = offsetof(volley_stimulus, n_times),
     .required = true,
     .doc = "times at which the current changes, ascending; whole steps"},
    {.name = "amplitudes",
     .unit = "pA",
     .kind = VOLLEY_VALUE_LIST,
     .offset = offsetof(volley_stimulus, amplitudes),
     .count_offset = offsetof(volley_stimulus, n_amplitudes),
     .required = true,
     .min = -INFINITY,
     .doc = "current from each of the times on"},
};

static const char *check(const volley_stimulus *stimulus) {
  if (stimulus->n_times != stimulus->n_amplitudes) return "times and amplitudes must be lists of the same length";
  for (int k = 1; k < stimulus->n_times; k++) {
    if (!(stimulus->times[k] > stimulus->times[k - 1])) return "times must ascend";
  }
  return NULL;
}

static volley_generator *create(const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_selected selected = volley_select(experiment, stimulus, slice);
  if (selected.count == 0) return NULL;
  volley_generator *generator = volley_alloc(1, sizeof *generator, "a step_current stimulus");
  generator->selected = selected;
  generator->window = volley_stimulus_window(experiment, stimulus, 0);
  generator->amplitudes = stimulus->amplitudes;
  generator->n = stimulus->n_times;
  generator->steps = volley_alloc((size_t)generator->n, sizeof *generator->steps, "a step_current stimulus");
  for (int k = 0; k < generator->n; k++)
    generator->steps[k] = volley_stimulus_steps(experiment, stimulus, stimulus->times[k]);
  return generator;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  int begun = 0; /* number of times that have passed: binary search */
  for (int high = generator->n; begun < high;) {
    const int middle = begun + (high - begun) / 2;
    if (generator->steps[middle] <= step) {
      begun = middle + 1;
    } else {
      high = middle;
    }
  }
  if (begun > 0) volley_add_current(slice, &generator->selected, generator->amplitudes[begun - 1]);
}

static void destroy(volley_generator *generator) {
  free(generator->selected.ranges);
  free(generator->steps);
  free(generator);
}

const volley_stimulus_kind volley_stimulus_step_current = {
    .name = "step_current",
    .doc = "piecewise constant current",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .is_current = true,
    .check = check,
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
