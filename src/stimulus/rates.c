/* The number of spikes in a step is the inverse of the cumulative distribution at a 32-bit uniform word; one Philox
 * block serves four steps of a neuron. Nearly all words are settled by one comparison. More than max_mean expected spikes are
 * drawn in several parts of equal mean, each with a block of its own. */
#include "stimulus/rates.h"

#include <math.h>
#include <stdlib.h>

enum { STEPS = 4, MOST = 64 /* spikes of a part, less often exceeded than a word can tell */ };
static const double max_mean = 8; /* of a part */

volley_rates volley_rates_begin(const volley_experiment *experiment, int number, const volley_slice *slice,
                                const volley_selected *selected, volley_each weight) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const uint32_t n = selected->count;
  volley_rates rates = {.selected = *selected,
                        .columns = volley_selected_columns(experiment, stimulus, slice, selected),
                        .key = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_POISSON, (uint32_t)number),
                        .receptor = volley_stimulus_receptor(experiment, stimulus),
                        .weight = weight,
                        .dt = experiment->simulation.dt,
                        .means = volley_alloc(n, sizeof(double), "rates"),
                        .first = volley_alloc(n, sizeof(uint32_t), "rates"),
                        .block = -1,
                        .words = volley_alloc((size_t)n * STEPS, sizeof(uint32_t), "rates")};
  for (uint32_t i = 0; i < n; i++) rates.first[i] = UINT32_MAX;
  return rates;
}

void volley_rates_end(volley_rates *rates) {
  free(rates->columns);
  free(rates->means);
  free(rates->first);
  free(rates->words);
}

static uint32_t parts_of(double mean) { return mean > max_mean ? (uint32_t)ceil(mean / max_mean) : 1; }

void volley_rates_set(volley_rates *rates, uint32_t i, double rate) {
  const double mean = rate * rates->dt * 1e-3;
  rates->n_active += (uint32_t)(mean > 0) - (uint32_t)(rates->means[i] > 0);
  rates->means[i] = mean;
  rates->first[i] = parts_of(mean) > 1 ? 0 : (uint32_t)fmin(round(exp(-mean) * 0x1p32), UINT32_MAX);
}

/* The number of spikes that a word means. */
static uint32_t quantile(double mean, uint32_t word) {
  double probability = exp(-mean), sum = probability;
  uint32_t n = 0;
  while (n < MOST && word >= round(sum * 0x1p32)) {
    n++;
    probability *= mean / n;
    sum += probability;
  }
  return n;
}

/* The spikes of a neuron in a step, whose first word is known. */
static uint32_t count(const volley_rates *rates, uint32_t gid, int64_t step, double mean, uint32_t word) {
  const uint32_t parts = parts_of(mean);
  uint32_t sum = quantile(mean / parts, word);
  for (uint32_t part = 1; part < parts; part++) {
    uint32_t words[STEPS];
    volley_random_block(rates->key, gid, (uint32_t)(step / STEPS), part, words);
    sum += quantile(mean / parts, words[step % STEPS]);
  }
  return sum;
}

static void draw(volley_rates *rates, const volley_slice *slice, int64_t block) {
  uint32_t *words = rates->words;
  for (int r = 0; r < rates->selected.n_ranges; r++) {
    const volley_neuron_range range = rates->selected.ranges[r];
    volley_random_blocks(rates->key, slice->gids + range.first, range.count, (uint32_t)block, 0, words,
                         rates->selected.count);
    words += range.count;
  }
  rates->block = block;
}

void volley_rates_apply(volley_rates *rates, volley_slice *slice, int64_t step) {
  if (rates->n_active == 0) return;
  if (rates->block != step / STEPS) draw(rates, slice, step / STEPS);
  const uint32_t *words = rates->words + (size_t)(step % STEPS) * rates->selected.count, *first = rates->first;
  const double *means = rates->means;
  uint32_t before = 0;
  for (int r = 0; r < rates->selected.n_ranges; r++) {
    const volley_neuron_range range = rates->selected.ranges[r];
    double *input = slice->inputs[rates->receptor] + range.first;
    const uint32_t *gids = slice->gids + range.first;
    for (uint32_t i = 0; i < range.count; i++) {
      if (words[i] >= first[i])
        input[i] += volley_each_at(&rates->weight, before + i) * count(rates, gids[i], step, means[i], words[i]);
    }
    before += range.count;
    words += range.count;
    first += range.count;
    means += range.count;
  }
}
