/* Measures of an attractor: on courses whose densities and maps of maxima are known, and on Lorenz's equations. */
#include "app/attractor.h"
#include "base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define assert_near(value, expected, tolerance)                                                                        \
  do {                                                                                                                 \
    const double value_ = (value), expected_ = (expected);                                                             \
    if (!(fabs(value_ - expected_) <= (tolerance))) fail_msg("%s is %.9g, not %.9g", #value, value_, expected_);       \
  } while (0)

static const double pi = 3.141592653589793;

/* What is learned in the first half of the rows, 1 ms each. */
static volley_attractor measure(double *output, double *supervisor, uint64_t rows, int dimension) {
  const volley_readout_record record = {.rows = rows,
                                        .dimension = dimension,
                                        .interval_ms = 1,
                                        .learning_stop_ms = (double)rows / 2,
                                        .is_chaotic = true,
                                        .output = output,
                                        .supervisor = supervisor};
  return volley_attractor_measure(&record);
}

/* Points of a grid of 100 x 100, in the order of their numbers, between 0 and `wide` and between 0 and 1: [10000][2] */
static void fill_square(double *points, double wide) {
  for (int i = 0; i < 10000; i++) {
    points[2 * i] = wide * (0.005 + 0.01 * (i % 100));
    points[2 * i + 1] = 0.005 + 0.01 * (double)(i / 100);
  }
}

static void test_overlap(void **state) {
  (void)state;
  enum { ROWS = 20000 };
  double *output = calloc(2 * ROWS, sizeof *output), *supervisor = calloc(2 * ROWS, sizeof *supervisor);
  const double wide[] = {1, 0.5, 2, 4}, overlap[] = {1, 0.5, 0.5, 0.25};
  fill_square(supervisor, 1);
  fill_square(supervisor + ROWS, 1);
  for (int k = 0; k < 4; k++) {
    fill_square(output + ROWS, wide[k]);
    const volley_attractor a = measure(output, supervisor, ROWS, 2);
    assert_near(a.output.overlap, overlap[k], 0.012); /* a point of a hundred may be in the next cell */
    assert_near(a.supervisor.overlap, 1, 1e-9);
  }
  for (int i = 0; i < ROWS; i++) output[ROWS + i] = i % 2 ? NAN : 0.5; /* what is nowhere is in no cell */
  assert_near(measure(output, supervisor, ROWS, 2).output.overlap, 0, 0);
  free(output);
  free(supervisor);
}

enum { BUMPS = 600, WIDTH = 80, ROWS_OF_BUMPS = BUMPS * WIDTH };

/* Bumps from 0 to heights that follow the logistic map, 4 h (1 - h), which keeps the density 1 / (pi sqrt(h (1 - h))): or, where they
 * are shuffled, are drawn from it one by one. Heights below a tenth of the range are no maxima: all are raised by 1. */
static void fill_bumps(double *values, double start, bool shuffled) {
  volley_stream stream = volley_stream_of(volley_key_of(3, VOLLEY_PURPOSE_ESTIMATE, 0), 0, 0);
  double height = start;
  for (int k = 0; k < ROWS_OF_BUMPS; k++) {
    if (k % WIDTH == 0)
      height = shuffled ? pow(sin(0.5 * pi * volley_stream_uniform(&stream)), 2) : 4 * height * (1 - height);
    values[k] = (1 + height) * sin(pi * (k % WIDTH) / WIDTH);
  }
}

/* Median of |x - y| in standard deviations (1 / sqrt(8)) where both have that density, from points of equal probability. */
static double median_apart(void) {
  enum { N = 1000 };
  double low = 0, high = 1;
  while (high - low > 1e-6) {
    const double middle = 0.5 * (low + high);
    int n = 0;
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++)
        n += fabs(pow(sin(0.5 * pi * (i + 0.5) / N), 2) - pow(sin(0.5 * pi * (j + 0.5) / N), 2)) < middle;
    }
    if (n < N * N / 2)
      low = middle;
    else
      high = middle;
  }
  return low * sqrt(8);
}

static void test_map(void **state) {
  (void)state;
  double *output = calloc(ROWS_OF_BUMPS, sizeof *output), *supervisor = calloc(ROWS_OF_BUMPS, sizeof *supervisor);
  fill_bumps(supervisor, 0.123, false);
  fill_bumps(output, 0.456, false);
  volley_attractor a = measure(output, supervisor, ROWS_OF_BUMPS, 1);
  assert_near(a.output.map, 0, 0.005);
  assert_near(a.supervisor.map, 0, 0.005);
  assert_near(a.output.between, 1e-3 * WIDTH, 1e-12);
  assert_true(a.output.overlap > 0.9);
  fill_bumps(output, 0, true);
  a = measure(output, supervisor, ROWS_OF_BUMPS, 1);
  assert_near(a.output.map, median_apart(), 0.15); /* of 300 */
  assert_true(a.output.overlap > 0.9);             /* only the map tells */
  free(output);
  free(supervisor);
}

/* Lorenz's equations by Runge-Kutta steps of a ms, 1 s of them in 1 s, from a start. */
static void fill_lorenz(double *values, int rows, double x) {
  double u[3] = {x, 1, 20};
  for (int row = 0; row < rows; row++) {
    const double part[4] = {0, 0.5e-3, 0.5e-3, 1e-3}, weight[4] = {1, 2, 2, 1};
    double sum[3] = {0}, rate[3] = {0};
    for (int stage = 0; stage < 4; stage++) {
      double w[3];
      for (int d = 0; d < 3; d++) w[d] = u[d] + part[stage] * rate[d];
      rate[0] = 10 * (w[1] - w[0]);
      rate[1] = w[0] * (28 - w[2]) - w[1];
      rate[2] = w[0] * w[1] - 8.0 / 3 * w[2];
      for (int d = 0; d < 3; d++) sum[d] += weight[stage] * rate[d] / 6;
    }
    for (int d = 0; d < 3; d++) values[3 * row + d] = u[d] += 1e-3 * sum[d];
  }
}

static void test_lorenz(void **state) {
  (void)state;
  enum { ROWS = 200000, HALF = ROWS / 2 };
  double *output = calloc(3 * ROWS, sizeof *output), *supervisor = calloc(3 * ROWS, sizeof *supervisor);
  fill_lorenz(supervisor, ROWS, 1);
  fill_lorenz(output, ROWS, -2.5);
  volley_attractor a = measure(output, supervisor, ROWS, 3);

  assert_true(a.output.overlap > 0.7 && a.supervisor.overlap > 0.7); /* 130 loops of either wing, never the same */
  assert_true(a.output.map < 0.03 && a.supervisor.map < 0.03);
  assert_near(a.output.between, 0.752, 0.01); /* its mean time from maximum to maximum */
  for (int row = HALF; row < ROWS; row++) {   /* a wing is left out: a rhythm about its middle */
    for (int d = 0; d < 3; d++) output[3 * row + d] = (d == 2 ? 27 : 8.5) + 5 * sin(2 * pi * row / 700.0 + d);
  }
  a = measure(output, supervisor, ROWS, 3);
  assert_true(a.output.overlap < 0.4);
  assert_near(a.output.between, 0.7, 1e-9);
  free(output);
  free(supervisor);
}

static void test_nothing_to_measure(void **state) {
  (void)state;
  double values[40] = {0};
  const volley_attractor flat = measure(values, values, 20, 2), short_one = measure(values, values, 0, 2);
  assert_true(isnan(flat.output.map) && isnan(flat.output.between));
  assert_near(flat.output.overlap, 1, 1e-12); /* all of it in one cell */
  assert_true(isnan(short_one.output.overlap) && isnan(short_one.supervisor.map));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlap), cmocka_unit_test(test_map),
                                     cmocka_unit_test(test_lorenz), cmocka_unit_test(test_nothing_to_measure)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
