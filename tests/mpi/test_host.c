/* Needs PETSc. volley.h as a host program uses it on communicators of its own: parts of the world that each hold a run, what a run counts,
 * values of single neurons, stimuli that change, and the way over a checkpoint to other ranks. */
#include "io/experiment/file.h"
#include "volley.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { CELLS = 60 };

static const char net[] =
    "simulation: {duration: 100 ms, seed: 5}\n"
    "populations:\n"
    "  - {name: E, model: iaf_psc_exp, size: 60, initial: {V_m: {distribution: uniform, low: -70, "
    "high: -55}}}\n"
    "projections:\n"
    "  - {source: E, target: E, rule: fixed_indegree, indegree: 7, weight: -20, delay: 1.5 ms}\n"
    "stimuli:\n"
    "  - {name: drive, type: poisson, target: E, rate: 9 kHz, weight: 45}\n"
    "  - {name: dc, type: dc, target: E, neurons: 0-9, amplitude: 10}\n";
/* What is added: a readout that learns, by PETSc, and a stimulus that solves equations by it. */
static const char learning[] =
    "  - {type: signal, target: E, signal: {type: lorenz}, gain: {distribution: uniform, low: -9, high: 9}}\n"
    "readouts:\n"
    "  - {name: z, population: E, filter: {rise: 0, decay: 20 ms}, supervisor: {type: sines, frequencies: [5 Hz]},\n"
    "     learning: {solver: batch, lambda: 1, interval: 1 ms, start: 0 ms, stop: 50 ms}, feedback: {gain: 5}}\n";

static int rank, ranks;
static char folder[64] = "/tmp/volley-host-XXXXXX";

static const char *in_folder(const char *name) {
  static char path[128];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  return path;
}

static volley_experiment *read_with(const char *more, MPI_Comm comm) {
  char text[2048];
  volley_experiment *experiment;
  snprintf(text, sizeof text, "%s%s", net, more);
  assert_int_equal(volley_experiment_read_text(text, "net", "net.yaml", ".", NULL, 0, comm, &experiment), VOLLEY_OK);
  return experiment;
}

static volley_experiment *read_net(bool learns, MPI_Comm comm) { return read_with(learns ? learning : "", comm); }

static volatile double subnormal = 1e-310;

/* The digest at the end of a run. */
static void run_to_end(bool learns, MPI_Comm comm, char digest[VOLLEY_DIGEST_TEXT]) {
  volley_experiment *experiment = read_net(learns, comm);
  volley_run *run;
  assert_int_equal(volley_run_create(experiment, comm, 1, NULL, &run), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  assert_true(subnormal / 2 != 0); /* the host's arithmetic is as it was */
  volley_run_digest(run, digest);
  assert_int_equal(volley_run_destroy(run), VOLLEY_OK);
  volley_experiment_destroy(experiment);
}

/* Two parts of the world hold a run each, at the same time, one of them with a readout; then all ranks together one with a
 * readout, of which only some have PETSc running yet. Every run is that of one rank alone. */
static void test_parts(void **state) {
  char alone[2][VOLLEY_DIGEST_TEXT], digest[VOLLEY_DIGEST_TEXT];
  MPI_Comm part;
  const bool learns = rank >= (ranks + 1) / 2;
  (void)state;
  MPI_Comm_split(MPI_COMM_WORLD, learns, 0, &part);
  run_to_end(learns, part, digest);
  MPI_Comm_free(&part);
  char together[VOLLEY_DIGEST_TEXT];
  run_to_end(true, MPI_COMM_WORLD, together);
  for (int k = 0; k < 2; k++) run_to_end(k == 1, MPI_COMM_SELF, alone[k]);
  assert_string_equal(digest, alone[learns]);
  assert_string_equal(together, alone[1]);
  assert_string_not_equal(alone[0], alone[1]);
}

/* Faults are kept, counted and forgotten; what a run counts is right. */
static void test_counts(void **state) {
  volley_experiment *experiment = read_net(false, MPI_COMM_WORLD);
  volley_run *run;
  const double *times;
  const uint32_t *cells;
  size_t n;
  (void)state;
  assert_int_equal(volley_run_create(experiment, MPI_COMM_WORLD, 1, NULL, &run), VOLLEY_OK);
  assert_int_equal(volley_run_neurons(run), CELLS);
  assert_int_equal(volley_run_synapses(run), CELLS * 7);
  assert_int_equal(volley_run_spikes(run), 0);
  assert_int_equal(volley_run_take_spikes(run, "nobody", &times, &cells, &n), VOLLEY_USAGE);
  assert_int_equal(volley_run_advance(run, 100.05), VOLLEY_USAGE);
  assert_int_equal(volley_faults_count(), 2);
  assert_string_equal(volley_faults_text(0), "there is no population 'nobody'");
  volley_faults_forget();
  assert_int_equal(volley_faults_count(), 0);
  assert_null(volley_faults_text(0));
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  assert_int_equal(volley_run_take_spikes(run, "E", &times, &cells, &n), VOLLEY_OK);
  assert_true(n > 0 && volley_run_spikes(run) == n);
  volley_run_destroy(run);
  volley_experiment_destroy(experiment);
}

static volley_description *describe(const double *thresholds, size_t n) {
  double potentials[CELLS];
  for (int i = 0; i < CELLS; i++) potentials[i] = -70 + 0.1 * i;
  volley_description *d = volley_description_create("cells", ".");
  volley_description_set(d, "simulation.duration", "1 ms");
  volley_description_add(d, "populations", "E");
  volley_description_set(d, "populations.E.model", "iaf_psc_exp");
  volley_description_set_number(d, "populations.E.size", CELLS);
  volley_description_set_numbers(d, "populations.E.initial.V_m.values", potentials, CELLS);
  volley_description_set_numbers(d, "populations.E.parameters.V_th.values", thresholds, n);
  return d;
}

/* One value a neuron, for parameters and states; too few of them, and one that is out of range. */
static void test_values(void **state) {
  volley_experiment *experiment;
  volley_run *run;
  double thresholds[CELLS], found[CELLS];
  const double *times;
  const uint32_t *cells;
  size_t n;
  (void)state;
  for (int i = 0; i < CELLS; i++) thresholds[i] = i % 2 ? -50 : -74; /* below the potential: a spike */
  volley_description *d = describe(thresholds, CELLS);
  volley_description_set_number(d, "populations.E.parameters.V_reset", -75);
  assert_int_equal(volley_description_check(d, true, MPI_COMM_WORLD, &experiment), VOLLEY_OK);
  assert_int_equal(volley_run_create(experiment, MPI_COMM_WORLD, 1, NULL, &run), VOLLEY_OK);
  assert_int_equal(volley_run_get_state(run, "E", "V_m", found), VOLLEY_OK);
  for (int i = 0; i < CELLS; i++) assert_true(found[i] == -70 + 0.1 * i);
  assert_int_equal(volley_run_advance(run, 1), VOLLEY_OK);
  assert_int_equal(volley_run_take_spikes(run, "E", &times, &cells, &n), VOLLEY_OK);
  assert_int_equal(n, CELLS / 2);
  for (size_t i = 0; i < n; i++) assert_int_equal(cells[i], 2 * i);
  volley_run_destroy(run);
  volley_experiment_destroy(experiment);
  assert_int_equal(volley_description_check(describe(thresholds, 3), true, MPI_COMM_WORLD, &experiment), VOLLEY_OK);
  assert_int_equal(volley_run_create(experiment, MPI_COMM_WORLD, 1, NULL, &run), VOLLEY_USAGE);
  assert_int_equal(volley_faults_count(), 1);
  assert_string_equal(volley_faults_text(0), "call 2: populations.E: V_th: 3 values are given, for 60 neurons");
  volley_faults_forget();
  volley_experiment_destroy(experiment);
}

/* One run is one trial, and begins at 0 ms. */
static void test_trials(void **state) {
  static const char *const wrong[] = {"repeat: {trials: 3}\n", "repeat: {trials: 3, trial: 2, reset: false}\n"};
  volley_run *run;
  (void)state;
  for (int w = 0; w < 2; w++) {
    volley_experiment *experiment = read_with(wrong[w], MPI_COMM_WORLD);
    assert_int_equal(volley_run_create(experiment, MPI_COMM_WORLD, 1, NULL, &run), VOLLEY_USAGE);
    assert_true(!run && volley_faults_count() == 1 && strstr(volley_faults_text(0), "repeat.trial: "));
    volley_faults_forget();
    volley_experiment_destroy(experiment);
  }
}

/* Sets the rate of a run at 30 ms, saves at 40 ms if there is a file, and goes to the end. */
static void drive(volley_run *run, const char *file, char digest[VOLLEY_DIGEST_TEXT]) {
  static const char *const less[] = {"stimuli.drive.rate=4 kHz", "stimuli.dc.amplitude=200"};
  assert_int_equal(volley_run_advance(run, 30), VOLLEY_OK);
  assert_int_equal(volley_run_set(run, less, 2), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 40), VOLLEY_OK);
  if (file) assert_int_equal(volley_run_save(run, file), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  volley_run_digest(run, digest);
}

/* A stimulus that is set during a run changes it from there on, the same on any ranks; a checkpoint of half the ranks knows of
 * it, and all ranks go on from it. */
static void test_changes(void **state) {
  static const char *const wrong[][1] = {
      {"stimuli.drive.target=I"}, {"stimuli.dc.neurons=0-10"}, {"simulation.seed=3"}, {"stimuli.drive.rate=-1"}};
  char unchanged[VOLLEY_DIGEST_TEXT], digest[VOLLEY_DIGEST_TEXT], expected[VOLLEY_DIGEST_TEXT];
  MPI_Comm part;
  volley_run *run;
  (void)state;
  run_to_end(false, MPI_COMM_SELF, unchanged);
  MPI_Comm_split(MPI_COMM_WORLD, rank >= (ranks + 1) / 2, 0, &part);
  const bool is_first = rank < (ranks + 1) / 2;
  volley_experiment *experiment = read_net(false, part);
  assert_int_equal(volley_run_create(experiment, part, 2, NULL, &run), VOLLEY_OK);
  for (int w = 0; w < 4; w++) {
    assert_int_equal(volley_run_set(run, wrong[w], 1), VOLLEY_USAGE);
    assert_true(volley_faults_count() > 0);
    volley_faults_forget();
  }
  drive(run, is_first ? in_folder("run.checkpoint.h5") : NULL, expected);
  volley_run_destroy(run);
  run_to_end(false, part, digest);
  assert_string_equal(digest, unchanged);
  assert_string_not_equal(expected, unchanged);
  assert_int_equal(volley_run_create(experiment, part, 1, NULL, &run), VOLLEY_OK); /* as it was described */
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  volley_run_digest(run, digest);
  assert_string_equal(digest, unchanged);
  volley_run_destroy(run);
  volley_experiment_destroy(experiment);
  MPI_Comm_free(&part);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_int_equal(
      volley_run_resume(in_folder("run.checkpoint.h5"), NULL, 0, MPI_COMM_WORLD, 1, NULL, &experiment, &run),
      VOLLEY_OK);
  assert_true(volley_run_time(run) == 40);
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  volley_run_digest(run, digest);
  assert_string_equal(digest, expected);
  volley_run_destroy(run);
  volley_experiment_destroy(experiment);
  assert_int_equal(
      volley_run_resume(in_folder("run.checkpoint.h5"), wrong[2], 1, MPI_COMM_WORLD, 1, NULL, &experiment, &run),
      VOLLEY_USAGE);
  assert_true(!run && !experiment && volley_faults_count() > 0);
  volley_faults_forget();
}

static const char two_projections[] =
    "simulation: {duration: 100 ms, seed: 5}\n"
    "populations:\n"
    "  - {name: E, model: iaf_psc_exp, size: 60, initial: {V_m: {distribution: uniform, low: -70, high: -55}}}\n"
    "  - {name: C, model: iaf_cond_exp, size: 40}\n"
    "projections:\n"
    "  - {name: fixed, source: E, target: E, rule: fixed_indegree, indegree: 7, delay: {distribution: uniform, low: "
    "0.5, high: 4},\n"
    "     weight: {distribution: normal, mean: 0, std: 30}}\n"
    "  - {name: learning, source: E, target: E, rule: fixed_indegree, indegree: 9, weight: {distribution: uniform, "
    "low: 10, high: 30},\n"
    "     delay: {distribution: uniform, low: 0.5, high: 4}, synapse: {model: stdp, lambda: 0.2, Wmax: 100}}\n"
    "  - {name: opening, source: E, target: C, receptor: ex, rule: fixed_indegree, indegree: 5, weight: 3, delay: 1.5 "
    "ms}\n"
    "stimuli: [{name: drive, type: poisson, target: E, rate: 9 kHz, weight: 45}]\n"
    "changes: [{at: 60 ms, projection: fixed, factor: 0.5}, {at: 60 ms, projection: learning, factor: 0.5}]\n";
enum { FIXED_SYNAPSES = 60 * 7, LEARNING_SYNAPSES = 60 * 9 };

static void multiply(volley_run *run, const char *projection, uint64_t expected, double factor) {
  const double *found;
  uint64_t n;
  assert_int_equal(volley_run_get_synapses(run, projection, "weight", &found, &n), VOLLEY_OK);
  assert_int_equal(n, expected);
  double *values = malloc(n * sizeof *values);
  for (uint64_t s = 0; s < n; s++) values[s] = found[s] * factor;
  assert_int_equal(volley_run_set_synapses(run, projection, "weight", values, n), VOLLEY_OK);
  assert_int_equal(volley_run_get_synapses(run, projection, "weight", &found, &n), VOLLEY_OK);
  for (uint64_t s = 0; s < n; s++) assert_true(found[s] == values[s]);
  free(values);
}

static void expect_refused(volley_run *run, const char *projection, const char *state, const double *values, uint64_t n,
                           const char *words) {
  assert_int_equal(volley_run_set_synapses(run, projection, state, values, n), VOLLEY_USAGE);
  assert_int_equal(volley_faults_count(), 1);
  if (!strstr(volley_faults_text(0), words)) fail_msg("'%s' does not say '%s'", volley_faults_text(0), words);
  volley_faults_forget();
}

static void refuse_synapses(volley_run *run) {
  double values[FIXED_SYNAPSES + LEARNING_SYNAPSES] = {0};
  const double *found;
  uint64_t n;
  assert_int_equal(volley_run_get_synapses(run, "fixed", "K_plus", &found, &n), VOLLEY_USAGE);
  volley_faults_forget();
  expect_refused(run, "fixed", "weight", values, 7, "7 weights are given, but 'fixed' has 420 synapses");
  expect_refused(run, "fixed", "delay", values, FIXED_SYNAPSES, "only 'weight' can be set, not 'delay'");
  expect_refused(run, "none", "weight", values, 7, "there is no projection 'none'");
  expect_refused(run, "learning", "delay", values, LEARNING_SYNAPSES, "no state 'delay' that can be set");
  expect_refused(run, "learning", "weight", values, 7, "7 values are given, but 'learning' has 540 synapses");
  values[5] = -1;
  expect_refused(run, "opening", "weight", values, 200, "weight 5 of 'opening', -1, is negative");
  expect_refused(run, "learning", "weight", values, LEARNING_SYNAPSES,
                 "weight 5 of 'learning', -1, is out of the range");
  values[5] = 1e39;
  expect_refused(run, "fixed", "weight", values, FIXED_SYNAPSES, "weight 5 of 'fixed', 1e+39, is no number");
}

/* To the end, with weights that are set at 30 ms, and a checkpoint at 40 ms if there is a file. */
static void run_with_weights(MPI_Comm comm, const char *file, bool refuses, char digest[VOLLEY_DIGEST_TEXT]) {
  volley_experiment *experiment;
  volley_run *run;
  assert_int_equal(volley_experiment_read_text(two_projections, "net", "net.yaml", ".", NULL, 0, comm, &experiment),
                   VOLLEY_OK);
  assert_int_equal(volley_run_create(experiment, comm, 2, NULL, &run), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 30), VOLLEY_OK);
  if (refuses) refuse_synapses(run);
  multiply(run, "fixed", FIXED_SYNAPSES, -2);
  multiply(run, "learning", LEARNING_SYNAPSES, 1.25);
  if (file) assert_int_equal(volley_run_advance(run, 40), VOLLEY_OK);
  if (file) assert_int_equal(volley_run_save(run, file), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  volley_run_digest(run, digest);
  volley_run_destroy(run);
  volley_experiment_destroy(experiment);
}

/* Weights that are set during a run, of synapses that learn and of others, are the same on any ranks, and in a checkpoint. */
static void test_synapses(void **state) {
  char alone[VOLLEY_DIGEST_TEXT], digest[VOLLEY_DIGEST_TEXT];
  volley_experiment *experiment;
  volley_run *run;
  MPI_Comm part;
  (void)state;
  const bool is_first = rank < (ranks + 1) / 2;
  run_with_weights(MPI_COMM_SELF, NULL, true, alone);
  MPI_Comm_split(MPI_COMM_WORLD, !is_first, 0, &part);
  run_with_weights(part, is_first ? in_folder("set.checkpoint.h5") : NULL, true, digest);
  assert_string_equal(digest, alone);
  MPI_Comm_free(&part);
  MPI_Barrier(MPI_COMM_WORLD);
  const char *file = in_folder("set.checkpoint.h5");
  assert_int_equal(volley_run_resume(file, NULL, 0, MPI_COMM_WORLD, 1, NULL, &experiment, &run), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  volley_run_digest(run, digest);
  assert_string_equal(digest, alone);
  volley_run_destroy(run);
  volley_experiment_destroy(experiment);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) unlink(file);
}

/* A run that records and is left at its checkpoint; another one completes its output. Without an output it is not saved. */
static void test_recordings(void **state) {
  static const char recorders[] = "recorders:\n  - {type: spikes, population: E}\n  - {type: rates, population: E}\n";
  char output[128], checkpoint[128];
  volley_experiment *experiment = read_with(recorders, MPI_COMM_WORLD);
  volley_run *run;
  (void)state;
  snprintf(output, sizeof output, "%s", in_folder("run.h5"));
  snprintf(checkpoint, sizeof checkpoint, "%s", in_folder("recorded.checkpoint.h5"));
  assert_int_equal(volley_run_create(experiment, MPI_COMM_WORLD, 1, NULL, &run), VOLLEY_OK);
  assert_int_equal(volley_run_save(run, checkpoint), VOLLEY_USAGE);
  assert_int_equal(volley_faults_count(), 1);
  volley_faults_forget();
  volley_run_destroy(run);
  assert_int_equal(volley_run_create(experiment, MPI_COMM_WORLD, 1, output, &run), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 40), VOLLEY_OK);
  assert_int_equal(volley_run_save(run, checkpoint), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 50), VOLLEY_OK);
  assert_int_equal(volley_run_destroy(run), VOLLEY_OK);
  volley_experiment_destroy(experiment);
  assert_int_equal(volley_run_resume(checkpoint, NULL, 0, MPI_COMM_WORLD, 1, NULL, &experiment, &run), VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 100), VOLLEY_OK);
  assert_int_equal(volley_run_destroy(run), VOLLEY_OK);
  volley_experiment_destroy(experiment);
  MPI_Barrier(MPI_COMM_WORLD);
  assert_int_equal(access(output, F_OK), 0);
  MPI_Barrier(MPI_COMM_WORLD);
  unlink(output);
  unlink(checkpoint);
}

int main(int argc, char **argv) {
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  volley_faults_keep();
  if (rank == 0 && !mkdtemp(folder)) return 1;
  MPI_Bcast(folder, sizeof folder, MPI_CHAR, 0, MPI_COMM_WORLD);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_parts),    cmocka_unit_test(test_counts),  cmocka_unit_test(test_values),
      cmocka_unit_test(test_trials),   cmocka_unit_test(test_changes), cmocka_unit_test(test_recordings),
      cmocka_unit_test(test_synapses),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) {
    unlink(in_folder("run.checkpoint.h5"));
    rmdir(folder);
  }
  MPI_Finalize();
  return failed;
}
