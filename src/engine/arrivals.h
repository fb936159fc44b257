/* Delivery of static synapses. A spike's row is looked up once, when its step is known. In a direct table it is added to the
 * ring of sums that are under way at once; in a listed one each group of it is put on the list of the step at which its
 * window begins, and added then. Before a step's update its sums are taken out of the ring.
 * Neither lists nor sums are state: they follow from the spikes of the last max_due steps. */
#ifndef VOLLEY_ENGINE_ARRIVALS_H
#define VOLLEY_ENGINE_ARRIVALS_H

#include "network/network.h"

/* Groups due at one step. */
typedef struct volley_due {
  uint64_t *entries;
  uint32_t n, capacity;
} volley_due;

/* Appends an entry; grows the list when full. */
void volley_due_put(volley_due *due, uint64_t entry);

typedef struct volley_arrivals {
  volley_block *block; /* not owned */
  volley_due *due; /* [mask + 1][VOLLEY_MAX_RECEPTORS] by step, a ring longer than max_due; NULL in a direct table */
  int64_t mask;
  uint64_t events; /* synapses that spikes have reached or will reach */
  uint64_t bytes;  /* of synapse tables read so far */
} volley_arrivals;

volley_arrivals volley_arrivals_create(volley_block *block, int max_due);
void volley_arrivals_free(volley_arrivals *arrivals);

/* Adds, or lists, the synapses of the spikes of `step`: n gids, ascending. */
void volley_arrivals_schedule(volley_arrivals *arrivals, int64_t step, const volley_gid *gids, uint32_t n);

/* Adds what is listed for `step`. */
void volley_arrivals_deliver(volley_arrivals *arrivals, int64_t step);

/* Adds the sums that are due before the update of `step`, all being delivered, to the inputs of a slice of the block. */
void volley_arrivals_take(volley_arrivals *arrivals, const volley_slice *slice, int64_t step);

/* Drops what is due before the update of `step`: it was added in a run that is being resumed after that step. */
void volley_arrivals_skip(volley_arrivals *arrivals, int64_t step);

#endif
