/* The static synapses onto one block of targets, by source: what delivery reads.
 *
 * A block adds input to sums that are under way, a ring of steps for each receptor. Two layouts of a row, the synapses of
 * one source, suit blocks of different sizes:
 *
 *   direct   where the ring of all steps fits into the second-level cache: a row is one piece that is added as soon as its
 *            spike is known. A row of one synapse stands in the list of rows itself.
 *   listed   else: a row is cut into groups by receptor and by windows of as many steps as the ring holds; a group is put on
 *            the list of the step at which its window begins, and added then. Windows of one step make the ring a plain array.
 *
 * Either way a synapse takes 6 bytes: a weight, and a place in the ring of 16 bits, which is the step within the window above
 * the number of the target; 2 bytes where all weights of a piece are equal. Weights of 16 or 8 bits are whole numbers of a
 * unit that a target has at each receptor: the ring then holds such numbers, too.
 *
 *   direct   piece                               of number `receptor * stride + target`, steps from that of the spike on
 *   listed   volley_group [n_groups] | pieces    of number `target`, steps from the window's first on; filled up to 4 bytes
 *   piece    weights [equal ? 1 : n], filled up to 2 bytes | uint16_t places [n], filled up to 4 bytes
 *
 * Weights are multiples of a power of two so small that their sums in a step need no rounding (round_weight() in
 * table_builder.c): the order in which synapses are added changes no bit. */
#ifndef VOLLEY_NETWORK_TABLE_H
#define VOLLEY_NETWORK_TABLE_H

#include "base/status.h"
#include "model/experiment.h"
#include "network/source_index.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
  VOLLEY_MAX_BLOCK = 65536, /* targets of a block: a number takes 16 bits */
  VOLLEY_MAX_GROUP = 65535, /* synapses of a group; longer ones are cut */
  VOLLEY_PLACE_BITS = 16
};

/* Places of a ring: the step within the window above the number of the input. */
typedef struct volley_layout {
  bool direct;
  uint8_t number_bits, step_bits;
  uint8_t weight_shift; /* a weight takes 1 << weight_shift bytes: 2 a float, 1 an int16_t, 0 an int8_t */
} volley_layout;

typedef struct volley_group {
  uint16_t count;
  uint16_t due; /* steps from that of the spike to the one before whose update the first of the window is added */
  uint8_t receptor;
  uint8_t equal; /* one weight for all */
} volley_group;

typedef struct volley_table {
  volley_layout layout;
  uint32_t stride;             /* numbers of targets, of which there are gaps */
  volley_source_index sources; /* with a row */
  uint64_t *rows;              /* [sources.n_rows] a volley_row each, packed */
  unsigned char *pool;
  size_t pool_bytes;
  float *units; /* [n_units] of weights, by receptor * stride + target: powers of two; NULL where weights are floats */
  uint32_t n_units;
  uint64_t synapses;
  int min_due, max_due; /* steps; 0 in a table without synapses */
} volley_table;

/* A row: where its piece or groups begin, or its one synapse. */
typedef struct volley_row {
  bool single, equal;
  uint32_t count;  /* synapses; groups in a listed table */
  uint64_t offset; /* in the pool */
  uint16_t place;  /* of the one synapse */
  float weight;    /* in its unit, where there are some */
} volley_row;

enum { VOLLEY_ROW_COUNT_BITS = 26, VOLLEY_ROW_FLAGS = 2 };
#define VOLLEY_LONGEST_ROW ((1u << VOLLEY_ROW_COUNT_BITS) - 1)

static inline uint64_t volley_row_pack(volley_row row) {
  uint32_t weight;
  memcpy(&weight, &row.weight, sizeof weight);
  if (row.single) return (uint64_t)weight << 32 | (uint64_t)row.place << VOLLEY_ROW_FLAGS | 1;
  return (row.offset / 4) << (VOLLEY_ROW_COUNT_BITS + VOLLEY_ROW_FLAGS) | (uint64_t)row.count << VOLLEY_ROW_FLAGS |
         (uint64_t)row.equal << 1;
}

static inline volley_row volley_row_unpack(uint64_t packed) {
  if (packed & 1) {
    const uint32_t bits = (uint32_t)(packed >> 32);
    volley_row row = {.single = true, .count = 1, .place = (uint16_t)(packed >> VOLLEY_ROW_FLAGS)};
    memcpy(&row.weight, &bits, sizeof row.weight);
    return row;
  }
  return (volley_row){.equal = packed >> 1 & 1,
                      .count = (uint32_t)(packed >> VOLLEY_ROW_FLAGS) & VOLLEY_LONGEST_ROW,
                      .offset = (packed >> (VOLLEY_ROW_COUNT_BITS + VOLLEY_ROW_FLAGS)) * 4};
}

/* Bytes of the weights of a piece, of all of it, and of the headers of a row of groups. */
static inline size_t volley_weights_bytes(volley_layout layout, size_t count, bool equal) {
  const size_t bytes = (equal ? 1 : count) << layout.weight_shift;
  return layout.weight_shift > 0 ? bytes : (bytes + 1) / 2 * 2;
}
static inline size_t volley_piece_bytes(volley_layout layout, size_t count, bool equal) {
  return (volley_weights_bytes(layout, count, equal) + count * sizeof(uint16_t) + 3) / 4 * 4;
}
static inline size_t volley_headers_bytes(size_t groups) { return (groups * sizeof(volley_group) + 3) / 4 * 4; }

/* Weight number i of a piece, in its unit where there are some. */
float volley_weight_at(const unsigned char *weights, size_t i, int shift);

/* A synapse as others than delivery want it. */
typedef struct volley_static_synapse {
  uint16_t target, due;
  uint8_t receptor;
  float weight;
} volley_static_synapse;

/* The number of synapses of row r, and the synapses: out [count]. Of the same receptor, target and due step they are in the
 * order in which they were filled in. */
uint64_t volley_table_count_row(const volley_table *table, uint32_t r);
void volley_table_read_row(const volley_table *table, uint32_t r, volley_static_synapse *out);

/* The first step after that of a spike, counted from it, in which the spike must be known for row r. */
int volley_table_first_due(const volley_table *table, uint32_t r);

size_t volley_table_bytes(const volley_table *table);
void volley_table_release(volley_table *table);

/* What a layout is chosen by: of one block. */
typedef struct volley_table_shape {
  double rows, synapses, longest; /* synapses of the longest row */
  uint32_t stride;
  int receptors, min_due, max_due;
  volley_delivery wanted;
  volley_weight_bits weight_bits;
} volley_table_shape;

/* The layout of a table: `wanted` if it is possible, else the faster one as far as can be told. */
volley_layout volley_layout_choose(const volley_table_shape *shape);

/* Bytes of the sums that are under way, of all receptors; and these, zeroed, owned by the caller: volley_table_free(). */
size_t volley_ring_bytes(volley_layout layout, int receptors);
size_t volley_units_bytes(const volley_table_shape *shape); /* of the units of its weights */
double *volley_table_sums(const volley_table *table, int receptors);

/* Bytes of a table of so many synapses in so many groups (rows, in a direct one), of one weight for each or of one for each
 * synapse; singles: the rows that have one synapse. Without the index of its sources. */
double volley_table_expected_bytes(volley_layout layout, double rows, double singles, double groups, double synapses,
                                   bool equal);

#endif
