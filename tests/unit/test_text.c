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

/* Texts and what a terminal is shown of them: any well-formed character but those that it would obey. */
static void test_escape(void **state) {
  (void)state;
  static const char *const pairs[][2] = {
      {"plain", "plain"},
      {"\xC2\xB5m, \xE5\x90\x8D, \xF0\x9F\xA7\xA0", "\xC2\xB5m, \xE5\x90\x8D, \xF0\x9F\xA7\xA0"},
      {"a\nb\tc\r", "a\\x0Ab\\x09c\\x0D"},
      {"\x1B[31m\x7F", "\\x1B[31m\\x7F"},
      {"\xC2\x9B", "\\xC2\\x9B"},                              /* control sequence introducer of 8 bits */
      {"\xE2\x80\xAE", "\\xE2\\x80\\xAE"},                     /* from right to left */
      {"\xFF\xB5 \xC3", "\\xFF\\xB5 \\xC3"},                   /* no UTF-8, and one that is cut off */
      {"\xC0\xAF \xED\xA0\x80", "\\xC0\\xAF \\xED\\xA0\\x80"}, /* too long for '/', half of a surrogate */
      {"\xF5\x80\x80\x80", "\\xF5\\x80\\x80\\x80"},            /* beyond Unicode */
  };
  char text[256];
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
    assert_string_equal(volley_escape(pairs[i][0], text, sizeof text), pairs[i][1]);
  assert_string_equal(volley_escape("123456789", text, 8), "1234");
  assert_string_equal(volley_show("two\nlines\n\n").text, "two\\x0Alines");
}

static void test_lookalike(void **state) {
  (void)state;
  assert_null(volley_lookalike("-70 mV, 10 \xC2\xB5s"));
  assert_string_equal(volley_lookalike("0.1\xC2\xA0ms"), "a non-breaking space");
  assert_string_equal(volley_lookalike("\xE2\x88\x92"
                                       "70 mV"),
                      "a minus sign of typography, not '-'");
  assert_string_equal(volley_lookalike("\xE2\x80\x9C"
                                       "A\xE2\x80\x9D"),
                      "a quotation mark of typography");
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_shell_word), cmocka_unit_test(test_count),
                                     cmocka_unit_test(test_speed), cmocka_unit_test(test_escape),
                                     cmocka_unit_test(test_lookalike)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
