/* The number of spikes in a step is the inverse of the cumulative distribution at a uniform number of 48 bits. Of these the
 * upper 16 are drawn for all neurons (base/ars.h), which say of nearly all that there is no spike, the rest for the others.
 * More than max_mean expected spikes are drawn in several parts of equal mean. */
#include "stimulus/rates.h"

#include <math.h>
#include <stdlib.h>

enum { CHUNK = VOLLEY_ARS_IDS, MOST = 64 /* spikes of a part, less often exceeded than 48 bits can tell */ };
static const double max_mean = 8; /* of a part */

volley_rates volley_rates_begin(const volley_experiment *experiment, int number, const volley_slice *slice,
                                const volley_selected *selected, volley_each weight) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const uint32_t n = selected->count;
  volley_rates rates = {
      .selected = *selected,
      .columns = volley_selected_columns(experiment, stimulus, slice, selected),
      .ars = volley_ars_of(volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_POISSON, (uint32_t)number)),
      .receptor = volley_stimulus_receptor(experiment, stimulus),
      .weight = weight,
      .dt = experiment->simulation.dt,
      .means = volley_alloc(n, sizeof(double), "rates"),
      .first = volley_alloc(n, sizeof(uint16_t), "rates")};
  for (uint32_t i = 0; i < n; i++) rates.first[i] = UINT16_MAX;
  return rates;
}

void volley_rates_end(volley_rates *rates) {
  free(rates->columns);
  free(rates->means);
  free(rates->first);
}

static uint32_t parts_of(double mean) { return mean > max_mean ? (uint32_t)ceil(mean / max_mean) : 1; }

void volley_rates_set(volley_rates *rates, uint32_t i, double rate) {
  const double mean = rate * rates->dt * 1e-3;
  rates->n_active += (uint32_t)(mean > 0) - (uint32_t)(rates->means[i] > 0);
  rates->means[i] = mean;
  rates->first[i] = parts_of(mean) > 1 ? 0 : (uint16_t)fmin(floor(exp(-mean) * 0x1p16), UINT16_MAX);
}

/* The number of spikes that 48 bits mean. */
static uint32_t quantile(double mean, uint64_t bits) {
  double probability = exp(-mean), sum = probability;
  uint32_t n = 0;
  while (n < MOST && (double)bits >= round(sum * 0x1p48)) {
    n++;
    probability *= mean / n;
    sum += probability;
  }
  return n;
}

/* The spikes of a neuron in a step, whose upper 16 bits of the first part are known. */
static uint32_t count(const volley_rates *rates, volley_gid gid, int64_t step, double mean, uint16_t half) {
  const uint32_t parts = parts_of(mean);
  uint32_t sum = 0, words[4];
  for (uint32_t part = 0; part < parts; part++) {
    volley_ars_words(&rates->ars, gid, (uint64_t)step, part, words);
    sum += quantile(mean / parts, (uint64_t)(part == 0 ? half : words[1] >> 16) << 32 | words[0]);
  }
  return sum;
}

void volley_rates_apply(volley_rates *rates, volley_slice *slice, int64_t step) {
  if (rates->n_active == 0) return;
  uint32_t before = 0;
  for (int r = 0; r < rates->selected.n_ranges; r++) {
    const volley_neuron_range range = rates->selected.ranges[r];
    for (uint32_t from = range.first, end = from + range.count, n; from < end; from += n, before += n) {
      volley_ars_room room;
      const volley_gid *gids = slice->gids + from;
      double *input = slice->inputs[rates->receptor] + from;
      n = end - from < CHUNK ? end - from : CHUNK;
      const uint16_t *halves = volley_ars_halves(&rates->ars, gids, n, (uint64_t)step, 0, &room);
      for (uint32_t i = 0; i < n; i++) {
        const uint32_t k = before + i;
        if (halves[i] >= rates->first[k])
          input[i] += volley_each_at(&rates->weight, k) * count(rates, gids[i], step, rates->means[k], halves[i]);
      }
    }
  }
}
