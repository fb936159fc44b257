/* What a readout learns with: recursive least squares or batch learning. */
#ifndef VOLLEY_FORCE_LEARNER_H
#define VOLLEY_FORCE_LEARNER_H

#include "force/batch.h"
#include "force/filter.h"
#include "force/rls.h"
#include "model/experiment.h"

typedef struct volley_learner {
  volley_rls *rls;
  volley_batch *batch; /* one of them; the other is NULL */
} volley_learner;

/* decoders: [N][K], initial, not kept. Collective. */
volley_learner volley_learner_create(const volley_readout *readout, const double *decoders, int threads, MPI_Comm comm);
void volley_learner_release(volley_learner *learner);

/* A step of recursive least squares: gains = P r: [N], *product = r' P r, and the change of P. All but the neurons that
 * spiked since the last step have only decayed. filter: brought up to date; its motion begins anew. All threads of
 * all ranks call it. */
void volley_learner_step(const volley_learner *learner, volley_filter *filter, double *gains, double *product,
                         int thread, volley_barrier *barrier);

/* For checkpoints: the rows of the distributed matrix, P or A, and the vectors that go with it. See rls.h and batch.h.
 * */
void volley_learner_rows(const volley_learner *learner, uint32_t *first, uint32_t *count);
void volley_learner_get_rows(const volley_learner *learner, uint32_t from, uint32_t n_rows, double *rows);
void volley_learner_set_rows(const volley_learner *learner, uint32_t from, uint32_t n_rows, const double *rows);
int volley_learner_pending(const volley_learner *learner);
void volley_learner_get_pending(const volley_learner *learner, double *vectors); /* collective */
void volley_learner_set_pending(const volley_learner *learner, int n_pending, const double *vectors);

/* Bytes that a rank needs for it at most. */
uint64_t volley_learner_bytes(const volley_readout *readout, int ranks);

/* What may keep an output finite that has grown without bounds. */
const char *volley_learner_advice(const volley_readout *readout);

#endif
