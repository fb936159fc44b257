/* A toy learner, the delta rule: at each learning step the decoders move by -r e / lambda. It has no state but them. */
#include "learner/learner.h"

#include "base/memory.h"

#include <stdlib.h>

static void *create(const volley_readout *readout, const double *decoders, int threads, MPI_Comm comm) {
  (void)readout, (void)decoders, (void)threads, (void)comm;
  return volley_alloc(1, 1, "a learner"); /* nothing, but NULL is a fault */
}

static void learn(void *own, volley_learning *lesson, int thread, volley_barrier *barrier) {
  (void)own, (void)barrier;
  const volley_filter *filter = lesson->filter;
  const size_t k = (size_t)lesson->readout->supervisor->dimension;
  const double rate = 1 / lesson->readout->lambda;
  if (thread != 0) return;
  for (size_t i = 0; i < filter->n; i++)
    for (size_t v = 0; v < k; v++) {
      const double change = -rate * filter->r[i] * lesson->error[v];
      lesson->decoders[i * k + v] += change;
      lesson->filtered[v] += change * filter->r[i];
      lesson->rising[v] += change * filter->h[i];
    }
}

static uint64_t bytes(const volley_readout *readout, int ranks) {
  (void)readout, (void)ranks;
  return 0;
}

static const char *advice(const volley_readout *readout) {
  (void)readout;
  return "a larger lambda, which learns more slowly, may keep it finite";
}

const volley_learner_kind volley_learner_delta = {
    .name = "delta",
    .doc = "the delta rule, with a rate of 1 / lambda",
    .create = create,
    .destroy = free,
    .learn = learn,
    .bytes = bytes,
    .advice = advice,
};
