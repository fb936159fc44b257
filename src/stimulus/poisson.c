/* Independent Poisson spike trains, one for each selected neuron: the sum of `sources` trains of `rate`.
 *
 * The number of spikes in a step is the inverse of the cumulative distribution at a 32-bit uniform word, by comparison
 * with a short table. One Philox block of four words serves four steps of a neuron. A rate too high for a short table is
 * split into several independent parts of equal rate. */
#include "stimulus/selected.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 4, CHUNK = 128, MAX_TABLE = 64 };
static const double max_mean = 8; /* of one part: its table then has less than MAX_TABLE entries */

struct volley_generator {
  volley_selected selected;
  volley_window window;
  volley_key key;
  int receptor;
  double weight;
  int parts;
  int n_table;
  uint32_t table[MAX_TABLE]; /* a word counts as the number of entries that it reaches */
  int64_t block;             /* the steps block * STEPS ... that counts are for; -1 before the first */
  uint8_t *counts;           /* [STEPS][selected.count] */
};

static const volley_stimulus_key keys[] = {
    {"rate", "Hz", VOLLEY_VALUE_NUMBER, offsetof(volley_stimulus, rate), 0, true, 0, 0, "rate of one source"},
    {"sources", "", VOLLEY_VALUE_NUMBER, offsetof(volley_stimulus, sources), 0, false, 1, 0,
     "number of independent sources of each neuron"},
    {"weight", "weight", VOLLEY_VALUE_NUMBER, offsetof(volley_stimulus, weight), 0, false, 1, -INFINITY, "synaptic weight"},
    {"delay", "ms", VOLLEY_VALUE_NUMBER, offsetof(volley_stimulus, delay), 0, false, NAN, 0, "delay; one step if left out"},
};

static const char *check(const volley_stimulus *stimulus) {
  return stimulus->rate * stimulus->sources <= 1e7 ? NULL : "rate times sources must not exceed 10 MHz";
}

/* Entry k: the smallest word that means more than k spikes. */
static int fill_table(uint32_t table[MAX_TABLE], double mean) {
  double probability = exp(-mean);
  double sum = probability;
  int n = 0;
  while (n < MAX_TABLE && round(sum * 0x1p32) < 0x1p32) {
    table[n++] = (uint32_t)round(sum * 0x1p32);
    probability *= mean / n;
    sum += probability;
  }
  return n;
}

static volley_generator *create(const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const double mean = stimulus->rate * stimulus->sources * experiment->simulation.dt * 1e-3;
  const volley_selected selected = volley_select(experiment, stimulus, slice);
  if (selected.count == 0 || mean <= 0) {
    free(selected.runs);
    return NULL;
  }
  volley_generator *generator = volley_alloc(1, sizeof *generator, "a Poisson stimulus");
  generator->selected = selected;
  generator->window = volley_stimulus_window(experiment, stimulus, volley_stimulus_delay(experiment, stimulus));
  generator->key = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_POISSON, (uint32_t)number);
  generator->receptor = volley_stimulus_receptor(experiment, stimulus);
  generator->weight = stimulus->weight;
  generator->parts = (int)ceil(mean / max_mean);
  generator->n_table = fill_table(generator->table, mean / generator->parts);
  generator->block = -1;
  generator->counts = volley_alloc((size_t)selected.count * STEPS, 1, "a Poisson stimulus");
  return generator;
}

/* Draws the words of at most CHUNK neurons for four steps: words[s][i]. */
static void draw(volley_key key, const uint32_t *gids, uint32_t n, uint32_t block, uint32_t part,
                 uint32_t words[STEPS][CHUNK]) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t out[STEPS];
    volley_random_block(key, gids[i], block, part, out);
    for (int s = 0; s < STEPS; s++) words[s][i] = out[s];
  }
}

/* Adds to counts[i] the number of table entries that words[i] reaches. */
static void count(const volley_generator *generator, const uint32_t *words, uint32_t n, uint8_t *counts) {
  uint32_t sums[CHUNK] = {0};
  for (int k = 0; k < generator->n_table; k++) {
    const uint32_t entry = generator->table[k];
    for (uint32_t i = 0; i < n; i++) sums[i] += words[i] >= entry;
  }
  for (uint32_t i = 0; i < n; i++) counts[i] = (uint8_t)(counts[i] + sums[i]);
}

/* Draws the counts of the block's four steps for all selected neurons. */
static void fill(volley_generator *generator, const volley_slice *slice, int64_t block) {
  uint32_t words[STEPS][CHUNK];
  const uint32_t all = generator->selected.count;
  memset(generator->counts, 0, (size_t)all * STEPS);
  for (int part = 0; part < generator->parts; part++) {
    uint8_t *counts = generator->counts;
    for (int r = 0; r < generator->selected.n_runs; r++) {
      const volley_run_of_neurons run = generator->selected.runs[r];
      for (uint32_t first = 0; first < run.count; first += CHUNK) {
        const uint32_t n = run.count - first < CHUNK ? run.count - first : CHUNK;
        draw(generator->key, slice->gids + run.first + first, n, (uint32_t)block, (uint32_t)part, words);
        for (int s = 0; s < STEPS; s++) count(generator, words[s], n, counts + (size_t)s * all);
        counts += n;
      }
    }
  }
  generator->block = block;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  if (generator->block != step / STEPS) fill(generator, slice, step / STEPS);
  const uint8_t *counts = generator->counts + (size_t)(step % STEPS) * generator->selected.count;
  for (int r = 0; r < generator->selected.n_runs; r++) {
    const volley_run_of_neurons run = generator->selected.runs[r];
    double *input = slice->inputs[generator->receptor] + run.first;
    for (uint32_t i = 0; i < run.count; i++) input[i] += generator->weight * counts[i];
    counts += run.count;
  }
}

static void destroy(volley_generator *generator) {
  free(generator->selected.runs);
  free(generator->counts);
  free(generator);
}

const volley_stimulus_kind volley_stimulus_poisson = {
    .name = "poisson",
    .doc = "independent Poisson spike trains, one for each neuron",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .check = check,
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
