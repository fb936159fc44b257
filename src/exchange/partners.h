/* Who needs which spikes: found once, when the tables are built, from the sources that each rank has rows of. A rank's memory
 * grows with its rows and with those of others that its neurons have, and with the ranks, but never with their square. */
#ifndef VOLLEY_EXCHANGE_PARTNERS_H
#define VOLLEY_EXCHANGE_PARTNERS_H

#include "base/gid.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct volley_network; /* network/network.h */

/* Another rank, and how many neurons of the one are needed by the other. */
typedef struct volley_partner {
  int rank;
  uint32_t neurons;
} volley_partner;

typedef struct volley_partners {
  volley_partner *from, *to; /* [n_from] by rank, [n_to]: whose spikes come here; whom ours go to */
  int n_from, n_to;
  volley_gid *gids; /* [n_gids] of all neurons of this rank, ascending */
  uint32_t n_gids;
  size_t *firsts; /* [n_gids + 1] of those in told */
  int *told;      /* places in `to` of those that need a neuron, neuron by neuron */
} volley_partners;

/* everywhere: [n_populations] those that no partner is told of, since all ranks get them otherwise. Collective over comm, whose
 * ranks are those of the network. False on all ranks where one has no memory: a fault that is left on its list. To be released
 * in any case. */
bool volley_partners_find(const struct volley_network *network, const bool *everywhere, MPI_Comm comm,
                          volley_partners *out);
void volley_partners_release(volley_partners *partners);

/* Place of a neuron of this rank among its gids. */
uint32_t volley_partners_place(const volley_partners *partners, volley_gid gid);

#endif
