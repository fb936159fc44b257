/* Numbers with units. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
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
    {"3 min", "ms", 180000},
    {"1.5 h", "ms", 5.4e6},
    {"2 h", "min", 120},
    {"90 s", "min", 1.5},
    {"5 mHz", "Hz", 5e-3},
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
    {"1 mh", "ms", "'1 mh' given, a time in ms is expected: for example 1 ms"},
    {"1 kmin", "ms", "'1 kmin' given, a time in ms is expected: for example 1 ms"},
    {"1 Hz", "ms", "'1 Hz' given, a time in ms is expected: for example 1 ms"},
    {"2 h", "Hz", "'2 h' given, a rate in Hz is expected: for example 2 Hz"},
    {"3 H", "ms", "'3 H' given, a time in ms is expected: for example 3 ms"},
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

static const struct {
  const char *text;
  double seconds;
} wall_times[] = {
    {"90 s", 90},           {"30 min", 1800},       {"2h", 7200},     {"1500 ms", 1.5},  {"0.5 h", 1800},
    {"01:30:00", 5400},     {"1:2:3", 3723},        {"30:00", 1800},  {"90:05", 5405},   {"48:00:00", 172800},
    {"1-12:00:00", 129600}, {"2-00:00:01", 172801}, {"1-12", 129600}, {"0-01:30", 5400}, {"00:00:01", 1},
};

static const struct {
  const char *text, *why;
} wrong_wall_times[] = {
    {"90", "'90' given, the unit is missing: write 90 s, 90 min or 90 h"},
    {" 1.5 ", "' 1.5 ' given, the unit is missing: write 1.5 s, 1.5 min or 1.5 h"},
    {"0 s", "'0 s' given, a time above 0 is expected, like 30 min"},
    {"-5 min", "'-5 min' given, a time above 0 is expected, like 30 min"},
    {"00:00", "'00:00' given, a time above 0 is expected, like 30 min"},
    {"inf s", "'inf s' given, a time above 0 is expected, like 30 min"},
};

/* None of them is a time in any way of writing. */
static const char *const no_wall_times[] = {
    "",   "soon", "5 mV", "0,5 h", "nan s", "01:60:00", "1:00:60", "1-24:00:00", "1-2-3",  "1:2:3:4", "1-2:3:4:5",
    "1:", ":30",  "1-",   "-1:00", "1:-5",  "1:1.5",    "1e3:00",  "1 : 30",     "0x1:00", "1:00 h",
};

static void test_wall_times(void **state) {
  (void)state;
  char why[256];
  double seconds = 0.0;
  for (size_t i = 0; i < sizeof wall_times / sizeof *wall_times; ++i)
    if (!volley_wall_time(wall_times[i].text, &seconds, why, sizeof why) || seconds != wall_times[i].seconds)
      fail_msg("'%s' gives %.17g s, not %.17g (%s)", wall_times[i].text, seconds, wall_times[i].seconds, why);
  for (size_t i = 0; i < sizeof wrong_wall_times / sizeof *wrong_wall_times; ++i) {
    assert_false(volley_wall_time(wrong_wall_times[i].text, &seconds, why, sizeof why));
    assert_string_equal(why, wrong_wall_times[i].why);
  }
  for (size_t i = 0; i < sizeof no_wall_times / sizeof *no_wall_times; ++i) {
    if (volley_wall_time(no_wall_times[i], &seconds, why, sizeof why))
      fail_msg("'%s' is taken for %g s", no_wall_times[i], seconds);
    assert_non_null(strstr(why, "given; a time is written 90 s, 30 min, 2 h, 01:30:00 or 1-12:00:00 (days, hours)"));
  }
}

static void test_nan(void **state) {
  (void)state;
  double value = 0;
  char why[256];
  assert_true(volley_unit_convert(".NaN", "pA", &value, why, sizeof why));
  assert_true(isnan(value));
}

/* Halves go up as they are written; beyond halves nothing is bent. */
static void test_steps(void **state) {
  (void)state;
  static const struct {
    double time, dt, steps;
  } cases[] = {{0.15, 0.1, 2},     {0.25, 0.1, 3},     {0.35, 0.1, 4},  {0.45, 0.1, 5},
               {0.55, 0.1, 6},     {0.05, 0.1, 1},     {0.049, 0.1, 0}, {0.149999, 0.1, 1},
               {1.005, 0.01, 101}, {0.0375, 0.025, 2}, {2, 0.1, 20},    {1e5 + 0.15, 0.1, 1000002},
               {0.3, 0.1, 3},      {0.7, 0.1, 7},      {0, 0.1, 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    const double steps = volley_round_steps(cases[i].time, cases[i].dt);
    if (steps != cases[i].steps) fail_msg("%g / %g is %g, not %g", cases[i].time, cases[i].dt, steps, cases[i].steps);
  }
  for (int n = 0; n < 100000; ++n) { /* as a user writes n + 1/2 steps of 0.1 ms */
    char text[32];
    snprintf(text, sizeof text, "%d.%d5", n / 10, n % 10);
    if (volley_round_steps(strtod(text, NULL), 0.1) != n + 1) fail_msg("%s ms is not %d steps", text, n + 1);
  }
  assert_true(volley_is_whole_steps(0.3, 0.1) && volley_is_whole_steps(0, 0.1) && !volley_is_whole_steps(0.31, 0.1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_right), cmocka_unit_test(test_wrong),      cmocka_unit_test(test_nan),
      cmocka_unit_test(test_steps), cmocka_unit_test(test_wall_times),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
