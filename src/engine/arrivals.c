#include "engine/arrivals.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* An entry: where the piece of a group begins in the pool, in units of 4 bytes, its length, and whether its weights are equal. */
enum { EQUAL_BITS = 1, COUNT_BITS = 16, LINE = 64 };

/* How far ahead memory is asked for: groups of a list, and spikes whose rows are looked up together. */
enum { AHEAD = 8, BATCH = 32 };

static uint64_t pack(uint64_t offset, const volley_group *group) {
  return ((offset / 4) << (COUNT_BITS + EQUAL_BITS)) | ((uint64_t)group->count << EQUAL_BITS) | group->equal;
}

static uint64_t offset_of(uint64_t entry) { return (entry >> (COUNT_BITS + EQUAL_BITS)) * 4; }
static uint32_t count_of(uint64_t entry) { return (uint32_t)(entry >> EQUAL_BITS) & 0xFFFF; }
static bool is_equal(uint64_t entry) { return entry & 1; }

volley_arrivals volley_arrivals_create(volley_block *block, int max_due) {
  const volley_layout layout = block->table.layout;
  volley_arrivals arrivals = {.block = block, .mask = 1};
  while (arrivals.mask <= max_due) arrivals.mask *= 2;
  if (!layout.direct) {
    arrivals.due = volley_alloc((size_t)arrivals.mask * VOLLEY_MAX_RECEPTORS, sizeof(volley_due), "arriving spikes");
  }
  arrivals.mask--;
  memset(block->sums, 0, volley_ring_bytes(layout, block->receptors)); /* of an engine before */
  return arrivals;
}

static volley_due *lists_of(const volley_arrivals *arrivals, int64_t step) {
  return &arrivals->due[(step & arrivals->mask) * VOLLEY_MAX_RECEPTORS];
}

void volley_arrivals_free(volley_arrivals *arrivals) {
  const int64_t n = arrivals->due ? (arrivals->mask + 1) * VOLLEY_MAX_RECEPTORS : 0;
  for (int64_t s = 0; s < n; s++) free(arrivals->due[s].entries);
  free(arrivals->due);
}

void volley_due_put(volley_due *due, uint64_t entry) {
  if (due->n == due->capacity) {
    const uint32_t capacity = due->capacity ? 2 * due->capacity : 64;
    due->entries = volley_grow(due->entries, capacity, sizeof entry, "the arrivals of spikes");
    due->capacity = capacity;
  }
  due->entries[due->n++] = entry;
}

/* The places of a window that begins with `step`. */
static uint32_t phase_of(volley_layout layout, int64_t step) {
  return (uint32_t)(step & ((1 << layout.step_bits) - 1)) << layout.number_bits;
}

/* Asks for all cache lines that hold some of the bytes. */
static void prefetch(const unsigned char *at, size_t bytes) {
  const unsigned char *end = at + bytes;
  for (at -= (uintptr_t)at % LINE; at < end; at += LINE) __builtin_prefetch(at, 0, 0);
}

/* What follows is compiled for each size of weights by itself: rows of few synapses take little more than finding out. */
#define INLINED static inline __attribute__((always_inline))

/* Adds a piece of n synapses to a ring of mask + 1 places. */
INLINED void add_piece(volley_layout layout, double *restrict ring, uint32_t phase, uint32_t mask,
                       const unsigned char *restrict piece, uint32_t n, bool equal) {
  const uint16_t *restrict places = (const uint16_t *)(piece + volley_weights_bytes(layout, n, equal));
  if (equal) {
    const double weight = (double)volley_weight_at(piece, 0, layout.weight_shift);
    for (uint32_t i = 0; i < n; i++) ring[(places[i] + phase) & mask] += weight;
  } else if (layout.weight_shift == 2) {
    for (uint32_t i = 0; i < n; i++) ring[(places[i] + phase) & mask] += (double)((const float *)piece)[i];
  } else if (layout.weight_shift == 1) {
    for (uint32_t i = 0; i < n; i++) ring[(places[i] + phase) & mask] += (double)((const int16_t *)piece)[i];
  } else {
    for (uint32_t i = 0; i < n; i++) ring[(places[i] + phase) & mask] += (double)((const int8_t *)piece)[i];
  }
}

INLINED void add_row(volley_arrivals *arrivals, volley_layout layout, uint32_t phase, uint32_t mask, volley_row row) {
  const volley_table *table = &arrivals->block->table;
  if (row.single)
    arrivals->block->sums[(row.place + phase) & mask] += (double)row.weight;
  else
    add_piece(layout, arrivals->block->sums, phase, mask, table->pool + row.offset, row.count, row.equal);
  arrivals->events += row.count;
  arrivals->bytes += row.single ? sizeof(uint64_t) : volley_piece_bytes(layout, row.count, row.equal);
}

INLINED void list_row(volley_arrivals *arrivals, volley_layout layout, int64_t step, volley_row row) {
  const unsigned char *headers = arrivals->block->table.pool + row.offset;
  uint64_t offset = row.offset + volley_headers_bytes(row.count);
  for (uint32_t g = 0; g < row.count; g++) {
    volley_group group;
    memcpy(&group, headers + g * sizeof group, sizeof group);
    volley_due_put(&lists_of(arrivals, step + group.due)[group.receptor], pack(offset, &group));
    arrivals->events += group.count;
    offset += volley_piece_bytes(layout, group.count, group.equal);
  }
  arrivals->bytes += offset - row.offset;
}

/* Looks up the rows of n spikes, few at a time; what each look-up needs is asked for before all of them go on. Returns the
 * number of rows found. */
INLINED uint32_t find_rows(const volley_table *table, volley_layout layout, const volley_gid *gids, uint32_t n,
                           volley_row *out) {
  uint32_t found = 0, rows[BATCH];
  for (uint32_t i = 0; i < n; i++)
    __builtin_prefetch(&table->sources.words[volley_source_place(&table->sources, gids[i])]);
  for (uint32_t i = 0; i < n; i++) {
    rows[found] = volley_source_row(&table->sources, gids[i]);
    if (rows[found] == VOLLEY_NO_ROW) continue;
    __builtin_prefetch(&table->rows[rows[found++]]);
  }
  for (uint32_t i = 0; i < found; i++) {
    out[i] = volley_row_unpack(table->rows[rows[i]]);
    if (out[i].single) continue;
    const size_t bytes =
        layout.direct ? volley_piece_bytes(layout, out[i].count, out[i].equal) : volley_headers_bytes(out[i].count);
    prefetch(table->pool + out[i].offset, bytes);
  }
  return found;
}

INLINED void schedule(volley_arrivals *arrivals, int64_t step, const volley_gid *gids, uint32_t n, uint8_t shift) {
  const volley_table *table = &arrivals->block->table;
  volley_layout layout = table->layout;
  const uint32_t phase = phase_of(layout, step), mask = (1u << (layout.number_bits + layout.step_bits)) - 1;
  volley_row rows[BATCH];
  layout.weight_shift = shift;
  for (uint32_t from = 0; from < n; from += BATCH) {
    const uint32_t found = find_rows(table, layout, gids + from, n - from < BATCH ? n - from : BATCH, rows);
    for (uint32_t i = 0; i < found; i++) {
      if (layout.direct)
        add_row(arrivals, layout, phase, mask, rows[i]);
      else
        list_row(arrivals, layout, step, rows[i]);
    }
  }
}

void volley_arrivals_schedule(volley_arrivals *arrivals, int64_t step, const volley_gid *gids, uint32_t n) {
  const volley_table *table = &arrivals->block->table;
  if (table->synapses == 0) return;
  if (table->layout.weight_shift == 2) schedule(arrivals, step, gids, n, 2);
  if (table->layout.weight_shift == 1) schedule(arrivals, step, gids, n, 1);
  if (table->layout.weight_shift == 0) schedule(arrivals, step, gids, n, 0);
}

/* Adds the groups of one list. */
INLINED void deliver_list(const unsigned char *pool, volley_layout layout, volley_due *due, double *ring,
                          uint32_t phase, uint32_t mask) {
  for (uint32_t e = 0; e < due->n && e < AHEAD; e++)
    prefetch(pool + offset_of(due->entries[e]),
             volley_piece_bytes(layout, count_of(due->entries[e]), is_equal(due->entries[e])));
  for (uint32_t e = 0; e < due->n; e++) {
    const uint64_t entry = due->entries[e];
    if (e + AHEAD < due->n) {
      const uint64_t next = due->entries[e + AHEAD];
      prefetch(pool + offset_of(next), volley_piece_bytes(layout, count_of(next), is_equal(next)));
    }
    add_piece(layout, ring, phase, mask, pool + offset_of(entry), count_of(entry), is_equal(entry));
  }
  due->n = 0;
}

INLINED void deliver(const volley_arrivals *arrivals, int64_t step, uint8_t shift) {
  volley_layout layout = arrivals->block->table.layout;
  const size_t places = (size_t)1 << (layout.number_bits + layout.step_bits);
  layout.weight_shift = shift;
  for (int r = 0; r < arrivals->block->receptors; r++)
    deliver_list(arrivals->block->table.pool, layout, &lists_of(arrivals, step)[r],
                 arrivals->block->sums + (size_t)r * places, phase_of(layout, step), (uint32_t)(places - 1));
}

void volley_arrivals_deliver(volley_arrivals *arrivals, int64_t step) {
  const uint8_t shift = arrivals->block->table.layout.weight_shift;
  if (!arrivals->due) return;
  if (shift == 2) deliver(arrivals, step, 2);
  if (shift == 1) deliver(arrivals, step, 1);
  if (shift == 0) deliver(arrivals, step, 0);
}

/* The sums of `step` at a receptor. */
static double *sums_of(const volley_arrivals *arrivals, int64_t step, int receptor) {
  const volley_layout layout = arrivals->block->table.layout;
  double *sums = arrivals->block->sums + phase_of(layout, step);
  if (layout.direct) return sums + (size_t)receptor * arrivals->block->target_stride;
  return sums + ((size_t)receptor << (layout.number_bits + layout.step_bits));
}

void volley_arrivals_take(volley_arrivals *arrivals, const volley_slice *slice, int64_t step) {
  for (int r = 0; r < arrivals->block->receptors; r++) {
    if (!(slice->reached >> r & 1)) continue;
    double *restrict sums = sums_of(arrivals, step, r) + slice->target_offset, *restrict input = slice->inputs[r];
    const float *restrict units = arrivals->block->table.units;
    if (units) units += (size_t)r * arrivals->block->target_stride + slice->target_offset;
    for (uint32_t i = 0; i < slice->count; i++) {
      input[i] += units ? sums[i] * (double)units[i] : sums[i];
      sums[i] = 0;
    }
  }
}

void volley_arrivals_skip(volley_arrivals *arrivals, int64_t step) {
  const volley_block *block = arrivals->block;
  volley_arrivals_deliver(arrivals, step);
  for (int r = 0; r < block->receptors; r++)
    memset(sums_of(arrivals, step, r), 0, block->target_stride * sizeof(double));
}
