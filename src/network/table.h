/* The synapses onto one block of targets, by source: what delivery reads.
 *
 * A row holds all synapses of one source onto the block. It is cut into groups that are due at the same time at the same receptor:
 *
 *   uint32_t n_groups | volley_group [n_groups] | data of group 0 | data of group 1 | ...
 *
 * The data of a group are its weights (float), then the ids of its targets within the block (uint16_t), filled up to 4
 * bytes: 6 bytes a synapse. Where all weights of a group are equal only one is kept: 2 bytes a synapse. Within a group the
 * synapses of one target stand in the order of their projections and edges, so that sums never depend on the partition. */
#ifndef VOLLEY_NETWORK_TABLE_H
#define VOLLEY_NETWORK_TABLE_H

#include "base/status.h"
#include "network/gid_map.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
  VOLLEY_MAX_BLOCK = 65536, /* targets of a block: an id takes 16 bits */
  VOLLEY_MAX_GROUP = 65535  /* synapses of a group; longer ones are cut */
};

typedef struct volley_group {
  uint16_t count;
  uint16_t due; /* steps from that of the spike to the one before whose update the group is added */
  uint8_t receptor;
  uint8_t equal; /* one weight for all */
} volley_group;

typedef struct volley_table {
  volley_gid_map rows; /* source gid -> offset of its row in the pool */
  unsigned char *pool;
  size_t pool_bytes;
  uint64_t synapses, groups;
  int max_due; /* steps; 0 in a table without synapses */
} volley_table;

/* Bytes of a group's data. */
static inline size_t volley_group_bytes(uint32_t count, int equal) {
  const size_t bytes =
      equal ? sizeof(float) + sizeof(uint16_t) * (size_t)count : (sizeof(float) + sizeof(uint16_t)) * (size_t)count;
  return (bytes + 3) / 4 * 4;
}

/* A row that is read group by group. */
typedef struct volley_row {
  const unsigned char *header, *data; /* of the next group */
  uint32_t left;
} volley_row;

static inline volley_row volley_row_open(const unsigned char *pool, uint64_t offset) {
  uint32_t n_groups;
  memcpy(&n_groups, pool + offset, sizeof n_groups);
  const size_t headers = (sizeof n_groups + n_groups * sizeof(volley_group) + 3) / 4 * 4;
  return (volley_row){.header = pool + offset + sizeof n_groups, .data = pool + offset + headers, .left = n_groups};
}

/* The data of the next group, which is copied to *group; NULL after the last. */
static inline const unsigned char *volley_row_next(volley_row *row, volley_group *group) {
  const unsigned char *data = row->data;
  if (row->left == 0) return NULL;
  memcpy(group, row->header, sizeof *group);
  row->header += sizeof *group;
  row->data += volley_group_bytes(group->count, group->equal);
  row->left--;
  return data;
}

void volley_table_release(volley_table *table);

/* Bytes of pools that hold so many synapses in so many groups and rows, of one weight for each group or of one for each synapse;
 * and of what builders of tables with so many synapses and rows hold beside them. */
double volley_table_expected_bytes(double rows, double groups, double synapses, bool equal);
double volley_table_builder_expected_bytes(double rows, double synapses);

/* Building goes through all edges of the block twice, in the same order: first volley_table_count() on each, then
 * volley_table_allocate(), then volley_table_fill() on each, then volley_table_finish(). */
typedef struct volley_table_builder volley_table_builder;
volley_table_builder *volley_table_builder_create(void);
void volley_table_count(volley_table_builder *builder, uint32_t source_gid);
void volley_table_allocate(volley_table_builder *builder);
void volley_table_fill(volley_table_builder *builder, uint32_t source_gid, uint16_t id, uint16_t due, uint8_t receptor,
                       float weight);
/* Makes the table, which the caller owns, and frees the builder. */
volley_table volley_table_finish(volley_table_builder *builder);
void volley_table_builder_destroy(volley_table_builder *builder); /* of one that is not finished; NULL is allowed */

#endif
