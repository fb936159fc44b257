/* The values of a population's neurons on their way between the ranks that own them and those that write or read them.
 *
 * A file holds the values in order of the neurons' indices, cut into one slab a rank, whatever the partitioner; slabs
 * go round by round, in pieces of limited size. Both sides know who owns what, so values travel without indices. */
#ifndef VOLLEY_IO_CHECKPOINT_DEAL_H
#define VOLLEY_IO_CHECKPOINT_DEAL_H

#include "build/network.h"

#include <stdbool.h>

typedef struct volley_deal volley_deal;

/* For one population after the other of a network, which must outlive it. Not collective. */
volley_deal *volley_deal_create(const volley_network *network);
void volley_deal_destroy(volley_deal *deal);

/* Begins population p, before its first round. Not collective, but all ranks go through the same rounds. */
void volley_deal_begin(volley_deal *deal, int p);

/* Goes to the next round: this rank's piece is then *first .. *first + *count - 1 (indices within the population; count
 * may be 0). Returns false, the same on all ranks, if there is none left. Not collective. */
bool volley_deal_next(volley_deal *deal, uint64_t *first, uint64_t *count);

/* Values of state k of this rank's piece, brought from their owners; valid until the next call. Collective. */
const double *volley_deal_gather(volley_deal *deal, int k);

/* Room for the values of this rank's piece, [count]; volley_deal_scatter() then sets state k of their owners' neurons
 * to these. volley_deal_room() is not collective, volley_deal_scatter() is. */
double *volley_deal_room(volley_deal *deal);
void volley_deal_scatter(volley_deal *deal, int k);

#endif
