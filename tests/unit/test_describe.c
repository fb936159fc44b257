/* An experiment described by calls is the one that the equal file describes, and is refused for the same faults, which name
 * their calls. What check --resolved prints is the same experiment, whatever it was written like. */
#include "engine/engine.h"
#include "experiment/check.h"
#include "io/experiment/file.h"
#include "volley.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { MESSAGES = 1 << 14 };

static const char yaml[] =
    "simulation: {duration: 0.2 s, seed: 7}\n"
    "populations:\n"
    "  - {name: [E, I], model: iaf_psc_exp, size: [80, 20], initial: {V_m: {distribution: normal, mean: -58, std: "
    "5}},\n"
    "     parameters: {tau_m: 10, t_ref: [2, 1.5]}}\n"
    "  - {name: P, model: parrot, size: 3}\n"
    "projections:\n"
    "  - {name: rec, source: [E, I], target: [E, I], rule: fixed_indegree, indegree: 8, delay: 1500 us,\n"
    "     weight: [[20, -0.08 nA], [20, -80]]}\n"
    "  - {source: P, target: E, rule: all_to_all, weight: 100, delay: 0.1,\n"
    "     synapse: {model: stdp, Wmax: 200}}\n"
    "stimuli:\n"
    "  - {name: in, type: poisson, target: [E, I], rate: 9 kHz, weight: 50}\n"
    "  - {name: kick, type: spike_times, target: P, times: [10, 20.1, 0.0305 s], allow_offgrid_times: true}\n"
    "recorders:\n"
    "  - {type: spikes, population: [E, I]}\n";

/* The same in calls. */
static volley_description *describe(void) {
  static const double sizes[] = {80, 20}, refractory[] = {2, 1.5}, times[] = {10, 20.1, 30.5};
  static const double weights[2][2] = {{20, -80}, {20, -80}};
  static const char *const both[] = {"E", "I"};
  volley_description *d = volley_description_create("net.yaml", ".");
  volley_description_set(d, "simulation.duration", "0.2 s");
  volley_description_set_number(d, "simulation.seed", 7);
  const char *texts[][2] = {
      {"populations.0.model", "iaf_psc_exp"}, {"populations.0.initial.V_m.distribution", "normal"},
      {"populations.P.model", "parrot"},      {"projections.rec.rule", "fixed_indegree"},
      {"projections.1.source", "P"},          {"projections.1.target", "E"},
      {"projections.1.rule", "all_to_all"},   {"projections.1.synapse.model", "stdp"},
      {"stimuli.in.type", "poisson"},         {"stimuli.kick.type", "spike_times"},
      {"stimuli.kick.target", "P"},           {"stimuli.kick.allow_offgrid_times", "true"},
      {"recorders.0.type", "spikes"}};
  static const struct {
    const char *path;
    double number;
  } numbers[] = {{"populations.0.initial.V_m.mean", -58},
                 {"populations.0.initial.V_m.std", 5},
                 {"populations.0.parameters.tau_m", 10},
                 {"populations.P.size", 3},
                 {"projections.rec.indegree", 8},
                 {"projections.rec.delay", 1.5},
                 {"projections.1.weight", 100},
                 {"projections.1.delay", 0.1},
                 {"projections.1.synapse.Wmax", 200},
                 {"stimuli.in.rate", 9000},
                 {"stimuli.in.weight", 50}};
  assert_int_equal(volley_description_add(d, "populations", NULL), 0);
  assert_int_equal(volley_description_add(d, "populations", "P"), 1);
  volley_description_add(d, "projections", "rec");
  volley_description_add(d, "projections", NULL);
  volley_description_add(d, "stimuli", "in");
  volley_description_add(d, "stimuli", "kick");
  volley_description_add(d, "recorders", NULL);
  volley_description_set_numbers(d, "populations.0.size", sizes, 2);
  volley_description_set_numbers(d, "populations.0.parameters.t_ref", refractory, 2);
  volley_description_set_numbers(d, "stimuli.kick.times", times, 3);
  volley_description_set_rows(d, "projections.rec.weight", weights[0], 2, 2);
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) volley_description_set(d, texts[i][0], texts[i][1]);
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    volley_description_set_number(d, numbers[i].path, numbers[i].number);
  volley_description_set_texts(d, "populations.0.name", both, 2);
  volley_description_set_texts(d, "projections.rec.source", both, 2);
  volley_description_set_texts(d, "projections.rec.target", both, 2);
  volley_description_set_texts(d, "stimuli.in.target", both, 2);
  volley_description_set_texts(d, "recorders.0.population", both, 2);
  return d;
}

static volley_experiment *check(volley_description *d) {
  volley_experiment *experiment = NULL;
  assert_int_equal(volley_description_check(d, true, MPI_COMM_SELF, &experiment), VOLLEY_OK);
  return experiment;
}

static volley_experiment *parse(const char *text) {
  volley_experiment *experiment = NULL;
  assert_int_equal(volley_experiment_read_text(text, "net.yaml", "net.yaml", ".", NULL, 0, MPI_COMM_SELF, &experiment),
                   VOLLEY_OK);
  return experiment;
}

/* Runs an experiment, which is destroyed; sets the digest of its spikes. Returns their number. */
static uint64_t run(volley_experiment *experiment, uint64_t digest[2]) {
  const volley_reader none = {0};
  volley_network *network = NULL;
  volley_summary summary = {0};
  assert_int_equal(volley_network_build(experiment, &none, 1, MPI_COMM_SELF, &network), VOLLEY_OK);
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network}, &summary), VOLLEY_OK);
  memcpy(digest, summary.digest, sizeof summary.digest);
  const uint64_t spikes = summary.spikes;
  volley_summary_release(&summary);
  volley_network_destroy(network);
  volley_experiment_destroy(experiment);
  return spikes;
}

static void test_same(void **state) {
  (void)state;
  uint64_t of_file[2], of_calls[2], of_print[2];
  volley_experiment *file = parse(yaml), *calls = check(describe());
  assert_string_equal(volley_experiment_resolve(calls), volley_experiment_resolve(file));
  assert_true(volley_experiment_is_same(calls, yaml));
  assert_true(volley_experiment_is_same(calls, calls->resolved));
  volley_experiment *print = parse(volley_experiment_resolve(file));
  assert_string_equal(volley_experiment_resolve(print), volley_experiment_resolve(file));
  assert_true(volley_experiment_is_same(print, yaml));
  assert_in_range(run(file, of_file), 100, 100000);
  run(calls, of_calls);
  run(print, of_print);
  assert_memory_equal(of_calls, of_file, sizeof of_file);
  assert_memory_equal(of_print, of_file, sizeof of_file);
}

/* What is printed of a description that is refused. */
static void refuse(volley_description *d, char messages[MESSAGES]) {
  int ends[2];
  volley_experiment *experiment = NULL;
  assert_int_equal(pipe(ends), 0);
  const int standard_error = dup(STDERR_FILENO);
  fflush(stderr);
  dup2(ends[1], STDERR_FILENO);
  const volley_status status = volley_description_check(d, true, MPI_COMM_SELF, &experiment);
  fflush(stderr);
  dup2(standard_error, STDERR_FILENO);
  close(standard_error);
  close(ends[1]);
  const ssize_t n = read(ends[0], messages, MESSAGES - 1);
  close(ends[0]);
  messages[n > 0 ? n : 0] = '\0';
  assert_int_equal(status, VOLLEY_USAGE);
  assert_null(experiment);
}

/* Faults that came with calls, all at once. */
static void test_refused(void **state) {
  (void)state;
  static char messages[MESSAGES];
  static const char *const expected[] = {
      "call 5: populations.E.sise: unknown key 'sise'; did you mean 'size'?",
      "call 7: populations.E.parameters.tau_m: '10 mV' given, a time in ms is expected",
      "call 13: projections.p.delay: a delay of 0.05 ms is below one step: it must be at least dt = 0.1 ms",
      "call 16: stimuli.s.times: 20.15 ms is not a whole number of steps",
      "call 18: stimuli.t.rate: -1 is too small",
      "call 19: populations.X.size: the list has no entry 'X'",
  };
  static const double times[] = {10, 20.15};
  volley_description *d = volley_description_create("net.yaml", ".");
  volley_description_set(d, "simulation.duration", "1 s");              /* 1 */
  volley_description_add(d, "populations", "E");                        /* 2 */
  volley_description_set(d, "populations.E.model", "iaf_psc_exp");      /* 3 */
  volley_description_set_number(d, "populations.E.size", 10);           /* 4 */
  volley_description_set_number(d, "populations.E.sise", 10);           /* 5 */
  volley_description_set(d, "populations.E.parameters.tau_m", "10");    /* 6 */
  volley_description_set(d, "populations.E.parameters.tau_m", "10 mV"); /* 7 */
  volley_description_add(d, "projections", "p");                        /* 8 */
  volley_description_set(d, "projections.p.source", "E");               /* 9 */
  volley_description_set(d, "projections.p.target", "E");               /* 10 */
  volley_description_set(d, "projections.p.rule", "all_to_all");        /* 11 */
  volley_description_set_number(d, "projections.p.weight", 1);          /* 12 */
  volley_description_set_number(d, "projections.p.delay", 0.05);        /* 13 */
  volley_description_add(d, "stimuli", "s");                            /* 14 */
  volley_description_set(d, "stimuli.s.type", "spike_times");           /* 15 */
  volley_description_set_numbers(d, "stimuli.s.times", times, 2);       /* 16 */
  volley_description_add(d, "stimuli", "t");                            /* 17 */
  volley_description_set_number(d, "stimuli.t.rate", -1);               /* 18 */
  volley_description_set_number(d, "populations.X.size", 1);            /* 19 */
  volley_description_set(d, "stimuli.s.target", "E");
  volley_description_set(d, "stimuli.t.target", "E");
  volley_description_set(d, "stimuli.t.type", "poisson");
  volley_description_set_number(d, "stimuli.s.weight", 1);
  volley_description_set_number(d, "stimuli.t.weight", 1);
  refuse(d, messages);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
    if (!strstr(messages, expected[i])) fail_msg("'%s' is missing in\n%s", expected[i], messages);
}

/* What ran when an experiment was put together by hand: more synapses than there are sources. */
static void test_refused_rule(void **state) {
  (void)state;
  static char messages[MESSAGES];
  volley_description *d = volley_description_create("net.yaml", ".");
  volley_description_set(d, "simulation.duration", "1 s");
  volley_description_add(d, "populations", "E");
  volley_description_set(d, "populations.E.model", "iaf_psc_exp");
  volley_description_set_number(d, "populations.E.size", 100);
  volley_description_add(d, "projections", "p"); /* 5 */
  volley_description_set(d, "projections.p.source", "E");
  volley_description_set(d, "projections.p.target", "E");
  volley_description_set(d, "projections.p.rule", "fixed_indegree");
  volley_description_set(d, "projections.p.multapses", "false");
  volley_description_set_number(d, "projections.p.indegree", 1000);
  volley_description_set(d, "projections.p.delay", "1 ms");
  volley_description_set(d, "projections.p.weight", "1 pA");
  refuse(d, messages);
  assert_non_null(strstr(messages, "volley: call 5: projections.p: p: "));
  assert_non_null(strstr(messages, "1000"));
}

/* A description of nothing is told what is missing. */
static void test_empty(void **state) {
  (void)state;
  static char messages[MESSAGES];
  refuse(volley_description_create("net", "."), messages);
  assert_non_null(strstr(messages, "volley: net: the key 'simulation' is missing"));
  assert_non_null(strstr(messages, "volley: net: the key 'populations' is missing"));
  volley_description_destroy(volley_description_create("net", "."));
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same), cmocka_unit_test(test_refused),
                                     cmocka_unit_test(test_refused_rule), cmocka_unit_test(test_empty)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
