#include "support/tables.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

table_edge *tables_edges(const volley_table *table) {
  table_edge *edges = volley_alloc(table->synapses, sizeof *edges, "test"), *end = edges;
  volley_gid *gids = volley_source_index_gids(&table->sources);
  for (uint32_t r = 0; r < table->sources.n_rows; r++) {
    const uint64_t n = volley_table_count_row(table, r);
    volley_static_synapse *synapses = volley_alloc(n, sizeof *synapses, "test");
    volley_table_read_row(table, r, synapses);
    for (uint64_t i = 0; i < n; i++)
      *end++ = (table_edge){.source = gids[r],
                            .target = synapses[i].target,
                            .number = (uint32_t)i,
                            .due = synapses[i].due,
                            .receptor = synapses[i].receptor,
                            .weight = synapses[i].weight};
    free(synapses);
  }
  free(gids);
  if ((uint64_t)(end - edges) != table->synapses) volley_die("a table holds another number of synapses than it says");
  return edges;
}

static int in_order(const void *a, const void *b) {
  const table_edge *x = a, *y = b;
  if (x->target != y->target) return x->target < y->target ? -1 : 1;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  if (x->due != y->due) return x->due < y->due ? -1 : 1;
  if (x->receptor != y->receptor) return x->receptor < y->receptor ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

table_edge *tables_network_edges(const volley_network *network) {
  table_edge *all = volley_alloc(network->synapses, sizeof *all, "test");
  uint64_t n = 0;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    table_edge *edges = tables_edges(&block->table);
    uint32_t *ids = volley_block_targets(block);
    for (uint64_t e = 0; e < block->table.synapses; e++) {
      all[n] = edges[e];
      all[n++].target = volley_block_gid(block, ids[edges[e].target]);
    }
    free(edges);
    free(ids);
  }
  qsort(all, n, sizeof *all, in_order);
  uint32_t number = 0;
  for (uint64_t e = 0; e < n; e++) {
    const bool goes_on = e > 0 && all[e].target == all[e - 1].target && all[e].source == all[e - 1].source;
    number = goes_on ? number + 1 : 0;
    all[e].number = number;
  }
  return all;
}
