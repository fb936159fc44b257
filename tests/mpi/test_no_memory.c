/* Where memory lacks on one rank while a run is made, all ranks get the same status and one fault that says what for; the next
 * run is made as if nothing had been. Every large allocation of one rank fails in turn. */
#include "io/experiment/file.h"
#include "volley.h"

#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

enum { LARGE = 30000, MOST = 200 }; /* bytes; attempts */

static atomic_int countdown; /* large allocations until one fails; 0 or less: none does */

static bool fails(size_t bytes) {
  if (bytes < LARGE || countdown <= 0 || atomic_fetch_sub(&countdown, 1) != 1) return false;
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
    "  - {name: L, model: iaf_psc_exp, size: 400}\n"
    "projections:\n"
    "  - {source: E, target: E, rule: fixed_indegree, indegree: 4, weight: 20, delay: 1.5 ms}\n"
    "  - {source: E, target: E, rule: fixed_outdegree, outdegree: 1, weight: 20, delay: 1.5 ms}\n"
    "  - {source: L, target: E, rule: fixed_indegree, indegree: 2, weight: 20, delay: 1.5 ms,"
    "synapse: {model: stdp, Wmax: 99}}\n"
    "readouts:\n"
    "  - {name: z, population: L, filter: {rise: 0, decay: 20 ms}, supervisor: {type: sines, frequencies: [5 Hz]},\n"
    "     learning: {lambda: 1, interval: 1 ms, start: 0 ms, stop: 1 ms}}\n"
    "  - {name: b, population: L, filter: {rise: 0, decay: 20 ms}, supervisor: {type: sines, frequencies: [5 Hz]},\n"
    "     learning: {solver: batch, lambda: 1, interval: 1 ms, start: 0 ms, stop: 1 ms}}\n";

static int rank, ranks;

static void test_each(void **state) {
  volley_experiment *experiment;
  volley_run *run;
  int attempt = 1, failed = 0;
  (void)state;
  volley_faults_forget();
  assert_int_equal(volley_experiment_read_text(net, "net", "net.yaml", ".", NULL, 0, MPI_COMM_WORLD, &experiment),
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

int main(int argc, char **argv) {
  int provided;
#ifdef __SANITIZE_ADDRESS__ /* what is lost where memory lacks would be a leak */
  return 77;
#endif
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  volley_faults_keep();
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_each)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
