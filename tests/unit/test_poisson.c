/* The Poisson generator against a plain twin and against the distribution. */
#include "base/ars.h"
#include "base/memory.h"
#include "stimulus/stimulus.h"
#include "support/experiments.h"
#include "support/keys.h"
#include "support/statistics.h"
#include "support/stimuli.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { NEURONS = 300, BEHIND = 17, STIMULUS = 1 };
static const double max_mean = 8; /* of one part, as in the generator */

/* Stimulus number STIMULUS reaches iaf_psc_delta neurons, where input acts a delay after its step. */
static volley_experiment *make_experiment(double mean, uint32_t size) {
  volley_experiment *e = experiment_make(4711);
  experiment_add_population(e, "other", "parrot", BEHIND);
  experiment_add_population(e, "P", "iaf_psc_delta", size);
  experiment_add_stimulus(e, 0, "poisson");
  volley_stimulus *stimulus = experiment_add_stimulus(e, 1, "poisson");
  NUMBER(stimulus, sources) = 4;
  NUMBER(stimulus, rate) = mean / NUMBER(stimulus, sources) / (e->simulation.dt * 1e-3);
  return e;
}

/* Input of each step in first .. end - 1 to some neurons: [end - first][count], owned by the caller. */
static double *generate(const volley_experiment *e, uint32_t first_neuron, uint32_t count, int64_t first, int64_t end) {
  return stimuli_generate(e, STIMULUS, first_neuron, count, first, end);
}

static double probability_of(double mean, int n) { return exp(n * log(mean) - mean - lgamma(n + 1)); }

/* The number of spikes as the generator defines it: of 65,536 halves each number has as many as fit into its probability, up to
 * the first that is exceeded less often than once in 1024, in the order of signed numbers; what is left shares the last
 * ones, where 32 more bits decide. */
static int of_half(const volley_ars *ars, double mean, volley_gid gid, int64_t step, uint32_t part) {
  volley_ars_room room;
  uint32_t words[4];
  int64_t half = *volley_ars_halves(ars, &gid, 1, (uint64_t)step, part, &room) ^ 0x8000, before = 0;
  int64_t left[64];
  bool has_halves = true;
  double sum = 0;
  for (int n = 0; n < 64; n++) {
    sum += probability_of(mean, n);
    const int64_t end = n < 63 ? (int64_t)round(sum * 0x1p48) : INT64_C(1) << 48;
    const int64_t halves = has_halves ? (end - before) >> 32 : 0;
    if (half < halves) return n;
    half -= halves;
    left[n] = end - before - (halves << 32);
    has_halves = has_halves && 1 - sum >= 1.0 / 1024;
    before = end;
  }
  volley_ars_words(ars, gid, (uint64_t)step, part, words);
  int64_t drawn = half << 32 | words[0];
  int n = 0;
  while (drawn >= left[n]) drawn -= left[n++];
  return n;
}

static double twin(const volley_experiment *e, double mean, volley_gid gid, int64_t step) {
  const volley_ars ars = volley_ars_of(volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_POISSON, STIMULUS));
  const uint32_t parts = (uint32_t)ceil(mean / max_mean);
  int n = 0;
  for (uint32_t part = 0; part < parts; part++) n += of_half(&ars, mean / parts, gid, step, part);
  return n;
}

static const double means[] = {1e-4, 0.3, 1.7, 8, 50, 400};
enum { MEANS = sizeof means / sizeof *means };

static void test_twin(void **state) {
  (void)state;
  enum { STEPS = 100 };
  for (int m = 0; m < MEANS; m++) {
    volley_experiment *e = make_experiment(means[m], NEURONS);
    double *counts = generate(e, 0, NEURONS, 0, STEPS);
    const double mean =
        NUMBER(&e->stimuli[STIMULUS], rate) * NUMBER(&e->stimuli[STIMULUS], sources) * e->simulation.dt * 1e-3;
    for (uint32_t k = 0; k < STEPS * NEURONS; k++) {
      const double expected = k / NEURONS < 1 ? 0 : twin(e, mean, BEHIND + k % NEURONS, k / NEURONS);
      if (counts[k] == expected) continue;
      fail_msg("mean %g, step %u, neuron %u: %g and not %g", mean, k / NEURONS, k % NEURONS, counts[k], expected);
    }
    free(counts);
    volley_experiment_destroy(e);
  }
}

static void test_distribution(void **state) {
  (void)state;
  enum { STEPS = 1001, N = (STEPS - 1) * NEURONS };
  uint64_t *samples = volley_alloc(N, sizeof *samples, "test");
  for (int m = 0; m < MEANS; m++) {
    volley_experiment *e = make_experiment(means[m], NEURONS);
    double *counts = generate(e, 0, NEURONS, 1, STEPS);
    for (int k = 0; k < N; k++) samples[k] = (uint64_t)counts[k];
    const double reach = 7 * sqrt(means[m]);
    expect_fit(statistics_integers(samples, N, statistics_poisson, &means[m], (uint64_t)fmax(0, means[m] - reach),
                                   (uint64_t)(means[m] + reach + 5)));
    free(counts);
    volley_experiment_destroy(e);
  }
  free(samples);
}

/* Correlation of n pairs in units of its standard deviation for independent ones. */
static double correlation(const double *x, const double *y, size_t n) {
  double a = 0, b = 0, aa = 0, bb = 0, ab = 0;
  for (size_t i = 0; i < n; i++) {
    a += x[i] / (double)n;
    b += y[i] / (double)n;
  }
  for (size_t i = 0; i < n; i++) {
    aa += (x[i] - a) * (x[i] - a);
    bb += (y[i] - b) * (y[i] - b);
    ab += (x[i] - a) * (y[i] - b);
  }
  return ab / sqrt(aa * bb) * sqrt((double)n);
}

/* Counts of neighbouring neurons and of steps that are 1 .. 17 apart: the same word, the same block, the next block. */
static void test_independence(void **state) {
  (void)state;
  enum { STEPS = 400 };
  for (int m = 1; m < MEANS; m++) {
    volley_experiment *e = make_experiment(means[m], NEURONS);
    double *counts = generate(e, 0, NEURONS, 1, STEPS + 18);
    for (size_t shift = 1; shift <= 17; shift++) {
      const double steps = correlation(counts, counts + shift * NEURONS, STEPS * NEURONS);
      const double neurons = correlation(counts, counts + shift, STEPS * NEURONS);
      if (fabs(steps) > 4.2) fail_msg("mean %g: steps %zu apart correlate: %g", means[m], shift, steps);
      if (fabs(neurons) > 4.2) fail_msg("mean %g: neurons %zu apart correlate: %g", means[m], shift, neurons);
    }
    free(counts);
    volley_experiment_destroy(e);
  }
}

/* Steps with input among 0 .. 199, where every step within the window has input for certain. */
static void expect_window(double start, double stop, double delay, int64_t first, int64_t end) {
  enum { STEPS = 200, FEW = 3 };
  volley_experiment *e = make_experiment(40, FEW);
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  stimulus->start = start;
  stimulus->stop = stop;
  stimulus->delay = delay;
  double *counts = generate(e, 0, FEW, 0, STEPS);
  for (int64_t k = 0; k < STEPS * FEW; k++) {
    const int64_t step = k / FEW;
    if ((counts[k] > 0) != (step >= first && step < end)) fail_msg("input %g in step %d", counts[k], (int)step);
  }
  free(counts);
  volley_experiment_destroy(e);
}

static void test_window(void **state) {
  (void)state;
  expect_window(0, INFINITY, NAN, 1, 200);
  expect_window(0, 20, 0.1, 1, 200);
  expect_window(3, 7.3, NAN, 31, 74);
  expect_window(3, 7.3, 1.5, 45, 88);
  expect_window(5, 5, NAN, 0, 0);
  expect_window(5, 5.1, NAN, 51, 52);
}

/* A receptor that is a state gets its input between this update and the next: one step later in terms of the calls. */
static void test_receptor_that_is_a_state(void **state) {
  (void)state;
  volley_experiment *e = experiment_make(1);
  experiment_add_population(e, "other", "parrot", BEHIND);
  experiment_add_population(e, "P", "iaf_psc_exp", 1);
  experiment_add_stimulus(e, 0, "poisson");
  NUMBER(experiment_add_stimulus(e, 1, "poisson"), rate) = 400000;
  double *counts = generate(e, 0, 1, 0, 4);
  assert_true(counts[0] == 0 && counts[1] == 0 && counts[2] > 0 && counts[3] > 0);
  free(counts);
  volley_experiment_destroy(e);
}

static void test_any_cut(void **state) {
  (void)state;
  for (int m = 0; m < MEANS; m++) {
    volley_experiment *e = make_experiment(means[m], 1100);
    e->stimuli[STIMULUS].weight = 0.15;
    stimuli_expect_any_cut(e, STIMULUS, 3, 33);
    volley_experiment_destroy(e);
  }
}

/* Only the selected neurons get input, and the same as if all were selected; the weight multiplies it and is added. */
static void test_selection_and_weight(void **state) {
  (void)state;
  enum { STEPS = 20 };
  volley_experiment *e = make_experiment(1.7, NEURONS);
  double *all = generate(e, 0, NEURONS, 1, STEPS);
  volley_range ranges[] = {{3, 1, 0}, {10, 50, 0}, {200, 100, 0}};
  e->stimuli[STIMULUS].neurons = (volley_selection){.ranges = ranges, .n_ranges = 3};
  volley_selection_finish(&e->stimuli[STIMULUS].neurons);
  e->stimuli[STIMULUS].weight = -2.5;
  double *some = generate(e, 0, NEURONS, 1, STEPS);
  for (uint32_t k = 0; k < (STEPS - 1) * NEURONS; k++) {
    const uint32_t i = k % NEURONS;
    const bool selected = i == 3 || (i >= 10 && i < 60) || i >= 200;
    assert_true(some[k] == (selected ? -2.5 * all[k] : 0));
  }
  free(all);
  free(some);
  NUMBER(&e->stimuli[STIMULUS], rate) = 0;
  volley_gid gid = BEHIND + 3;
  volley_slice slice = {.population = 1, .count = 1, .gids = &gid};
  const volley_stimulus_kind *kind = e->stimuli[STIMULUS].kind;
  volley_generator *generator = volley_generator_create(e, STIMULUS, &slice);
  kind->apply(generator, &slice, 5); /* does not look at the slice, which has no inputs */
  volley_generator_destroy(kind, generator);
  volley_experiment_destroy(e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_twin),
                                     cmocka_unit_test(test_distribution),
                                     cmocka_unit_test(test_independence),
                                     cmocka_unit_test(test_window),
                                     cmocka_unit_test(test_receptor_that_is_a_state),
                                     cmocka_unit_test(test_any_cut),
                                     cmocka_unit_test(test_selection_and_weight)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
