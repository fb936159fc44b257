/* Drawn values follow their distributions, bounds included, and do not depend on how a stream is cut. */
#include "model/distribution.h"
#include "support/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { N = 50000 };
static double values[N];
static const volley_key key = {{17, 4}};

typedef double cdf(double x, const double *parameters);

static volley_distribution unbounded(volley_distribution_kind kind, double a, double b) {
  return (volley_distribution){.kind = kind, .a = a, .b = b, .min = -INFINITY, .max = INFINITY};
}

static volley_distribution bounded(volley_distribution_kind kind, double a, double b, double min, double max,
                                   bool redraw) {
  return (volley_distribution){.kind = kind, .a = a, .b = b, .min = min, .max = max, .redraw = redraw};
}

/* One of each kind of continuous distribution, with bounds that cut both sides. */
static const struct {
  volley_distribution_kind kind;
  double a, b, min, max;
  cdf *below;
} kinds[] = {
    {VOLLEY_NORMAL, -58, 10, -65, -40, statistics_normal_below},
    {VOLLEY_NORMAL, 87.8, 8.78, 100, INFINITY, statistics_normal_below},
    {VOLLEY_LOGNORMAL, 1.5, 0.9, 0.7, 3, statistics_lognormal_below},
    {VOLLEY_UNIFORM, -2, 5, -1, 1, statistics_uniform_below},
    {VOLLEY_EXPONENTIAL, 3, 0, 0.5, 6, statistics_exponential_below},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static void test_unbounded(void **state) {
  (void)state;
  for (int k = 0; k < KINDS; k++) {
    const volley_distribution d = unbounded(kinds[k].kind, kinds[k].a, kinds[k].b);
    const double parameters[] = {d.a, d.b};
    volley_distribution_draw(&d, key, (uint32_t)k, 0, N, values);
    expect_fit(statistics_ks(values, N, kinds[k].below, parameters));
    assert_true(volley_distribution_acceptance(&d) == 1);
    assert_false(volley_distribution_is_constant(&d));
  }
}

static void test_constant(void **state) {
  (void)state;
  const volley_distribution all[] = {volley_constant(3.25), unbounded(VOLLEY_NORMAL, 3.25, 0),
                                     unbounded(VOLLEY_LOGNORMAL, 3.25, 0), unbounded(VOLLEY_UNIFORM, 3.25, 3.25)};
  for (int k = 0; k < 4; k++) {
    volley_distribution_draw(&all[k], key, 5, 0, 1000, values);
    for (int i = 0; i < 1000; i++) assert_true(values[i] == 3.25);
    assert_true(volley_distribution_is_constant(&all[k]));
    assert_true(volley_distribution_mean(&all[k]) == 3.25);
    assert_true(volley_distribution_least(&all[k]) == 3.25 && volley_distribution_greatest(&all[k]) == 3.25);
  }
}

/* a and b are moments of the value itself, not of its logarithm. */
static void test_moments(void **state) {
  (void)state;
  static const double expected[][2] = {{-58, 10}, {87.8, 8.78}, {1.5, 0.9}, {1.5, 7 / 3.4641016151377544}, {3, 3}};
  for (int k = 0; k < KINDS; k++) {
    const volley_distribution d = unbounded(kinds[k].kind, kinds[k].a, kinds[k].b);
    double sum = 0, squares = 0;
    volley_distribution_draw(&d, key, 100 + (uint32_t)k, 0, N, values);
    for (int i = 0; i < N; i++) sum += values[i] / N;
    for (int i = 0; i < N; i++) squares += (values[i] - sum) * (values[i] - sum) / N;
    assert_true(fabs(sum - expected[k][0]) < 4 * expected[k][1] / sqrt(N));
    assert_true(fabs(sqrt(squares) / expected[k][1] - 1) < 0.04);
    assert_true(fabs(volley_distribution_mean(&d) - expected[k][0]) < 1e-12);
  }
}

/* What lies outside is put on the bound: the atoms have the right weight and the rest is untouched. */
static void test_clip(void **state) {
  (void)state;
  for (int k = 0; k < KINDS; k++) {
    const volley_distribution d = bounded(kinds[k].kind, kinds[k].a, kinds[k].b, kinds[k].min, kinds[k].max, false);
    const volley_distribution free_of_bounds = unbounded(d.kind, d.a, d.b);
    const double parameters[] = {d.a, d.b};
    double observed[3] = {0}, expected[3] = {0};
    volley_distribution_draw(&d, key, (uint32_t)k, 0, N, values);
    for (uint32_t i = 0; i < N; i++) {
      double raw;
      volley_distribution_draw(&free_of_bounds, key, (uint32_t)k, i, 1, &raw);
      assert_true(values[i] == (raw < d.min ? d.min : raw > d.max ? d.max : raw));
      observed[values[i] == d.min ? 0 : values[i] == d.max ? 2 : 1]++;
    }
    expected[0] = N * kinds[k].below(d.min, parameters);
    expected[2] = N * (1 - kinds[k].below(d.max, parameters));
    expected[1] = N - expected[0] - expected[2];
    expect_fit(statistics_chi_square(observed, expected, 3));
    assert_true(volley_distribution_acceptance(&d) == 1);
  }
}

/* Distribution function of what lies within the bounds. */
static int present;
static double truncated_below(double x, const double *parameters) {
  const double low = kinds[present].below(kinds[present].min, parameters);
  const double high = kinds[present].below(kinds[present].max, parameters);
  return (kinds[present].below(x, parameters) - low) / (high - low);
}

static void test_redraw(void **state) {
  (void)state;
  for (present = 0; present < KINDS; present++) {
    const volley_distribution d =
        bounded(kinds[present].kind, kinds[present].a, kinds[present].b, kinds[present].min, kinds[present].max, true);
    const double parameters[] = {d.a, d.b};
    volley_distribution_draw(&d, key, (uint32_t)present, 0, N, values);
    for (int i = 0; i < N; i++) assert_true(values[i] >= d.min && values[i] <= d.max);
    expect_fit(statistics_ks(values, N, truncated_below, parameters));
    const double expected = kinds[present].below(d.max, parameters) - kinds[present].below(d.min, parameters);
    assert_true(fabs(volley_distribution_acceptance(&d) - expected) < 1e-12);
  }
}

static void test_acceptance_of_constants(void **state) {
  (void)state;
  const volley_distribution inside = bounded(VOLLEY_CONSTANT, 1, 0, 0, 2, true);
  const volley_distribution outside = bounded(VOLLEY_NORMAL, 3, 0, 0, 2, true);
  assert_true(volley_distribution_acceptance(&inside) == 1);
  assert_true(volley_distribution_acceptance(&outside) == 0);
}

static void test_range(void **state) {
  (void)state;
  const volley_distribution normal = bounded(VOLLEY_NORMAL, 0, 1, -3, INFINITY, false);
  assert_true(volley_distribution_least(&normal) == -3 && volley_distribution_greatest(&normal) == INFINITY);
  const volley_distribution lognormal = unbounded(VOLLEY_LOGNORMAL, 1, 1);
  assert_true(volley_distribution_least(&lognormal) == 0 && volley_distribution_greatest(&lognormal) == INFINITY);
  const volley_distribution uniform = bounded(VOLLEY_UNIFORM, 1, 5, 2, 9, true);
  assert_true(volley_distribution_least(&uniform) == 2 && volley_distribution_greatest(&uniform) == 5);
  const volley_distribution exponential = bounded(VOLLEY_EXPONENTIAL, 1, 0, -1, 4, true);
  assert_true(volley_distribution_least(&exponential) == 0 && volley_distribution_greatest(&exponential) == 4);
}

/* Value k is the same whether it is drawn alone, in pieces or at once. */
static void test_cuts(void **state) {
  (void)state;
  enum { LENGTH = 1500 };
  static const size_t pieces[] = {1, 3, 4, 7, 255, 256, 257, 1000};
  for (int k = 0; k < 2 * KINDS; k++) {
    const int kind = k / 2;
    const volley_distribution d =
        bounded(kinds[kind].kind, kinds[kind].a, kinds[kind].b, kinds[kind].min, kinds[kind].max, k % 2);
    double whole[LENGTH], parts[LENGTH];
    volley_distribution_draw(&d, key, 9, 0, LENGTH, whole);
    for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
      for (size_t from = 0; from < LENGTH; from += pieces[p]) {
        const size_t n = LENGTH - from < pieces[p] ? LENGTH - from : pieces[p];
        volley_distribution_draw(&d, key, 9, (uint32_t)from, n, parts + from);
      }
      assert_memory_equal(whole, parts, sizeof whole);
    }
  }
}

/* Different ids and keys have different streams; redrawn values are not those of a neighbour. */
static void test_streams_differ(void **state) {
  (void)state;
  const volley_distribution d = bounded(VOLLEY_UNIFORM, 0, 1, 0.5, 1, true);
  double one[64], other[64], third[64];
  volley_distribution_draw(&d, key, 1, 0, 64, one);
  volley_distribution_draw(&d, key, 2, 0, 64, other);
  volley_distribution_draw(&d, (volley_key){{17, 5}}, 1, 0, 64, third);
  for (int i = 0; i < 64; i++) {
    for (int j = 0; j < 64; j++) {
      assert_true(one[i] != other[j] && one[i] != third[j] && (i == j || one[i] != one[j]));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_unbounded), cmocka_unit_test(test_constant), cmocka_unit_test(test_moments),
      cmocka_unit_test(test_clip),      cmocka_unit_test(test_redraw),   cmocka_unit_test(test_acceptance_of_constants),
      cmocka_unit_test(test_range),     cmocka_unit_test(test_cuts),     cmocka_unit_test(test_streams_differ)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
