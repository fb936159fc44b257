/* Exact sums against sums of integers, in any order, and where doubles end. */
#include "base/exact_sum.h"
#include "base/random.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double sum_of(const double *values, size_t n) {
  volley_exact_sum sum = {{0}};
  for (size_t i = 0; i < n; i++) volley_exact_add(&sum, values[i]);
  return volley_exact_value(&sum);
}

#define SUM(...) sum_of((const double[]){__VA_ARGS__}, sizeof((const double[]){__VA_ARGS__}) / sizeof(double))

/* Bits, so that NAN and -0 are told apart. */
static void expect_same(double a, double b) { assert_memory_equal(&a, &b, sizeof a); }

static void test_known_sums(void **state) {
  (void)state;
  expect_same(SUM(1), 1);
  expect_same(SUM(-1.5, 1.25), -0.25);
  expect_same(SUM(1e300, 1, -1e300), 1);
  expect_same(SUM(0.1, 0.2, 0.3, -0.6), 0x1p-55); /* by which these doubles are not what they look like */
  expect_same(SUM(DBL_MAX, DBL_MAX, -DBL_MAX), DBL_MAX);
  expect_same(SUM(DBL_TRUE_MIN, DBL_TRUE_MIN), 2 * DBL_TRUE_MIN);
  expect_same(SUM(-DBL_MIN, DBL_TRUE_MIN), -DBL_MIN + DBL_TRUE_MIN);
  assert_true(isinf(SUM(DBL_MAX, DBL_MAX)));
  assert_true(isnan(SUM(1, INFINITY)) && isnan(SUM(NAN)));
  expect_same(SUM(0, 0), 0);
}

static void test_ties_go_to_even(void **state) {
  (void)state;
  expect_same(SUM(1, 0x1p-53), 1);
  expect_same(SUM(1, 0x1p-53, 0x1p-900), 1 + 0x1p-52);
  expect_same(SUM(1 + 0x1p-52, 0x1p-53), 1 + 0x1p-51);
  expect_same(SUM(-1, -0x1p-53, -DBL_TRUE_MIN), -1 - 0x1p-52);
}

enum { MANY = 5000 };

/* Whole numbers times 2^-40, of which a sum is known. */
static void test_order_changes_nothing(void **state) {
  (void)state;
  const volley_key key = volley_key_of(5, VOLLEY_PURPOSE_ESTIMATE, 0);
  static double values[MANY];
  int64_t whole = 0;
  for (uint32_t i = 0; i < MANY; i++) {
    uint32_t words[4];
    volley_random_block(key, i, 0, 0, words);
    const int64_t number = (int64_t)((uint64_t)(words[0] >> 14) << 32 | words[1]) * (words[2] % 2 ? -1 : 1);
    whole += number;
    values[i] = ldexp((double)number, -40);
  }
  const double expected = ldexp((double)whole, -40);
  expect_same(sum_of(values, MANY), expected);
  volley_exact_sum forth = {{0}}, back = {{0}};
  for (int i = 0; i < MANY; i++) volley_exact_add(i % 3 ? &forth : &back, values[MANY - 1 - i]);
  volley_exact_carry(&forth);
  volley_exact_carry(&back);
  for (int w = 0; w < VOLLEY_SUM_WORDS; w++) forth.words[w] += back.words[w];
  expect_same(volley_exact_value(&forth), expected);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_sums), cmocka_unit_test(test_ties_go_to_even),
                                     cmocka_unit_test(test_order_changes_nothing)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
