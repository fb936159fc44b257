#include "engine/arrivals.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* An entry: where the group's data begin in the pool, in units of 4 bytes, its length, receptor, and kind. */
enum { EQUAL_BITS = 1, COUNT_BITS = 16, AHEAD = 4, LINE = 64 };

static uint64_t pack(uint64_t offset, const volley_group *group) {
  return ((offset / 4) << (COUNT_BITS + VOLLEY_RECEPTOR_BITS + EQUAL_BITS)) |
         ((uint64_t)group->count << (VOLLEY_RECEPTOR_BITS + EQUAL_BITS)) | ((uint64_t)group->receptor << EQUAL_BITS) |
         group->equal;
}

static uint64_t offset_of(uint64_t entry) { return (entry >> (COUNT_BITS + VOLLEY_RECEPTOR_BITS + EQUAL_BITS)) * 4; }
static uint32_t count_of(uint64_t entry) { return (uint32_t)(entry >> (VOLLEY_RECEPTOR_BITS + EQUAL_BITS)) & 0xFFFF; }
static uint32_t receptor_of(uint64_t entry) {
  return (uint32_t)(entry >> EQUAL_BITS) & ((1 << VOLLEY_RECEPTOR_BITS) - 1);
}
static int is_equal(uint64_t entry) { return (int)(entry & 1); }

volley_arrivals volley_arrivals_create(volley_block *block, int max_due) {
  int64_t size = 1;
  while (size <= max_due) size *= 2;
  return (volley_arrivals){.block = block,
                           .due = volley_alloc((size_t)size, sizeof(volley_due), "the arrivals of spikes"),
                           .mask = size - 1};
}

void volley_arrivals_free(volley_arrivals *arrivals) {
  for (int64_t s = 0; s <= arrivals->mask; s++) free(arrivals->due[s].entries);
  free(arrivals->due);
}

void volley_due_put(volley_due *due, uint64_t entry) {
  if (due->n == due->capacity) {
    due->capacity = due->capacity ? 2 * due->capacity : 64;
    due->entries = volley_grow(due->entries, due->capacity, sizeof entry, "the arrivals of spikes");
  }
  due->entries[due->n++] = entry;
}

static void schedule_row(volley_arrivals *arrivals, int64_t step, uint64_t offset) {
  const unsigned char *pool = arrivals->block->table.pool;
  volley_row row = volley_row_open(pool, offset);
  volley_group group;
  for (const unsigned char *data; (data = volley_row_next(&row, &group));)
    volley_due_put(&arrivals->due[(step + group.due) & arrivals->mask], pack((uint64_t)(data - pool), &group));
  arrivals->bytes += (uint64_t)(row.data - pool) - offset;
}

void volley_arrivals_schedule(volley_arrivals *arrivals, int64_t step, const uint32_t *gids, uint32_t n) {
  const volley_table *table = &arrivals->block->table;
  for (uint32_t i = 0; i < n; i++) {
    const volley_gid_entry *row = volley_gid_map_find(&table->rows, gids[i]);
    if (row) schedule_row(arrivals, step, row->value);
  }
}

static void prefetch_run(const unsigned char *pool, uint64_t entry) {
  const unsigned char *at = pool + offset_of(entry);
  const unsigned char *end = at + volley_group_bytes(count_of(entry), is_equal(entry));
  for (; at < end; at += LINE) __builtin_prefetch(at, 0, 0);
}

static void add_run(double *restrict input, const unsigned char *data, uint32_t n) {
  const float *restrict weights = (const float *)data;
  const uint16_t *restrict ids = (const uint16_t *)(data + n * sizeof(float));
  for (uint32_t i = 0; i < n; i++) input[ids[i]] += (double)weights[i];
}

static void add_equal_run(double *restrict input, const unsigned char *data, uint32_t n) {
  const double weight = (double)*(const float *)data;
  const uint16_t *restrict ids = (const uint16_t *)(data + sizeof(float));
  for (uint32_t i = 0; i < n; i++) input[ids[i]] += weight;
}

void volley_arrivals_deliver(volley_arrivals *arrivals, int64_t step) {
  const volley_block *block = arrivals->block;
  const unsigned char *pool = block->table.pool;
  volley_due *due = &arrivals->due[step & arrivals->mask];
  for (uint32_t e = 0; e < due->n && e < AHEAD; e++) prefetch_run(pool, due->entries[e]);
  for (uint32_t e = 0; e < due->n; e++) {
    if (e + AHEAD < due->n) prefetch_run(pool, due->entries[e + AHEAD]);
    const uint64_t entry = due->entries[e];
    const uint32_t n = count_of(entry);
    double *input = block->inputs + (size_t)receptor_of(entry) * block->stride;
    if (is_equal(entry)) {
      add_equal_run(input, pool + offset_of(entry), n);
    } else {
      add_run(input, pool + offset_of(entry), n);
    }
    arrivals->events += n;
  }
  due->n = 0;
}

void volley_arrivals_skip(volley_arrivals *arrivals, int64_t step) { arrivals->due[step & arrivals->mask].n = 0; }
