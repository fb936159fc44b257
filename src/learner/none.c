/* What a readout has that does not learn. Checkpoints have the P and the vectors of recursive least squares at its
 * beginning, which take no memory here. */
#include "base/memory.h"
#include "learner/learner.h"
#include "learner/rls.h"

#include <stdlib.h>
#include <string.h>

typedef struct nothing {
  const volley_readout *readout;
  int rank, ranks;
} nothing;

static void *create(const volley_readout *readout, const double *decoders, int threads, MPI_Comm comm) {
  (void)decoders, (void)threads;
  nothing *own = volley_alloc(1, sizeof *own, "a readout");
  own->readout = readout;
  VOLLEY_MPI(MPI_Comm_rank(comm, &own->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &own->ranks));
  return own;
}

static void rows(const void *of, uint32_t *first, uint32_t *count) {
  const nothing *own = of;
  const uint64_t n = own->readout->reads.size, rank = (uint64_t)own->rank, ranks = (uint64_t)own->ranks;
  *first = (uint32_t)(n * rank / ranks);
  *count = (uint32_t)(n * (rank + 1) / ranks) - *first;
}

static void get_rows(const void *of, uint32_t from, uint32_t n_rows, double *out) {
  const nothing *own = of;
  const size_t n = own->readout->reads.size;
  memset(out, 0, n_rows * n * sizeof *out);
  for (size_t i = 0; i < n_rows; i++) out[i * n + from + i] = 1 / own->readout->lambda;
}

static void set_rows(void *own, uint32_t from, uint32_t n_rows, const double *in) {
  (void)own, (void)from, (void)n_rows, (void)in;
}

static int pending(const void *own) {
  (void)own;
  return VOLLEY_RLS_STATE_VECTORS;
}

static void get_pending(const void *of, double *vectors) {
  const nothing *own = of;
  memset(vectors, 0, VOLLEY_RLS_STATE_VECTORS * (size_t)own->readout->reads.size * sizeof *vectors);
}

static void set_pending(void *own, int n_pending, const double *vectors) { (void)own, (void)n_pending, (void)vectors; }

static uint64_t bytes(const volley_readout *readout, int ranks) {
  (void)readout, (void)ranks;
  return sizeof(nothing);
}

static const char *advice(const volley_readout *readout) {
  (void)readout;
  return "it does not learn: smaller decoders or a smaller gain may keep it finite";
}

const volley_learner_kind volley_learner_none = {.name = "none",
                                                 .create = create,
                                                 .destroy = free,
                                                 .rows = rows,
                                                 .get_rows = get_rows,
                                                 .set_rows = set_rows,
                                                 .pending = pending,
                                                 .get_pending = get_pending,
                                                 .set_pending = set_pending,
                                                 .bytes = bytes,
                                                 .advice = advice};
