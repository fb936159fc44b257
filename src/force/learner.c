#include "force/learner.h"

volley_learner volley_learner_create(const volley_readout *readout, const double *decoders, int threads,
                                     MPI_Comm comm) {
  if (readout->solver == VOLLEY_SOLVER_BATCH)
    return (volley_learner){.batch = volley_batch_create(readout->size, readout->supervisor->dimension, readout->lambda,
                                                         decoders, threads, comm)};
  return (volley_learner){.rls = volley_rls_create(readout->size, readout->lambda, threads, comm)};
}

void volley_learner_release(volley_learner *learner) {
  volley_rls_destroy(learner->rls);
  volley_batch_destroy(learner->batch);
}

void volley_learner_step(const volley_learner *learner, volley_filter *filter, double *gains, double *product,
                         int thread, volley_barrier *barrier) {
  const volley_rls_motion motion = {.h = filter->kinetics.is_double ? filter->h : NULL,
                                    .rr = filter->motion.rr,
                                    .rh = filter->motion.rh,
                                    .hh = filter->motion.hh,
                                    .moved = filter->motion.moved,
                                    .n_moved = filter->motion.n_moved};
  volley_rls_learn_moved(learner->rls, filter->r, &motion, gains, product, thread, barrier);
  volley_barrier_wait(barrier);
  if (thread == 0) volley_filter_mark(filter);
}

void volley_learner_rows(const volley_learner *learner, uint32_t *first, uint32_t *count) {
  if (learner->batch)
    volley_batch_rows(learner->batch, first, count);
  else
    volley_rls_rows(learner->rls, first, count);
}

void volley_learner_get_rows(const volley_learner *learner, uint32_t from, uint32_t n_rows, double *rows) {
  if (learner->batch)
    volley_batch_get_rows(learner->batch, from, n_rows, rows);
  else
    volley_rls_get_rows(learner->rls, from, n_rows, rows);
}

void volley_learner_set_rows(const volley_learner *learner, uint32_t from, uint32_t n_rows, const double *rows) {
  if (learner->batch)
    volley_batch_set_rows(learner->batch, from, n_rows, rows);
  else
    volley_rls_set_rows(learner->rls, from, n_rows, rows);
}

int volley_learner_pending(const volley_learner *learner) {
  return learner->batch ? volley_batch_pending(learner->batch) : volley_rls_pending(learner->rls);
}

void volley_learner_get_pending(const volley_learner *learner, double *vectors) {
  if (learner->batch)
    volley_batch_get_pending(learner->batch, vectors);
  else
    volley_rls_get_pending(learner->rls, vectors);
}

void volley_learner_set_pending(const volley_learner *learner, int n_pending, const double *vectors) {
  if (learner->batch)
    volley_batch_set_pending(learner->batch, n_pending, vectors);
  else
    volley_rls_set_pending(learner->rls, n_pending, vectors);
}

uint64_t volley_learner_bytes(const volley_readout *readout, int ranks) {
  return readout->solver == VOLLEY_SOLVER_BATCH
             ? volley_batch_bytes(readout->size, readout->supervisor->dimension, ranks)
             : volley_rls_bytes(readout->size, ranks);
}

const char *volley_learner_advice(const volley_readout *readout) {
  if (readout->stop == 0) return "it does not learn: smaller decoders or a smaller gain may keep it finite";
  if (readout->solver == VOLLEY_SOLVER_BATCH) return "a larger lambda or a smaller gain may keep it finite";
  if (readout->is_exact)
    return "learning diverged: a larger lambda (a smaller initial_p) or a smaller gain may keep it stable";
  return "learning diverged: `update: exact` or a smaller initial_p may keep it stable";
}
