/* What an experiment file becomes: lists and matrices expanded, --set, resolved text, scaling. Faults are in
 * tests/bad_input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/experiment/file.h"
#include "io/yaml/parse.h"
#include "neuron/neuron.h"
#include "rule/rule.h"
#include "support/keys.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char network[] =
    "simulation: {dt: 0.1 ms, duration: 1 s, seed: 7, exchange_interval: min_delay, partition: round_robin}\n"
    "populations:\n"
    "  - name: [E, I]\n"
    "    model: iaf_psc_exp\n"
    "    size: [800, 200]\n"
    "    parameters: {tau_m: [10 ms, 0.02 s], tau_syn_ex: 0.5, V_th: {distribution: normal, mean: -50, std: [1, 2]}}\n"
    "    initial: {I_syn_ex: 3}\n"
    "    mean_rate: [5, 10]\n"
    "  - {name: P, model: parrot, size: 10}\n"
    "projections:\n"
    "  - name: rec\n"
    "    source: [E, I]\n"
    "    target: [I, E]\n"
    "    rule: fixed_indegree\n"
    "    indegree: [[100, 0], [80, 20]]\n"
    "    weight: [[50 pA, -0.2 nA]]\n"
    "    delay: {distribution: uniform, low: [[1], [2]], high: 3}\n"
    "  - {source: P, target: P, rule: one_to_one, delay: 1}\n"
    "stimuli:\n"
    "  - {type: poisson, target: [E, I], rate: 8, sources: [100, 200], weight: 50}\n"
    "  - {name: kick, type: step_current, target: E, neurons: [0-3, 7], times: [1, 2], amplitudes: [5, 0]}\n"
    "recorders:\n"
    "  - {type: spikes, population: [E, I]}\n"
    "  - {type: traces, population: E, states: [V_m, I_syn_ex], neurons: [5, 0, 3-5], interval: 0.2, start: 10}\n";

/* Writes text to a file of its own and reads it as an experiment; NULL if that fails. */
static volley_experiment *read_text(const char *text, const char *const *sets, int n_sets) {
  char name[] = "/tmp/volley_test_XXXXXX";
  const int file = mkstemp(name);
  assert_true(file >= 0);
  assert_int_equal(write(file, text, strlen(text)), strlen(text));
  close(file);
  volley_experiment *experiment = NULL;
  const volley_status status = volley_experiment_read(name, sets, n_sets, MPI_COMM_SELF, &experiment);
  unlink(name);
  assert_int_equal(status, experiment != NULL ? VOLLEY_OK : VOLLEY_USAGE);
  return experiment;
}

static volley_experiment *read_network(const char *const *sets, int n_sets) {
  volley_experiment *experiment = read_text(network, sets, n_sets);
  assert_non_null(experiment);
  return experiment;
}

static void test_populations(void **state) {
  (void)state;
  volley_experiment *e = read_network(NULL, 0);
  assert_int_equal(e->n_populations, 3);
  assert_int_equal(e->neurons, 1010);
  assert_int_equal(e->simulation.steps, 10000);
  assert_true(e->simulation.batch_exchange);
  const volley_population *inhibitory = &e->populations[1];
  assert_string_equal(inhibitory->name, "I");
  assert_int_equal(inhibitory->first_gid, 800);
  assert_true(inhibitory->mean_rate == 10.0);
  for (int i = 0; i < inhibitory->model->n_parameters; ++i) {
    const char *name = inhibitory->model->parameters[i].name;
    if (strcmp(name, "tau_m") == 0) assert_true(inhibitory->parameters[i].a == 20.0);
    if (strcmp(name, "tau_syn_ex") == 0) assert_true(inhibitory->parameters[i].a == 0.5);
    if (strcmp(name, "C_m") == 0) assert_true(inhibitory->parameters[i].a == 250.0);
    if (strcmp(name, "V_th") == 0) assert_true(inhibitory->parameters[i].b == 2.0);
  }
  assert_int_equal(inhibitory->initial[0].kind, VOLLEY_PARAMETER); /* V_m starts at E_L */
  assert_true(isnan(e->populations[2].mean_rate));
  volley_experiment_destroy(e);
}

static void test_projections(void **state) {
  (void)state;
  volley_experiment *e = read_network(NULL, 0);
  assert_int_equal(e->n_projections, 4); /* an indegree of 0 makes none */
  const volley_projection *first = &e->projections[0], *third = &e->projections[2], *relay = &e->projections[3];
  assert_string_equal(first->name, "rec:E->I");
  assert_int_equal(first->number, 100);
  assert_true(first->delay.a == 1.0 && first->delay.b == 3.0);
  assert_string_equal(third->name, "rec:I->E");
  assert_int_equal(third->number, 20);
  assert_true(third->weight.a == -200.0 && third->delay.a == 2.0);
  assert_int_equal(third->receptor, VOLLEY_RECEPTOR_BY_SIGN);
  assert_true(third->autapses && third->multapses);
  assert_string_equal(relay->name, "P->P");
  assert_int_equal(relay->receptor, 0);
  assert_true(relay->weight.a == 1.0); /* its receptor counts */
  volley_experiment_destroy(e);
}

static void test_stimuli_and_recorders(void **state) {
  (void)state;
  volley_experiment *e = read_network(NULL, 0);
  assert_int_equal(e->n_stimuli, 3);
  assert_string_equal(e->stimuli[1].name, "poisson->I");
  assert_true(NUMBER(&e->stimuli[1], sources) == 200.0 && e->stimuli[1].delay == 0.1 && isinf(e->stimuli[1].stop));
  const volley_stimulus *kick = &e->stimuli[2];
  assert_int_equal(kick->neurons.count, 5);
  assert_int_equal(kick->neurons.n_ranges, 2);
  assert_int_equal(LIST(kick, amplitudes).n, 2);
  assert_true(LIST(kick, times).values[1] == 2.0 && LIST(kick, amplitudes).values[0] == 5.0);
  assert_int_equal(e->n_recorders, 4);
  const volley_recorder *trace = &e->recorders[3];
  assert_string_equal(trace->name, "E.I_syn_ex");
  assert_int_equal(trace->neurons.count, 4); /* 0, 3, 4, 5 */
  assert_int_equal(trace->interval, 2);
  assert_int_equal(trace->start, 100);
  assert_int_equal(trace->stop, 10000);
  volley_experiment_destroy(e);
}

static void test_set(void **state) {
  (void)state;
  const char *const sets[] = {"simulation.duration=20 ms",
                              "populations.I.size=50",
                              "populations.E.parameters.C_m=0.3 nF",
                              "stimuli.kick.neurons=all",
                              "projections.rec.indegree=5",
                              "recorders.1.states=V_m",
                              "title=a: b"};
  volley_experiment *e = read_text(network, sets, 6);
  assert_non_null(e);
  assert_int_equal(e->simulation.steps, 200);
  assert_int_equal(e->populations[0].size, 800);
  assert_int_equal(e->populations[1].size, 50);
  assert_int_equal(e->stimuli[2].neurons.count, 800);
  assert_int_equal(e->n_projections, 5);
  assert_int_equal(e->n_recorders, 3);
  for (int i = 0; i < e->populations[0].model->n_parameters; ++i)
    if (strcmp(e->populations[0].model->parameters[i].name, "C_m") == 0) {
      assert_true(e->populations[0].parameters[i].a == 300.0);
      assert_true(e->populations[1].parameters[i].a == 250.0);
    }
  volley_experiment_destroy(e);
}

/* A merged mapping gives what its own lacks; the first of several goes before; words for truth; delays of half a step. */
static void test_merge(void **state) {
  (void)state;
  const char text[] =
      "simulation: {duration: 1}\n"
      "populations:\n"
      "  - &A {name: A, model: iaf_psc_exp, size: 100, parameters: &P {tau_m: 5, C_m: 1}}\n"
      "  - &B {<<: *A, name: B, size: 200, parameters: {C_m: 2, <<: *P}}\n"
      "  - {name: C, <<: [*B, *A]}\n"
      "projections:\n"
      "  - {source: A, target: A, rule: all_to_all, weight: 1, delay: {distribution: uniform, low: 0.05, "
      "high: 1}, autapses: False}\n"
      "  - {source: A, target: B, rule: all_to_all, weight: 1, delay: 1, autapses: ON}\n";
  const char *const sets[] = {"populations.B.parameters.tau_m=7"};
  volley_experiment *e = read_text(text, sets, 1);
  assert_non_null(e);
  assert_int_equal(e->n_populations, 3);
  const double expected[][3] = {{100, 5, 1}, {200, 7, 2}, {200, 5, 2}}; /* --set changes one population alone */
  for (int p = 0; p < 3; ++p) {
    const volley_population *population = &e->populations[p];
    assert_int_equal(population->size, (uint32_t)expected[p][0]);
    for (int i = 0; i < population->model->n_parameters; ++i) {
      const char *name = population->model->parameters[i].name;
      if (strcmp(name, "tau_m") == 0) assert_true(population->parameters[i].a == expected[p][1]);
      if (strcmp(name, "C_m") == 0) assert_true(population->parameters[i].a == expected[p][2]);
    }
  }
  assert_false(e->projections[0].autapses);
  assert_true(e->projections[1].autapses);
  volley_experiment_destroy(e);
}

/* The resolved text says the same as file and assignments together, and resolves to itself. */
static void test_resolved(void **state) {
  (void)state;
  const char *const sets[] = {"populations.E.parameters.tau_m=11", "title=\"a: 'b' # c\\n\\\"d\\\"\"",
                              "network.scale.neurons=0.5"};
  volley_experiment *e = read_network(sets, 3);
  volley_experiment *again = read_text(e->resolved, NULL, 0);
  assert_non_null(again);
  assert_string_equal(again->title, "a: 'b' # c\n\"d\"");
  assert_string_equal(again->resolved, e->resolved);
  assert_int_equal(again->neurons, e->neurons);
  assert_int_equal(again->n_projections, e->n_projections);
  volley_experiment_destroy(again);
  volley_experiment_destroy(e);
}

static void assert_near(double value, double expected) {
  if (!(fabs(value - expected) <= 1e-9 * fabs(expected))) fail_msg("%.17g is not %.17g", value, expected);
}

static void test_scale(void **state) {
  (void)state;
  const char *const sets[] = {"network.scale.neurons=0.5", "network.scale.indegree=0.25"};
  volley_experiment *e = read_network(sets, 2);
  assert_int_equal(e->neurons, 505);
  assert_int_equal(e->populations[1].first_gid, 400);
  assert_int_equal(e->projections[1].number, 20); /* E->E: 80 / 4 */
  assert_near(e->projections[1].weight.a, 50.0 / sqrt(0.25));
  assert_near(NUMBER(&e->stimuli[0], sources), 25.0);
  assert_near(e->stimuli[0].weight, 100.0);
  assert_true(e->projections[3].weight.a == 1.0); /* relays stay */
  /* E gets 80 inputs of 5 Hz and 50 pA, 20 of 10 Hz and -200 pA, and 100 x 8 Hz of 50 pA; tau_syn are 0.5 and 2 ms. */
  const double charge = (80 * 5 * 50.0 * 0.5 + 100 * 8 * 50.0 * 0.5 - 20 * 10 * 200.0 * 2.0) * 1e-3;
  assert_near(e->populations[0].background_current, (1.0 - 0.5) * charge);
  assert_true(e->populations[2].background_current == 0.0);
  volley_experiment_destroy(e);
}

/* Plans of checkpoints: by either clock, or none. */
static void test_checkpoint(void **state) {
  (void)state;
  const struct {
    const char *sets[3];
    int n;
    volley_checkpoint_plan plan;
  } cases[] = {
      {{NULL}, 0, {.keep = 2}},
      {{"checkpoint="}, 1, {.keep = 2}},
      {{"checkpoint.every=10 s wall", "checkpoint.file=a/b.h5", "checkpoint.keep=1"}, 3, {"a/b.h5", 10, 0, 1, true}},
      {{"checkpoint.every=01:30:00 wall"}, 1, {.wall = 5400, .keep = 2}},
      {{"checkpoint.every=0.5 s model"}, 1, {.steps = 5000, .keep = 2}},
      {{"checkpoint.every=500  model ", "checkpoint.keep=1e3"}, 2, {.steps = 5000, .keep = 1000}},
      {{"checkpoint={every: 1 min model, file: x}"}, 1, {.file = "x", .steps = 600000, .keep = 2, .is_file_set = true}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
    volley_experiment *e = read_network(cases[i].sets, cases[i].n);
    const volley_checkpoint_plan *plan = &e->checkpoint, *expected = &cases[i].plan;
    assert_int_equal(plan->file != NULL, expected->file != NULL);
    if (plan->file != NULL) assert_string_equal(plan->file, expected->file);
    assert_true(plan->wall == expected->wall);
    assert_int_equal(plan->steps, expected->steps);
    assert_int_equal(plan->keep, expected->keep);
    assert_int_equal(plan->is_file_set, expected->is_file_set);
    volley_experiment_destroy(e);
  }
}

/* The folder of a file is absolute, whichever way the file is named. */
static void test_folder(void **state) {
  (void)state;
  char folder[] = "/tmp/volley_test_XXXXXX", here[4096], names[4][4096] = {"e.yaml", "./e.yaml"};
  assert_non_null(getcwd(here, sizeof here));
  assert_non_null(mkdtemp(folder));
  snprintf(names[2], sizeof names[2], "../%s/e.yaml", strrchr(folder, '/') + 1);
  snprintf(names[3], sizeof names[3], "%s/../%s/./e.yaml", folder, strrchr(folder, '/') + 1);
  assert_int_equal(chdir(folder), 0);
  FILE *file = fopen("e.yaml", "w");
  assert_non_null(file);
  fputs(network, file);
  fclose(file);
  for (int i = 0; i < 4; ++i) {
    const char *name = names[i];
    volley_experiment *e = NULL;
    assert_int_equal(volley_experiment_read(name, NULL, 0, MPI_COMM_SELF, &e), VOLLEY_OK);
    assert_string_equal(e->file, name);
    assert_string_equal(e->folder, folder);
    volley_experiment_destroy(e);
  }
  unlink("e.yaml");
  assert_int_equal(chdir(here), 0);
  rmdir(folder);
}

/* The same experiment from a text: paths start at the folder that is given, the output is named after the file. */
static void test_text(void **state) {
  (void)state;
  char folder[] = "/tmp/volley_test_XXXXXX", path[4096];
  assert_non_null(mkdtemp(folder));
  snprintf(path, sizeof path, "%s/init.h5", folder);
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  fclose(file);
  volley_experiment *first = read_network(NULL, 0), *e = NULL;
  const char *const sets[] = {"populations.0.initial.V_m={file: init.h5, dataset: /V}"};
  assert_int_equal(volley_experiment_read_text(first->resolved, "checkpoint 'c.h5'", "net/a.yaml", folder, sets, 1,
                                               MPI_COMM_SELF, &e),
                   VOLLEY_OK);
  assert_string_equal(e->file, "net/a.yaml");
  assert_string_equal(e->folder, folder);
  assert_string_equal(e->output, "a.h5");
  assert_string_equal(e->populations[1].place.file, "checkpoint 'c.h5'");
  assert_true(e->populations[1].place.line > 0);
  assert_string_equal(e->populations[1].initial[0].file, path);
  assert_int_equal(e->neurons, first->neurons);
  volley_experiment_destroy(e);
  unlink(path);
  e = NULL;
  assert_int_equal(volley_experiment_read_text(first->resolved, "text", "a.yaml", folder, sets, 1, MPI_COMM_SELF, &e),
                   VOLLEY_USAGE);
  assert_null(e);
  rmdir(folder);
  volley_experiment_destroy(first);
}

/* A deterministic rule's indegree shrinks with the sizes. */
static void test_scale_all_to_all(void **state) {
  (void)state;
  const char text[] = "simulation: {duration: 1}\n"
                      "populations: [{name: A, model: iaf_psc_exp, size: 100, mean_rate: 10}]\n"
                      "projections: [{source: A, target: A, rule: all_to_all, weight: 1, delay: 1}]\n"
                      "network: {scale: {neurons: 0.25}}\n";
  volley_experiment *e = read_text(text, NULL, 0);
  assert_non_null(e);
  assert_int_equal(e->neurons, 25);
  assert_near(e->projections[0].weight.a, 2.0);
  assert_near(e->populations[0].background_current, 0.5 * 100 * 10 * 2.0 * 1e-3);
  volley_experiment_destroy(e);
}

/* A list of numbers of 100 is an array, however it is written, and its numbers know where they stood; what follows stands where it
 * did. One with anything else, or of few, is a list. */
static void test_arrays(void **state) {
  (void)state;
  char text[8192];
  size_t n = (size_t)sprintf(text, "# \xC3\xA9\na: {b: [");
  for (int i = 0; i < 100; i++) n += (size_t)sprintf(text + n, i % 10 == 9 ? "%d.0, # [-3\n      " : "%d.0, ", i);
  n += (size_t)sprintf(text + n, "], \xC3\xA9: [1, 2]}\nc:\n");
  for (int i = 0; i < 100; i++) n += (size_t)sprintf(text + n, "- -%de-1 # d\n", i);
  n += (size_t)sprintf(text + n, "d: [");
  for (int i = 0; i < 100; i++) n += (size_t)sprintf(text + n, i == 50 ? "x, " : "%d, ", i);
  n += (size_t)sprintf(text + n, "]\ne: 3\n");
  volley_arena *arena = volley_arena_create();
  volley_node *root = volley_yaml_parse(arena, "file", text, n, true);
  assert_non_null(root);
  volley_node *a = volley_node_get(root, "a"), *b = volley_node_get(a, "b"), *c = volley_node_get(root, "c");
  assert_int_equal(b->kind, VOLLEY_NODE_NUMBERS);
  assert_int_equal(b->n_numbers, 100);
  assert_int_equal(b->line, 2);
  assert_int_equal(b->column, 8);
  assert_int_equal(volley_node_get(a, "\xC3\xA9")->kind, VOLLEY_NODE_LIST);
  assert_int_equal(volley_node_get(a, "\xC3\xA9")->line, 12);
  assert_int_equal(volley_node_get(a, "\xC3\xA9")->column, 13);
  assert_int_equal(c->kind, VOLLEY_NODE_NUMBERS);
  assert_int_equal(c->line, 14);
  assert_near(c->numbers[99], -9.9);
  assert_int_equal(volley_node_get(root, "d")->kind, VOLLEY_NODE_LIST);
  assert_int_equal(volley_node_get(root, "e")->line, 115);
  const char *written = volley_node_write(arena, root);
  const volley_node *item = volley_node_item(arena, b, 25), *dashed = volley_node_item(arena, c, 99);
  assert_string_equal(item->text, "25.0");
  assert_int_equal(item->line, 4);
  assert_int_equal(item->column, 37);
  assert_string_equal(dashed->text, "-99e-1");
  assert_int_equal(dashed->line, 113);
  assert_int_equal(dashed->column, 3);
  assert_string_equal(written, volley_node_write(arena, root)); /* the same as a list of words */
  volley_arena_destroy(arena);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_populations),
      cmocka_unit_test(test_projections),
      cmocka_unit_test(test_stimuli_and_recorders),
      cmocka_unit_test(test_set),
      cmocka_unit_test(test_merge),
      cmocka_unit_test(test_resolved),
      cmocka_unit_test(test_scale),
      cmocka_unit_test(test_scale_all_to_all),
      cmocka_unit_test(test_checkpoint),
      cmocka_unit_test(test_folder),
      cmocka_unit_test(test_text),
      cmocka_unit_test(test_arrays),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
