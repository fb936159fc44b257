/* Command lines: what is filled in, and that each mistake is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "app/resume.h"
#include "base/text.h"

#include <stdlib.h>
#include <unistd.h>

#define PARSE(options, ...)                                                                                            \
  parse(volley_command_find("run"), &(options), (const char *[]){__VA_ARGS__}, sizeof(const char *[]){__VA_ARGS__})

static volley_status parse(const volley_command *command, void *target, const char **arguments, size_t bytes) {
  return volley_options_parse(command, (int)(bytes / sizeof *arguments), arguments, target);
}

typedef struct settings {
  const char *file;
  int threads;
} settings;
static const volley_option option_table[] = {
    {"FILE", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL, "what is needed"},
    VOLLEY_OPTION_THREADS(settings),
};
static const volley_command test_command = {.name = "test", VOLLEY_OPTIONS(option_table)};

/* Number of lines that volley_print_faults() prints. */
static int count_faults(void) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const int standard_error = dup(STDERR_FILENO);
  dup2(ends[1], STDERR_FILENO);
  volley_print_faults();
  dup2(standard_error, STDERR_FILENO);
  close(standard_error);
  close(ends[1]);
  int lines = 0;
  for (char letter; read(ends[0], &letter, 1) == 1;) lines += letter == '\n';
  close(ends[0]);
  return lines;
}

static void test_all_spellings(void **state) {
  (void)state;
  volley_run_options options = {0};
  assert_int_equal(PARSE(options, "a.yaml", "-o", "x.h5", "--threads=2", "--set", "a=b", "--set=c=--d", "--overwrite",
                         "--progress", "lines"),
                   VOLLEY_OK);
  assert_string_equal(options.file, "a.yaml");
  assert_string_equal(options.output, "x.h5");
  assert_int_equal(options.threads, 2);
  assert_int_equal(options.sets.n, 2);
  assert_string_equal(options.sets.texts[0], "a=b");
  assert_string_equal(options.sets.texts[1], "c=--d");
  assert_true(options.overwrite);
  assert_int_equal(options.progress, VOLLEY_PROGRESS_LINES);
  assert_null(options.summary);
  free(options.sets.texts);
  assert_int_equal(count_faults(), 0);
}

static void test_dashes_end_options(void **state) {
  (void)state;
  settings options = {0};
  const char *arguments[] = {"--threads", "2", "--", "--strange.yaml"};
  assert_int_equal(parse(&test_command, &options, arguments, sizeof arguments), VOLLEY_OK);
  assert_int_equal(options.threads, 2);
  assert_string_equal(options.file, "--strange.yaml");
  assert_int_equal(volley_options_passed_on(&test_command, 4, arguments), 4);
}

static void test_options_of_petsc(void **state) {
  (void)state;
  volley_run_options options = {0};
  assert_int_equal(PARSE(options, "a.yaml", "--", "-ksp_type", "cg", "--", "-log_view"), VOLLEY_OK);
  assert_string_equal(options.file, "a.yaml");
  assert_int_equal(PARSE(options, "a.yaml", "--"), VOLLEY_OK);
  const char *const words[] = {"a.yaml", "--", "-ksp_type", "cg"};
  assert_int_equal(volley_options_passed_on(volley_command_find("run"), 4, words), 1);
  assert_int_equal(volley_options_passed_on(volley_command_find("run"), 1, words), 1);
  assert_int_equal(count_faults(), 0);
  assert_int_equal(PARSE(options, "a.yaml", "--", "ksp_type", "cg"), VOLLEY_USAGE);
  assert_int_equal(PARSE(options, "a.yaml", "--", "-ksp_type", "cg", "b.yaml"), VOLLEY_USAGE);
  assert_int_equal(count_faults(), 2);
}

static void test_each_mistake_is_one_fault(void **state) {
  (void)state;
  volley_run_options options = {0};
  assert_int_equal(PARSE(options, "a.yaml", "--thread", "--progress", "loud", "-z", "b.yaml", "--overwrite=yes",
                         "--threads", "0", "--threads", "2", "--output=", "--summary"),
                   VOLLEY_USAGE);
  assert_int_equal(count_faults(), 9);
}

static void test_argument_is_required(void **state) {
  (void)state;
  settings options = {0};
  const char *arguments[] = {"--threads", "2"};
  assert_int_equal(parse(&test_command, &options, arguments, sizeof arguments), VOLLEY_USAGE);
  assert_int_equal(count_faults(), 1);
}

static void test_counts(void **state) {
  (void)state;
  const char *const wrong[] = {"0", "-1", "two", "2x", "99999999999", "1.5", ""};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    volley_run_options options = {0};
    assert_int_equal(PARSE(options, "a.yaml", "--threads", wrong[i]), VOLLEY_USAGE);
    assert_int_equal(count_faults(), 1);
  }
}

/* Tables that would confuse the parser or the user: two options of one name or letter, no explanation. */
static void test_tables_are_sound(void **state) {
  (void)state;
  for (const volley_command *const *command = volley_commands(); *command; command++) {
    assert_ptr_equal(volley_command_find((*command)->name), *command);
    for (int i = 0; i < (*command)->n_options; i++) {
      const volley_option *a = &(*command)->options[i];
      assert_non_null(a->doc);
      const bool has_value = a->kind != VOLLEY_OPTION_FLAG && !volley_option_is_argument(a);
      assert_int_equal(has_value, a->value != NULL);
      for (int j = 0; j < i; j++) {
        const volley_option *b = &(*command)->options[j];
        assert_string_not_equal(a->name, b->name);
        assert_false(a->letter && a->letter == b->letter);
      }
    }
  }
}

static void test_nearest_word(void **state) {
  (void)state;
  const char *const known[] = {"tau_m", "tau_syn_ex", "tau_syn_in", "V_th", "C_m"};
  assert_string_equal(volley_nearest("tau_sny_ex", known, 5), "tau_syn_ex");
  assert_string_equal(volley_nearest("v_th", known, 5), "V_th");
  assert_string_equal(volley_nearest("taum", known, 5), "tau_m");
  assert_null(volley_nearest("weight", known, 5));
  assert_string_equal(volley_nearest("syn_in", known, 5), "tau_syn_in");
  assert_string_equal(volley_nearest("V_th_of_all_neurons", known, 5), "V_th");
  assert_null(volley_nearest("m", known, 5));
  const char *const kinds[] = {"step_current", "current", "poisson", "spike_times", "spikes"};
  assert_string_equal(volley_nearest("poisson_generator", kinds, 5), "poisson");
  assert_string_equal(volley_nearest("step_current_generator", kinds, 5), "step_current");
  assert_string_equal(volley_nearest("spike_detector", kinds, 5), "spikes");
  assert_null(volley_nearest("", known, 5));
  assert_null(volley_nearest("a word that is much longer than any word that a person could mean by it", known, 5));
  assert_null(volley_nearest("tau_m", known, 0));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_all_spellings),
      cmocka_unit_test(test_dashes_end_options),
      cmocka_unit_test(test_options_of_petsc),
      cmocka_unit_test(test_argument_is_required),
      cmocka_unit_test(test_each_mistake_is_one_fault),
      cmocka_unit_test(test_counts),
      cmocka_unit_test(test_tables_are_sound),
      cmocka_unit_test(test_nearest_word),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
