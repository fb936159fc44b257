/* The summary as JSON, and the progress display. */
#include "base/memory.h"
#include "base/progress.h"
#include "io/output/summary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char *read_all(FILE *in) {
  rewind(in);
  char *text = volley_alloc(1 << 16, 1, "test");
  text[fread(text, 1, (1 << 16) - 1, in)] = '\0';
  fclose(in);
  return text;
}

static void test_digest(void **state) {
  (void)state;
  char text[VOLLEY_DIGEST_SIZE];
  volley_digest_text((const uint64_t[]){0x1, 0xfedcba9876543210}, text);
  assert_string_equal(text, "0000000000000001fedcba9876543210");
}

static void test_text_is_escaped(void **state) {
  (void)state;
  FILE *file = tmpfile();
  volley_json_text(file, "a\"b\\c\n\x01µ");
  char *text = read_all(file);
  assert_string_equal(text, "\"a\\\"b\\\\c\\u000a\\u0001µ\"");
  free(text);
}

static void expect_in(const char *text, const char *part) {
  if (!strstr(text, part)) fail_msg("'%s' is not in:\n%s", part, text);
}

static void test_summary(void **state) {
  (void)state;
  uint64_t memory[] = {1, 18446744073709551615u};
  const char *names[] = {"E", "say \"I\""};
  double rates[] = {0.1, NAN};
  const volley_summary summary = {.neurons = 5,
                                  .synapses = 6,
                                  .ranks = 2,
                                  .threads = 3,
                                  .build_s = 0.5,
                                  .spikes = 7,
                                  .phase_s = {1, 2, 3, 4, 5, 6},
                                  .peak_rss_bytes = memory,
                                  .n_populations = 2,
                                  .population_names = names,
                                  .rate_hz = rates,
                                  .digest = {0, 255}};
  char path[] = "/tmp/volley_summary_XXXXXX";
  assert_true(mkdtemp(path) != NULL);
  char file[64];
  snprintf(file, sizeof file, "%s/s.json", path);
  assert_int_equal(volley_summary_write(&summary, file), VOLLEY_OK);
  char *text = read_all(fopen(file, "r"));
  expect_in(text, "\"peak_rss_bytes\": [1, 18446744073709551615]");
  expect_in(text, "\"rate_hz\": {\"E\": 0.10000000000000001, \"say \\\"I\\\"\": null}");
  expect_in(text, "\"seconds_by_phase\": {\"update\": 1, ");
  expect_in(text, "\"spike_digest\": \"000000000000000000000000000000ff\"\n}");
  free(text);
  unlink(file);
  rmdir(path);
}

static void test_summary_fault(void **state) {
  (void)state;
  const volley_summary summary = {0};
  assert_int_equal(volley_summary_write(&summary, "/nowhere/s.json"), VOLLEY_FAILURE);
  assert_int_equal(volley_print_faults(), VOLLEY_FAILURE);
}

static double clock_s;
static double test_clock(void) { return clock_s; }

/* The lines of a run of 1000 ms that takes so many seconds and reports its end twice; *n: their number. */
static char *progress_lines(double run_s, int *n) {
  FILE *file = tmpfile();
  clock_s = 5;
  volley_progress_set_clock(test_clock);
  volley_progress_begin(VOLLEY_PROGRESS_AUTO, 0, 1000, file); /* a file is no terminal */
  for (int ms = 1; ms <= 1000; ms++) {
    clock_s = 5 + run_s * ms / 1000;
    volley_progress_update(ms, (uint64_t)ms, 100);
  }
  volley_progress_update(1000, 1000, 100);
  volley_progress_end();
  volley_progress_set_clock(NULL);
  char *text = read_all(file);
  *n = 0;
  for (const char *c = text; *c; c++) *n += *c == '\n';
  return text;
}

/* A short run writes no line; a longer one each ten seconds and at the end; one of a day not every ten seconds. */
static void test_progress_lines(void **state) {
  (void)state;
  int n;
  char *text = progress_lines(9.9, &n);
  assert_string_equal(text, "");
  free(text);
  text = progress_lines(25, &n);
  assert_int_equal(n, 3);
  assert_int_equal(strncmp(text, " 40%  400/1000 ms  ETA 15s  25 times slower than real time  10 Hz\n", 64), 0);
  expect_in(text, "100%  1000/1000 ms  took 25s  25 times slower than real time  10 Hz\n");
  free(text);
  text = progress_lines(86400, &n);
  assert_in_range(n, 100, 250);
  free(text);
}

static void test_progress_off(void **state) {
  (void)state;
  FILE *file = tmpfile();
  volley_progress_begin(VOLLEY_PROGRESS_OFF, 0, 10, file);
  volley_progress_update(10, 1, 1);
  volley_progress_end();
  char *text = read_all(file);
  assert_string_equal(text, "");
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_digest),         cmocka_unit_test(test_text_is_escaped),
                                     cmocka_unit_test(test_summary),        cmocka_unit_test(test_summary_fault),
                                     cmocka_unit_test(test_progress_lines), cmocka_unit_test(test_progress_off)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
