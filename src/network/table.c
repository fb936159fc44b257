#include "network/table.h"

#include "base/memory.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

/* Measured: the second-level cache holds a ring of this size beside all else that a step touches; and from this length on
 * a group costs less by longer windows no more. */
enum { RING_BYTES = 256 << 10, LONG_GROUP = 24 };

/* Bits that numbers below n take. */
static int bits_below(uint32_t n) {
  int bits = 0;
  while (bits < 32 && UINT32_C(1) << bits < n) bits++;
  return bits;
}

static double windows(const volley_table_shape *shape, int step_bits) {
  return (double)((shape->max_due - shape->min_due) >> step_bits) + 1;
}

volley_layout volley_layout_choose(const volley_table_shape *shape) {
  const int all = bits_below(shape->stride * (uint32_t)shape->receptors),
            steps = bits_below((uint32_t)shape->max_due + 1);
  const bool possible = all + steps <= VOLLEY_PLACE_BITS && shape->longest <= VOLLEY_LONGEST_ROW;
  const bool fits = sizeof(double) << (all + steps) <= RING_BYTES;
  volley_layout layout = {.weight_shift = (uint8_t)(VOLLEY_WEIGHT_BITS_8 - shape->weight_bits)};
  if (possible && (fits ? shape->wanted != VOLLEY_DELIVERY_LISTED : shape->wanted == VOLLEY_DELIVERY_DIRECT)) {
    layout.direct = true;
    layout.number_bits = (uint8_t)all;
    layout.step_bits = (uint8_t)steps;
    return layout;
  }
  const int number = bits_below(shape->stride);
  int step = 0;
  while (number + step < VOLLEY_PLACE_BITS && windows(shape, step) > 1 &&
         shape->synapses < LONG_GROUP * shape->rows * windows(shape, step) &&
         (sizeof(double) * shape->stride << (step + 1)) <= RING_BYTES)
    step++;
  layout.number_bits = (uint8_t)number;
  layout.step_bits = (uint8_t)step;
  return layout;
}

size_t volley_ring_bytes(volley_layout layout, int receptors) {
  return (layout.direct ? 1 : (size_t)receptors) * sizeof(double) << (layout.number_bits + layout.step_bits);
}

size_t volley_units_bytes(const volley_table_shape *shape) {
  return shape->weight_bits == VOLLEY_WEIGHT_BITS_32 ? 0 : (size_t)shape->receptors * shape->stride * sizeof(float);
}

double *volley_table_sums(const volley_table *table, int receptors) {
  return volley_alloc_huge(volley_ring_bytes(table->layout, receptors), "the arrivals of spikes");
}

static volley_group group_at(const unsigned char *headers, uint32_t g) {
  volley_group group;
  memcpy(&group, headers + g * sizeof group, sizeof group);
  return group;
}

uint64_t volley_table_count_row(const volley_table *table, uint32_t r) {
  const volley_row row = volley_row_unpack(table->rows[r]);
  if (table->layout.direct) return row.count;
  uint64_t n = 0;
  for (uint32_t g = 0; g < row.count; g++) n += group_at(table->pool + row.offset, g).count;
  return n;
}

static volley_static_synapse decode(const volley_table *table, const volley_group *group, uint16_t place,
                                    float weight) {
  const uint32_t number = place & ((1u << table->layout.number_bits) - 1),
                 step = (uint32_t)place >> table->layout.number_bits;
  const uint32_t target = group ? number : number % table->stride,
                 receptor = group ? group->receptor : number / table->stride;
  return (volley_static_synapse){.target = (uint16_t)target,
                                 .due = (uint16_t)(step + (group ? group->due : 0)),
                                 .receptor = (uint8_t)receptor,
                                 .weight =
                                     table->units ? weight * table->units[receptor * table->stride + target] : weight};
}

float volley_weight_at(const unsigned char *weights, size_t i, int shift) {
  if (shift == 0) return (float)((const int8_t *)weights)[i];
  int16_t whole;
  float weight;
  if (shift == 1) return memcpy(&whole, weights + i * sizeof whole, sizeof whole), (float)whole;
  return memcpy(&weight, weights + i * sizeof weight, sizeof weight), weight;
}

/* Decodes a piece; group: that it belongs to, NULL in a direct table. Returns where it ends. */
static const unsigned char *read_piece(const volley_table *table, const unsigned char *piece, uint32_t count,
                                       bool equal, const volley_group *group, volley_static_synapse *out) {
  const unsigned char *places = piece + volley_weights_bytes(table->layout, count, equal);
  for (uint32_t i = 0; i < count; i++) {
    uint16_t place;
    memcpy(&place, places + i * sizeof place, sizeof place);
    out[i] = decode(table, group, place, volley_weight_at(piece, equal ? 0 : i, table->layout.weight_shift));
  }
  return piece + volley_piece_bytes(table->layout, count, equal);
}

void volley_table_read_row(const volley_table *table, uint32_t r, volley_static_synapse *out) {
  const volley_row row = volley_row_unpack(table->rows[r]);
  if (row.single) {
    *out = decode(table, NULL, row.place, row.weight);
    return;
  }
  const unsigned char *headers = table->pool + row.offset, *piece = headers;
  if (table->layout.direct) {
    read_piece(table, piece, row.count, row.equal, NULL, out);
    return;
  }
  piece += volley_headers_bytes(row.count);
  for (uint32_t g = 0; g < row.count; g++) {
    const volley_group group = group_at(headers, g);
    piece = read_piece(table, piece, group.count, group.equal, &group, out);
    out += group.count;
  }
}

int volley_table_first_due(const volley_table *table, uint32_t r) {
  const volley_row row = volley_row_unpack(table->rows[r]);
  const int bits = table->layout.number_bits;
  int first = row.single ? row.place >> bits : INT_MAX;
  const unsigned char *row_at = table->pool + row.offset;
  for (uint32_t i = 0; i < row.count && !row.single; i++) {
    uint16_t place = 0;
    if (table->layout.direct)
      memcpy(&place, row_at + volley_weights_bytes(table->layout, row.count, row.equal) + i * sizeof place,
             sizeof place);
    const int due = table->layout.direct ? place >> bits : group_at(row_at, i).due;
    if (due < first) first = due;
  }
  return first;
}

size_t volley_table_bytes(const volley_table *table) {
  return table->pool_bytes + table->sources.n_rows * sizeof *table->rows + table->n_units * sizeof *table->units +
         volley_source_index_bytes(&table->sources);
}

void volley_table_release(volley_table *table) {
  volley_table_free(table->rows, table->sources.n_rows * sizeof *table->rows);
  volley_source_index_release(&table->sources);
  volley_table_free(table->pool, table->pool_bytes);
  free(table->units);
  *table = (volley_table){0};
}

double volley_table_expected_bytes(volley_layout layout, double rows, double singles, double groups, double synapses,
                                   bool equal) {
  const double place = sizeof(uint16_t), weight = 1 << layout.weight_shift,
               filling = 1; /* a piece is filled up to 4 bytes */
  const double apart = layout.direct ? singles : 0, pieces = (layout.direct ? rows : groups) - apart;
  const double pool = place * (synapses - apart) + weight * (equal ? pieces : synapses - apart) + filling * pieces +
                      (layout.direct ? 0 : groups * sizeof(volley_group) + rows * filling);
  return pool + rows * sizeof(uint64_t);
}
