/* Noise against its distribution and a plain twin, alternating current against its formula. */
#include "base/memory.h"
#include "base/random.h"
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

enum { NEURONS = 200, BEHIND = 17, STIMULUS = 1 };

/* Stimulus number STIMULUS, of a kind, with a target of `size` neurons. */
static volley_experiment *make(const char *kind, uint32_t size) {
  volley_experiment *e = experiment_make(4711);
  experiment_add_population(e, "other", "iaf_psc_exp", BEHIND);
  experiment_add_population(e, "P", "iaf_psc_exp", size);
  experiment_add_stimulus(e, 0, "dc");
  experiment_add_stimulus(e, 1, kind);
  return e;
}

static volley_experiment *make_noise(uint32_t size, double interval) {
  volley_experiment *e = make("noise", size);
  NUMBER(&e->stimuli[STIMULUS], mean) = 30;
  NUMBER(&e->stimuli[STIMULUS], std) = 5;
  NUMBER(&e->stimuli[STIMULUS], interval) = interval;
  return e;
}

/* Each value is the normal quantile of word number (interval) of the neuron's stream, and holds for the interval. */
static void test_noise_twin(void **state) {
  (void)state;
  enum { STEPS = 300, FIRST = 13, END = 271 };
  volley_experiment *e = make_noise(NEURONS, 0.7);
  e->stimuli[STIMULUS].start = 0.1 * FIRST;
  e->stimuli[STIMULUS].stop = 0.1 * END;
  const volley_key key = volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_NOISE, STIMULUS);
  double *current = stimuli_generate(e, STIMULUS, 0, NEURONS, 0, STEPS);
  for (uint32_t k = 0; k < STEPS * NEURONS; k++) {
    const uint32_t step = k / NEURONS, number = (step - FIRST) / 7;
    uint32_t word;
    double quantile = 0;
    volley_random_words(key, BEHIND + k % NEURONS, number, 0, 1, &word);
    volley_normal_quantiles(&word, 1, &quantile);
    const double expected = step >= FIRST && step < END ? 30 + 5 * quantile : 0;
    if (current[k] != expected) fail_msg("step %u: %.17g and not %.17g", step, current[k], expected);
  }
  free(current);
  volley_experiment_destroy(e);
}

static void test_noise_distribution(void **state) {
  (void)state;
  enum { STEPS = 1000 };
  static const double parameters[] = {30, 5};
  volley_experiment *e = make_noise(NEURONS, 0.1);
  double *current = stimuli_generate(e, STIMULUS, 0, NEURONS, 0, STEPS);
  double neighbours = 0, steps = 0, far = 0; /* correlations in units of their standard deviation */
  const size_t n = (size_t)(STEPS - 4) * NEURONS;
  for (size_t k = 0; k < n; k++) {
    const double z = (current[k] - 30) / 5;
    neighbours += z * (current[k + 1] - 30) / 5 / sqrt((double)n);
    steps += z * (current[k + NEURONS] - 30) / 5 / sqrt((double)n);
    far += z * (current[k + 4 * NEURONS] - 30) / 5 / sqrt((double)n);
  }
  assert_true(fabs(neighbours) < 4 && fabs(steps) < 4 && fabs(far) < 4);
  expect_fit(statistics_ks(current, (size_t)STEPS * NEURONS, statistics_normal_below, parameters));
  free(current);
  volley_experiment_destroy(e);
}

static void test_any_cut(void **state) {
  (void)state;
  volley_experiment *e = make_noise(1100, 0.3);
  stimuli_expect_any_cut(e, STIMULUS, 0, 40);
  volley_experiment_destroy(e);
  e = make("ac", 1100);
  NUMBER(&e->stimuli[STIMULUS], amplitude) = 1;
  NUMBER(&e->stimuli[STIMULUS], frequency) = 333;
  stimuli_expect_any_cut(e, STIMULUS, 0, 40);
  volley_experiment_destroy(e);
}

/* A value of an interval is the same whichever steps were asked for before: a resumed run begins anywhere. */
static void test_begins_anywhere(void **state) {
  (void)state;
  volley_experiment *e = make_noise(NEURONS, 0.3);
  double *all = stimuli_generate(e, STIMULUS, 0, NEURONS, 0, 100),
         *late = stimuli_generate(e, STIMULUS, 0, NEURONS, 47, 100);
  assert_memory_equal(all + (size_t)47 * NEURONS, late, (size_t)53 * NEURONS * sizeof *late);
  free(all);
  free(late);
  volley_experiment_destroy(e);
}

static void test_ac(void **state) {
  (void)state;
  enum { STEPS = 20000, FEW = 3 };
  static const double pi = 3.14159265358979323846;
  volley_experiment *e = make("ac", FEW);
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  NUMBER(stimulus, amplitude) = 70;
  NUMBER(stimulus, offset) = -20;
  NUMBER(stimulus, frequency) = 12.5;
  NUMBER(stimulus, phase) = 60;
  stimulus->start = 5;
  stimulus->stop = 1500;
  double *current = stimuli_generate(e, STIMULUS, 0, FEW, 0, STEPS);
  for (int k = 0; k < STEPS * FEW; k++) {
    const int step = k / FEW;
    const double t = (step + 1) * 1e-4, sine = sin(2 * pi * 12.5 * t + pi / 3);
    const double expected = step >= 50 && step < 15000 ? -20 + 70 * sine : 0;
    if (!(fabs(current[k] - expected) < 1e-10)) fail_msg("step %d: %.17g and not %.17g", step, current[k], expected);
  }
  free(current);
  volley_experiment_destroy(e);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_noise_twin), cmocka_unit_test(test_noise_distribution),
                                     cmocka_unit_test(test_any_cut), cmocka_unit_test(test_begins_anywhere),
                                     cmocka_unit_test(test_ac)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
