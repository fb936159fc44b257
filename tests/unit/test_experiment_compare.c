/* Needs PETSc. Whether a checkpoint's run can be gone on with as another experiment: what may differ, and what is said of the rest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/checkpoint/checkpoint.h"
#include "io/data/inputs.h"
#include "io/experiment/file.h"
#include "neuron/neuron.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MESSAGES = 1 << 14, AT_MOST = 8 };

static const char network[] =
    "simulation: {duration: 1 s, seed: 7}\n"
    "populations:\n"
    "  - name: [E, I]\n"
    "    model: iaf_psc_exp\n"
    "    size: [80, 20]\n"
    "    parameters: {tau_m: 10 ms, V_th: {distribution: normal, mean: -50, std: 1}}\n"
    "    mean_rate: [5, 10]\n"
    "  - {name: P, model: parrot, size: 10}\n"
    "projections:\n"
    "  - {name: rec, source: [E, I], target: [E, I], rule: fixed_indegree, indegree: 8, weight: 80, delay: 1.5}\n"
    "stimuli:\n"
    "  - {name: in, type: poisson, target: E, rate: 8 kHz, weight: 50, stop: 1500}\n"
    "  - {name: kick, type: step_current, target: E, neurons: [0-3, 7], times: [1, 2], amplitudes: [5, 0]}\n"
    "recorders:\n"
    "  - {type: spikes, population: [E, I]}\n";

static volley_experiment *read_experiment(const char *text, const char *const *sets) {
  volley_experiment *experiment = NULL;
  int n = 0;
  while (sets != NULL && sets[n] != NULL) n++;
  const volley_status status =
      volley_experiment_read_text(text, "e.yaml", "e.yaml", "/", sets, n, MPI_COMM_SELF, &experiment);
  assert_int_equal(status, VOLLEY_OK);
  return experiment;
}

/* What is printed of the comparison, at 500 ms unless time says otherwise. */
static void compare(const volley_experiment *now, const char *then, double time, char messages[MESSAGES]) {
  int ends[2];
  assert_int_equal(pipe(ends), 0);
  const volley_status status = volley_experiment_compare(now, then, "checkpoint 'c.h5'", time);
  const int standard_error = dup(STDERR_FILENO);
  fflush(stderr);
  dup2(ends[1], STDERR_FILENO);
  const volley_status printed = volley_print_faults();
  fflush(stderr);
  dup2(standard_error, STDERR_FILENO);
  close(standard_error);
  close(ends[1]);
  size_t n = 0;
  for (ssize_t got; n + 1 < MESSAGES && (got = read(ends[0], messages + n, MESSAGES - 1 - n)) > 0;) n += (size_t)got;
  close(ends[0]);
  messages[n] = '\0';
  assert_int_equal(status, printed);
  assert_int_equal(status, n > 0 ? VOLLEY_USAGE : VOLLEY_OK);
}

static int lines_of(const char *text) {
  int n = 0;
  for (; *text != '\0'; ++text) n += *text == '\n';
  return n;
}

static const char refusal[] =
    "volley: checkpoint 'c.h5' cannot be resumed with this experiment: the results would not be those of one run; "
    "leave FILE and --set out to go on with the experiment of the checkpoint, or start a new run\n";

/* Assignments on both sides, and the differences that must be told; none: they may be one run. */
static const struct comparing {
  const char *now[AT_MOST], *then[AT_MOST], *expected[AT_MOST];
} cases[] = {
    {{0}, {0}, {0}},
    {{"title=b", "output.file=x.h5", "checkpoint.every=1 s wall", "simulation.partition=round_robin",
      "simulation.exchange_interval=min_delay", "populations.E.mean_rate=7"},
     {"title=a", "checkpoint.keep=5"},
     {0}},
    {{"simulation.duration=3 s"}, {0}, {0}},
    {{"simulation.duration=500"}, {0}, {0}},
    {{"simulation.seed=7.0", "simulation.dt=0.1", "populations.0.parameters.tau_m=0.01 s", "stimuli.in.rate=8000",
      "stimuli.kick.times=[1000 us, 2]", "populations.P.parameters=", "stimuli.in.start=0", "network.scale.neurons=1"},
     {0},
     {0}},
    {{"populations.E.size=81"}, {0}, {"e.yaml populations.E.size: 81 here, 80 in checkpoint 'c.h5'"}},
    {{0}, {"populations.E.size=81"}, {"e.yaml:5:12: populations.E.size: 80 here, 81 in checkpoint 'c.h5'"}},
    {{0}, {"simulation.dt=0.2"}, {"e.yaml:1:13: simulation.dt: 0.1 ms (default) here, 0.2 in checkpoint 'c.h5'"}},
    {{0}, {"simulation.seed=8"}, {"e.yaml:1:35: simulation.seed: 7 here, 8 in checkpoint 'c.h5'"}},
    {{0},
     {"populations.0.parameters.C_m=300", "populations.0.parameters.V_th.mean=-50 V"},
     {"e.yaml:6:67: populations.0.parameters.V_th.mean: -50 here, -50 V in checkpoint 'c.h5'",
      "e.yaml:6:17: populations.0.parameters.C_m: 250 pF (default) here, 300 in checkpoint 'c.h5'"}},
    {{0},
     {"populations.0.parameters.V_th=-50"},
     {"e.yaml:6:38: populations.0.parameters.V_th: a mapping here, -50 in checkpoint 'c.h5'"}},
    {{0},
     {"network.scale.neurons=0.5"},
     {"e.yaml:1:1: network.scale.neurons: 1 (default) here, 0.5 in checkpoint 'c.h5'"}},
    {{0},
     {"recorders.0.population=E"},
     {"e.yaml:15:32: recorders.0.population: a list of 2 here, E in checkpoint 'c.h5'"}},
    {{0},
     {"stimuli.kick.neurons=[0-3, 8]", "stimuli.kick.amplitudes=[5, 1 pA]"},
     {"e.yaml:13:64: stimuli.kick.neurons.1: 7 here, 8 in checkpoint 'c.h5'",
      "e.yaml:13:99: stimuli.kick.amplitudes.1: 0 here, 1 pA in checkpoint 'c.h5'"}},
    {{0},
     {"stimuli.kick.times=[1]", "stimuli.kick.amplitudes=[5]"},
     {"e.yaml:13:75: stimuli.kick.times: 2 entries here, 1 in checkpoint 'c.h5'",
      "e.yaml:13:95: stimuli.kick.amplitudes: 2 entries here, 1 in checkpoint 'c.h5'"}},
    {{0}, {"stimuli.kick.name=other"}, {"e.yaml:13:5: stimuli.kick: 'kick' stands here, 'other' in checkpoint 'c.h5'"}},
    {{0},
     {"stimuli="},
     {"e.yaml:12:5: stimuli.in: 'in' is new: not in checkpoint 'c.h5'",
      "e.yaml:13:5: stimuli.kick: 'kick' is new: not in checkpoint 'c.h5'"}},
    {{"stimuli=[]"},
     {0},
     {"e.yaml:1:1: stimuli: 'in' is missing here: checkpoint 'c.h5' has it",
      "e.yaml:1:1: stimuli: 'kick' is missing here: checkpoint 'c.h5' has it"}},
    {{"recorders="}, {0}, {"e.yaml:1:1: recorders: 0 entries here, 1 in checkpoint 'c.h5'"}},
    {{"populations.E.mean_rate=6", "network.scale.indegree=0.5"},
     {"network.scale.indegree=0.5"},
     {"populations.E.mean_rate: 6 here, 5 in checkpoint 'c.h5'"}},
    {{"populations.E.mean_rate=6", "network.scale.neurons=0.5"}, {"network.scale.neurons=0.5"}, {0}},
    {{"populations.E.mean_rate=6", "network.scale.neurons=0.5",
      "projections.0={source: E, target: E, rule: "
      "all_to_all, weight: 1, delay: 1}"},
     {"network.scale.neurons=0.5", "projections.0={source: E, target: E, rule: all_to_all, weight: 1, delay: 1}"},
     {"populations.E.mean_rate: 6 here, 5 in checkpoint 'c.h5'"}},
    {{"simulation.duration=1.5 s", "network.scale.indegree=0.5"}, {"network.scale.indegree=0.5"}, {0}},
    {{"simulation.duration=2 s", "network.scale.indegree=0.5"},
     {"network.scale.indegree=0.5"},
     {"simulation.duration: 2000 ms here, 1000 ms in checkpoint 'c.h5'; with network.scale.indegree this changes the "
      "input by 'in', which stops at 1500 ms"}},
};

static const char force[] =
    "simulation: {dt: 0.05, duration: 1 s}\n"
    "populations: [{name: L, model: lif, size: 40}, {name: T, model: theta, size: 9}]\n"
    "projections:\n"
    "- {source: L, target: L, rule: pairwise_bernoulli, probability: 0.1, balanced: true, delay: 0.05,\n"
    "   weight: {distribution: normal, mean: 0, std: 0.04}}\n"
    "stimuli: [{type: signal, target: T, signal: {type: hdts, pulses: 3, period: 30}, gain: 2}]\n"
    "readouts:\n"
    "- name: out\n"
    "  population: L\n"
    "  filter: {rise: 2, decay: 20}\n"
    "  supervisor: {type: sines, frequencies: [4, 6], combination: product}\n"
    "  learning: {lambda: 1, stop: 500}\n"
    "  feedback: {gain: 30}\n"
    "ablations: [{population: L, neurons: [0-3], start: 700}]\n"
    "recorders: [{type: readout, readout: out, values: [output, error]}]\n";

static const struct comparing force_cases[] = {
    {{"readouts.out.filter.rise=0.002 s", "readouts.out.learning.solver=rls", "readouts.out.learning.start=0 s",
      "readouts.out.decoders=0", "readouts.out.eigenvalues=0", "readouts.out.feedback.gain=0.03 V",
      "readouts.out.supervisor.frequencies=[4 Hz, 0.006 kHz]"},
     {"readouts.out.feedback.clamp=false"},
     {0}},
    {{"projections.0.weight={distribution: normal, mean: 0 mV s, std: 0.04 mV s}", "ablations.0.start=0.7 s",
      "simulation.duration=2 s", "recorders.0.neurons="},
     {0},
     {0}},
    {{0},
     {"readouts.out.learning.lambda=2", "readouts.out.learning.stop=501", "readouts.out.feedback.clamp=true"},
     {"e.yaml:12:22: readouts.out.learning.lambda: 1 here, 2 in checkpoint 'c.h5'",
      "e.yaml:12:31: readouts.out.learning.stop: 500 here, 501 in checkpoint 'c.h5'",
      "e.yaml:13:13: readouts.out.feedback.clamp: false (default) here, true in checkpoint 'c.h5'"}},
    {{0},
     {"readouts.out.supervisor.frequencies.1=7", "readouts.out.supervisor.scale=2"},
     {"e.yaml:11:46: readouts.out.supervisor.frequencies.1: 6 here, 7 in checkpoint 'c.h5'",
      "e.yaml:11:15: readouts.out.supervisor.scale: 1 (default) here, 2 in checkpoint 'c.h5'"}},
    {{0},
     {"stimuli.0.signal.pulses=4", "stimuli.0.gain=3", "projections.0.balanced=no"},
     {"stimuli.0.signal.pulses: 3 here, 4 in checkpoint 'c.h5'", "stimuli.0.gain: 2 here, 3 in checkpoint 'c.h5'",
      "projections.0.balanced: true here, no in checkpoint 'c.h5'"}},
    {{0},
     {"ablations=", "recorders.0.values=[output, norm]"},
     {"e.yaml:14:12: ablations: 1 entry here, 0 in checkpoint 'c.h5'",
      "recorders.0.values.1: error here, norm in checkpoint 'c.h5'"}},
    {{0}, {"projections.0.weight.std=0.05"}, {"projections.0.weight.std: 0.04 here, 0.05 in checkpoint 'c.h5'"}},
    {{"readouts=", "recorders="},
     {0},
     {"e.yaml:1:1: readouts: 'out' is missing here: checkpoint 'c.h5' has it",
      "e.yaml:1:1: recorders: 0 entries here, 1 in checkpoint 'c.h5'"}},
};

static void check_cases(const char *text, const struct comparing *all, size_t n_cases) {
  static char messages[MESSAGES];
  for (size_t i = 0; i < n_cases; ++i) {
    volley_experiment *now = read_experiment(text, all[i].now), *then = read_experiment(text, all[i].then);
    compare(now, then->resolved, 500.0, messages);
    int n = 0;
    for (; all[i].expected[n] != NULL; ++n) {
      const char *expected = all[i].expected[n];
      if (strncmp(expected, "e.yaml ", 7) == 0) expected += 7; /* the place is that of --set */
      if (strstr(messages, expected) == NULL) fail_msg("case %zu lacks '%s':\n%s", i, expected, messages);
    }
    if (n > 0 && strstr(messages, refusal) == NULL) fail_msg("case %zu lacks the refusal:\n%s", i, messages);
    if (lines_of(messages) != n + (n > 0)) fail_msg("case %zu says more than expected:\n%s", i, messages);
    volley_experiment_destroy(then);
    volley_experiment_destroy(now);
  }
}

static void test_cases(void **state) {
  (void)state;
  check_cases(network, cases, sizeof cases / sizeof *cases);
}

static void test_force(void **state) {
  (void)state;
  check_cases(force, force_cases, sizeof force_cases / sizeof *force_cases);
}

/* The order of keys, comments, quotes and anchors do not matter. */
static void test_order(void **state) {
  (void)state;
  static char messages[MESSAGES];
  const char one[] = "simulation: {duration: 1, seed: 2}\n"
                     "populations: [{name: A, model: iaf_psc_exp, size: 1, parameters: {C_m: 200, tau_m: 5}}]\n";
  const char other[] = "# the same\n"
                       "populations:\n"
                       "- size: \"1\"\n"
                       "  parameters: {<<: &p {tau_m: 5}, C_m: 0.2 nF}\n"
                       "  model: 'iaf_psc_exp'\n"
                       "  name: A\n"
                       "simulation: {seed: 2, duration: 1}\n"
                       "stimuli: []\n";
  volley_experiment *now = read_experiment(one, NULL), *then = read_experiment(other, NULL);
  compare(now, then->resolved, 0.0, messages);
  assert_string_equal(messages, "");
  compare(then, now->resolved, 0.0, messages);
  assert_string_equal(messages, "");
  volley_experiment_destroy(then);
  volley_experiment_destroy(now);
}

static void test_shortened(void **state) {
  (void)state;
  static char messages[MESSAGES];
  volley_experiment *now = read_experiment(network, NULL);
  compare(now, now->resolved, 1000.0, messages);
  assert_string_equal(messages, "");
  compare(now, now->resolved, 1000.1, messages);
  assert_string_equal(messages,
                      "volley: e.yaml:1:24: simulation.duration: 1000 ms, but checkpoint 'c.h5' is at 1000.1 ms "
                      "already; a run can be made longer, not cut\n");
  volley_experiment_destroy(now);
}

/* Names and words are no numbers. */
static void test_names(void **state) {
  (void)state;
  static char messages[MESSAGES];
  const char one[] = "simulation: {duration: 1}\npopulations: [{name: [1, 2], model: parrot, size: 1}]\n";
  const char other[] = "simulation: {duration: 1}\npopulations: [{name: [1, 2.0], model: parrot, size: 1}]\n";
  volley_experiment *now = read_experiment(one, NULL);
  compare(now, other, 0.0, messages);
  assert_non_null(strstr(messages, "e.yaml:2:15: populations.0: '1, 2' stands here, '1, 2.0' in checkpoint 'c.h5'\n"));
  volley_experiment_destroy(now);
}

static void test_many(void **state) {
  (void)state;
  static char messages[MESSAGES];
  static char one[4096], other[4096];
  char *texts[] = {one, other};
  for (int t = 0; t < 2; ++t) {
    size_t n = (size_t)sprintf(texts[t], "simulation: {duration: 1}\npopulations:\n");
    for (int p = 0; p < 30; ++p)
      n += (size_t)sprintf(texts[t] + n, "- {name: P%d, model: parrot, size: %d}\n", p, t + 1);
  }
  volley_experiment *now = read_experiment(one, NULL);
  compare(now, other, 0.0, messages);
  assert_int_equal(lines_of(messages), 22);
  assert_non_null(strstr(messages, "populations.P19.size: 1 here, 2 in"));
  assert_null(strstr(messages, "populations.P20.size"));
  assert_non_null(strstr(messages, "volley: ... and 10 more differences\n"));
  volley_experiment_destroy(now);
}

/* A text that is no experiment is a fault, whatever it holds. */
static void test_damaged(void **state) {
  (void)state;
  static char messages[MESSAGES];
  static const char *const unreadable[] = {"", "a", "[1, 2]", "a: [", "\xff\xfe", "a: &a *a", "{"};
  static const char *const other[] = {"{}",
                                      "simulation: 3\n",
                                      "simulation: {duration: long}\n",
                                      "populations: {E: 1}\n",
                                      "a: 1\na: 2\n",
                                      "stimuli: x",
                                      "populations: [[1], 2, {name: {a: b}}]",
                                      "populations: [{name: [[], {}]}, ~]",
                                      "simulation: {duration: {a: b}}",
                                      "simulation: {duration: .inf}"};
  volley_experiment *now = read_experiment(network, NULL);
  for (size_t i = 0; i < sizeof unreadable / sizeof *unreadable; ++i) {
    compare(now, unreadable[i], 500.0, messages);
    assert_non_null(strstr(messages, "checkpoint 'c.h5' is damaged: it holds no experiment that can be read\n"));
  }
  for (size_t i = 0; i < sizeof other / sizeof *other; ++i) {
    compare(now, other[i], 500.0, messages);
    assert_non_null(strstr(messages, refusal));
  }
  /* Every cut of a true text is refused or, where only its end is lost, the same. */
  char *cut = strdup(now->resolved);
  for (size_t n = strlen(cut) - 1; n > 0; --n) {
    cut[n] = '\0';
    compare(now, cut, 500.0, messages);
    if (n + 1 < strlen(now->resolved)) assert_string_not_equal(messages, "");
  }
  free(cut);
  volley_experiment_destroy(now);
}

/* A bare number is the same as one with the unit that the model's table documents. */
static void test_documented_units(void **state) {
  (void)state;
  static char messages[MESSAGES], bare[8192], with_unit[8192];
  for (const volley_neuron_model *const *item = volley_neuron_models(); *item != NULL; ++item) {
    const volley_neuron_model *model = *item;
    size_t n[2] = {0};
    char *texts[] = {bare, with_unit};
    for (int t = 0; t < 2; ++t) {
      n[t] = (size_t)sprintf(texts[t],
                             "simulation: {duration: 1}\npopulations:\n- name: A\n  size: 1\n  model: %s\n%s"
                             "  parameters:\n    {",
                             model->name, model->is_source ? "  spikes: {times: [[]]}\n" : "");
      for (int i = 0; i < model->n_parameters; ++i) {
        const volley_key_info *info = &model->parameters[i];
        if (isfinite(info->fallback))
          n[t] += (size_t)sprintf(texts[t] + n[t], "%s: %g %s, ", info->name, info->fallback, t ? info->unit : "");
      }
      n[t] += (size_t)sprintf(texts[t] + n[t], "}\n  initial: {");
      for (int i = 0; i < model->n_states; ++i)
        n[t] += (size_t)sprintf(texts[t] + n[t], "%s: 0.5 %s, ", model->states[i].name, t ? model->states[i].unit : "");
      sprintf(texts[t] + n[t], "}\n");
    }
    volley_experiment *now = read_experiment(bare, NULL), *then = read_experiment(with_unit, NULL);
    compare(now, then->resolved, 0.0, messages);
    assert_string_equal(messages, "");
    volley_experiment_destroy(then);
    volley_experiment_destroy(now);
  }
}

/* A file that a partitioner reads may be another one, or none. */
static void test_free_files(void **state) {
  volley_input_file files[] = {{.place.path = "stimuli.0.file", .bytes = 3, .checksum = 5},
                               {.place.path = "simulation.partition.file", .bytes = 7, .checksum = 1}};
  volley_experiment experiment = {.inputs = files, .n_inputs = 2};
  char both[VOLLEY_INPUTS_HASH_SIZE], one[VOLLEY_INPUTS_HASH_SIZE], other[VOLLEY_INPUTS_HASH_SIZE];
  volley_checkpoint_info info = {.path = "c.h5"};
  (void)state;
  volley_inputs_hash(&experiment, both);
  experiment.n_inputs = 1;
  volley_inputs_hash(&experiment, one);
  files[0].checksum = 6;
  volley_inputs_hash(&experiment, other);
  assert_string_equal(both, one);
  assert_string_not_equal(one, other);
  experiment.inputs++;
  assert_int_equal(volley_inputs_compare(&experiment, &info), VOLLEY_OK);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cases),      cmocka_unit_test(test_force),
      cmocka_unit_test(test_order),      cmocka_unit_test(test_shortened),
      cmocka_unit_test(test_names),      cmocka_unit_test(test_many),
      cmocka_unit_test(test_damaged),    cmocka_unit_test(test_documented_units),
      cmocka_unit_test(test_free_files),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
