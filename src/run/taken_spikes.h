/* Spikes that are kept until a host program takes them. */
#ifndef VOLLEY_RUN_TAKEN_SPIKES_H
#define VOLLEY_RUN_TAKEN_SPIKES_H

#include "engine/observer.h"
#include "network/network.h"

typedef struct volley_taken_spikes volley_taken_spikes;

/* The network must outlive it. Owned by the caller. */
volley_taken_spikes *volley_taken_spikes_create(const volley_network *network);
void volley_taken_spikes_destroy(volley_taken_spikes *taken); /* NULL is allowed */

/* The observer that keeps the spikes of this rank's neurons. */
volley_observer volley_taken_spikes_observer(volley_taken_spikes *taken);

/* Takes those of population p: times in ms and indices within the population, sorted by both, of all ranks on every rank;
 * valid until the next call; *all: their number. Collective, agreed status: where there is no memory for them they are lost. */
volley_status volley_taken_spikes_take(volley_taken_spikes *taken, int p, const double **times,
                                       const uint32_t **indices, size_t *all);

#endif
