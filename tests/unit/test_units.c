/* Numbers with units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"

#include <math.h>
#include <string.h>

static const struct {
  const char *text, *unit;
  double value;
} right[] = {
    {"20", "ms", 20},
    {"20 ms", "ms", 20},
    {"20ms", "ms", 20},
    {" 0.02 s ", "ms", 20},
    {"100 us", "ms", 0.1},
    {"0.5 nA", "pA", 500},
    {"8 kHz", "Hz", 8000},
    {"-65e-3 V", "mV", -65},
    {"1e6", "", 1e6},
    {"+1.5", "", 1.5},
    {".5", "", 0.5},
    {"5.", "", 5},
    {"1 MOhm", "Ohm", 1e6},
    {"250 pF", "pF", 250},
    {"0.25 nF", "pF", 250},
    {"10 nS", "nS", 10},
    {"2 mV/ms", "mV/ms", 2},
    {"1 \xc2\xb5s", "ms", 1e-3},
    {"3 F", "F", 3},
    {"1.5e0ms", "ms", 1.5},
    {".inf", "mV", INFINITY},
    {"-.inf", "mV", -INFINITY},
    {"-inf mV", "mV", -INFINITY},
};

static const struct {
  const char *text, *unit, *why;
} wrong[] = {
    {"20 mV", "ms", "'20 mV' given, a time in ms is expected: for example 20 ms"},
    {"20 ms", "", "'20 ms' given, a pure number is expected: for example 20"},
    {"5 S", "ms", "'5 S' given, a time in ms is expected: for example 5 ms"},
    {"", "pA", "'' given, a current in pA is expected: for example 1 pA"},
    {"ten", "Hz", "'ten' given, a rate in Hz is expected: for example 1 Hz"},
    {"0x10", "", "'0x10' given, a pure number is expected: for example 1"},
    {"1 2", "", "'1 2' given, a pure number is expected: for example 1"},
    {"1 dm", "ms", "'1 dm' given, a time in ms is expected: for example 1 ms"},
    {"3 mV", "mV/ms", "'3 mV' given, a number in mV/ms is expected: for example 3 mV/ms"},
    {"infinite", "mV", "'infinite' given, a voltage in mV is expected: for example 1 mV"},
    {"0 mV", "ms", "'0 mV' given, a time in ms is expected: for example 1 ms"},
    {"-3 mV", "ms", "'-3 mV' given, a time in ms is expected: for example 1 ms"},
    {"-65 ms", "mV", "'-65 ms' given, a voltage in mV is expected: for example -65 mV"},
    {"10 %", "", "'10 %' given, a pure number is expected: for example 0.1"},
    {"0,1 ms", "ms", "'0,1 ms' given: the decimal mark is a point, not a comma, write 0.1"},
    {"-65,25 mV", "mV", "'-65,25 mV' given: the decimal mark is a point, not a comma, write -65.25"},
    {"20,683", "",
     "'20,683' given: the decimal mark is a point, not a comma, write 20.683, or if thousands are meant 20683"},
    {"1,000,000", "", "'1,000,000' given: a number has no separators between its digits, write 1000000"},
    {"20_683", "", "'20_683' given: a number has no separators between its digits, write 20683"},
    {"1'000.5", "", "'1'000.5' given: a number has no separators between its digits, write 1000.5"},
};

static void test_right(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof right / sizeof *right; ++i) {
    double value = NAN;
    char why[256] = "";
    if (!volley_unit_convert(right[i].text, right[i].unit, &value, why, sizeof why) || value != right[i].value)
      fail_msg("'%s' in '%s' gives %.17g, not %.17g (%s)", right[i].text, right[i].unit, value, right[i].value, why);
  }
}

static void test_wrong(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i) {
    double value;
    char why[256] = "";
    if (volley_unit_convert(wrong[i].text, wrong[i].unit, &value, why, sizeof why))
      fail_msg("'%s' is taken for a number in '%s'", wrong[i].text, wrong[i].unit);
    assert_string_equal(why, wrong[i].why);
  }
}

static void test_nan(void **state) {
  (void)state;
  double value = 0;
  char why[256];
  assert_true(volley_unit_convert(".NaN", "pA", &value, why, sizeof why));
  assert_true(isnan(value));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_right),
      cmocka_unit_test(test_wrong),
      cmocka_unit_test(test_nan),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
