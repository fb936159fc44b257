/* Batch learning against recursive least squares, on any number of ranks and threads. */
#include "base/memory.h"
#include "learner/batch.h"
#include "learner/rls.h"
#include "solver/solver.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { K = 2, STEPS = 75 };

static const double lambda = 0.5;

static double wave(size_t i) { return sin(1.7 * (double)i) + cos(0.3 * (double)(i * i % 1009)); }

static double *make(size_t size, size_t seed) {
  double *values = volley_alloc(size, sizeof *values, "test");
  for (size_t i = 0; i < size; i++) values[i] = wave(i + seed);
  return values;
}

/* What is learned: r: [STEPS][n], x: [STEPS][K]. */
typedef struct lesson {
  uint32_t n;
  int from, end;
  const double *r, *x;
  volley_batch *batch; /* or, if it is NULL, by recursive least squares: */
  volley_rls *rls;
  double *c, *decoders;
  volley_barrier barrier;
} lesson;

/* D -= P r e' with P after the update: the step of recursive least squares that keeps D the solution. */
static void correct(lesson *these, const double *r, const double *x, double rc) {
  double error[K];
  for (int v = 0; v < K; v++) {
    error[v] = -x[v];
    for (uint32_t i = 0; i < these->n; i++) error[v] += these->decoders[i * K + (uint32_t)v] * r[i];
  }
  for (uint32_t i = 0; i < these->n; i++) {
    for (uint32_t v = 0; v < K; v++) these->decoders[i * K + v] -= these->c[i] / (1 + rc) * error[v];
  }
}

static void work(void *context, int thread) {
  lesson *these = context;
  for (int s = these->from; s < these->end; s++) {
    const double *r = these->r + (size_t)s * these->n, *x = these->x + (size_t)s * K;
    double rc;
    if (these->batch) {
      volley_batch_learn(these->batch, r, x, thread, &these->barrier);
    } else {
      volley_rls_learn(these->rls, r, these->c, &rc, thread, &these->barrier);
      correct(these, r, x, rc);
    }
  }
}

static void learn(lesson *these, int from, int end, int threads) {
  these->from = from;
  these->end = end;
  volley_barrier_init(&these->barrier, threads);
  volley_parallel(threads, work, these);
}

/* The decoders that recursive least squares finds, owned by the caller. */
static double *recurse(uint32_t n, const double *r, const double *x) {
  lesson these = {.n = n, .r = r, .x = x, .decoders = make(n * K, 99), .c = make(n, 0)};
  these.rls = volley_rls_create(n, lambda, 1, MPI_COMM_WORLD);
  learn(&these, 0, STEPS, 1);
  volley_rls_destroy(these.rls);
  free(these.c);
  return these.decoders;
}

static void assert_close(const double *found, const double *wanted, size_t n) {
  double error = 0, size = 0;
  for (size_t i = 0; i < n; i++) {
    error = fmax(error, fabs(found[i] - wanted[i]));
    size = fmax(size, fabs(wanted[i]));
  }
  assert_true(error <= 1e-9 * size);
}

static void test_agrees_with_recursion(void **state) {
  (void)state;
  const uint32_t sizes[] = {2, 37, 300};
  for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    const uint32_t n = sizes[s];
    double *r = make(STEPS * (size_t)n, 5), *x = make(STEPS * (size_t)K, 7), *wanted = recurse(n, r, x);
    for (int threads = 1; threads <= 3; threads += 2) {
      lesson these = {.n = n, .r = r, .x = x, .decoders = make(n * K, 99)};
      these.batch = volley_batch_create(n, K, lambda, these.decoders, threads, MPI_COMM_WORLD);
      learn(&these, 0, STEPS, threads);
      assert_null(volley_batch_solve(these.batch, these.decoders));
      assert_close(these.decoders, wanted, n * K);
      volley_batch_destroy(these.batch);
      free(these.decoders);
    }
    free(r);
    free(x);
    free(wanted);
  }
}

/* All of A of one half of the steps learned, its pending vectors behind it: [n + pending][n]. */
static double *save(const volley_batch *batch, uint32_t n) {
  uint32_t first, count;
  volley_batch_rows(batch, &first, &count);
  const size_t pending = (size_t)volley_batch_pending(batch);
  double *all = volley_alloc((n + pending) * n, sizeof *all, "test");
  volley_batch_get_rows(batch, first, count, all + (size_t)first * n);
  MPI_Allreduce(MPI_IN_PLACE, all, (int)(n * n), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  volley_batch_get_pending(batch, all + (size_t)n * n);
  return all;
}

/* What is saved is the same bits on one rank and on all, and what is restored goes on as if nothing had been. */
static void test_saved_and_restored(void **state) {
  (void)state;
  enum { N = 45, HALF = 41 };
  double *r = make(STEPS * (size_t)N, 5), *x = make(STEPS * (size_t)K, 7), *initial = make(N * K, 99);
  double *found[2] = {make(N * K, 0), make(N * K, 0)};
  lesson these = {.n = N, .r = r, .x = x};
  these.batch = volley_batch_create(N, K, lambda, initial, 2, MPI_COMM_WORLD);
  learn(&these, 0, HALF, 2);
  double *saved = save(these.batch, N);
  const int pending = volley_batch_pending(these.batch);
  assert_int_equal(pending, HALF % 32 + K);
  learn(&these, HALF, STEPS, 2);
  assert_null(volley_batch_solve(these.batch, found[0]));
  volley_batch_destroy(these.batch);

  these.batch = volley_batch_create(N, K, 1, initial, 1, MPI_COMM_SELF);
  volley_batch_set_rows(these.batch, 0, N, saved);
  volley_batch_set_pending(these.batch, pending, saved + (size_t)N * N);
  learn(&these, HALF, STEPS, 1);
  assert_null(volley_batch_solve(these.batch, found[1]));
  assert_close(found[1], found[0], N * K);
  volley_batch_destroy(these.batch);

  these.batch = volley_batch_create(N, K, lambda, initial, 1, MPI_COMM_SELF);
  learn(&these, 0, HALF, 1);
  double *alone = volley_alloc((N + (size_t)pending) * N, sizeof *alone, "test");
  volley_batch_get_rows(these.batch, 0, N, alone);
  volley_batch_get_pending(these.batch, alone + (size_t)N * N);
  assert_memory_equal(alone, saved, (N + (size_t)pending) * N * sizeof *alone);
  volley_batch_destroy(these.batch);
  double *const all[] = {r, x, initial, found[0], found[1], saved, alone};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) free(all[i]);
}

int main(int argc, char **argv) {
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (volley_petsc_start(0, NULL, MPI_COMM_WORLD) != VOLLEY_OK) return 1;
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_agrees_with_recursion),
      cmocka_unit_test(test_saved_and_restored),
  };
  const int failures = cmocka_run_group_tests(tests, NULL, NULL);
  volley_petsc_stop();
  MPI_Finalize();
  return failures > 0;
}
