/* Independent Poisson spike trains, one for each selected neuron: the sum of `sources` trains of `rate`.
 *
 * The number of spikes in a step is the inverse of a distribution at half a word (base/ars.h): of the 65,536 halves each
 * number has as many as fit into its probability, in a row, so that a number is how many borders a half has reached. What
 * is left of all probabilities has the last few halves; where one of these is drawn, 32 more bits decide. Together that is
 * the Poisson distribution to 48 bits. A rate too high for a short table is split into several independent parts of equal
 * rate. Neurons with rates of their own have no common table (rates.h). */
#include "stimulus/poisson.h"
#include "stimulus/rates.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LANES = 32, GROUP = 2 * LANES, CHUNK = VOLLEY_ARS_IDS, MAX_TABLE = 64 };
static const double max_mean = 8;         /* of one part: its table then has less than MAX_TABLE entries */
static const double spikes_of_epoch = 32; /* about so many to twice as many */
static const double rare = 1.0 / 1024;    /* probability of numbers that have no halves of their own */

/* Halves as signed numbers, which every vector unit can compare: the least is -32768. */
typedef int16_t lanes __attribute__((vector_size(LANES * sizeof(int16_t))));
enum { LEAST = -0x8000, HALVES = 0x10000 };

/* Of spikes at any times. */
typedef struct pace {
  double frequency; /* 1/ms */
  double epoch;     /* ms */
} pace;

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_ars ars;
  volley_key intervals; /* of the spikes at any times */
  volley_each rate;     /* Hz, of one source */
  double sources;
  pace pace;          /* where all have one rate */
  volley_rates rates; /* of neurons that have their own */
  uint32_t parts;
  int n_borders;
  int16_t borders[MAX_TABLE];     /* [n_borders] a half means the number of those that it exceeds, but all */
  uint64_t remainders[MAX_TABLE]; /* what is left of the probabilities of 0, 1, ..., summed up, in 2^-32 halves */
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

static void fill_table(volley_generator *generator, double mean) {
  double probability = exp(-mean), sum = probability;
  uint64_t before = 0, left = 0; /* 2^-32 halves */
  int dealt = 0;
  bool has_halves = true;
  for (int n = 0; n < MAX_TABLE; n++) {
    const uint64_t end = n + 1 < MAX_TABLE ? (uint64_t)fmin(round(sum * 0x1p48), 0x1p48) : (uint64_t)HALVES << 32;
    left += end - before;
    if (has_halves) {
      const int halves = (int)((end - before) >> 32);
      dealt += halves;
      left -= (uint64_t)halves << 32;
      generator->borders[generator->n_borders++] = (int16_t)(LEAST + dealt - 1);
      has_halves = 1 - sum >= rare;
    }
    generator->remainders[n] = left;
    before = end;
    probability *= mean / (n + 1);
    sum += probability;
  }
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
  generator->intervals = volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_INTERVAL, (uint32_t)number);
  if (generator->rate.own) {
    generator->rates = volley_rates_begin(experiment, number, slice, &generator->selected, generator->weight);
    for (uint32_t i = 0; i < generator->selected.count; i++)
      volley_rates_set(&generator->rates, i, generator->rate.own[i] * p->sources);
    return;
  }
  if (mean <= 0) return; /* it never acts */
  generator->ars =
      volley_ars_of(volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_POISSON, (uint32_t)number));
  generator->parts = (uint32_t)ceil(mean / max_mean);
  fill_table(generator, mean / generator->parts);
}

/* The number that a half beyond all borders means. */
static int16_t decide(const volley_generator *generator, volley_gid gid, int64_t step, uint32_t part, int half) {
  uint32_t words[4];
  volley_ars_words(&generator->ars, gid, (uint64_t)step, part, words);
  const uint64_t drawn = (uint64_t)(half - generator->borders[generator->n_borders - 1] - 1) << 32 | words[0];
  int n = 0;
  while (drawn >= generator->remainders[n]) n++;
  return (int16_t)n;
}

static bool any(lanes open) {
  uint64_t words[sizeof open / sizeof(uint64_t)], all = 0;
  memcpy(words, &open, sizeof open);
  for (size_t w = 0; w < sizeof open / sizeof(uint64_t); w++) all |= words[w];
  return all != 0;
}

static lanes lanes_at(const void *halves) {
  lanes all;
  memcpy(&all, halves, sizeof all);
  return all;
}

/* How many borders each half of a group exceeds. Returns whether one of them exceeds all. */
static bool count_borders(const volley_generator *generator, const uint16_t *halves, int16_t *counts) {
  const lanes a = lanes_at(halves), b = lanes_at(halves + LANES);
  const lanes all = (int16_t)generator->n_borders - (lanes){0};
  lanes sum_a = {0}, sum_b = {0};
  for (int k = 0; k < generator->n_borders; k++) {
    const lanes border = generator->borders[k] - (lanes){0};
    sum_a -= a > border;
    sum_b -= b > border;
  }
  memcpy(counts, &sum_a, sizeof sum_a);
  memcpy(counts + LANES, &sum_b, sizeof sum_b);
  return any((sum_a == all) | (sum_b == all));
}

/* The spikes of a part in a step, of n neurons, at most CHUNK. */
static void draw(const volley_generator *generator, const volley_gid *gids, uint32_t n, int64_t step, uint32_t part,
                 int16_t counts[CHUNK]) {
  volley_ars_room room;
  uint16_t padded[CHUNK];
  const uint16_t *halves = volley_ars_halves(&generator->ars, gids, n, (uint64_t)step, part, &room);
  if (n < CHUNK) {
    memset(padded, 0, sizeof padded);
    halves = memcpy(padded, halves, n * sizeof *halves);
  }
  for (uint32_t first = 0; first < n; first += GROUP) {
    if (!count_borders(generator, halves + first, counts + first)) continue;
    for (uint32_t i = first; i < n && i < first + GROUP; i++)
      if (counts[i] == generator->n_borders) counts[i] = decide(generator, gids[i], step, part, (int16_t)halves[i]);
  }
}

static void add(const volley_each *weight, uint32_t before, const int16_t *counts, uint32_t n, double *input) {
  if (weight->own)
    for (uint32_t i = 0; i < n; i++) input[i] += weight->own[before + i] * counts[i];
  else
    for (uint32_t i = 0; i < n; i++) input[i] += weight->all * counts[i];
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  if (generator->rate.own) volley_rates_apply(&generator->rates, slice, step);
  if (generator->parts == 0) return;
  uint32_t before = 0;
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    const volley_neuron_range range = generator->selected.ranges[r];
    for (uint32_t first = range.first, end = first + range.count, n; first < end; first += n, before += n) {
      int16_t counts[CHUNK];
      n = end - first < CHUNK ? end - first : CHUNK;
      for (uint32_t part = 0; part < generator->parts; part++) {
        draw(generator, slice->gids + first, n, step, part, counts);
        add(&generator->weight, before, counts, n, slice->inputs[generator->receptor] + first);
      }
    }
  }
}

static void destroy(volley_generator *generator) {
  free(generator->rate.own);
  volley_rates_end(&generator->rates);
}

/* Spikes at any times: the intervals between them are exponentially distributed. Time is cut into epochs; the first spike of
 * each is counted from where it begins, which changes nothing, for the process has no memory, and lets any spike be found
 * without all that were before it. cursor->now: when the spike was sent. */
static pace own_pace(const volley_generator *generator, const volley_cursor *cursor) {
  return generator->rate.own ? pace_of(generator->rate.own[cursor->i] * generator->sources) : generator->pace;
}

static double interval(const volley_generator *generator, double frequency, volley_gid gid,
                       const volley_cursor *cursor) {
  uint32_t words[4];
  volley_random_block(generator->intervals, gid, cursor->epoch, cursor->count / 2, words);
  const uint32_t *own = words + 2 * (cursor->count % 2);
  const uint64_t bits = (uint64_t)own[0] << 32 | own[1];
  return -log(((double)(bits >> 11) + 0.5) * 0x1p-53) / frequency;
}

static void next(const volley_generator *generator, volley_gid gid, volley_cursor *cursor) {
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

static void begin(const volley_generator *generator, volley_gid gid, double from, volley_cursor *cursor) {
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
