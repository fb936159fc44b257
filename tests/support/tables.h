/* Reads packed synapse tables back, by their description in network/table.h. */
#ifndef VOLLEY_TESTS_TABLES_H
#define VOLLEY_TESTS_TABLES_H

#include "network/network.h"

typedef struct table_edge {
  volley_gid source, target; /* source: gid; target: gid, or number within the block */
  uint32_t number;           /* place within its row */
  uint16_t due;
  uint8_t receptor;
  float weight;
} table_edge;

/* All edges of a table in the order of its rows, targets as ids within the block; [table->synapses], owned by the caller. */
table_edge *tables_edges(const volley_table *table);

/* All edges of a network's blocks, targets as gids, by target, source, due step, receptor, then place within the row,
 * numbered within each pair of neurons; [network->synapses] on one rank, owned by the caller. */
table_edge *tables_network_edges(const volley_network *network);

#endif
