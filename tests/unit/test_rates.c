/* Poisson spikes whose rates change: inhomogeneous Poisson, images as rates, and the teacher that goes with images. */
#include "base/ars.h"
#include "base/memory.h"
#include "stimulus/showing.h"
#include "stimulus/stimulus.h"
#include "support/experiments.h"
#include "support/keys.h"
#include "support/signals.h"
#include "support/statistics.h"
#include "support/stimuli.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { NEURONS = 300, BEHIND = 17, STIMULUS = 1 };
static const double per_step = 1e4; /* Hz of one spike a step of 0.1 ms */

/* Stimulus number STIMULUS, of a kind, reaches `size` neurons of iaf_psc_delta, where input acts a delay after its step. */
static volley_experiment *make(const char *kind, uint32_t size) {
  volley_experiment *e = experiment_make(4711);
  experiment_add_population(e, "other", "parrot", BEHIND);
  experiment_add_population(e, "P", "iaf_psc_delta", size);
  experiment_add_stimulus(e, 0, "poisson");
  experiment_add_stimulus(e, 1, kind);
  return e;
}

static void set_rates(volley_experiment *e, int n, const double *times, const double *rates) {
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  LIST(stimulus, times).values = signals_list(e, n, times);
  LIST(stimulus, rates).values = signals_list(e, n, rates);
  LIST(stimulus, times).n = LIST(stimulus, rates).n = n;
  assert_null(stimulus->kind->check(stimulus));
}

static void set_rows(volley_experiment *e, int number, uint64_t n_rows, uint64_t n_columns, const double *rows) {
  volley_stimulus *stimulus = &e->stimuli[number];
  KEY_OF(stimulus, volley_series, file) = (volley_series){.file = "file",
                                                          .values = signals_list(e, (int)(n_rows * n_columns), rows),
                                                          .n_rows = n_rows,
                                                          .n_columns = n_columns};
}

static const char *check_loaded(const volley_experiment *e, int number) {
  static char buffer[512];
  return e->stimuli[number].kind->check_loaded(e, &e->stimuli[number], buffer, sizeof buffer);
}

/* Spikes of a neuron in a step: each part of at most 8 expected spikes is the least n whose cumulative probability exceeds
 * 48 bits: the half of the neuron and step, and the first of its own words. */
static double twin(const volley_experiment *e, double mean, volley_gid gid, int64_t step) {
  const volley_ars ars = volley_ars_of(volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_POISSON, STIMULUS));
  const uint32_t parts = mean > 8 ? (uint32_t)ceil(mean / 8) : 1;
  volley_ars_room room;
  const uint16_t half = *volley_ars_halves(&ars, &gid, 1, (uint64_t)step, 0, &room);
  int n = 0;
  for (uint32_t part = 0; part < parts; part++) {
    uint32_t words[4];
    volley_ars_words(&ars, gid, (uint64_t)step, part, words);
    const uint64_t bits = (uint64_t)(part == 0 ? half : words[1] >> 16) << 32 | words[0];
    double probability = exp(-mean / parts), sum = probability;
    for (int k = 1; k <= 64 && (double)bits >= round(sum * 0x1p48); k++, n++) {
      probability *= mean / parts / k;
      sum += probability;
    }
  }
  return n;
}

/* A rate for each neuron, another one from 3 ms on and none from 7 ms to 9 ms; with a delay of 0.5 ms. */
static void test_twin(void **state) {
  (void)state;
  enum { STEPS = 150, COLUMNS = NEURONS + 1, ROWS = 4 };
  static const double times[] = {0.2, 3, 7, 9};
  volley_experiment *e = make("inhomogeneous_poisson", NEURONS);
  double *rows = volley_alloc(ROWS * COLUMNS, sizeof *rows, "test");
  for (int r = 0; r < ROWS; r++) {
    rows[r * COLUMNS] = times[r];
    for (int i = 0; i < NEURONS; i++)
      rows[r * COLUMNS + 1 + i] = r == 2 ? 0 : per_step * 1e-4 * pow(1.05, (i * (r + 1)) % NEURONS);
  }
  set_rows(e, STIMULUS, ROWS, COLUMNS, rows);
  assert_null(check_loaded(e, STIMULUS));
  e->stimuli[STIMULUS].delay = 0.5;
  e->stimuli[STIMULUS].weight = 0.25;
  double *input = stimuli_generate(e, STIMULUS, 0, NEURONS, 0, STEPS);
  for (uint32_t k = 0; k < STEPS * NEURONS; k++) {
    const int64_t step = k / NEURONS, spike = step - 5;
    const int r = spike < 2 ? -1 : spike < 30 ? 0 : spike < 70 ? 1 : spike < 90 ? 2 : 3;
    const double mean = r < 0 ? 0 : rows[r * COLUMNS + 1 + (int)(k % NEURONS)] / per_step;
    const double expected = 0.25 * twin(e, mean, BEHIND + k % NEURONS, step);
    if (input[k] != expected) fail_msg("step %d, mean %g: %g and not %g", (int)step, mean, input[k], expected);
  }
  free(input);
  free(rows);
  volley_experiment_destroy(e);
}

/* In each interval the spikes of a step obey the Poisson distribution of its rate. */
static void test_intervals(void **state) {
  (void)state;
  enum { STEPS = 1000, INTERVALS = 6, LONG = STEPS * INTERVALS, N = STEPS * NEURONS };
  static const double means[INTERVALS] = {0.002, 0.3, 1.7, 0, 8, 50};
  double times[INTERVALS], rates[INTERVALS];
  for (int k = 0; k < INTERVALS; k++) {
    times[k] = 100 * k;
    rates[k] = means[k] * per_step;
  }
  volley_experiment *e = make("inhomogeneous_poisson", NEURONS);
  set_rates(e, INTERVALS, times, rates);
  double *input = stimuli_generate(e, STIMULUS, 0, NEURONS, 1, 1 + LONG);
  uint64_t *samples = volley_alloc(N, sizeof *samples, "test");
  for (int k = 0; k < INTERVALS; k++) {
    double sum = 0;
    for (int i = 0; i < N; i++) sum += input[(size_t)k * N + (size_t)i];
    for (int i = 0; i < N; i++) samples[i] = (uint64_t)input[(size_t)k * N + (size_t)i];
    if (means[k] == 0) {
      assert_true(sum == 0);
      continue;
    }
    if (fabs(sum - N * means[k]) > 4 * sqrt(N * means[k])) fail_msg("%g spikes, not %g", sum, N * means[k]);
    const double reach = 7 * sqrt(means[k]);
    expect_fit(statistics_integers(samples, N, statistics_poisson, &means[k], (uint64_t)fmax(0, means[k] - reach),
                                   (uint64_t)(means[k] + reach + 5)));
  }
  free(samples);
  free(input);
  volley_experiment_destroy(e);
}

static void test_any_cut(void **state) {
  (void)state;
  enum { LARGE = 600 };
  volley_experiment *e = make("inhomogeneous_poisson", LARGE);
  set_rates(e, 3, (double[]){0, 1, 2.5}, (double[]){0.05 * per_step, 0.7 * per_step, 17 * per_step});
  stimuli_expect_any_cut(e, STIMULUS, 0, 40);
  volley_experiment_destroy(e);
}

static void test_wrong_rates(void **state) {
  (void)state;
  volley_experiment *e = make("inhomogeneous_poisson", 3);
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  assert_non_null(stimulus->kind->check(stimulus)); /* nothing given */
  set_rates(e, 2, (double[]){1, 2}, (double[]){3, 4});
  LIST(stimulus, rates).n = 1;
  assert_non_null(stimulus->kind->check(stimulus));
  LIST(stimulus, rates).n = 2;
  LIST(stimulus, times).values[1] = 1;
  assert_non_null(stimulus->kind->check(stimulus));
  LIST(stimulus, times).values[1] = 2;
  LIST(stimulus, rates).values[1] = 2e7;
  assert_non_null(stimulus->kind->check(stimulus));
  LIST(stimulus, rates).values[1] = 2;
  TEXT(stimulus, file) = "file";
  assert_non_null(stimulus->kind->check(stimulus)); /* both given */
  set_rows(e, STIMULUS, 2, 3, (double[]){0, 1, 2, 1, 2, 3});
  assert_non_null(check_loaded(e, STIMULUS)); /* two rates for three neurons */
  set_rows(e, STIMULUS, 2, 2, (double[]){0, 1, 0, 1});
  assert_non_null(check_loaded(e, STIMULUS));
  set_rows(e, STIMULUS, 2, 2, (double[]){0, 1, 1, -1});
  assert_non_null(check_loaded(e, STIMULUS));
  set_rows(e, STIMULUS, 2, 2, (double[]){0, 1, 1, 1});
  assert_null(check_loaded(e, STIMULUS));
  volley_experiment_destroy(e);
}

/* Three images of four pixels, with the label in column 2. */
static const double images[] = {0, 0, 2, 1, 0, /* 2 */
                                1, 1, 0, 0, 0, /* 0 */
                                0, 1, 1, 1, 1 /* 1 */};
static const int pixels[3][4] = {{0, 0, 1, 0}, {1, 1, 0, 0}, {0, 1, 1, 1}};
static const int labels[3] = {2, 0, 1};

/* Shown from 1 ms on for 2 ms each, with 0.5 ms in between; a pixel of 1 spikes in every step for certain. */
static volley_experiment *make_images(void) {
  volley_experiment *e = make("images", 4);
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  set_rows(e, STIMULUS, 3, 5, images);
  INTEGER(stimulus, label_column) = 2;
  NUMBER(stimulus, slot) = 2;
  NUMBER(stimulus, blank) = 0.5;
  stimulus->start = 1;
  NUMBER(stimulus, factor) = 40 * per_step;
  assert_null(stimulus->kind->check(stimulus));
  assert_int_equal(volley_stimuli_load(e, NULL, MPI_COMM_SELF), VOLLEY_OK);
  return e;
}

static void test_images(void **state) {
  (void)state;
  enum { STEPS = 200, STOP = 190, SHIFT = 3 };
  static const int order[] = {2, 0, 0, 1};
  volley_experiment *e = make_images();
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  LIST(stimulus, images).values = signals_list(e, 4, (double[]){2, 0, 0, 1});
  LIST(stimulus, images).n = 4;
  stimulus->stop = 0.1 * STOP;
  stimulus->delay = 0.1 * SHIFT;
  const volley_showing showing = volley_showing_of(e, STIMULUS);
  double *input = stimuli_generate(e, STIMULUS, 0, 4, 0, STEPS);
  for (int step = 0; step < STEPS; step++) {
    const int passed = step - SHIFT - 10;
    const bool on = passed >= 0 && passed % 25 < 20 && step - SHIFT < STOP;
    const int image = on ? order[passed / 25 % 4] : -1;
    assert_int_equal(volley_showing_at(&showing, step - SHIFT), image);
    for (int i = 0; i < 4; i++)
      if ((input[step * 4 + i] > 0) != (on && pixels[image][i])) fail_msg("step %d, pixel %d", step, i);
  }
  free(input);
  volley_experiment_destroy(e);
}

/* Grey pixels: spikes at pixel times factor. */
static void test_grey(void **state) {
  (void)state;
  enum { STEPS = 1000, N = STEPS * NEURONS };
  volley_experiment *e = make("images", NEURONS);
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  double pixels_of[NEURONS];
  for (int i = 0; i < NEURONS; i++) pixels_of[i] = i / 100; /* 0, 1, 2 */
  set_rows(e, STIMULUS, 1, NEURONS, pixels_of);
  NUMBER(stimulus, slot) = 200;
  NUMBER(stimulus, factor) = 0.25 * per_step;
  assert_null(check_loaded(e, STIMULUS));
  double *input = stimuli_generate(e, STIMULUS, 0, NEURONS, 1, 1 + STEPS);
  uint64_t *samples = volley_alloc(N, sizeof *samples, "test");
  for (int grey = 0; grey < 3; grey++) {
    const double mean = 0.25 * grey;
    size_t n = 0;
    for (size_t k = 0; k < N; k++)
      if (k % NEURONS / 100 == (size_t)grey) samples[n++] = (uint64_t)input[k];
    if (grey > 0) expect_fit(statistics_integers(samples, n, statistics_poisson, &mean, 0, 8));
    for (size_t k = 0; k < n && grey == 0; k++) assert_int_equal(samples[k], 0);
  }
  free(samples);
  free(input);
  volley_experiment_destroy(e);
}

/* Drawn images: each equally often, and independent of the one before. */
static void test_random_order(void **state) {
  (void)state;
  enum { N = 9000 };
  volley_experiment *e = make_images();
  INTEGER(&e->stimuli[STIMULUS], order) = 1;
  const volley_showing showing = volley_showing_of(e, STIMULUS);
  double pairs[9] = {0}, expected[9];
  for (int k = 0; k < N; k++) {
    const int64_t begin = 10 + 25 * (int64_t)k, row = volley_showing_at(&showing, begin);
    assert_true(row >= 0 && row < 3 && volley_showing_at(&showing, begin + 19) == row);
    assert_int_equal(volley_showing_at(&showing, begin + 20), -1);
    assert_int_equal(volley_showing_nth(&showing, (uint64_t)k), row);
    assert_int_equal(volley_showing_count(&showing, begin + 19), k);
    assert_int_equal(volley_showing_count(&showing, begin + 20), k + 1);
    pairs[3 * row + volley_showing_at(&showing, begin + 25)]++;
  }
  for (int k = 0; k < 9; k++) expected[k] = N / 9;
  expect_fit(statistics_chi_square(pairs, expected, 9));
  e->simulation.noise_seed++;
  const volley_showing other = volley_showing_of(e, STIMULUS);
  int same = 0;
  for (int k = 0; k < N; k++)
    same += volley_showing_at(&showing, 10 + 25 * (int64_t)k) == volley_showing_at(&other, 10 + 25 * (int64_t)k);
  assert_true(abs(same - N / 3) < 4 * sqrt(N * 2 / 9.0));
  volley_experiment_destroy(e);
}

/* Current into the neuron of the label while an image is on and the teacher is there. */
static void test_teacher(void **state) {
  (void)state;
  enum { STEPS = 1000, START = 57, STOP = 803, TEACHER = 2, SIZE = 5 };
  for (int order = 0; order < 2; order++) {
    volley_experiment *e = make_images();
    INTEGER(&e->stimuli[STIMULUS], order) = order;
    experiment_add_population(e, "outputs", "iaf_psc_exp", SIZE);
    volley_stimulus *teacher = experiment_add_stimulus(e, 2, "teacher");
    INTEGER(teacher, images) = STIMULUS;
    NUMBER(teacher, amplitude) = 100;
    teacher->start = 0.1 * START;
    teacher->stop = 0.1 * STOP;
    assert_null(check_loaded(e, TEACHER));
    const volley_showing showing = volley_showing_of(e, STIMULUS);
    double *current = stimuli_generate(e, TEACHER, 0, SIZE, 0, STEPS);
    for (int step = 0; step < STEPS; step++) {
      const int64_t row = step >= START && step < STOP ? volley_showing_at(&showing, step) : -1;
      for (int i = 0; i < SIZE; i++) assert_true(current[step * SIZE + i] == (row >= 0 && labels[row] == i ? 100 : 0));
    }
    free(current);
    stimuli_expect_any_cut(e, TEACHER, 0, 100);
    volley_experiment_destroy(e);
  }
}

static void test_wrong_images(void **state) {
  (void)state;
  volley_experiment *e = make_images();
  volley_stimulus *stimulus = &e->stimuli[STIMULUS];
  assert_null(check_loaded(e, STIMULUS));
  INTEGER(stimulus, label_column) = -1;
  assert_non_null(check_loaded(e, STIMULUS)); /* five pixels */
  INTEGER(stimulus, label_column) = 5;
  assert_int_equal(volley_stimuli_load(e, NULL, MPI_COMM_SELF), VOLLEY_USAGE);
  INTEGER(stimulus, label_column) = 2;
  LIST(stimulus, images).values = signals_list(e, 1, (double[]){3});
  LIST(stimulus, images).n = 1;
  assert_non_null(check_loaded(e, STIMULUS)); /* of three images */
  LIST(stimulus, images).values = NULL;
  SERIES(stimulus).values[1] = -0.5;
  assert_non_null(check_loaded(e, STIMULUS));
  SERIES(stimulus).values[1] = 1;
  ((volley_images *)stimulus->parameters)->labels[1] = 0.5;
  assert_non_null(check_loaded(e, STIMULUS));
  ((volley_images *)stimulus->parameters)->labels[1] = 3;
  experiment_add_population(e, "outputs", "iaf_psc_exp", 3);
  INTEGER(experiment_add_stimulus(e, 2, "teacher"), images) = STIMULUS;
  assert_non_null(check_loaded(e, 2)); /* labels 0-3 for three neurons */
  LIST(stimulus, images).values = signals_list(e, 2, (double[]){0, 2});
  LIST(stimulus, images).n = 2;
  assert_null(check_loaded(e, 2));
  ((volley_images *)stimulus->parameters)->labels = NULL;
  assert_non_null(check_loaded(e, 2));
  volley_experiment_destroy(e);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_twin),         cmocka_unit_test(test_intervals), cmocka_unit_test(test_any_cut),
      cmocka_unit_test(test_wrong_rates),  cmocka_unit_test(test_images),    cmocka_unit_test(test_grey),
      cmocka_unit_test(test_random_order), cmocka_unit_test(test_teacher),   cmocka_unit_test(test_wrong_images)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
