#include "network/states.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct volley_states {
  const volley_network *network;
  int population;
  volley_span slab;
  volley_redistribution *deal;
  volley_span *rows; /* [ranks] one each */
  double *values;    /* [own neurons] in order of the gids */
};

/* The slab of each rank. Slab 0 goes to the owner of neuron 0: little moves if the partitioner has cut the population
 * likewise, and the neurons of many small populations do not all go to rank 0. */
static void cut(const volley_network *network, int p, int holder, volley_span *slabs) {
  const uint64_t size = network->experiment->populations[p].size, ranks = (uint64_t)network->ranks;
  const uint64_t shift = size ? (uint64_t)volley_partition_owner(network->partition, p, 0) : 0;
  for (uint64_t r = 0; r < ranks; r++) {
    const uint64_t s = (r + ranks - shift) % ranks, first = (size * s + ranks - 1) / ranks;
    slabs[r] = (volley_span){first, (size * (s + 1) + ranks - 1) / ranks - first};
    if (holder != VOLLEY_ALL_RANKS) slabs[r] = (volley_span){0, (int)r == holder ? size : 0};
  }
}

volley_states *volley_states_create(const volley_network *network, int p, int holder) {
  const size_t ranks = (size_t)network->ranks, n = network->partition->counts[p];
  const volley_gid first_gid = network->experiment->populations[p].first_gid;
  volley_states *states = volley_alloc(1, sizeof *states, "states of neurons");
  volley_redistribution *deal = NULL;
  volley_span *slabs = volley_alloc(ranks, sizeof *slabs, "states of neurons");
  uint64_t *own = volley_alloc_or_fault(n, sizeof *own, "states of neurons");
  double *values = volley_alloc_or_fault(n, sizeof *values, "states of neurons");
  for (size_t i = 0; i < n && own; i++) own[i] = network->partition->gids[p][i] - first_gid;
  cut(network, p, holder, slabs);
  if (volley_all(own && values, network->comm)) deal = volley_redistribution_create(own, n, slabs, network->comm);
  *states = (volley_states){network, p, slabs[network->rank], deal, NULL, values};
  states->rows = volley_alloc(ranks, sizeof *states->rows, "states of neurons");
  for (size_t r = 0; r < ranks; r++) states->rows[r].count = 1;
  free(slabs);
  free(own);
  if (!deal) volley_states_destroy(states);
  return deal ? states : NULL;
}

void volley_states_destroy(volley_states *states) {
  if (!states) return;
  volley_redistribution_destroy(states->deal);
  free(states->rows);
  free(states->values);
  free(states);
}

volley_span volley_states_slab(const volley_states *states) { return states ? states->slab : (volley_span){0}; }

/* The next slice of the population from slice *s of block *b on, which move behind it; NULL: there is none. */
static const volley_slice *next_slice(const volley_states *states, int *b, int *s) {
  const volley_network *network = states->network;
  for (; *b < network->n_blocks; ++*b, *s = 0)
    for (const volley_block *block = &network->blocks[*b]; *s < block->n_slices;)
      if (block->slices[(*s)++].population == states->population) return &block->slices[*s - 1];
  return NULL;
}

static double *column_of(const volley_slice *slice, int k) {
  return k == VOLLEY_STATE_TIME ? slice->times : slice->states[k];
}

const double *volley_states_get(volley_states *states, int k) {
  if (!states) return NULL;
  double *values = states->values;
  const volley_slice *slice;
  for (int b = 0, s = 0; (slice = next_slice(states, &b, &s)); values += slice->count)
    memcpy(values, column_of(slice, k), slice->count * sizeof *values);
  return volley_redistribution_gather(states->deal, states->rows, states->values, sizeof *values);
}

void volley_states_set(volley_states *states, int k, const double *set) {
  if (!states || !volley_redistribution_scatter(states->deal, states->rows, set, states->values, sizeof *set)) return;
  const double *values = states->values;
  const volley_slice *slice;
  for (int b = 0, s = 0; (slice = next_slice(states, &b, &s)); values += slice->count)
    memcpy(column_of(slice, k), values, slice->count * sizeof *values);
}
