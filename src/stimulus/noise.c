/* White noise as a current: each neuron has a value of its own, drawn anew from a normal distribution at every interval
 * from `start` on. */
#include "stimulus/selected.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>

enum { INTERVALS = 4 }; /* that a block of random words serves */

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_key key;
  volley_each mean, std;
  int64_t interval;               /* steps */
  int64_t block, interval_number; /* that words and values are for; -1 before the first */
  uint32_t *words;                /* [INTERVALS][selected.count] */
  double *values;                 /* [selected.count] pA */
};

typedef struct parameters {
  double mean, std; /* pA */
  double interval;  /* ms */
} parameters;

#define AT(member) .offset = offsetof(parameters, member)

static const volley_key_info keys[] = {
    {"mean", "pA", 0, VOLLEY_ANY, .own = true, AT(mean), .doc = "mean of the current"},
    {"std", "pA", 0, VOLLEY_FROM_ZERO, .required = true, .own = true, AT(std),
     .doc = "standard deviation of the current"},
    {"interval", "ms", 1, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_STEPS, AT(interval),
     .doc = "time that a value holds, counted from start; whole steps"},
};

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const parameters *p = experiment->stimuli[number].parameters;
  generator->key = volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_NOISE, (uint32_t)number);
  generator->mean = volley_each_of(experiment, number, "mean", p->mean, slice, &generator->selected);
  generator->std = volley_each_of(experiment, number, "std", p->std, slice, &generator->selected);
  generator->interval = volley_steps(experiment, p->interval);
  generator->block = generator->interval_number = -1;
  generator->words =
      volley_alloc((size_t)generator->selected.count * INTERVALS, sizeof *generator->words, "a noise stimulus");
  generator->values = volley_alloc(generator->selected.count, sizeof *generator->values, "a noise stimulus");
}

/* Draws the words of four intervals for all selected neurons. */
static void draw(volley_generator *generator, const volley_slice *slice, int64_t block) {
  uint32_t *words = generator->words;
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    const volley_neuron_range range = generator->selected.ranges[r];
    volley_random_blocks(generator->key, slice->gids + range.first, range.count, (uint32_t)block, 0, words,
                         generator->selected.count);
    words += range.count;
  }
  generator->block = block;
}

/* Sets the values of an interval, the first of which begins with the window. */
static void begin(volley_generator *generator, const volley_slice *slice, int64_t number) {
  const size_t n = generator->selected.count;
  if (generator->block != number / INTERVALS) draw(generator, slice, number / INTERVALS);
  volley_normal_quantiles(generator->words + (size_t)(number % INTERVALS) * n, n, generator->values);
  const volley_each *mean = &generator->mean, *std = &generator->std;
  for (uint32_t i = 0; i < n; i++)
    generator->values[i] = volley_each_at(mean, i) + volley_each_at(std, i) * generator->values[i];
  generator->interval_number = number;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const int64_t number = (step - generator->window.first) / generator->interval;
  if (number != generator->interval_number) begin(generator, slice, number);
  const double *values = generator->values;
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    const volley_neuron_range range = generator->selected.ranges[r];
    double *to = slice->current + range.first;
    for (uint32_t i = 0; i < range.count; i++) to[i] += values[i];
    values += range.count;
  }
}

static void destroy(volley_generator *generator) {
  free(generator->words);
  free(generator->values);
  free(generator->mean.own);
  free(generator->std.own);
}

const volley_stimulus_kind volley_stimulus_noise = {
    .name = "noise",
    .doc = "white noise as current: a value of each neuron's own, drawn from a normal distribution at every interval; "
           "NEST's noise_generator",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .is_current = true,
    .is_own = true,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
