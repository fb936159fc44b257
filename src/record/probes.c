#include "record/probes.h"

#include "base/memory.h"
#include "base/search.h"

#include <stdlib.h>

static int compare_columns(const void *a, const void *b) {
  const uint64_t *x = a, *y = b;
  return (*x > *y) - (*x < *y);
}

/* The columns of the rank's neurons, ascending. */
static volley_trace_columns find_columns(const volley_network *network, const volley_recorder *recorder) {
  const volley_partition *partition = network->partition;
  volley_trace_columns found = {0};
  uint32_t id, column;
  for (int p = 0; p < network->experiment->n_populations; p++) {
    if (!volley_recorder_covers(network->experiment, recorder, p)) continue;
    const size_t room = (size_t)found.count + partition->counts[p];
    found.columns = volley_grow(found.columns, room, sizeof(uint64_t), "a trace recorder");
    for (uint32_t i = 0; i < partition->counts[p]; i++)
      if (volley_recorder_takes(network->experiment, recorder, p, partition->gids[p][i], &id, &column))
        found.columns[found.count++] = column;
  }
  if (recorder->of_nodes) qsort(found.columns, found.count, sizeof *found.columns, compare_columns);
  return found;
}

static volley_block_probes find_probes(const volley_network *network, const volley_recorder *recorder, int b,
                                       const volley_trace_columns *columns) {
  const volley_block *block = &network->blocks[b];
  volley_block_probes found = {.first =
                                   volley_alloc((size_t)block->n_slices + 1, sizeof *found.first, "a trace recorder")};
  size_t n = 0;
  for (int s = 0; s < block->n_slices; s++) {
    const volley_slice *slice = &block->slices[s];
    const bool is_recorded = volley_recorder_covers(network->experiment, recorder, slice->population);
    uint32_t id, column;
    if (is_recorded)
      found.probes = volley_grow(found.probes, n + slice->count, sizeof *found.probes, "a trace recorder");
    for (uint32_t i = 0; is_recorded && i < slice->count; i++) {
      uint64_t own = 0;
      if (!volley_recorder_takes(network->experiment, recorder, slice->population, slice->gids[i], &id, &column))
        continue;
      VOLLEY_SEARCH(own, columns->count, c, columns->columns[c] < column)
      found.probes[n++] = (volley_probe){i, own};
    }
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
  for (int b = 0; b < network->n_blocks; b++) f->probes->blocks[b] = find_probes(network, f->recorder, b, f->columns);
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
