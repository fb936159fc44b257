/* The synapses of a plastic projection in an order that no partition can change, for files: by target, then as they
 * come in the groups of their block (network/plastic_table.h): by source, delay, receptor and number of the edge. */
#ifndef VOLLEY_NETWORK_SYNAPSE_ORDER_H
#define VOLLEY_NETWORK_SYNAPSE_ORDER_H

#include "network/network.h"

/* Numbers of some synapses of a projection. */
typedef struct volley_synapse_order {
  const volley_network *network; /* not owned */
  int projection;
  const volley_selection *sources, *targets; /* NULL: all */
  uint64_t *firsts; /* [n_targets + 1] by index of the target: number of its first synapse, and of all */
} volley_synapse_order;

/* Counts the synapses from some sources to some targets of a projection; NULL: all. Collective. To be released;
 * network and selections must outlive it. Without `firsts` on all ranks where one has no memory, a fault left on its list. */
volley_synapse_order volley_synapse_order_make(const volley_network *network, int projection,
                                               const volley_selection *sources, const volley_selection *targets);
void volley_synapse_order_release(volley_synapse_order *order);

/* How many there are on all ranks. */
uint64_t volley_synapse_order_total(const volley_synapse_order *order);

/* Sums counts over the ranks, [n]. Collective. */
void volley_sum_counts(uint64_t *counts, uint64_t n, MPI_Comm comm);

/* Turns counts [n + 1] into where each begins; counts[n] becomes the sum. */
void volley_add_up_counts(uint64_t *counts, uint32_t n);

/* The plastic synapses of a block that belong to a projection; NULL if it has none. */
volley_plastic_table *volley_block_plastic(const volley_block *block, int projection);

/* Index within its population of target number t of a block's plastic synapses. */
uint32_t volley_plastic_target(const volley_network *network, const volley_block *block,
                               const volley_plastic_table *plastic, uint32_t t);

/* Numbers of a block's synapses: calls take(context, group, synapse of the group, number) for each that belongs to the
 * order, group by group. Not collective. */
void volley_synapse_order_walk(const volley_synapse_order *order, const volley_block *block,
                               const volley_plastic_table *plastic,
                               void (*take)(void *context, uint32_t group, uint32_t synapse, uint64_t number),
                               void *context);

#endif
