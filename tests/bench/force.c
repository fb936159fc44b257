/* What a learning step of recursive least squares costs, beside the memory bandwidth measured in the same run.
 *
 *   [OMP_NUM_THREADS=THREADS] mpirun -n RANKS bench_force [N ...]
 *
 * N: elements of the readout, 2000 and 5000 by default. Two kinds of step: all of P is read (volley_rls_learn), and
 * only the columns of the elements that had spikes since the last step (volley_rls_learn_moved), 5 % of them. Bytes are
 * those of P that must pass through memory; the columns not yet applied are taken to stay in the cache. All
 * measurements take turns in several rounds, and the best counts: of the passes over an array, and of each of the steps
 * from one update of P to the next. */
#include "base/memory.h"
#include "learner/rls.h"
#include "solver/solver.h"

#include <math.h>
#include <omp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { STEPS = 48 /* one update of P0 */, PERCENT_MOVED = 5 };
enum { READ, CHANGE, LEARN, LEARN_MOVED, N_MEASURES };

static int rank, ranks, threads;

/* One learner and its input: a filter of spikes of some elements. */
typedef struct learner {
  uint32_t n, n_moved;
  volley_rls *rls;
  double *r, *h;      /* [n] */
  uint32_t *list;     /* [n_moved] */
  double *c, rc;      /* [n] */
  double best[STEPS]; /* seconds of each step of a round, the best of all rounds but the first */
} learner;

typedef struct bench {
  learner learners[2]; /* of the two kinds of step */
  double *array;       /* this rank's part of as many bytes as P has */
  size_t size;
  int measure;
  bool counts; /* from the second round on: in the first no update of P is due */
  volley_barrier barrier;
  double seconds[N_MEASURES]; /* of a pass over the array, of a step */
} bench;

static uint64_t number;
static double uniform(void) {
  number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
  return (double)(number >> 11) * 0x1p-53;
}

/* The sum of a part of the array, read in eight streams at once, which is faster than one. */
static double read_part(const double *array, size_t from, size_t end) {
  const size_t length = (end - from) / 8;
  const double *a = array + from, *e = a + 4 * length;
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < length; i++)
    sum += ((a[i] + a[i + length]) + (a[i + 2 * length] + a[i + 3 * length])) +
           ((e[i] + e[i + length]) + (e[i + 2 * length] + e[i + 3 * length]));
  return sum;
}

/* The part is read and written in place, as an update of P is. */
static void change_part(double *array, size_t from, size_t end) {
#pragma omp simd
  for (size_t i = from; i < end; i++) array[i] = 1 - array[i];
}

static const double decay = 0.9;

/* One step of the filter. */
static void advance(learner *l) {
  for (uint32_t i = 0; i < l->n; i++) l->r[i] = decay * l->r[i] + 0.1 * l->h[i];
  for (uint32_t i = 0; i < l->n; i++) l->h[i] *= decay;
  const uint32_t stride = l->n / l->n_moved, start = (uint32_t)(uniform() * stride);
  for (uint32_t q = 0; q < l->n_moved; q++) {
    l->list[q] = start + q * stride;
    l->h[l->list[q]] += uniform();
  }
}

static void learn(learner *l, bool whole, bool counts, int thread, volley_barrier *barrier) {
  const volley_rls_motion motion = {l->h, decay, 0.1, decay, l->list, l->n_moved};
  for (int step = 0; step < STEPS; step++) {
    if (thread == 0) advance(l);
    volley_barrier_wait(barrier);
    const double start = MPI_Wtime();
    if (whole)
      volley_rls_learn(l->rls, l->r, l->c, &l->rc, thread, barrier);
    else
      volley_rls_learn_moved(l->rls, l->r, &motion, l->c, &l->rc, thread, barrier);
    if (thread == 0 && counts) l->best[step] = fmin(l->best[step], MPI_Wtime() - start);
  }
}

static void work(void *context, int thread) {
  bench *b = context;
  const size_t from = b->size * (size_t)thread / (size_t)threads,
               end = b->size * (size_t)(thread + 1) / (size_t)threads;
  double sum = 0;
  switch (b->measure) {
    case READ: sum = read_part(b->array, from, end); break;
    case CHANGE: change_part(b->array, from, end); break;
    case LEARN: learn(&b->learners[0], true, b->counts, thread, &b->barrier); break;
    default: learn(&b->learners[1], false, b->counts, thread, &b->barrier);
  }
  if (sum < 0) volley_die("the array holds wrong numbers");
}

/* Seconds that all ranks take. */
static double measure(bench *b, int what) {
  b->measure = what;
  volley_barrier_init(&b->barrier, threads);
  VOLLEY_MPI(MPI_Barrier(MPI_COMM_WORLD));
  const double start = MPI_Wtime();
  volley_parallel(threads, work, b);
  VOLLEY_MPI(MPI_Barrier(MPI_COMM_WORLD));
  return MPI_Wtime() - start;
}

static void make_learner(learner *l, uint32_t n) {
  l->n = n;
  for (int step = 0; step < STEPS; step++) l->best[step] = INFINITY;
  l->n_moved = (n * PERCENT_MOVED + 99) / 100;
  l->rls = volley_rls_create(n, 1, threads, MPI_COMM_WORLD);
  l->r = volley_alloc(n, sizeof(double), "r");
  l->h = volley_alloc(n, sizeof(double), "h");
  l->c = volley_alloc(n, sizeof(double), "c");
  l->list = volley_alloc(l->n_moved, sizeof(uint32_t), "elements");
}

static void release_learner(learner *l) {
  volley_rls_destroy(l->rls);
  free(l->r);
  free(l->h);
  free(l->c);
  free(l->list);
}

static void print_line(const bench *b, const char *what, int of, double bytes) {
  const uint32_t n = b->learners[0].n;
  const double read = 8e-9 * n * n / b->seconds[READ], rate = 1e-9 * bytes / b->seconds[of];
  if (rank == 0)
    printf("%6u %6d %8d  %-16s %10.1f %10.2f %8.1f %7.0f %%\n", n, ranks, threads, what, 1e6 * b->seconds[of],
           1e-6 * bytes, rate, 100 * rate / read);
}

static void measure_in_turns(bench *b) {
  for (int what = 0; what < N_MEASURES; what++) b->seconds[what] = INFINITY;
  const int rounds = b->learners[0].n > 10000 ? 3 : 7;
  for (int round = 0; round <= rounds; round++) {
    b->counts = round > 0;
    for (int what = 0; what < N_MEASURES; what++) b->seconds[what] = fmin(b->seconds[what], measure(b, what));
  }
  for (int kind = 0; kind < 2; kind++) {
    const learner *l = &b->learners[kind];
    double sum = 0;
    for (int step = 0; step < STEPS; step++) sum += l->best[step];
    b->seconds[LEARN + kind] = sum / STEPS;
    if (volley_rls_check(l->rls)) volley_die("the learning steps went wrong");
  }
}

static void bench_learning(uint32_t n) {
  const double all = 8.0 * n * n;
  bench b = {.size = (size_t)n * n / (size_t)ranks};
  number = 1;
  for (int kind = 0; kind < 2; kind++) make_learner(&b.learners[kind], n);
  b.array = volley_alloc_huge(b.size * sizeof(double), "an array");
  for (size_t i = 0; i < b.size; i++) b.array[i] = 0.25;
  measure_in_turns(&b);
  print_line(&b, "read", READ, all);
  print_line(&b, "read and write", CHANGE, 2 * all);
  print_line(&b, "learn, all of P", LEARN, (double)volley_rls_traffic(n, n));
  print_line(&b, "learn, 5 % moved", LEARN_MOVED, (double)volley_rls_traffic(n, b.learners[1].n_moved));
  for (int kind = 0; kind < 2; kind++) release_learner(&b.learners[kind]);
  volley_table_free(b.array, b.size * sizeof(double));
}

int main(int argc, char **argv) {
  int provided;
  if (MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided) != MPI_SUCCESS) return 1;
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (volley_petsc_start(0, NULL, MPI_COMM_WORLD) != VOLLEY_OK) return 1;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  threads = omp_get_max_threads();
  if (rank == 0)
    printf("%6s %6s %8s  %-16s %10s %10s %8s %9s\n", "N", "ranks", "threads", "what", "us", "MB", "GB/s", "of read");
  static char *defaults[] = {"2000", "5000"};
  for (int i = 0; i < (argc > 1 ? argc - 1 : 2); i++) {
    const long n = strtol(argc > 1 ? argv[i + 1] : defaults[i], NULL, 10);
    if (n < 1 || n > 100000) volley_die("N must be a number from 1 to 100000");
    bench_learning((uint32_t)n);
  }
  volley_petsc_stop();
  MPI_Finalize();
  return 0;
}
