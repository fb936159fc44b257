#include "support/tables.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

static table_edge *read_row(const volley_table *table, const volley_gid_entry *row, table_edge *out) {
  const unsigned char *header = table->pool + row->value + sizeof(uint32_t);
  uint32_t n_groups, number = 0;
  memcpy(&n_groups, table->pool + row->value, sizeof n_groups);
  const size_t headers = (sizeof(uint32_t) + n_groups * sizeof(volley_group) + 3) / 4 * 4;
  const unsigned char *data = table->pool + row->value + headers;
  for (uint32_t r = 0; r < n_groups; r++) {
    volley_group group;
    memcpy(&group, header + r * sizeof group, sizeof group);
    const unsigned char *ids = data + (group.equal ? 1u : group.count) * sizeof(float);
    for (uint32_t i = 0; i < group.count; i++, out++) {
      uint16_t id;
      memcpy(&id, ids + i * sizeof id, sizeof id);
      *out = (table_edge){.source = row->gid_plus_one - 1,
                          .target = id,
                          .number = number++,
                          .due = group.due,
                          .receptor = group.receptor};
      memcpy(&out->weight, data + (group.equal ? 0 : i) * sizeof(float), sizeof(float));
    }
    data += volley_group_bytes(group.count, group.equal);
  }
  return out;
}

table_edge *tables_edges(const volley_table *table) {
  table_edge *edges = volley_alloc(table->synapses, sizeof *edges, "test");
  table_edge *end = edges;
  for (size_t i = 0; i <= table->rows.mask; i++) {
    if (table->rows.entries[i].gid_plus_one != 0) end = read_row(table, &table->rows.entries[i], end);
  }
  if ((uint64_t)(end - edges) != table->synapses) volley_die("a table holds another number of synapses than it says");
  return edges;
}

static int in_order(const void *a, const void *b) {
  const table_edge *x = a, *y = b;
  if (x->target != y->target) return x->target < y->target ? -1 : 1;
  if (x->source != y->source) return x->source < y->source ? -1 : 1;
  return (x->number > y->number) - (x->number < y->number);
}

table_edge *tables_network_edges(const volley_network *network) {
  table_edge *all = volley_alloc(network->synapses, sizeof *all, "test");
  uint64_t n = 0;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    table_edge *edges = tables_edges(&block->table);
    for (uint64_t e = 0; e < block->table.synapses; e++) {
      all[n] = edges[e];
      all[n++].target = volley_block_gid(block, edges[e].target);
    }
    free(edges);
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
