/* Recursive least squares against a brute-force twin, and the same bits on any number of ranks and threads. */
#include "base/memory.h"
#include "learner/rls.h"
#include "solver/petsc.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int rank, ranks;

/* What a filter of random spikes gives at each learning step. */
typedef struct input {
  uint32_t n;
  int n_steps;
  double *r, *h;             /* [n_steps][n] */
  uint32_t *moved, *n_moved; /* [n_steps][n], [n_steps] */
} input;

static const double rr = 0.7, rh = 0.4, hh = 0.8;

static uint64_t number;
static double uniform(void) {
  number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(number >> 11) * 0x1p-53;
}

/* In each step an element has spikes with the given probability; every tenth step all have. */
static input make_input(uint32_t n, int n_steps, double probability) {
  const size_t size = (size_t)n * (size_t)n_steps;
  input in = {.n = n, .n_steps = n_steps};
  in.r = volley_alloc(size, sizeof(double), "test");
  in.h = volley_alloc(size, sizeof(double), "test");
  in.moved = volley_alloc(size, sizeof(uint32_t), "test");
  in.n_moved = volley_alloc((size_t)n_steps, sizeof(uint32_t), "test");
  number = n;
  for (int s = 0; s < n_steps; s++) {
    const size_t at = (size_t)s * n;
    for (uint32_t j = 0; j < n; j++) {
      in.r[at + j] = s > 0 ? rr * in.r[at - n + j] + rh * in.h[at - n + j] : 0;
      in.h[at + j] = s > 0 ? hh * in.h[at - n + j] : 0;
      if (s % 10 != 0 && uniform() >= probability) continue;
      in.r[at + j] += uniform();
      in.h[at + j] += uniform();
      in.moved[at + in.n_moved[s]++] = j;
    }
  }
  return in;
}

static void release_input(input *in) {
  free(in->r);
  free(in->h);
  free(in->moved);
  free(in->n_moved);
}

/* Steps from .. end - 1 on `threads` threads. */
typedef struct run {
  volley_rls *rls;
  const input *in;
  int from, end;
  bool whole;     /* by volley_rls_learn() */
  double *c, *rc; /* [n_steps][n], [n_steps] */
  volley_barrier barrier;
} run;

static void work(void *context, int thread) {
  run *these = context;
  const input *in = these->in;
  for (int s = these->from; s < these->end; s++) {
    const size_t at = (size_t)s * in->n;
    double *c = these->c + at, *rc = these->rc + s;
    const volley_rls_motion motion = {in->h + at, rr, rh, hh, in->moved + at, in->n_moved[s]};
    if (these->whole)
      volley_rls_learn(these->rls, in->r + at, c, rc, thread, &these->barrier);
    else
      volley_rls_learn_moved(these->rls, in->r + at, &motion, c, rc, thread, &these->barrier);
  }
}

static void learn(run *these, int from, int end, int threads) {
  these->from = from;
  these->end = end;
  volley_barrier_init(&these->barrier, threads);
  volley_parallel(threads, work, these);
}

static run begin(volley_rls *rls, const input *in, bool whole) {
  const size_t steps = (size_t)in->n_steps;
  return (run){.rls = rls,
               .in = in,
               .whole = whole,
               .c = volley_alloc(steps * in->n, sizeof(double), "test"),
               .rc = volley_alloc(steps, sizeof(double), "test")};
}

static void end(run *these) {
  volley_rls_destroy(these->rls);
  free(these->c);
  free(these->rc);
}

/* All of P0 on every rank of comm, [n][n]; the caller owns it. */
static double *get_matrix(const volley_rls *rls, uint32_t n, MPI_Comm comm) {
  double *all = volley_alloc((size_t)n * n, sizeof(double), "test");
  uint32_t first, count;
  volley_rls_rows(rls, &first, &count);
  for (uint32_t at = 0; at < count; at += 3) {
    const uint32_t rows = count - at < 3 ? count - at : 3;
    volley_rls_get_rows(rls, first + at, rows, all + (size_t)(first + at) * n);
  }
  assert_true(n * n < INT32_MAX);
  MPI_Allreduce(MPI_IN_PLACE, all, (int)(n * n), MPI_DOUBLE, MPI_SUM, comm);
  return all;
}

static void set_matrix(volley_rls *rls, uint32_t n, const double *all) {
  uint32_t first, count;
  volley_rls_rows(rls, &first, &count);
  for (uint32_t at = 0; at < count; at += 5) {
    const uint32_t rows = count - at < 5 ? count - at : 5;
    volley_rls_set_rows(rls, first + at, rows, all + (size_t)(first + at) * n);
  }
}

/* The largest difference between a and b, over the largest of b. */
static double difference(const double *a, const long double *b, size_t size) {
  long double most = 0, scale = 0;
  for (size_t i = 0; i < size; i++) {
    most = fmaxl(most, fabsl(a[i] - b[i]));
    scale = fmaxl(scale, fabsl(b[i]));
  }
  return (double)(most / scale);
}

/* One step of the twin. */
static void twin_learn(long double *p, const double *r, uint32_t n, long double *c) {
  long double rc = 0;
  for (uint32_t i = 0; i < n; i++) {
    c[i] = 0;
    for (uint32_t j = 0; j < n; j++) c[i] += p[(size_t)i * n + j] * r[j];
    rc += r[i] * c[i];
  }
  for (uint32_t i = 0; i < n; i++) {
    for (uint32_t j = 0; j < n; j++) p[(size_t)i * n + j] -= c[i] * c[j] / (1 + rc);
  }
}

static void compare_with_twin(uint32_t n, bool whole) {
  const int n_steps = 250;
  const double lambda = 0.5;
  input in = make_input(n, n_steps, 0.1);
  run these = begin(volley_rls_create(n, lambda, 2, MPI_COMM_WORLD), &in, whole);
  learn(&these, 0, n_steps, 2);
  long double *p = volley_alloc((size_t)n * n, sizeof *p, "test"), *c = volley_alloc(n, sizeof *c, "test");
  for (uint32_t i = 0; i < n; i++) p[(size_t)i * n + i] = 1 / lambda;
  for (int s = 0; s < n_steps; s++) {
    twin_learn(p, in.r + (size_t)s * n, n, c);
    assert_true(difference(these.c + (size_t)s * n, c, n) < 1e-12);
  }
  volley_rls_matrix(these.rls);
  double *mine = get_matrix(these.rls, n, MPI_COMM_WORLD);
  assert_true(difference(mine, p, (size_t)n * n) < 1e-12);
  for (uint32_t i = 0; i < n; i++) {
    for (uint32_t j = 0; j < i; j++) assert_memory_equal(&mine[i * n + j], &mine[j * n + i], sizeof(double));
  }
  free(mine);
  free(c);
  free(p);
  end(&these);
  release_input(&in);
}

static void test_twin(void **state) {
  (void)state;
  static const uint32_t sizes[] = {1, 2, 7, 50, 257};
  for (int i = 0; i < 5; i++) {
    compare_with_twin(sizes[i], true);
    compare_with_twin(sizes[i], false);
  }
}

#define PETSC(call) assert_int_equal(call, 0) /* not through Volley's table: this program is linked with PETSc */

/* P times (sum r r' + lambda I) is I; and PETSc sees the same P. */
static void test_inverse(void **state) {
  (void)state;
  enum { N = 200, N_STEPS = 500 };
  const double lambda = 3;
  input in = make_input(N, N_STEPS, 0.05);
  run these = begin(volley_rls_create(N, lambda, 1, MPI_COMM_WORLD), &in, false);
  learn(&these, 0, N_STEPS, 1);
  Mat p = volley_rls_matrix(these.rls), correlation;
  PETSC(MatDuplicate(p, MAT_DO_NOT_COPY_VALUES, &correlation));
  uint32_t first, count;
  volley_rls_rows(these.rls, &first, &count);
  for (uint32_t i = first; i < first + count; i++) {
    for (uint32_t j = 0; j < N; j++) {
      double sum = i == j ? lambda : 0;
      for (size_t s = 0; s < N_STEPS; s++) sum += in.r[s * N + i] * in.r[s * N + j];
      PETSC(MatSetValue(correlation, (PetscInt)i, (PetscInt)j, sum, INSERT_VALUES));
    }
  }
  PETSC(MatAssemblyBegin(correlation, MAT_FINAL_ASSEMBLY));
  PETSC(MatAssemblyEnd(correlation, MAT_FINAL_ASSEMBLY));
  Vec x, y;
  PetscReal distance;
  PETSC(MatCreateVecs(p, &x, &y));
  for (PetscInt j = 0; j < N; j++) { /* column j of the correlation, times P, is column j of I */
    PETSC(MatGetColumnVector(correlation, x, j));
    PETSC(MatMult(p, x, y));
    if (j >= (PetscInt)first && j < (PetscInt)(first + count)) PETSC(VecSetValue(y, j, -1, ADD_VALUES));
    PETSC(VecAssemblyBegin(y));
    PETSC(VecAssemblyEnd(y));
    PETSC(VecNorm(y, NORM_INFINITY, &distance));
    assert_true(distance < 1e-8);
  }
  PETSC(VecDestroy(&x));
  PETSC(VecDestroy(&y));
  PETSC(MatDestroy(&correlation));
  end(&these);
  release_input(&in);
}

static void assert_same(const run *a, const run *b, int from, int until) {
  const size_t n = a->in->n, at = (size_t)from * n;
  assert_memory_equal(a->c + at, b->c + at, (size_t)(until - from) * n * sizeof(double));
  assert_memory_equal(a->rc + from, b->rc + from, (size_t)(until - from) * sizeof(double));
}

static void compare_bits(uint32_t n, bool whole) {
  enum { N_STEPS = 110 };
  input in = make_input(n, N_STEPS, 0.05);
  run alone = begin(volley_rls_create(n, 1, 1, MPI_COMM_SELF), &in, whole);
  learn(&alone, 0, N_STEPS, 1);
  double *p = get_matrix(alone.rls, n, MPI_COMM_SELF);
  for (int threads = 1; threads <= 3; threads++) {
    run these = begin(volley_rls_create(n, 1, threads, MPI_COMM_WORLD), &in, whole);
    learn(&these, 0, N_STEPS, threads);
    assert_same(&these, &alone, 0, N_STEPS);
    double *q = get_matrix(these.rls, n, MPI_COMM_WORLD);
    assert_memory_equal(q, p, (size_t)n * n * sizeof(double));
    free(q);
    end(&these);
  }
  free(p);
  end(&alone);
  release_input(&in);
}

static void test_same_bits(void **state) {
  (void)state;
  static const uint32_t sizes[] = {1, 3, 7, 50, 257, 600};
  for (int i = 0; i < 6; i++) {
    compare_bits(sizes[i], true);
    compare_bits(sizes[i], false);
  }
}

/* A copy of the state of `from`, on world, over another communicator and number of threads. */
static volley_rls *copy_state(const volley_rls *from, uint32_t n, int threads, MPI_Comm comm) {
  double *all = get_matrix(from, n, MPI_COMM_WORLD);
  const int pending = volley_rls_pending(from);
  double *vectors = volley_alloc((size_t)pending * n, sizeof(double), "test");
  volley_rls_get_pending(from, vectors);
  volley_rls *copy = volley_rls_create(n, 12345, threads, comm);
  set_matrix(copy, n, all);
  volley_rls_set_pending(copy, pending, vectors);
  assert_int_equal(volley_rls_pending(copy), pending);
  free(vectors);
  free(all);
  return copy;
}

/* At several steps, a copy on one rank and one on a part of the ranks go on as the original does. */
static void test_copies(void **state) {
  (void)state;
  enum { N = 301, N_STEPS = 140 };
  static const int stops[] = {0, 1, 47, 48, 49, 70, 96, 101};
  input in = make_input(N, N_STEPS, 0.05);
  run original = begin(volley_rls_create(N, 2, 2, MPI_COMM_WORLD), &in, false);
  MPI_Comm part;
  MPI_Comm_split(MPI_COMM_WORLD, rank % 2, rank, &part);
  run copies[16];
  int done = 0;
  for (int i = 0; i < 8; i++) {
    learn(&original, done, stops[i], 2);
    done = stops[i];
    copies[2 * i] = begin(copy_state(original.rls, N, 1, MPI_COMM_SELF), &in, false);
    copies[2 * i + 1] = begin(copy_state(original.rls, N, 3, part), &in, false);
  }
  learn(&original, done, N_STEPS, 2);
  for (int i = 0; i < 16; i++) {
    learn(&copies[i], stops[i / 2], N_STEPS, i % 2 == 0 ? 1 : 3);
    assert_same(&copies[i], &original, stops[i / 2], N_STEPS);
    end(&copies[i]);
  }
  MPI_Comm_free(&part);
  end(&original);
  release_input(&in);
}

static void test_rows(void **state) {
  (void)state;
  for (uint32_t n = 1; n < 60; n++) {
    volley_rls *rls = volley_rls_create(n, 1, 1, MPI_COMM_WORLD);
    uint32_t first, count, expected = 0;
    volley_rls_rows(rls, &first, &count);
    MPI_Exscan(&count, &expected, 1, MPI_UINT32_T, MPI_SUM, MPI_COMM_WORLD);
    if (rank == 0) expected = 0;
    assert_int_equal(first, expected);
    MPI_Allreduce(&count, &expected, 1, MPI_UINT32_T, MPI_SUM, MPI_COMM_WORLD);
    assert_int_equal(expected, n);
    volley_rls_destroy(rls);
  }
}

/* What a step that cannot be right says; P and the pending columns stay as they were. */
static void assert_refused(double lambda, double value, const char *expected) {
  enum { N = 40 };
  double r[N], c[N], rc;
  for (int j = 0; j < N; j++) r[j] = j == 17 ? value : 1;
  volley_rls *rls = volley_rls_create(N, lambda, 1, MPI_COMM_WORLD);
  volley_barrier barrier;
  volley_barrier_init(&barrier, 1);
  assert_null(volley_rls_check(rls));
  const int pending = volley_rls_pending(rls);
  volley_rls_learn(rls, r, c, &rc, 0, &barrier);
  if (expected) {
    assert_non_null(volley_rls_check(rls));
    assert_non_null(strstr(volley_rls_check(rls), expected));
    assert_int_equal(volley_rls_pending(rls), pending);
  } else {
    assert_null(volley_rls_check(rls));
    assert_int_equal(volley_rls_pending(rls), pending + 1);
  }
  volley_rls_destroy(rls);
}

static void test_divergence(void **state) {
  (void)state;
  assert_refused(1, 1, NULL);
  assert_refused(1, NAN, "not a finite number");
  assert_refused(1, INFINITY, "not a finite number");
  assert_refused(1e-320, 1, "not a finite number");
  assert_refused(-1e-3, 1, "not positive definite");
}

static void test_estimates(void **state) {
  (void)state;
  for (uint32_t n = 1; n < 30000; n = 2 * n + 7) {
    for (int parts = 1; parts < 5; parts++) {
      const double ideal = 8.0 * n * n / parts, bytes = (double)volley_rls_bytes(n, parts);
      assert_true(bytes >= ideal);
      if (n > 3000) assert_true(bytes < 1.1 * ideal);
    }
    assert_true(volley_rls_traffic(n, n) >= 8 * (uint64_t)n * n);
    assert_true(volley_rls_traffic(n, 0) <= volley_rls_traffic(n, n));
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_twin),      cmocka_unit_test(test_inverse),
                                     cmocka_unit_test(test_same_bits), cmocka_unit_test(test_copies),
                                     cmocka_unit_test(test_rows),      cmocka_unit_test(test_divergence),
                                     cmocka_unit_test(test_estimates)};
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (volley_petsc_start(0, NULL, MPI_COMM_WORLD) != VOLLEY_OK) return 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  volley_petsc_stop();
  MPI_Finalize();
  return failed;
}
