/* Batch learning: the ridge regression that recursive least squares solves step by step, solved once, by PETSc.
 *
 *   A = lambda I + sum r r',   B = lambda D0 + sum r x',   A D = B
 *
 * over the learning steps, with the supervisor x and the initial decoders D0. Where feedback does not depend on the
 * decoders, D is what recursive least squares ends with if each step is D -= P r e' with the P after its update; the
 * published step of FORCE takes the P before it, which is 1 + r' P r times as much.
 *
 * A is dense, N x N, distributed by rows; the r of some steps are gathered and added at a time. A and B are the same
 * bits on any number of ranks and threads; D is so to rounding. */
#ifndef VOLLEY_LEARNER_BATCH_H
#define VOLLEY_LEARNER_BATCH_H

#include "learner/learner.h"

typedef struct volley_batch volley_batch;

/* decoders: [n][dimension], D0, not kept. Worked on by `threads` threads of each rank. Collective. Owned by the
 * caller; NULL on all ranks where one has no memory for it: a fault that is left on its list. */
volley_batch *volley_batch_create(uint32_t n, int dimension, double lambda, const double *decoders, int threads,
                                  MPI_Comm comm);
void volley_batch_destroy(void *batch); /* as all that take no volley_batch: of the kind; NULL is allowed; collective */

/* One learning step. All threads of all ranks call it, thread numbers 0 .. threads - 1, with the same r: [n] and
 * x: [dimension], equal on every rank. Does not communicate. barrier: between these threads of the rank. */
void volley_batch_learn(volley_batch *batch, const double *r, const double *x, int thread, volley_barrier *barrier);

/* Solves for the decoders, [n][dimension], the same bits on every rank. PETSc's options choose how: by default
 * conjugate gradients, with the factors of each rank's block on the diagonal of A as preconditioner: on one rank those
 * of A. Collective, by one thread of each rank. Returns NULL, or why there is no solution and what may help, the same on
 * every rank, valid until the next call; decoders are then as they were. */
const char *volley_batch_solve(volley_batch *batch, double *decoders);

/* Makes a solver for a small matrix as PETSc's options say. Returns NULL, or what is wrong with them, the same on every rank,
 * valid until the next call. Collective. */
const char *volley_batch_try(MPI_Comm comm);

/* For checkpoints, by one thread, as those of rls.h: rows of A without the gathered r, [n_rows][n]; and vectors that go
 * with it, [n_pending][n], the same on every rank: the gathered r, and B by columns. */
void volley_batch_rows(const void *batch, uint32_t *first, uint32_t *count);
void volley_batch_get_rows(const void *batch, uint32_t from, uint32_t n_rows, double *rows);
void volley_batch_set_rows(void *batch, uint32_t from, uint32_t n_rows, const double *rows);
int volley_batch_pending(const void *batch);
void volley_batch_get_pending(const void *batch, double *vectors);
void volley_batch_set_pending(void *batch, int n_pending, const double *vectors);

/* Bytes that a rank needs for it at most. */
uint64_t volley_batch_bytes(uint32_t n, int dimension, int ranks);

#endif
