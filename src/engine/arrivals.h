/* Delivery. A spike's row is visited once, when the ids of its step are known: each group of the row is put on the list of the
 * step before whose update it is due. At that step the list is walked and the groups are added to the inputs of the block.
 * The lists are not state: they follow from the spikes of the last max_due steps. */
#ifndef VOLLEY_ENGINE_ARRIVALS_H
#define VOLLEY_ENGINE_ARRIVALS_H

#include "network/network.h"

/* Runs due at one step, in the total order of inputs: step of the spike, gid of the source, group. */
typedef struct volley_due {
  uint64_t *entries;
  uint32_t n, capacity;
} volley_due;

/* Appends an entry; grows the list when full. */
void volley_due_put(volley_due *due, uint64_t entry);

typedef struct volley_arrivals {
  volley_block *block; /* not owned */
  volley_due *due;     /* [mask + 1] by step, a ring longer than max_due */
  int64_t mask;
  uint64_t events; /* synaptic events delivered so far */
  uint64_t bytes;  /* of synapse tables read so far */
} volley_arrivals;

volley_arrivals volley_arrivals_create(volley_block *block, int max_due);
void volley_arrivals_free(volley_arrivals *arrivals);

/* Puts the groups of the spikes of `step` (n gids, ascending) on the lists. */
void volley_arrivals_schedule(volley_arrivals *arrivals, int64_t step, const uint32_t *gids, uint32_t n);

/* Adds all groups that are due before the update of `step` to the block's inputs. */
void volley_arrivals_deliver(volley_arrivals *arrivals, int64_t step);

/* Takes all groups that are due before the update of `step` off the list, without adding them: they were, in a run that is
 * being resumed after that step. */
void volley_arrivals_skip(volley_arrivals *arrivals, int64_t step);

#endif
