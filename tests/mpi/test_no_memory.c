/* Needs PETSc. Where memory lacks on one rank while a run is made, or while it advances, is saved or closed, all ranks get the same status and
 * one fault that says what for; the next run is made as if nothing had been, and a checkpoint that was written before is
 * resumed to the same end. Every large allocation of one rank fails in turn. */
#include "engine/engine.h"
#include "io/data/reader.h"
#include "io/experiment/file.h"
#include "run/run.h"
#include "support/checkpoints.h"
#include "volley.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { MOST = 200 /* attempts */, CHUNK = 65600 /* bytes of a chunk of an arena, which is small, and ends the job */ };

static size_t large;         /* bytes */
static atomic_int countdown; /* large allocations until one fails; 0 or less: none does */

static bool fails(size_t bytes) {
  if (bytes < large || bytes == CHUNK || countdown <= 0 || atomic_fetch_sub(&countdown, 1) != 1) return false;
  errno = ENOMEM;
  return true;
}

/* These stand before those of the C library. */
void *aligned_alloc(size_t alignment, size_t bytes) {
  void *memory = NULL;
  return fails(bytes) || posix_memalign(&memory, alignment, bytes) ? NULL : memory;
}

void *realloc(void *memory, size_t bytes) {
  static union {
    void *found;
    void *(*call)(void *, size_t);
  } next;
  if (!next.found) next.found = dlsym(RTLD_NEXT, "realloc");
  return fails(bytes) ? NULL : next.call(memory, bytes);
}

void *mmap(void *place, size_t bytes, int protection, int flags, int file, off_t offset) {
  static union {
    void *found;
    void *(*call)(void *, size_t, int, int, int, off_t);
  } next;
  if (!next.found) next.found = dlsym(RTLD_NEXT, "mmap");
  return file < 0 && fails(bytes) ? MAP_FAILED : next.call(place, bytes, protection, flags, file, offset);
}

static const char net[] =
    "simulation: {duration: 2 ms}\n"
    "populations:\n"
    "  - {name: E, model: iaf_psc_exp, size: 16000, parameters: {tau_m: {distribution: uniform, low: 9, high: 11}}}\n"
    "  - {name: L, model: iaf_psc_exp, size: 403}\n"
    "  - {name: X, model: iaf_psc_exp, size: 1}\n"
    "projections:\n"
    "  - {source: E, target: E, rule: fixed_indegree, indegree: 4, weight: 20, delay: 1.5 ms}\n"
    "  - {source: E, target: E, rule: fixed_outdegree, outdegree: 1, weight: 20, delay: 1.5 ms}\n"
    "  - {source: E, target: X, rule: fixed_outdegree, outdegree: 1, weight: 20, delay: 1.5 ms}\n" /* all to one rank */
    "  - {source: L, target: E, rule: fixed_indegree, indegree: 2, weight: 20, delay: 1.5 ms,"
    "synapse: {model: stdp, Wmax: 99}}\n"
    "readouts:\n"
    "  - {name: z, population: L, filter: {rise: 0, decay: 20 ms}, supervisor: {type: sines, frequencies: [5 Hz]},\n"
    "     learning: {lambda: 1, interval: 1 ms, start: 0 ms, stop: 1 ms}}\n"
    "  - {name: b, population: L, filter: {rise: 0, decay: 20 ms}, supervisor: {type: sines, frequencies: [5 Hz]},\n"
    "     learning: {solver: batch, lambda: 1, interval: 1 ms, start: 0 ms, stop: 1 ms}}\n";

/* Likewise without steps. */
static const char timed_net[] =
    "simulation: {engine: event, duration: 2 ms}\n"
    "populations:\n"
    "  - {name: E, model: iaf_psc_exp, size: 16000, parameters: {tau_m: {distribution: uniform, low: 9, high: 11}}}\n"
    "  - {name: L, model: iaf_psc_exp, size: 400}\n"
    "projections:\n"
    "  - {source: E, target: E, rule: fixed_indegree, indegree: 4, weight: 20, delay: 1.5 ms}\n"
    "  - {source: L, target: E, rule: fixed_indegree, indegree: 2, weight: 20, delay: 1.5 ms,"
    "synapse: {model: stdp, Wmax: 99}, normalize: {every: 1 ms}}\n"
    "stimuli:\n"
    "  - {type: poisson, target: E, rate: 10 Hz, weight: 20}\n";

static int rank, ranks;

static void test_each(void **state) {
  volley_experiment *experiment;
  volley_run *run;
  int attempt = 1, failed = 0;
  if (*state == timed_net && ranks != 2) skip();
  large = 30000;
  volley_faults_forget();
  assert_int_equal(volley_experiment_read_text(*state, "net", "net.yaml", ".", NULL, 0, MPI_COMM_WORLD, &experiment),
                   VOLLEY_OK);
  for (; attempt < MOST; attempt++) {
    countdown = rank == ranks - 1 ? attempt : 0;
    const volley_status status = volley_run_create(experiment, MPI_COMM_WORLD, 2, NULL, &run);
    int left = countdown;
    countdown = 0;
    MPI_Bcast(&left, 1, MPI_INT, ranks - 1, MPI_COMM_WORLD);
    if (left > 0) break; /* it needs no more than that */
    assert_int_equal(status, VOLLEY_FAILURE);
    assert_null(run);
    assert_int_equal(volley_faults_count(), 1);
    assert_memory_equal(volley_faults_text(0), "no memory for ", strlen("no memory for "));
    volley_faults_forget();
    failed++;
  }
  assert_true(failed > 15 && attempt < MOST);
  assert_int_equal(volley_run_advance(run, 2), VOLLEY_OK);
  assert_int_equal(volley_run_destroy(run), VOLLEY_OK);
  volley_experiment_destroy(experiment);
}

/* All of E spike together. */
static const char firing[] =
    "simulation: {duration: 6 ms}\n"
    "checkpoint: {keep: 1}\n"
    "populations:\n"
    "  - {name: E, model: iaf_psc_exp, size: 2400, parameters: {t_ref: 0.2}}\n"
    "  - {name: L, model: iaf_psc_exp, size: 500, parameters: {t_ref: 0.2}}\n"
    "stimuli:\n"
    "  - {type: dc, target: E, amplitude: 20 nA}\n"
    "  - {type: dc, target: L, amplitude: 20 nA}\n"
    "projections:\n"
    "  - {source: E, target: E, rule: fixed_indegree, indegree: 4, weight: 20, delay: 1.5 ms}\n"
    "  - {name: P, source: L, target: E, rule: fixed_indegree, indegree: 2, weight: 20, delay: 1.5 ms,"
    "synapse: {model: stdp, Wmax: 99}}\n"
    "readouts:\n"
    "  - {name: z, population: L, filter: {rise: 2 ms, decay: 20 ms}, supervisor: {type: sines, frequencies: [5 Hz]},\n"
    "     feedback: {gain: 10000}, learning: {update: exact, lambda: 1, interval: 1 ms, start: 0 ms, stop: 5 ms}}\n"
    "recorders:\n"
    "  - {type: spikes, population: E}\n"
    "  - {type: traces, population: E, states: V_m, interval: 1 ms}\n"
    "  - {type: weights, projection: P, states: weight, interval: 2 ms}\n";

static const char timed_firing[] =
    "simulation: {engine: event, duration: 6 ms}\n"
    "checkpoint: {keep: 1}\n"
    "populations:\n"
    "  - {name: E, model: iaf_psc_exp, size: 2400, parameters: {t_ref: 0.2}}\n"
    "  - {name: L, model: iaf_psc_exp, size: 500, parameters: {t_ref: 0.2}}\n"
    "stimuli:\n"
    "  - {type: dc, target: E, amplitude: 20 nA}\n"
    "  - {type: dc, target: L, amplitude: 20 nA}\n"
    "projections:\n"
    "  - {source: E, target: E, rule: fixed_indegree, indegree: 4, weight: 20, delay: {distribution: uniform, low: "
    "1.5, high: 2}}\n"
    "  - {name: P, source: L, target: E, rule: fixed_indegree, indegree: 2, weight: 20, delay: 1.5 ms,"
    "synapse: {model: stdp, Wmax: 99}, normalize: {every: 1 ms}}\n"
    "recorders:\n"
    "  - {type: spikes, population: E}\n"
    "  - {type: traces, population: E, states: V_m, interval: 1 ms}\n"
    "  - {type: weights, projection: P, states: weight, interval: 2 ms}\n";

/* What came of a run: statuses of its parts, and its digest if it came to the end. */
typedef struct outcome {
  volley_status first, saved, second, closed;
  char digest[VOLLEY_DIGEST_TEXT];
} outcome;

static void remove_output(void) {
  static const char *const files[] = {"out.h5", "out.h5.lock", "out.h5.part", "out.h5.parts/000000000-000000030.h5",
                                      "out.h5.parts/000000000-003000000.h5"};
  MPI_Barrier(MPI_COMM_WORLD);
  for (size_t f = 0; f < sizeof files / sizeof *files && rank == 0; f++) unlink(checkpoint_path(files[f]));
  if (rank == 0) rmdir(checkpoint_path("out.h5.parts"));
  MPI_Barrier(MPI_COMM_WORLD);
}

/* A whole run, in which the attempt-th allocation fails. */
static outcome try_run(volley_experiment *experiment, int attempt) {
  outcome o = {0};
  volley_run *run;
  remove_output();
  assert_int_equal(volley_run_create(experiment, MPI_COMM_WORLD, 2, checkpoint_path("out.h5"), &run), VOLLEY_OK);
  countdown = rank == ranks - 1 ? attempt : 0;
  o.first = volley_run_advance(run, 3);
  o.saved = volley_run_save(run, checkpoint_path("checkpoint.h5"));
  o.second = volley_run_advance(run, 6);
  if (o.second == VOLLEY_OK) volley_run_digest(run, o.digest);
  o.closed = volley_run_destroy(run);
  return o;
}

static volley_status worst(const outcome *o) {
  return o->first || o->saved || o->second || o->closed ? VOLLEY_FAILURE : VOLLEY_OK;
}

/* The checkpoint of a run that has failed later leads to the same end. */
static void check_resumed(const char *digest) {
  volley_experiment *experiment;
  volley_run *run;
  char resumed[VOLLEY_DIGEST_TEXT];
  assert_int_equal(
      volley_run_resume(checkpoint_path("checkpoint.h5"), NULL, 0, MPI_COMM_WORLD, 1, NULL, &experiment, &run),
      VOLLEY_OK);
  assert_int_equal(volley_run_advance(run, 6), VOLLEY_OK);
  volley_run_digest(run, resumed);
  assert_string_equal(resumed, digest);
  assert_int_equal(volley_run_destroy(run), VOLLEY_OK);
  volley_experiment_destroy(experiment);
}

/* state: a description. On 4 ranks, which --all has, every attempt; on 2 every third, and every fifth of a run without steps. */
static void test_advance(void **state) {
  volley_experiment *experiment;
  const int stride = ranks == 4 ? 1 : *state == timed_firing ? 5 : 3;
  int attempt = 1, failed[4] = {0};
  if (ranks % 2 != 0) skip(); /* it takes the longest of all */
  large = 14000;
  volley_faults_forget();
  assert_int_equal(
      volley_experiment_read_text(*state, "firing", "firing.yaml", ".", NULL, 0, MPI_COMM_WORLD, &experiment),
      VOLLEY_OK);
  const outcome whole = try_run(experiment, 0);
  assert_int_equal(worst(&whole), VOLLEY_OK);
  for (; attempt < MOST; attempt += stride) {
    const outcome o = try_run(experiment, attempt);
    int left = countdown;
    countdown = 0;
    MPI_Bcast(&left, 1, MPI_INT, ranks - 1, MPI_COMM_WORLD);
    if (left > 0) break; /* it needs no more than that */
    assert_int_equal(worst(&o), VOLLEY_FAILURE);
    assert_int_equal(volley_faults_count(), 1);
    assert_memory_equal(volley_faults_text(0), "no memory for ", strlen("no memory for "));
    volley_faults_forget();
    failed[o.first ? 0 : o.saved ? 1 : o.second ? 2 : 3]++;
    if (o.second == VOLLEY_OK) assert_string_equal(o.digest, whole.digest);
    if (!o.first && !o.saved && (attempt / stride) % 4 == 0) check_resumed(whole.digest);
  }
  if (rank == 0) printf("advance: %d, save: %d, advance: %d, close: %d\n", failed[0], failed[1], failed[2], failed[3]);
  const int least = ranks == 4 ? 3 : 5; /* shares of four ranks have fewer arrays that are large */
  assert_true(failed[0] > least / stride && failed[1] > 5 / stride && failed[3] > 1 / stride && attempt < MOST);
  remove_output();
  if (rank == 0) unlink(checkpoint_path("checkpoint.h5"));
  volley_experiment_destroy(experiment);
}

/* Large allocations of this rank for building without a checkpoint. */
static int count_building(volley_experiment *experiment, const volley_reader *reader) {
  volley_run_parts parts = {0};
  countdown = INT_MAX;
  assert_int_equal(volley_run_build(experiment, reader, 2, true, NULL, MPI_COMM_WORLD, &parts), VOLLEY_OK);
  const int count = INT_MAX - countdown;
  countdown = 0;
  volley_run_parts_destroy(&parts);
  return count;
}

/* As test_each(), of a network that is as it was at a checkpoint: the last steps of building it, and what follows. */
static void test_restore(void **state) {
  volley_experiment *experiment;
  volley_checkpoint *checkpoint;
  MPI_Comm comm = MPI_COMM_WORLD;
  const volley_reader reader = volley_data_reader(&comm);
  if (ranks != 2) skip();
  large = 9000;
  volley_faults_forget();
  assert_int_equal(volley_experiment_read_text(*state, "firing", "firing.yaml", ".", NULL, 0, comm, &experiment),
                   VOLLEY_OK);
  assert_int_equal(try_run(experiment, 0).closed, VOLLEY_OK);
  assert_int_equal(volley_checkpoint_open(checkpoint_path("checkpoint.h5"), comm, &checkpoint), VOLLEY_OK);
  assert_int_equal(volley_run_load(experiment, &reader, comm), VOLLEY_OK);
  const int first = count_building(experiment, &reader) - 12;
  int attempt = first;
  for (int left = 0; left <= 0 && attempt < MOST; attempt += *state == timed_firing ? 3 : 2) {
    volley_run_parts parts = {0};
    countdown = rank == ranks - 1 ? attempt : 0;
    const volley_status status = volley_run_build(experiment, &reader, 2, true, checkpoint, comm, &parts);
    left = countdown;
    countdown = 0;
    MPI_Bcast(&left, 1, MPI_INT, ranks - 1, comm);
    volley_run_parts_destroy(&parts);
    if (left > 0) continue; /* it needs no more than that */
    assert_int_equal(status, VOLLEY_FAILURE);
    assert_int_equal(volley_faults_count(), 1);
    assert_memory_equal(volley_faults_text(0), "no memory for ", strlen("no memory for "));
    volley_faults_forget();
  }
  if (rank == 0) printf("restore: %d to %d\n", first, attempt);
  assert_true(attempt > first + 20 && attempt < MOST);
  volley_checkpoint_close(checkpoint);
  volley_experiment_destroy(experiment);
  remove_output();
  if (rank == 0) unlink(checkpoint_path("checkpoint.h5"));
}

/* As test_each(), with recorders and an output. */
static void test_open(void **state) {
  volley_experiment *experiment;
  volley_run *run;
  int attempt = 1;
  if (ranks != 2) skip();
  large = 9000;
  volley_faults_forget();
  assert_int_equal(
      volley_experiment_read_text(*state, "firing", "firing.yaml", ".", NULL, 0, MPI_COMM_WORLD, &experiment),
      VOLLEY_OK);
  for (; attempt < MOST; attempt++) {
    remove_output();
    countdown = rank == ranks - 1 ? attempt : 0;
    const volley_status status = volley_run_create(experiment, MPI_COMM_WORLD, 2, checkpoint_path("out.h5"), &run);
    int left = countdown;
    countdown = 0;
    MPI_Bcast(&left, 1, MPI_INT, ranks - 1, MPI_COMM_WORLD);
    if (left > 0) break;
    assert_int_equal(status, VOLLEY_FAILURE);
    assert_int_equal(volley_faults_count(), 1);
    assert_memory_equal(volley_faults_text(0), "no memory for ", strlen("no memory for "));
    volley_faults_forget();
  }
  if (rank == 0) printf("create: %d\n", attempt);
  assert_int_equal(volley_run_destroy(run), VOLLEY_OK);
  remove_output();
  volley_experiment_destroy(experiment);
}

static void *make_nothing(const volley_engine_setup *setup) {
  (void)setup;
  return NULL;
}

/* A kind that makes nothing, and adds no fault, on one rank. */
static void *make_on_some(const volley_engine_setup *setup) {
  return rank == ranks - 1 ? NULL : (void *)(uintptr_t)setup;
}

static void destroy(void *engine) { (void)engine; }

static void test_unmade(void **state) {
  void *(*const create[])(const volley_engine_setup *) = {make_nothing, make_on_some};
  const volley_experiment experiment = {0};
  volley_network network = {.experiment = &experiment, .comm = MPI_COMM_WORLD};
  (void)state;
  for (int k = 0; k < 2; k++) {
    const volley_engine_kind kind = {.name = "toy", .create = create[k], .destroy = destroy};
    volley_faults_forget();
    assert_null(volley_engine_create(&kind, &(volley_engine_setup){.network = &network}));
    assert_int_equal(volley_faults_count(), 1);
    assert_string_equal(volley_faults_text(0), "engine 'toy' could not be made and does not say why");
  }
  volley_faults_forget();
}

int main(int argc, char **argv) {
  int provided;
#ifdef __SANITIZE_ADDRESS__ /* what is lost where memory lacks would be a leak */
  return 77;
#endif
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  volley_faults_keep();
  const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(test_each, (void *)(uintptr_t)net),
                                     cmocka_unit_test_prestate(test_each, (void *)(uintptr_t)timed_net),
                                     cmocka_unit_test_prestate(test_open, (void *)(uintptr_t)firing),
                                     cmocka_unit_test_prestate(test_restore, (void *)(uintptr_t)firing),
                                     cmocka_unit_test_prestate(test_restore, (void *)(uintptr_t)timed_firing),
                                     cmocka_unit_test_prestate(test_advance, (void *)(uintptr_t)firing),
                                     cmocka_unit_test_prestate(test_advance, (void *)(uintptr_t)timed_firing),
                                     cmocka_unit_test(test_unmade)};
  const int failed = cmocka_run_group_tests(tests, checkpoint_set_up, checkpoint_clean_up);
  MPI_Finalize();
  return failed;
}
