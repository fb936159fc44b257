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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_shell_word)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
