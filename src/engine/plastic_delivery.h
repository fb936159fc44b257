/* Delivery of spikes to the plastic synapses of a block, as engine/arrivals.h does it for the static ones: after these,
 * projection by projection. Also notes what the synapses need to learn: the spikes of their targets, and dopamine. */
#ifndef VOLLEY_ENGINE_PLASTIC_DELIVERY_H
#define VOLLEY_ENGINE_PLASTIC_DELIVERY_H

#include "engine/arrivals.h"

typedef struct volley_plastic_delivery {
  volley_block *block; /* not owned */
  volley_due *due;     /* [n_plastic][mask + 1] numbers of groups, by step */
  int64_t mask;
  uint64_t events; /* synaptic events delivered so far */
} volley_plastic_delivery;

volley_plastic_delivery volley_plastic_delivery_create(volley_block *block, int max_due);
void volley_plastic_delivery_free(volley_plastic_delivery *delivery);

/* Takes the spikes of `step`: n gids, ascending. */
void volley_plastic_delivery_schedule(volley_plastic_delivery *delivery, int64_t step, const volley_gid *gids,
                                      uint32_t n);

/* Lets all spikes act that are due before the update of `step`, and adds what they transmit to the block's inputs. */
void volley_plastic_delivery_deliver(volley_plastic_delivery *delivery, int64_t step);

/* Takes them off the list instead. */
void volley_plastic_delivery_skip(volley_plastic_delivery *delivery, int64_t step);

/* Notes which neurons of the block spiked in `step`, by their ids within the block. */
void volley_plastic_delivery_note(volley_plastic_delivery *delivery, int64_t step, const volley_spike_list *spikes);

#endif
