/* Recursive least squares with a distributed inverse correlation matrix P (Haykin 2002, ch. 9; Sussillo & Abbott 2009,
 * eq. 4):
 *
 *   c = P r,   P <- P - c c' / (1 + r' c),   P(0) = I / lambda
 *
 * P is dense, N x N, a PETSc matrix distributed by rows; one P serves all outputs of a readout. The update is exact
 * and keeps P symmetric. Updates are gathered and applied to P some at a time (P = P0 - C C', C the last columns c /
 * sqrt(1 + r' c)), since reading and writing P is what takes the time; a learning step then reads P0 once and writes
 * nothing. The same bits on any number of ranks and threads: each element of c is a sum in one fixed order. */
#ifndef VOLLEY_LEARNER_RLS_H
#define VOLLEY_LEARNER_RLS_H

#include "base/status.h"
#include "learner/learner.h"

#include <stdint.h>

typedef struct volley_rls volley_rls;

enum { VOLLEY_RLS_STATE_VECTORS = 4 /* r, h, P0 r, P0 h; those of the pending vectors that are always there */ };

/* P = I / lambda of n x n, distributed evenly over comm, worked on by `threads` threads of each rank. Collective.
 * Owned by the caller; NULL on all ranks where one has no memory for it: a fault that is left on its list. */
volley_rls *volley_rls_create(uint32_t n, double lambda, int threads, MPI_Comm comm);
void volley_rls_destroy(void *rls); /* as all that take no volley_rls: of the kind */

/* One learning step. All threads of all ranks call it, thread numbers 0 .. threads - 1, with the same r: [n], equal on
 * every rank, and the same c and rc. Thread 0 communicates. On return, on every rank: c = P r (of P before the
 * update): [n], and *rc = r' c. barrier: between these threads of the rank. No fault is raised here; see
 * volley_rls_check(). */
void volley_rls_learn(volley_rls *rls, const double *r, double *c, double *rc, int thread, volley_barrier *barrier);

/* How r has moved since the last learning step where it is a filter of spikes: r decays, fed by a second state h,
 * which decays too, except where there were spikes. Before the first learning step r and h are 0. Then P0 r is had
 * from the P0 r and P0 h of the last step and from the columns of P0 of the elements that had spikes, which are often
 * few. */
typedef struct volley_rls_motion {
  const double *h;       /* [n]: the second state now, equal on every rank; NULL: the filter has none */
  double rr, rh, hh;     /* without spikes: r = rr r_last + rh h_last, h = hh h_last */
  const uint32_t *moved; /* [n_moved]: the elements that had spikes, each once, in the same order on every rank */
  uint32_t n_moved;
} volley_rls_motion;

/* The same as volley_rls_learn(), but reads less of P where few elements have moved (many: no difference). Calls of
 * the two may follow each other in any order; to the next motion, volley_rls_learn() is a step with h = 0. */
void volley_rls_learn_moved(volley_rls *rls, const double *r, const volley_rls_motion *motion, double *c, double *rc,
                            int thread, volley_barrier *barrier);

/* NULL if the last learning step was sound, else what is wrong: r' P r not finite, or not above -1 ("P is not positive
 * definite any more"). The same on every rank. */
const char *volley_rls_check(const void *rls);

/* The rows that this rank holds: first .. first + count - 1. */
void volley_rls_rows(const void *rls, uint32_t *first, uint32_t *count);

/* P with all updates applied, a Mat of PETSc, for inspection. Collective, by one thread of each rank. Changes how later sums
 * round. */
struct _p_Mat *volley_rls_matrix(volley_rls *rls);

/* For checkpoints, by one thread: rows from .. from + n_rows - 1 of P0, which this rank holds, row by row:
 * [n_rows][n]; and the pending vectors, [n_pending][n], equal on every rank: the columns of C that are not yet applied
 * to P0, and the r, h, P0 r and P0 h of the last learning step. get and set of the same data leave no trace in later
 * bits. */
void volley_rls_get_rows(const void *rls, uint32_t from, uint32_t n_rows, double *rows);
void volley_rls_set_rows(void *rls, uint32_t from, uint32_t n_rows, const double *rows);
int volley_rls_pending(const void *rls);
void volley_rls_get_pending(const void *rls, double *vectors); /* collective */
void volley_rls_set_pending(void *rls, int n_pending, const double *vectors);

/* Bytes that a rank needs for it at most; and bytes that a learning step must move through memory on all ranks
 * together if n_moved elements have moved (n: all of P0 is read), averaged over the steps between two updates of P0. */
uint64_t volley_rls_bytes(uint32_t n, int ranks);
uint64_t volley_rls_traffic(uint32_t n, uint32_t n_moved);

#endif
