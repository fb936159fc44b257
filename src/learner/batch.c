#include "learner/batch.h"

#include "base/memory.h"
#include "learner/rls_kernels.h"
#include "solver/solver.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
  GROUP = VOLLEY_RLS_GROUP,
  CAPACITY = 32,    /* vectors r that are gathered before they are added to A */
  PIECE_ROWS = 256, /* of a column of A, in the first-level cache while they are added */
};

/* Relative to B, as PETSc estimates it. A is often ill-conditioned; a looser solution is visibly another one. */
static const double tolerance = 1e-14;

/* A is made a multiple of 8 wide, with lambda on the diagonal of what is added: all rows of a rank are then whole
 * groups, and A is the memory of a PETSc matrix without gaps, which that of 3.18 needs to find the diagonal. */
struct volley_batch {
  uint32_t n, first, count; /* own rows of the padded matrix */
  size_t padded;
  int dimension, threads;
  MPI_Comm comm;
  double *a; /* own rows, column by column: [padded][count] */
  size_t a_bytes;
  struct _p_Mat *matrix; /* of PETSc, over a */
  double *gathered;      /* r of steps that A lacks: [CAPACITY][padded] */
  int n_gathered;
  double *b;            /* [dimension][padded] */
  const char *unsolved; /* why no decoders were found; NULL: it was not tried, or they were */
};

typedef struct span {
  size_t from, to;
} span;

/* The part of n items, a multiple of 8, that falls to one of `parts`. */
static span share(size_t n, int part, int parts) {
  const size_t groups = n / GROUP, at = (size_t)part, of = (size_t)parts;
  return (span){groups * at / of * GROUP, groups * (at + 1) / of * GROUP};
}

static double *make_vectors(size_t count, size_t length) {
  return volley_alloc(count * length, sizeof(double), "batch learning");
}

static void deal_rows(volley_batch *batch) {
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(batch->comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(batch->comm, &ranks));
  const span rows = share(batch->padded, rank, ranks);
  batch->first = (uint32_t)rows.from;
  batch->count = (uint32_t)(rows.to - rows.from);
  batch->a_bytes = (batch->count > 0 ? batch->count : 1) * batch->padded * sizeof(double);
}

static void allocate(void *own) {
  volley_batch *batch = own;
  batch->a = volley_alloc_huge(batch->a_bytes, "the matrix of batch learning");
  batch->gathered = make_vectors(CAPACITY, batch->padded);
  batch->b = make_vectors((size_t)batch->dimension, batch->padded);
}

volley_batch *volley_batch_create(uint32_t n, int dimension, double lambda, const double *decoders, int threads,
                                  MPI_Comm comm) {
  volley_batch *batch = volley_alloc(1, sizeof *batch, "batch learning");
  const size_t k = (size_t)dimension;
  batch->n = n;
  batch->padded = ((size_t)n + GROUP - 1) / GROUP * GROUP;
  batch->dimension = dimension;
  batch->threads = threads;
  VOLLEY_MPI(MPI_Comm_dup(comm, &batch->comm));
  deal_rows(batch);
  if (!volley_all(volley_memory_try(allocate, batch) == VOLLEY_OK, batch->comm))
    return volley_batch_destroy(batch), NULL;
  for (size_t i = 0; i < batch->count; i++) batch->a[(batch->first + i) * batch->count + i] = lambda;
  batch->matrix =
      volley_linear.matrix(batch->a, batch->count, (uint32_t)batch->padded, batch->count, true, batch->comm);
  for (size_t v = 0; v < k; v++) {
    for (size_t i = 0; i < n; i++) batch->b[v * batch->padded + i] = lambda * decoders[i * k + v];
  }
  return batch;
}

void volley_batch_destroy(void *own) {
  volley_batch *batch = own;
  if (!batch) return;
  if (batch->matrix) volley_linear.destroy_matrix(batch->matrix);
  VOLLEY_MPI(MPI_Comm_free(&batch->comm));
  volley_table_free(batch->a, batch->a_bytes);
  free(batch->gathered);
  free(batch->b);
  free(batch);
}

/* Adds the first k gathered vectors to a piece of column j of A, own rows from .. end - 1. */
static void add_to_column(volley_batch *batch, size_t j, size_t from, size_t end, int k) {
  for (int m = 0; m < k; m += GROUP) {
    const double *columns[GROUP];
    double weights[GROUP];
    for (int g = 0; g < GROUP; g++) {
      const double *r = batch->gathered + (size_t)(m + g) * batch->padded;
      columns[g] = r + batch->first + from;
      weights[g] = m + g < k ? r[j] : 0;
    }
    volley_rls_combine(batch->a + j * batch->count + from, columns, weights, end - from);
  }
}

/* A += R R' in these own rows. */
static void add_gathered(volley_batch *batch, span rows, int k) {
  for (size_t from = rows.from; from < rows.to; from += PIECE_ROWS) {
    const size_t end = from + PIECE_ROWS < rows.to ? from + PIECE_ROWS : rows.to;
    for (size_t j = 0; j < batch->n; j++) add_to_column(batch, j, from, end, k);
  }
}

void volley_batch_learn(volley_batch *batch, const double *r, const double *x, int thread, volley_barrier *barrier) {
  const span part = share(batch->padded, thread, batch->threads);
  const size_t end = part.to < batch->n ? part.to : batch->n;
  const int at = batch->n_gathered;
  double *kept = batch->gathered + (size_t)at * batch->padded;
  for (size_t i = part.from; i < end; i++) kept[i] = r[i];
  for (size_t v = 0; v < (size_t)batch->dimension; v++) {
    double *b = batch->b + v * batch->padded;
    for (size_t i = part.from; i < end; i++) b[i] += r[i] * x[v];
  }
  volley_barrier_wait(barrier);
  const bool full = at + 1 == CAPACITY;
  if (thread == 0) batch->n_gathered = full ? 0 : at + 1;
  if (full) add_gathered(batch, share(batch->count, thread, batch->threads), CAPACITY);
  volley_barrier_wait(barrier);
}

/* NULL with a reason in `why` where it cannot be had. */
static volley_linear_solver *open_solver(const volley_batch *batch, char *why, size_t size) {
  const int n = (int)batch->n, most = n < 1000 ? 10000 : 10 * n;
  return volley_linear.open(batch->matrix, tolerance, most, batch->comm, why, size);
}

/* Adds what is gathered to A. */
static void complete_matrix(volley_batch *batch) {
  add_gathered(batch, share(batch->count, 0, 1), batch->n_gathered);
  batch->n_gathered = 0;
  volley_linear.changed(batch->matrix);
}

const char *volley_batch_solve(volley_batch *batch, double *decoders) {
  static char why[640];
  const size_t n = batch->n, k = (size_t)batch->dimension;
  const char *stopped = NULL;
  complete_matrix(batch);
  volley_linear_solver *solver = open_solver(batch, why, sizeof why);
  if (!solver) return why;
  double *solutions = make_vectors(k, n);
  for (size_t v = 0; v < k && !stopped; v++)
    stopped = volley_linear.solve(solver, batch->b + v * batch->padded + batch->first, solutions + v * n, n);
  for (size_t i = 0; i < n && !stopped; i++) {
    for (size_t v = 0; v < k; v++) decoders[i * k + v] = solutions[v * n + i];
  }
  free(solutions);
  volley_linear.close(solver);
  if (!stopped) return NULL;
  snprintf(why, sizeof why,
           "PETSc's solver stopped with %s; -- -ksp_monitor shows how, and options such as -ksp_max_it, -ksp_rtol, "
           "-ksp_type and -pc_type choose another way",
           stopped);
  return why;
}

const char *volley_batch_try(MPI_Comm comm) {
  static char why[640];
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  const uint32_t n = GROUP * (uint32_t)ranks;
  double *decoders = make_vectors(1, n);
  volley_batch *batch = volley_batch_create(n, 1, 1, decoders, 1, comm);
  volley_linear_solver *solver = open_solver(batch, why, sizeof why);
  if (solver) volley_linear.close(solver);
  volley_batch_destroy(batch);
  free(decoders);
  return solver ? NULL : why;
}

void volley_batch_rows(const void *own, uint32_t *first, uint32_t *count) {
  const volley_batch *batch = own;
  const uint32_t end = batch->first + batch->count;
  *first = batch->first < batch->n ? batch->first : batch->n;
  *count = (end < batch->n ? end : batch->n) - *first;
}

void volley_batch_get_rows(const void *own, uint32_t from, uint32_t n_rows, double *rows) {
  const volley_batch *batch = own;
  for (size_t j = 0; j < batch->n; j++) {
    const double *column = batch->a + j * batch->count + (from - batch->first);
    for (size_t i = 0; i < n_rows; i++) rows[i * batch->n + j] = column[i];
  }
}

void volley_batch_set_rows(void *own, uint32_t from, uint32_t n_rows, const double *rows) {
  volley_batch *batch = own;
  for (size_t j = 0; j < batch->n; j++) {
    double *column = batch->a + j * batch->count + (from - batch->first);
    for (size_t i = 0; i < n_rows; i++) column[i] = rows[i * batch->n + j];
  }
}

int volley_batch_pending(const void *own) {
  const volley_batch *batch = own;
  return batch->n_gathered + batch->dimension;
}

void volley_batch_get_pending(const void *own, double *vectors) {
  const volley_batch *batch = own;
  const size_t bytes = batch->n * sizeof(double);
  for (int m = 0; m < batch->n_gathered; m++, vectors += batch->n)
    memcpy(vectors, batch->gathered + (size_t)m * batch->padded, bytes);
  for (int v = 0; v < batch->dimension; v++, vectors += batch->n)
    memcpy(vectors, batch->b + (size_t)v * batch->padded, bytes);
}

void volley_batch_set_pending(void *own, int n_pending, const double *vectors) {
  volley_batch *batch = own;
  const size_t bytes = batch->n * sizeof(double);
  batch->n_gathered = n_pending - batch->dimension;
  if (batch->n_gathered < 0 || batch->n_gathered >= CAPACITY)
    volley_die("batch learning: %d pending vectors, but it takes %d to %d", n_pending, batch->dimension,
               batch->dimension + CAPACITY - 1);
  for (int m = 0; m < batch->n_gathered; m++, vectors += batch->n)
    memcpy(batch->gathered + (size_t)m * batch->padded, vectors, bytes);
  for (int v = 0; v < batch->dimension; v++, vectors += batch->n)
    memcpy(batch->b + (size_t)v * batch->padded, vectors, bytes);
}

uint64_t volley_batch_bytes(uint32_t n, int dimension, int ranks) {
  const uint64_t padded = (uint64_t)n + GROUP, rows = n / (uint64_t)ranks + GROUP;
  const uint64_t vectors = CAPACITY + 2 * (uint64_t)dimension + 4;
  return sizeof(double) * (rows * (padded + rows) + vectors * padded); /* A, factors of its block, vectors */
}

static void *create(const volley_readout *readout, const double *decoders, int threads, MPI_Comm comm) {
  return volley_batch_create(readout->reads.size, readout->supervisor->dimension, readout->lambda, decoders, threads,
                             comm);
}

/* Takes decoders that were solved for into use. */
static void use_decoders(volley_learning *lesson) {
  const size_t k = (size_t)lesson->readout->supervisor->dimension;
  const volley_filter *filter = lesson->filter;
  memset(lesson->filtered, 0, k * sizeof *lesson->filtered);
  memset(lesson->rising, 0, k * sizeof *lesson->rising);
  for (size_t i = 0; i < filter->n; i++) {
    for (size_t v = 0; v < k; v++) {
      lesson->filtered[v] += lesson->decoders[i * k + v] * filter->r[i];
      lesson->rising[v] += lesson->decoders[i * k + v] * filter->h[i];
    }
  }
  lesson->puts_out = true;
}

static void learn(void *own, volley_learning *lesson, int thread, volley_barrier *barrier) {
  volley_batch *batch = own;
  if (volley_is_learning_step(lesson->readout, lesson->step))
    volley_batch_learn(batch, lesson->filter->r, lesson->target, thread, barrier);
  if (thread != 0 || !volley_is_end_of_learning(lesson->readout, lesson->step)) return;
  batch->unsolved = volley_batch_solve(batch, lesson->decoders);
  use_decoders(lesson);
}

static const char *check(const void *own) {
  const volley_batch *batch = own;
  return batch->unsolved;
}

static uint64_t bytes(const volley_readout *readout, int ranks) {
  return volley_batch_bytes(readout->reads.size, readout->supervisor->dimension, ranks);
}

static const char *advice(const volley_readout *readout) {
  (void)readout;
  return "a larger lambda or a smaller gain may keep it finite";
}

const volley_learner_kind volley_learner_batch = {.name = "batch",
                                                  .doc = "ridge regression at the end of learning",
                                                  .acts_at_end = true,
                                                  .needs_petsc = true,
                                                  .failure = "no decoders found",
                                                  .create = create,
                                                  .destroy = volley_batch_destroy,
                                                  .learn = learn,
                                                  .check = check,
                                                  .rows = volley_batch_rows,
                                                  .get_rows = volley_batch_get_rows,
                                                  .set_rows = volley_batch_set_rows,
                                                  .pending = volley_batch_pending,
                                                  .get_pending = volley_batch_get_pending,
                                                  .set_pending = volley_batch_set_pending,
                                                  .bytes = bytes,
                                                  .advice = advice,
                                                  .try_options = volley_batch_try};
