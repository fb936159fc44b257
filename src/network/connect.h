/* Draws the synapses onto one block and puts them in its table. */
#ifndef VOLLEY_NETWORK_CONNECT_H
#define VOLLEY_NETWORK_CONNECT_H

#include "network/network.h"
#include "rule/edge_list.h"

/* Fills block->table. lists: [n_projections] explicit edges of this rank. Not collective: each thread builds its own
 * blocks. Faults, want of memory among them, go to the list of this process; the caller agrees. */
void volley_connect_block(const volley_experiment *experiment, const volley_edge_list *lists, volley_block *block);

#endif
