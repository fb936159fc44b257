/* What rules with dopamine share: the concentration as a function of the time at the synapse. */
#ifndef VOLLEY_SYNAPSE_DOPAMINE_H
#define VOLLEY_SYNAPSE_DOPAMINE_H

#include "synapse/synapse.h"

/* The last level that stands at a time. */
static inline uint32_t volley_dopamine_find(const volley_synapse_view *b, int64_t at) {
  uint32_t k = b->dopamine->n - 1;
  while (k > 0 && b->dopamine->levels[k].step > at) k--;
  return k;
}

/* The concentration at a time that level k stands at. trace: that of dopamine */
static inline double volley_dopamine_level(const volley_synapse_view *b, int trace, uint32_t k, int64_t at) {
  const volley_past_spike *level = &b->dopamine->levels[k];
  return level->traces[0] * volley_decay_at(&b->constants->traces[trace], at - level->step);
}

#endif
