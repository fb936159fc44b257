#include "learner/rls.h"

#include "base/memory.h"
#include "learner/rls_kernels.h"
#include "solver/solver.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum {
  GROUP = VOLLEY_RLS_GROUP,
  CAPACITY = 48,     /* columns that are gathered before P0 is updated: see docs/performance.md */
  FEW = 4,           /* elements that moved are few where they are less than n / FEW */
  SMALL = 128,       /* smaller matrices are always read as a whole */
  PIECE_ROWS = 256,  /* of 8 columns, in the first-level cache between update of P0 and sums */
  BLOCK_ROWS = 2048, /* of C, in the second-level cache while P0 is updated */
  N_STATE_VECTORS = VOLLEY_RLS_STATE_VECTORS
};

/* Rows are dealt to ranks and threads in groups of 8, and matrices padded to whole groups with zeros. */
struct volley_rls {
  uint32_t n, first, count;
  int threads, rank, ranks;
  MPI_Comm comm;
  struct _p_Mat *matrix; /* of PETSc, P0, over p */

  double *p;      /* P0: own rows, column by column, column j at p + j * p_stride */
  size_t p_bytes; /* of p */
  size_t p_stride;
  size_t stride;   /* of vectors over all n */
  double *columns; /* C: [CAPACITY][stride] */
  int pending;     /* columns of C in use */

  double *r, *h;             /* of the last learning step: [stride] */
  double *pr, *ph;           /* P0 r and P0 h, own rows: [p_stride] */
  double *c;                 /* [stride] */
  double *jump_r, *jump_h;   /* what moved elements differ by from decay: [n / FEW + GROUP] */
  double products[CAPACITY]; /* -C' r */
  int *counts, *starts;      /* rows of each rank: [ranks] */
  double *gains, product;    /* of a readout that learns: P r, [n], and r' P r */
  const char *fault;
};

typedef struct span {
  size_t from, to;
} span;

/* The part of n items that falls to one of `parts`, in whole groups: the last may end beyond n. */
static span share(size_t n, int part, int parts) {
  const size_t groups = (n + GROUP - 1) / GROUP, at = (size_t)part, of = (size_t)parts;
  return (span){groups * at / of * GROUP, groups * (at + 1) / of * GROUP};
}

static span share_within(size_t n, int part, int parts) {
  const span all = share(n, part, parts);
  return (span){all.from < n ? all.from : n, all.to < n ? all.to : n};
}

/* Whole groups; and no multiple of 2 kB, lest the same rows of many columns contend for the same lines of the cache. */
static size_t padded(size_t n) {
  const size_t whole = (n + GROUP - 1) / GROUP * GROUP;
  return whole > 0 && whole % 256 == 0 ? whole + GROUP : whole;
}

static void deal_rows(volley_rls *rls) {
  VOLLEY_MPI(MPI_Comm_rank(rls->comm, &rls->rank));
  VOLLEY_MPI(MPI_Comm_size(rls->comm, &rls->ranks));
  rls->counts = volley_alloc((size_t)rls->ranks, sizeof(int), "rows of ranks");
  rls->starts = volley_alloc((size_t)rls->ranks, sizeof(int), "rows of ranks");
  for (int rank = 0; rank < rls->ranks; rank++) {
    const span rows = share_within(rls->n, rank, rls->ranks);
    rls->starts[rank] = (int)rows.from;
    rls->counts[rank] = (int)(rows.to - rows.from);
  }
  rls->first = (uint32_t)rls->starts[rls->rank];
  rls->count = (uint32_t)rls->counts[rls->rank];
}

static double *make_vectors(size_t count, size_t length) {
  return volley_alloc(count * length, sizeof(double), "recursive least squares");
}

static void allocate(void *own) {
  volley_rls *rls = own;
  const size_t n = rls->n;
  rls->p_stride = padded(rls->count);
  rls->stride = padded(n);
  rls->p_bytes = (n + GROUP) * rls->p_stride * sizeof(double);
  rls->p = volley_alloc_huge(rls->p_bytes, "the inverse correlation matrix");
  rls->columns = make_vectors(CAPACITY, rls->stride);
  double **const whole[] = {&rls->r, &rls->h, &rls->c, &rls->gains};
  double **const own_rows[] = {&rls->pr, &rls->ph}, **const few[] = {&rls->jump_r, &rls->jump_h};
  for (int v = 0; v < 4; v++) *whole[v] = make_vectors(1, rls->stride);
  for (int v = 0; v < 2; v++) *own_rows[v] = make_vectors(1, rls->p_stride), *few[v] = make_vectors(1, n / FEW + GROUP);
}

volley_rls *volley_rls_create(uint32_t n, double lambda, int threads, MPI_Comm comm) {
  volley_rls *rls = volley_alloc(1, sizeof *rls, "recursive least squares");
  rls->n = n;
  rls->threads = threads;
  VOLLEY_MPI(MPI_Comm_dup(comm, &rls->comm));
  deal_rows(rls);
  if (!volley_all(volley_memory_try(allocate, rls) == VOLLEY_OK, rls->comm)) return volley_rls_destroy(rls), NULL;
  rls->matrix = volley_linear.matrix(rls->p, rls->count, n, rls->p_stride, false, rls->comm);
  for (uint32_t i = 0; i < rls->count; i++) rls->p[(rls->first + i) * rls->p_stride + i] = 1 / lambda;
  return rls;
}

void volley_rls_destroy(void *own) {
  volley_rls *rls = own;
  if (!rls) return;
  if (rls->matrix) volley_linear.destroy_matrix(rls->matrix);
  VOLLEY_MPI(MPI_Comm_free(&rls->comm));
  volley_table_free(rls->p, rls->p_bytes);
  double *const vectors[] = {rls->columns, rls->r,      rls->h,      rls->c,    rls->pr,
                             rls->ph,      rls->jump_r, rls->jump_h, rls->gains};
  for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) free(vectors[i]);
  free(rls->counts);
  free(rls->starts);
  free(rls);
}

/* Adds weights[0] times column 0 and so on to pr and ph in own rows from .. end - 1, where columns[g] is the whole
 * column and weights are those of r and of h. next: the columns that come after these. */
static void add_columns(volley_rls *rls, const double *const columns[GROUP], const double *const next[GROUP],
                        const double *weights_r, const double *weights_h, size_t from, size_t end) {
  const double *piece[GROUP], *next_piece[GROUP];
  for (int g = 0; g < GROUP; g++) {
    piece[g] = columns[g] + from;
    next_piece[g] = next[g] + from;
  }
  volley_rls_combine_two(rls->pr + from, rls->ph + from, piece, next_piece, weights_r, weights_h, end - from);
}

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* P0 -= C C' with the first k columns of C, and pr = P0 r, ph = P0 h, all in one pass over these own rows. Each
 * element of pr and ph is one sum over j in ascending order. */
static void sweep(volley_rls *rls, span rows, int k) {
  const double *own = rls->columns + rls->first;
  const size_t stride = rls->p_stride, last = (rls->n - 1) / GROUP * GROUP;
  memset(rls->pr + rows.from, 0, (rows.to - rows.from) * sizeof(double));
  memset(rls->ph + rows.from, 0, (rows.to - rows.from) * sizeof(double));
  for (size_t block = rows.from; block < rows.to; block += BLOCK_ROWS) {
    const size_t end = least(block + BLOCK_ROWS, rows.to);
    for (size_t j = 0; j < rls->n; j += GROUP) {
      double *strip = rls->p + j * stride;
      const double *next_strip = rls->p + least(j + GROUP, last) * stride, *columns[GROUP], *next[GROUP];
      for (size_t g = 0; g < GROUP; g++) {
        columns[g] = strip + g * stride;
        next[g] = next_strip + g * stride;
      }
      for (size_t i = block; i < end; i += PIECE_ROWS) {
        const size_t to = least(i + PIECE_ROWS, end);
        if (k > 0)
          volley_rls_downdate(strip + i, next_strip + i, stride, own + i, rls->columns + j, rls->stride, k, to - i);
        add_columns(rls, columns, k > 0 ? columns : next, rls->r + j, rls->h + j, i, to);
      }
    }
  }
}

/* The columns of P0 of 8 moved elements from number q on; beyond the end any, since their weight is 0. */
static void find_columns(const volley_rls *rls, const volley_rls_motion *motion, size_t q,
                         const double *columns[GROUP]) {
  for (size_t g = 0; g < GROUP; g++)
    columns[g] = rls->p + motion->moved[least(q + g, motion->n_moved - 1)] * rls->p_stride;
}

/* pr and ph of now from those of the last learning step and the columns of P0 that belong to moved elements. */
static void follow(volley_rls *rls, span rows, const volley_rls_motion *motion) {
  for (size_t i = rows.from; i < rows.to; i++) {
    rls->pr[i] = motion->rr * rls->pr[i] + motion->rh * rls->ph[i];
    rls->ph[i] = motion->hh * rls->ph[i];
  }
  for (size_t q = 0; q < motion->n_moved; q += GROUP) {
    const double *columns[GROUP], *next[GROUP];
    find_columns(rls, motion, q, columns);
    find_columns(rls, motion, q + GROUP, next);
    add_columns(rls, columns, next, rls->jump_r + q, rls->jump_h + q, rows.from, rows.to);
  }
}

/* How the moved elements differ from what they would be without spikes. */
static void find_jumps(volley_rls *rls, const double *r, const volley_rls_motion *motion, span part) {
  for (size_t q = part.from; q < part.to; q++) {
    const uint32_t j = motion->moved[q];
    rls->jump_r[q] = r[j] - (motion->rr * rls->r[j] + motion->rh * rls->h[j]);
    rls->jump_h[q] = motion->h ? motion->h[j] - motion->hh * rls->h[j] : 0;
  }
  const size_t end = motion->n_moved;
  for (size_t q = end; part.to == end && q % GROUP != 0; q++) rls->jump_r[q] = rls->jump_h[q] = 0;
}

static void keep(volley_rls *rls, const double *r, const double *h, span part) {
  const size_t bytes = (part.to - part.from) * sizeof(double);
  memcpy(rls->r + part.from, r + part.from, bytes);
  if (h)
    memcpy(rls->h + part.from, h + part.from, bytes);
  else
    memset(rls->h + part.from, 0, bytes);
}

/* c = P0 r - C (C' r) in own rows. */
static void subtract_pending(volley_rls *rls, span rows, int k) {
  double *c = rls->c + rls->first;
  memcpy(c + rows.from, rls->pr + rows.from, (rows.to - rows.from) * sizeof(double));
  for (size_t i = rows.from; i < rows.to; i += PIECE_ROWS) {
    const size_t n_rows = least(PIECE_ROWS, rows.to - i);
    for (int m = 0; m < k; m += GROUP) {
      const double *columns[GROUP];
      for (int g = 0; g < GROUP; g++) columns[g] = rls->columns + (size_t)(m + g) * rls->stride + rls->first + i;
      volley_rls_combine(c + i, columns, rls->products + m, n_rows);
    }
  }
}

/* The new column of C is c / sqrt(1 + r' c). */
static void append_column(volley_rls *rls, double rc, int at, span part) {
  double *column = rls->columns + (size_t)at * rls->stride;
  const double root = sqrt(1 + rc);
  for (size_t i = part.from; i < part.to; i++) column[i] = rls->c[i] / root;
}

/* Every rank learns all of c. */
static void gather(const volley_rls *rls, double *vector) {
  VOLLEY_MPI(
      MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_DATATYPE_NULL, vector, rls->counts, rls->starts, MPI_DOUBLE, rls->comm));
}

/* pr and ph of now in own rows, and P0 up to date if C is full. Returns how many columns of C are pending then. */
static int project(volley_rls *rls, const double *r, const volley_rls_motion *motion, int thread,
                   volley_barrier *barrier) {
  const span rows = share(rls->count, thread, rls->threads);
  const span part = share_within(rls->n, thread, rls->threads);
  const int pending = rls->pending;
  const bool full = pending == CAPACITY, few = rls->n >= SMALL && motion->n_moved < rls->n / FEW;
  if (full || !few) {
    keep(rls, r, motion->h, part);
    volley_barrier_wait(barrier);
    sweep(rls, rows, full ? pending : 0);
    return full ? 0 : pending;
  }
  find_jumps(rls, r, motion, share_within(motion->n_moved, thread, rls->threads));
  volley_barrier_wait(barrier);
  keep(rls, r, motion->h, part);
  follow(rls, rows, motion);
  return pending;
}

void volley_rls_learn_moved(volley_rls *rls, const double *r, const volley_rls_motion *motion, double *c, double *rc,
                            int thread, volley_barrier *barrier) {
  const span part = share_within(rls->n, thread, rls->threads);
  const int k = project(rls, r, motion, thread, barrier);
  for (int m = thread; m < CAPACITY; m += rls->threads)
    rls->products[m] = m < k ? -volley_rls_dot(rls->columns + (size_t)m * rls->stride, r, rls->n) : 0;
  volley_barrier_wait(barrier);
  subtract_pending(rls, share(rls->count, thread, rls->threads), k);
  volley_barrier_wait(barrier);
  if (rls->ranks > 1) {
    if (thread == 0) gather(rls, rls->c);
    volley_barrier_wait(barrier);
  }
  const double product = volley_rls_dot(r, rls->c, rls->n);
  const bool sound = isfinite(product) && product > -1;
  memcpy(c + part.from, rls->c + part.from, (part.to - part.from) * sizeof(double));
  if (sound) append_column(rls, product, k, part);
  if (thread == 0) {
    *rc = product;
    rls->pending = sound ? k + 1 : k;
    rls->fault = sound               ? NULL
                 : isfinite(product) ? "r' P r is below -1: P is not positive definite any more"
                                     : "r' P r is not a finite number";
  }
  volley_barrier_wait(barrier);
}

void volley_rls_learn(volley_rls *rls, const double *r, double *c, double *rc, int thread, volley_barrier *barrier) {
  volley_rls_learn_moved(rls, r, &(volley_rls_motion){.n_moved = UINT32_MAX}, c, rc, thread, barrier);
}

const char *volley_rls_check(const void *own) {
  const volley_rls *rls = own;
  return rls->fault;
}

void volley_rls_rows(const void *own, uint32_t *first, uint32_t *count) {
  const volley_rls *rls = own;
  *first = rls->first;
  *count = rls->count;
}

struct _p_Mat *volley_rls_matrix(volley_rls *rls) {
  sweep(rls, share(rls->count, 0, 1), rls->pending);
  rls->pending = 0;
  volley_linear.changed(rls->matrix);
  return rls->matrix;
}

void volley_rls_get_rows(const void *own, uint32_t from, uint32_t n_rows, double *rows) {
  const volley_rls *rls = own;
  for (size_t j = 0; j < rls->n; j++) {
    const double *column = rls->p + j * rls->p_stride + (from - rls->first);
    for (size_t i = 0; i < n_rows; i++) rows[i * rls->n + j] = column[i];
  }
}

void volley_rls_set_rows(void *own, uint32_t from, uint32_t n_rows, const double *rows) {
  volley_rls *rls = own;
  for (size_t j = 0; j < rls->n; j++) {
    double *column = rls->p + j * rls->p_stride + (from - rls->first);
    for (size_t i = 0; i < n_rows; i++) column[i] = rows[i * rls->n + j];
  }
}

int volley_rls_pending(const void *own) {
  const volley_rls *rls = own;
  return rls->pending + N_STATE_VECTORS;
}

void volley_rls_get_pending(const void *own, double *vectors) {
  const volley_rls *rls = own;
  const size_t n = rls->n;
  for (int m = 0; m < rls->pending; m++, vectors += n)
    memcpy(vectors, rls->columns + (size_t)m * rls->stride, n * sizeof(double));
  memcpy(vectors, rls->r, n * sizeof(double));
  memcpy(vectors + n, rls->h, n * sizeof(double));
  memcpy(vectors + 2 * n + rls->first, rls->pr, rls->count * sizeof(double));
  memcpy(vectors + 3 * n + rls->first, rls->ph, rls->count * sizeof(double));
  gather(rls, vectors + 2 * n);
  gather(rls, vectors + 3 * n);
}

void volley_rls_set_pending(void *own, int n_pending, const double *vectors) {
  volley_rls *rls = own;
  const size_t n = rls->n;
  rls->pending = n_pending - N_STATE_VECTORS;
  if (rls->pending < 0 || rls->pending > CAPACITY)
    volley_die("recursive least squares: %d pending vectors, but it takes %d to %d", n_pending, N_STATE_VECTORS,
               N_STATE_VECTORS + CAPACITY);
  for (int m = 0; m < rls->pending; m++, vectors += n)
    memcpy(rls->columns + (size_t)m * rls->stride, vectors, n * sizeof(double));
  memcpy(rls->r, vectors, n * sizeof(double));
  memcpy(rls->h, vectors + n, n * sizeof(double));
  memcpy(rls->pr, vectors + 2 * n + rls->first, rls->count * sizeof(double));
  memcpy(rls->ph, vectors + 3 * n + rls->first, rls->count * sizeof(double));
}

uint64_t volley_rls_bytes(uint32_t n, int ranks) {
  const uint64_t groups = ((uint64_t)n + GROUP - 1) / GROUP, parts = (uint64_t)ranks;
  const uint64_t rows = padded((groups + parts - 1) / parts * GROUP);
  return sizeof(double) * (rows * (n + GROUP + 2) + padded(n) * (CAPACITY + 3) + 2 * (n / FEW + GROUP));
}

uint64_t volley_rls_traffic(uint32_t n, uint32_t n_moved) {
  const uint64_t all = (uint64_t)n * n, few = n >= SMALL && n_moved < n / FEW;
  const uint64_t read = few ? (uint64_t)n * n_moved * (CAPACITY - 1) + all : all * CAPACITY;
  return sizeof(double) * (read + all) / CAPACITY;
}

static void *create(const volley_readout *readout, const double *decoders, int threads, MPI_Comm comm) {
  (void)decoders;
  return volley_rls_create(readout->reads.size, readout->lambda, threads, comm);
}

static double dot(const double *a, const double *b, uint32_t n) {
  double sum = 0;
  for (uint32_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

/* The new decoders of this thread's share of the neurons, and, by thread 0, what follows from all of them. */
static void change_decoders(const volley_rls *rls, const volley_learning *lesson, int thread) {
  const double scale = lesson->readout->is_exact ? 1 / (1 + rls->product) : 1;
  const size_t k = (size_t)lesson->readout->supervisor->dimension;
  const uint64_t n = rls->n, threads = (uint64_t)rls->threads;
  const size_t from = (size_t)(n * (uint64_t)thread / threads), end = (size_t)(n * (uint64_t)(thread + 1) / threads);
  for (size_t i = from; i < end; i++) {
    for (size_t v = 0; v < k; v++) lesson->decoders[i * k + v] -= scale * rls->gains[i] * lesson->error[v];
  }
  if (thread != 0) return;
  const double of_rising = dot(rls->gains, lesson->filter->h, rls->n);
  for (size_t v = 0; v < k; v++) {
    lesson->filtered[v] -= scale * rls->product * lesson->error[v];
    lesson->rising[v] -= scale * of_rising * lesson->error[v];
  }
}

/* All but the neurons that spiked since the last step have only decayed. */
static void learn(void *own, volley_learning *lesson, int thread, volley_barrier *barrier) {
  volley_rls *rls = own;
  volley_filter *filter = lesson->filter;
  const volley_rls_motion motion = {.h = filter->kinetics.is_double ? filter->h : NULL,
                                    .rr = filter->motion.rr,
                                    .rh = filter->motion.rh,
                                    .hh = filter->motion.hh,
                                    .moved = filter->motion.moved,
                                    .n_moved = filter->motion.n_moved};
  volley_rls_learn_moved(rls, filter->r, &motion, rls->gains, &rls->product, thread, barrier);
  volley_barrier_wait(barrier);
  if (thread == 0) volley_filter_mark(filter);
  change_decoders(rls, lesson, thread);
}

static uint64_t bytes(const volley_readout *readout, int ranks) { return volley_rls_bytes(readout->reads.size, ranks); }

static const char *advice(const volley_readout *readout) {
  if (readout->is_exact)
    return "learning diverged: a larger lambda (a smaller initial_p) or a smaller gain may keep it stable";
  return "learning diverged: `update: exact` or a smaller initial_p may keep it stable";
}

const volley_learner_kind volley_learner_rls = {.name = "rls",
                                                .doc = "recursive least squares at every learning step",
                                                .needs_petsc = true,
                                                .failure = "learning diverged",
                                                .create = create,
                                                .destroy = volley_rls_destroy,
                                                .learn = learn,
                                                .check = volley_rls_check,
                                                .rows = volley_rls_rows,
                                                .get_rows = volley_rls_get_rows,
                                                .set_rows = volley_rls_set_rows,
                                                .pending = volley_rls_pending,
                                                .get_pending = volley_rls_get_pending,
                                                .set_pending = volley_rls_set_pending,
                                                .bytes = bytes,
                                                .advice = advice};
