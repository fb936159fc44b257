/* Draws the synapses onto one block and puts them in its table. */
#ifndef VOLLEY_NETWORK_CONNECT_H
#define VOLLEY_NETWORK_CONNECT_H

#include "network/network.h"
#include "rule/edge_list.h"

/* Fills block->table, or in a continuous run block->events, for which few_weights says how weights are kept. lists: [n_projections] explicit edges of this rank. Not collective: each thread builds its own
 * blocks. Faults, want of memory among them, go to the list of this process; the caller agrees. */
void volley_connect_block(const volley_experiment *experiment, const volley_edge_list *lists, bool few_weights,
                          volley_block *block);

/* Makes the table of a block of the network anew, with the weights that there are now. As above. */
void volley_connect_block_again(const volley_network *network, const volley_edge_list *lists, volley_block *block);

/* Whether the static synapses of the network have so few different weights that a list can hold them: the same on any
 * partition. Collective. */
bool volley_weights_are_few(const volley_experiment *experiment, const volley_edge_list *lists, MPI_Comm comm);

#endif
