/* Independent Poisson spike trains, one for each selected neuron: the sum of `sources` trains of `rate`.
 *
 * The number of spikes in a step is the inverse of the cumulative distribution at a 32-bit uniform word, by comparison with
 * a short table. Of the word only the upper 16 bits are drawn at first, so that one Philox block serves eight steps of a
 * neuron, and compared with the first entries of the table. They settle nearly every case; where they equal an entry or
 * exceed all that were compared, the lower 16 bits are drawn from a second block. A rate too high for a short table is
 * split into several independent parts of equal rate. Neurons with rates of their own have no common table (rates.h). */
#include "stimulus/poisson.h"
#include "stimulus/rates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS = 8, CHUNK = 128, LANES = 16, MAX_TABLE = 64 };
static const double max_mean = 8;         /* of one part: its table then has less than MAX_TABLE entries */
static const double spikes_of_epoch = 32; /* about so many to twice as many */
static const double rare = 1.0 / 1024;    /* probability of exceeding the entries compared at first */

/* Upper halves as signed numbers, which every vector unit can compare: 0 becomes -32768. */
typedef int16_t lanes __attribute__((vector_size(LANES * sizeof(int16_t))));
enum { BIAS = 0x8000 };

/* Of spikes at any times. */
typedef struct pace {
  double frequency; /* 1/ms */
  double epoch;     /* ms */
} pace;

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_key key;
  volley_key intervals; /* of the spikes at any times */
  volley_each rate;     /* Hz, of one source */
  double sources;
  pace pace;          /* where all have one rate */
  volley_rates rates; /* of neurons that have their own */
  int parts;
  int n_table, n_common;
  uint32_t table[MAX_TABLE]; /* a word counts as the number of entries that it reaches */
  int16_t common[MAX_TABLE]; /* [n_common] biased upper halves of the first entries */
  int64_t block;             /* the steps block * STEPS ... that counts are for; -1 before the first */
  uint16_t *counts;          /* [STEPS][selected.count] */
};

static const volley_key_info keys[] = {
    {"rate", "Hz", 0, VOLLEY_FROM_ZERO, .required = true, .own = true, .offset = offsetof(volley_poisson, rate),
     .doc = "rate of one source"},
    {"sources", "", 1, VOLLEY_FROM_ZERO, .offset = offsetof(volley_poisson, sources),
     .doc = "number of independent sources of each neuron"},
};

static const char *check(const volley_stimulus *stimulus) {
  const volley_poisson *p = stimulus->parameters;
  const volley_own *own = volley_own_find(stimulus, "rate");
  if (own ? !volley_own_exceeds(stimulus, "rate", p->rate, volley_max_rate / p->sources)
          : p->rate * p->sources <= volley_max_rate)
    return NULL;
  return own && own->value.kind != VOLLEY_DATASET
             ? "rate times sources must not exceed 10 MHz, as this distribution can: add a 'max' to the rate"
             : "rate times sources must not exceed 10 MHz";
}

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  (void)experiment, (void)buffer, (void)size;
  return check(stimulus);
}

static double scale_sources(const volley_stimulus *stimulus, double k) {
  volley_poisson *p = stimulus->parameters;
  const double rate = p->rate * p->sources;
  p->sources *= k;
  return rate;
}

/* Entry k: the smallest word that means more than k spikes. */
static void fill_table(volley_generator *generator, double mean) {
  double probability = exp(-mean);
  double sum = probability;
  while (generator->n_table < MAX_TABLE && round(sum * 0x1p32) < 0x1p32) {
    const int n = generator->n_table++;
    generator->table[n] = (uint32_t)round(sum * 0x1p32);
    generator->common[n] = (int16_t)((int)(generator->table[n] >> 16) - BIAS);
    if (generator->n_common == 0 && 1 - sum < rare) generator->n_common = n + 1;
    probability *= mean / (n + 1);
    sum += probability;
  }
  if (generator->n_common == 0) generator->n_common = generator->n_table;
}

static pace pace_of(double rate) {
  const double frequency = rate * 1e-3;
  return (pace){frequency, exp2(ceil(log2(spikes_of_epoch / frequency)))};
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_poisson *p = stimulus->parameters;
  const double mean = p->rate * p->sources * experiment->simulation.dt * 1e-3;
  generator->rate = volley_each_of(experiment, number, "rate", p->rate, slice, &generator->selected);
  generator->sources = p->sources;
  generator->pace = pace_of(p->rate * p->sources);
  generator->intervals = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_INTERVAL, (uint32_t)number);
  if (generator->rate.own) {
    generator->rates = volley_rates_begin(experiment, number, slice, &generator->selected, generator->weight);
    for (uint32_t i = 0; i < generator->selected.count; i++)
      volley_rates_set(&generator->rates, i, generator->rate.own[i] * p->sources);
    return;
  }
  if (mean <= 0) return; /* it never acts */
  generator->key = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_POISSON, (uint32_t)number);
  generator->parts = (int)ceil(mean / max_mean);
  fill_table(generator, mean / generator->parts);
  generator->block = -1;
  if (experiment->simulation.continuous) return;
  generator->counts =
      volley_alloc((size_t)generator->selected.count * STEPS, sizeof *generator->counts, "a Poisson stimulus");
}

/* Half s of a neuron's eight: the lower halves of the four words, then the upper ones. */
static uint32_t half_of(const uint32_t words[4], int s) { return s < 4 ? words[s] & 0xFFFF : words[s - 4] >> 16; }

/* The number of table entries that a full word reaches, its lower half drawn now. */
static uint16_t count_exactly(const volley_generator *generator, uint32_t gid, uint32_t block, uint32_t part, int s,
                              uint32_t upper) {
  uint32_t words[4];
  volley_random_block(generator->key, gid, block, (uint32_t)generator->parts + part, words);
  const uint32_t word = upper << 16 | half_of(words, s);
  int n = 0;
  while (n < generator->n_table && word >= generator->table[n]) n++;
  return (uint16_t)n;
}

/* Counts the common entries that LANES upper halves exceed. Returns the lanes that this does not settle: all bits set. */
static lanes count_lanes(const volley_generator *generator, lanes upper, lanes *sums) {
  lanes sum = {0}, open = {0};
  for (int k = 0; k < generator->n_common; k++) {
    const lanes entry = generator->common[k] - (lanes){0};
    sum -= upper > entry;
    open |= upper == entry;
  }
  *sums = sum;
  return open | (sum == (int16_t)generator->n_common - (lanes){0});
}

static bool any(lanes open) {
  uint64_t words[sizeof open / sizeof(uint64_t)], all = 0;
  memcpy(words, &open, sizeof open);
  for (size_t w = 0; w < sizeof open / sizeof(uint64_t); w++) all |= words[w];
  return all != 0;
}

/* Adds the counts of step s of the block for n neurons, at most CHUNK; uppers: [CHUNK] biased. */
static void count(const volley_generator *generator, const int16_t *uppers, const uint32_t *gids, uint32_t n,
                  uint32_t block, uint32_t part, int s, uint16_t *counts) {
  for (uint32_t first = 0; first < n; first += LANES) {
    lanes upper, sums;
    memcpy(&upper, uppers + first, sizeof upper);
    const lanes open = count_lanes(generator, upper, &sums);
    const uint32_t end = n - first < LANES ? n - first : LANES;
    for (uint32_t i = 0; i < end; i++) counts[first + i] = (uint16_t)(counts[first + i] + sums[i]);
    if (!any(open)) continue;
    for (uint32_t i = 0; i < end; i++) {
      if (!open[i]) continue;
      const uint16_t exact = count_exactly(generator, gids[first + i], block, part, s, (uint32_t)(upper[i] + BIAS));
      counts[first + i] = (uint16_t)(counts[first + i] - sums[i] + exact);
    }
  }
}

/* Splits [4][CHUNK] words into [STEPS][CHUNK] biased halves. */
static void split_words(uint32_t words[4][CHUNK], int16_t uppers[STEPS][CHUNK]) {
  for (int w = 0; w < 4; w++) {
    for (int i = 0; i < CHUNK; i++) {
      uppers[w][i] = (int16_t)((int)(words[w][i] & 0xFFFF) - BIAS);
      uppers[w + 4][i] = (int16_t)((int)(words[w][i] >> 16) - BIAS);
    }
  }
}

/* Draws the counts of the block's steps for all selected neurons. */
static void fill(volley_generator *generator, const volley_slice *slice, int64_t block) {
  uint32_t words[4][CHUNK] = {{0}};
  int16_t uppers[STEPS][CHUNK];
  const uint32_t all = generator->selected.count;
  memset(generator->counts, 0, (size_t)all * STEPS * sizeof *generator->counts);
  for (int part = 0; part < generator->parts; part++) {
    uint16_t *counts = generator->counts;
    for (int r = 0; r < generator->selected.n_ranges; r++) {
      const volley_neuron_range range = generator->selected.ranges[r];
      for (uint32_t first = 0; first < range.count; first += CHUNK) {
        const uint32_t n = range.count - first < CHUNK ? range.count - first : CHUNK;
        const uint32_t *gids = slice->gids + range.first + first;
        volley_random_blocks(generator->key, gids, n, (uint32_t)block, (uint32_t)part, words[0], CHUNK);
        split_words(words, uppers);
        for (int s = 0; s < STEPS; s++) {
          count(generator, uppers[s], gids, n, (uint32_t)block, (uint32_t)part, s, counts + (size_t)s * all);
        }
        counts += n;
      }
    }
  }
  generator->block = block;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  if (generator->rate.own) volley_rates_apply(&generator->rates, slice, step);
  if (generator->parts == 0) return;
  if (generator->block != step / STEPS) fill(generator, slice, step / STEPS);
  const uint16_t *counts = generator->counts + (size_t)(step % STEPS) * generator->selected.count;
  uint32_t before = 0;
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    const volley_neuron_range range = generator->selected.ranges[r];
    double *input = slice->inputs[generator->receptor] + range.first;
    if (generator->weight.own)
      for (uint32_t i = 0; i < range.count; i++) input[i] += generator->weight.own[before + i] * counts[i];
    else
      for (uint32_t i = 0; i < range.count; i++) input[i] += generator->weight.all * counts[i];
    counts += range.count;
    before += range.count;
  }
}

static void destroy(volley_generator *generator) {
  free(generator->counts);
  free(generator->rate.own);
  volley_rates_end(&generator->rates);
}

/* Spikes at any times: the intervals between them are exponentially distributed. Time is cut into epochs; the first spike of
 * each is counted from where it begins, which changes nothing, for the process has no memory, and lets any spike be found
 * without all that were before it. cursor->now: when the spike was sent. */
static pace own_pace(const volley_generator *generator, const volley_cursor *cursor) {
  return generator->rate.own ? pace_of(generator->rate.own[cursor->i] * generator->sources) : generator->pace;
}

static double interval(const volley_generator *generator, double frequency, uint32_t gid, const volley_cursor *cursor) {
  uint32_t words[4];
  volley_random_block(generator->intervals, gid, cursor->epoch, cursor->count / 2, words);
  const uint32_t *own = words + 2 * (cursor->count % 2);
  const uint64_t bits = (uint64_t)own[0] << 32 | own[1];
  return -log(((double)(bits >> 11) + 0.5) * 0x1p-53) / frequency;
}

static void next(const volley_generator *generator, uint32_t gid, volley_cursor *cursor) {
  const pace p = own_pace(generator, cursor);
  double time = cursor->now + interval(generator, p.frequency, gid, cursor);
  cursor->count++;
  for (double end; time >= (end = (cursor->epoch + 1.0) * p.epoch);) {
    cursor->epoch++;
    cursor->count = 0;
    if (end > generator->span.stop) break;
    time = end + interval(generator, p.frequency, gid, cursor);
    cursor->count = 1;
  }
  cursor->now = time;
  cursor->time = time <= generator->span.stop ? time + generator->span.delay : INFINITY;
}

static void begin(const volley_generator *generator, uint32_t gid, double from, volley_cursor *cursor) {
  cursor->time = INFINITY;
  const pace p = own_pace(generator, cursor);
  if (p.frequency == 0) return;
  const double first = fmax(fmax(from - generator->span.delay, generator->span.start), 0);
  cursor->epoch = (uint32_t)(first / p.epoch);
  cursor->now = cursor->epoch * p.epoch;
  cursor->value = volley_each_at(&generator->weight, cursor->i);
  do next(generator, gid, cursor);
  while (cursor->now <= generator->span.start);
}

static const volley_stimulus_events events = {begin, next};

const volley_stimulus_kind volley_stimulus_poisson = {
    .name = "poisson",
    .doc = "independent Poisson spike trains, one for each neuron",
    VOLLEY_KEYS(keys),
    .size = sizeof(volley_poisson),
    .check = check,
    .check_loaded = check_loaded,
    .scale_sources = scale_sources,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
    .events = &events,
};
