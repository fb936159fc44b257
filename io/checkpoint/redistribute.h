/* The values of a population's neurons on their way between the ranks that own them and those that write or read them.
 *
 * A file holds the values in order of the neurons' indices, cut into one slab a rank, whatever the partitioner; slabs
 * go round by round, in pieces of limited size. Both sides know who owns what, so values travel without indices. */
#ifndef VOLLEY_IO_CHECKPOINT_REDISTRIBUTE_H
#define VOLLEY_IO_CHECKPOINT_REDISTRIBUTE_H

#include "network/network.h"

#include <stdbool.h>

typedef struct volley_redistribution volley_redistribution;

/* For one population after the other of a network, which must outlive it. Not collective. */
volley_redistribution *volley_redistribution_create(const volley_network *network);
void volley_redistribution_destroy(volley_redistribution *deal);

/* Begins population p, before its first round. Not collective, but all ranks go through the same rounds. */
void volley_redistribution_begin(volley_redistribution *deal, int p);

/* Goes to the next round: this rank's piece is then *first .. *first + *count - 1 (indices within the population; count
 * may be 0). Returns false, the same on all ranks, if there is none left. Not collective. */
bool volley_redistribution_next(volley_redistribution *deal, uint64_t *first, uint64_t *count);

/* Values of state k of this rank's piece, brought from their owners; valid until the next call. Collective. */
const double *volley_redistribution_gather(volley_redistribution *deal, int k);

/* Room for the values of this rank's piece, [count]; volley_redistribution_scatter() then sets state k of their owners' neurons
 * to these. volley_redistribution_room() is not collective, volley_redistribution_scatter() is. */
double *volley_redistribution_room(volley_redistribution *deal);
void volley_redistribution_scatter(volley_redistribution *deal, int k);

#endif
