/* What a readout learns with: a table of functions, one file a kind; adding one is a new file and a line in registry.c. */
#ifndef VOLLEY_LEARNER_LEARNER_H
#define VOLLEY_LEARNER_LEARNER_H

#include "base/parallel.h"
#include "learner/filter.h"
#include "model/experiment.h"

#include <mpi.h>

/* A readout while it learns; the same on every rank. N: its size, K: its dimension. */
typedef struct volley_learning {
  const volley_readout *readout;
  int64_t step;
  volley_filter *filter;        /* up to the end of this step */
  double *decoders;             /* [N][K] to be changed; then filtered and rising, too */
  double *filtered, *rising;    /* [K] decoders' r and decoders' h */
  const double *target, *error; /* [K] of this step */
  bool puts_out;                /* to be set where the output of this step becomes another one */
} volley_learning;

typedef struct volley_learner_kind {
  const char *name, *doc;
  bool acts_at_end;    /* beside the learning steps at the end of the learning window */
  bool needs_petsc;    /* solver/solver.h: volley_linear */
  const char *failure; /* what has happened where check() finds something */
  /* decoders: [N][K] initial, not kept. Collective; the result is for destroy(), collective, too. NULL on all ranks where one
   * has no memory for it: a fault that is left on its list. */
  void *(*create)(const volley_readout *readout, const double *decoders, int threads, MPI_Comm comm);
  void (*destroy)(void *own);
  /* One step, by all threads of all ranks; NULL: never called. Raises no fault: check() says what is wrong, the same on every
   * rank, or NULL. NULL: nothing can be. */
  void (*learn)(void *own, volley_learning *lesson, int thread, volley_barrier *barrier);
  const char *(*check)(const void *own);
  /* For checkpoints, by one thread: the rows of a distributed matrix of N x N that this rank holds, first .. first + count -
   * 1; some of them, [n_rows][N]; and vectors that go with it, [n_pending][N], the same on every rank. get and set of the
   * same data leave no trace in later bits. All NULL: the decoders are all that it knows. */
  void (*rows)(const void *own, uint32_t *first, uint32_t *count);
  void (*get_rows)(const void *own, uint32_t from, uint32_t n_rows, double *rows);
  void (*set_rows)(void *own, uint32_t from, uint32_t n_rows, const double *rows);
  int (*pending)(const void *own);
  void (*get_pending)(const void *own, double *vectors); /* collective */
  void (*set_pending)(void *own, int n_pending, const double *vectors);
  /* Bytes that a rank needs for it at most. */
  uint64_t (*bytes)(const volley_readout *readout, int ranks);
  /* What may keep an output finite that has grown without bounds. */
  const char *(*advice)(const volley_readout *readout);
  /* NULL, or what is wrong with PETSc's options, the same on every rank. Collective. NULL: takes none. */
  const char *(*try_options)(MPI_Comm comm);
} volley_learner_kind;

/* All kinds, ended by NULL. The first is the default. */
const volley_learner_kind *const *volley_learners(void);

/* That of a readout; of one that does not learn a kind that takes no memory. */
const volley_learner_kind *volley_learner_of(const volley_readout *readout);

/* Whether the readout learns after `step`; the published condition counts steps from 1. */
static inline bool volley_is_learning_step(const volley_readout *readout, int64_t step) {
  const int64_t n = step + 1;
  return n % readout->interval == 1 % readout->interval && n > readout->start && n < readout->stop;
}

static inline bool volley_is_end_of_learning(const volley_readout *readout, int64_t step) {
  return readout->stop > 0 && step + 1 == readout->stop;
}

/* A learner at work. */
typedef struct volley_learner {
  const volley_learner_kind *kind;
  void *own;
} volley_learner;

#endif
