#include "network/synapse_order.h"

#include "base/memory.h"

#include <stdlib.h>

volley_plastic_table *volley_block_plastic(const volley_block *block, int projection) {
  for (int k = 0; k < block->n_plastic; k++)
    if (block->plastic[k].projection == projection) return &block->plastic[k];
  return NULL;
}

uint32_t volley_plastic_target(const volley_network *network, const volley_block *block,
                               const volley_plastic_table *plastic, uint32_t t) {
  const volley_experiment *experiment = network->experiment;
  const int target = experiment->projections[plastic->projection].target;
  return volley_index_in(&experiment->populations[target], volley_block_gid(block, plastic->first_id + t));
}

static bool is_selected(const volley_selection *selection, uint32_t index) {
  uint32_t column;
  return !selection || volley_selection_column(selection, index, &column);
}

/* Which targets of a block are selected: their indices, UINT32_MAX for those that are not. Owned by the caller. */
static uint32_t *select_targets(const volley_synapse_order *order, const volley_block *block,
                                const volley_plastic_table *plastic) {
  uint32_t *indices = volley_alloc(plastic->n_targets, sizeof *indices, "the order of synapses");
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    indices[t] = volley_plastic_target(order->network, block, plastic, t);
    if (!is_selected(order->targets, indices[t])) indices[t] = UINT32_MAX;
  }
  return indices;
}

/* Adds to counts[index of target], and calls take() with the numbers if there is one: these are counts then. */
static void go_through(const volley_synapse_order *order, const volley_block *block,
                       const volley_plastic_table *plastic, uint64_t *counts,
                       void (*take)(void *context, uint32_t group, uint32_t synapse, uint64_t number), void *context) {
  uint32_t *indices = select_targets(order, block, plastic);
  for (uint32_t r = 0; r < plastic->n_groups; r++) {
    const volley_plastic_group *group = &plastic->groups[r];
    if (!is_selected(order->sources, (uint32_t)(group->source - plastic->first_source))) continue;
    for (uint32_t i = 0; i < group->count; i++) {
      const uint32_t index = indices[plastic->ids[group->first + i]];
      if (index == UINT32_MAX) continue;
      const uint64_t number = counts[index]++;
      if (take) take(context, r, i, number);
    }
  }
  free(indices);
}

static uint32_t count_targets(const volley_synapse_order *order) {
  const volley_experiment *experiment = order->network->experiment;
  return experiment->populations[experiment->projections[order->projection].target].size;
}

void volley_sum_counts(uint64_t *counts, uint64_t n, MPI_Comm comm) {
  for (uint64_t from = 0; from < n; from += INT32_MAX) {
    const uint64_t some = n - from < INT32_MAX ? n - from : INT32_MAX;
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, counts + from, (int)some, MPI_UINT64_T, MPI_SUM, comm));
  }
}

static void count_own(void *context) {
  volley_synapse_order *order = context;
  const volley_network *network = order->network;
  order->firsts = volley_alloc((size_t)count_targets(order) + 1, sizeof *order->firsts, "the order of synapses");
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], order->projection);
    if (plastic) go_through(order, &network->blocks[b], plastic, order->firsts, NULL, NULL);
  }
}

volley_synapse_order volley_synapse_order_make(const volley_network *network, int projection,
                                               const volley_selection *sources, const volley_selection *targets) {
  volley_synapse_order order = {network, projection, sources, targets, NULL};
  const uint32_t n = count_targets(&order);
  uint64_t total = 0;
  if (!volley_all(volley_memory_try(count_own, &order) == VOLLEY_OK, network->comm)) {
    volley_synapse_order_release(&order);
    order.firsts = NULL;
    return order;
  }
  volley_sum_counts(order.firsts, n, network->comm);
  for (uint32_t t = 0; t <= n; t++) {
    const uint64_t count = order.firsts[t];
    order.firsts[t] = total;
    total += count;
  }
  return order;
}

void volley_synapse_order_release(volley_synapse_order *order) { free(order->firsts); }

uint64_t volley_synapse_order_total(const volley_synapse_order *order) {
  return order->firsts ? order->firsts[count_targets(order)] : 0;
}

void volley_synapse_order_walk(const volley_synapse_order *order, const volley_block *block,
                               const volley_plastic_table *plastic,
                               void (*take)(void *context, uint32_t group, uint32_t synapse, uint64_t number),
                               void *context) {
  const uint32_t n = count_targets(order);
  uint64_t *numbers = volley_alloc(n, sizeof *numbers, "the order of synapses");
  for (uint32_t t = 0; t < n; t++) numbers[t] = order->firsts[t];
  go_through(order, block, plastic, numbers, take, context);
  free(numbers);
}

void volley_add_up_counts(uint64_t *counts, uint32_t n) {
  uint64_t total = 0;
  for (uint32_t t = 0; t <= n; t++) {
    const uint64_t count = t < n ? counts[t] : 0;
    counts[t] = total;
    total += count;
  }
}
