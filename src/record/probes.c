#include "record/probes.h"

#include "base/memory.h"

#include <stdlib.h>

/* The columns of the rank's neurons, ascending since its gids are. */
static volley_trace_columns find_columns(const volley_network *network, const volley_recorder *recorder) {
  const volley_partition *partition = network->partition;
  const uint32_t first_gid = network->experiment->populations[recorder->population].first_gid;
  const uint32_t n = partition->counts[recorder->population];
  volley_trace_columns found = {.columns = volley_alloc(n, sizeof(uint64_t), "a trace recorder")};
  uint32_t column;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t index = partition->gids[recorder->population][i] - first_gid;
    if (volley_selection_column(&recorder->neurons, index, &column)) found.columns[found.count++] = column;
  }
  return found;
}

/* Slices are in order of the gids, as the columns are: the next probe is of the next column. */
static volley_block_probes find_probes(const volley_network *network, const volley_recorder *recorder, int b,
                                       uint64_t *next) {
  const volley_block *block = &network->blocks[b];
  const uint32_t first_gid = network->experiment->populations[recorder->population].first_gid;
  volley_block_probes found = {.first =
                                   volley_alloc((size_t)block->n_slices + 1, sizeof *found.first, "a trace recorder")};
  size_t n = 0;
  for (int s = 0; s < block->n_slices; s++) {
    const volley_slice *slice = &block->slices[s];
    const bool is_recorded = slice->population == recorder->population;
    uint32_t column;
    if (is_recorded)
      found.probes = volley_grow(found.probes, n + slice->count, sizeof *found.probes, "a trace recorder");
    for (uint32_t i = 0; is_recorded && i < slice->count; i++)
      if (volley_selection_column(&recorder->neurons, slice->gids[i] - first_gid, &column))
        found.probes[n++] = (volley_probe){i, (*next)++};
    found.first[s + 1] = n;
  }
  return found;
}

/* Probes that are looked for. */
typedef struct finding {
  volley_probes *probes;
  const volley_recorder *recorder;
  volley_trace_columns *columns;
} finding;

static void find(void *context) {
  const finding *f = context;
  const volley_network *network = f->probes->network;
  f->probes->blocks = volley_alloc((size_t)network->n_blocks, sizeof *f->probes->blocks, "a trace recorder");
  *f->columns = find_columns(network, f->recorder);
  uint64_t next = 0;
  for (int b = 0; b < network->n_blocks; b++) f->probes->blocks[b] = find_probes(network, f->recorder, b, &next);
}

volley_status volley_probes_find(volley_probes *probes, const volley_network *network, const volley_recorder *recorder,
                                 volley_trace_columns *columns) {
  *probes = (volley_probes){.network = network};
  return volley_memory_try(find, &(finding){probes, recorder, columns});
}

void volley_probes_release(volley_probes *probes) {
  for (int b = 0; probes->blocks && b < probes->network->n_blocks; b++) {
    free(probes->blocks[b].probes);
    free(probes->blocks[b].first);
  }
  free(probes->blocks);
}
