/* Words on a command line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

#include <stdlib.h>

static void test_shell_word(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"runs/out-1.h5", "runs/out-1.h5"},
                                         {"my runs/out.h5", "'my runs/out.h5'"},
                                         {"it's", "'it'\\''s'"},
                                         {"$HOME", "'$HOME'"},
                                         {"a;b", "'a;b'"},
                                         {"", "''"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    char *word = volley_shell_word(pairs[i][0]);
    assert_string_equal(word, pairs[i][1]);
    free(word);
  }
}

static void test_count(void **state) {
  (void)state;
  assert_string_equal(volley_count(1, "neuron").text, "1 neuron");
  assert_string_equal(volley_count(0, "neuron").text, "0 neurons");
  assert_string_equal(volley_count(UINT64_MAX, "synapse").text, "18446744073709551615 synapses");
  assert_string_equal(volley_count(1, "entry").text, "1 entry");
  assert_string_equal(volley_count(2, "entry").text, "2 entries");
}

static void test_speed(void **state) {
  (void)state;
  assert_string_equal(volley_speed(0.025, 1000).text, "40 times faster than real time");
  assert_string_equal(volley_speed(6.2, 2000).text, "3.1 times slower than real time");
  assert_string_equal(volley_speed(1, 3000).text, "3.0 times faster than real time");
  assert_string_equal(volley_speed(1.04, 1000).text, "as fast as real time");
  assert_string_equal(volley_speed(0.96, 1000).text, "as fast as real time");
  assert_string_equal(volley_speed(12345, 1000).text, "12345 times slower than real time");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_shell_word), cmocka_unit_test(test_count),
                                     cmocka_unit_test(test_speed)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
