#include "network/table.h"

#include "base/memory.h"
#include "model/experiment.h"
#include "neuron/neuron.h"

#include <stdlib.h>
#include <string.h>

/* A synapse while its row is being filled. */
typedef struct record {
  float weight;
  uint16_t id;
  uint16_t kind; /* number of its due step and receptor, which make a group */
} record;

enum { DUE_BITS = 16, SLOTS = 256, FEW = 48, MAX_KINDS = UINT16_MAX };
_Static_assert(VOLLEY_MAX_DELAY + 1 < 1 << DUE_BITS, "the step on which a synapse is due must fit in 16 bits");

struct volley_table_builder {
  volley_gid_map rows; /* source -> count, then -> next free record */
  record *records;
  uint64_t n;
  uint16_t *numbers; /* [1 << (DUE_BITS + VOLLEY_RECEPTOR_BITS)] 1 + kind by due step and receptor, 0: none so far */
  uint32_t *kinds;   /* [n_kinds] due step and receptor; ascending when all records are there */
  uint32_t n_kinds;
};

/* One source and its records, first .. first + count - 1. */
typedef struct row {
  uint32_t gid;
  uint64_t first, count;
} row;

volley_table_builder *volley_table_builder_create(void) {
  volley_table_builder *builder = volley_alloc(1, sizeof *builder, "the synapse tables");
  builder->rows = volley_gid_map_create();
  builder->numbers =
      volley_alloc(1 << (DUE_BITS + VOLLEY_RECEPTOR_BITS), sizeof *builder->numbers, "the synapse tables");
  return builder;
}

void volley_table_builder_destroy(volley_table_builder *builder) {
  if (!builder) return;
  volley_gid_map_free(&builder->rows);
  volley_table_free(builder->records, builder->n * sizeof *builder->records);
  free(builder->numbers);
  free(builder->kinds);
  free(builder);
}

void volley_table_count(volley_table_builder *builder, uint32_t source_gid) {
  volley_gid_map_at(&builder->rows, source_gid)->value++;
  builder->n++;
}

void volley_table_allocate(volley_table_builder *builder) {
  uint64_t first = 0;
  for (size_t i = 0; i <= builder->rows.mask; i++) {
    const uint64_t count = builder->rows.entries[i].value;
    builder->rows.entries[i].value = first;
    first += count;
  }
  builder->records = volley_alloc_huge(builder->n * sizeof *builder->records, "the synapses of a block");
}

/* The number of a due step and receptor that were not there before. */
static uint16_t add_kind(volley_table_builder *builder, uint32_t kind) {
  if (builder->n_kinds == MAX_KINDS) {
    volley_fault(VOLLEY_FAILURE, NULL, "more than %d different delays onto the neurons of one thread: use more ranks",
                 MAX_KINDS);
    return MAX_KINDS;
  }
  if ((builder->n_kinds & (builder->n_kinds - 1)) == 0)
    builder->kinds = volley_grow(builder->kinds, builder->n_kinds ? 2 * (size_t)builder->n_kinds : 1,
                                 sizeof *builder->kinds, "the synapse tables");
  builder->kinds[builder->n_kinds++] = kind;
  return (uint16_t)builder->n_kinds;
}

static int ascending(const void *a, const void *b) {
  const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  return (x > y) - (x < y);
}

/* Numbers the kinds in their order. */
static void order_kinds(volley_table_builder *builder) {
  uint16_t *ranks = volley_alloc(builder->n_kinds, sizeof *ranks, "the synapse tables");
  uint32_t *sorted = volley_alloc(builder->n_kinds, sizeof *sorted, "the synapse tables");
  for (uint32_t k = 0; k < builder->n_kinds; k++) sorted[k] = builder->kinds[k];
  qsort(sorted, builder->n_kinds, sizeof *sorted, ascending);
  for (uint32_t k = 0; k < builder->n_kinds; k++) ranks[builder->numbers[sorted[k]] - 1] = (uint16_t)k;
  for (uint64_t i = 0; i < builder->n; i++) builder->records[i].kind = ranks[builder->records[i].kind];
  free(ranks);
  free(builder->kinds);
  builder->kinds = sorted;
}

void volley_table_fill(volley_table_builder *builder, uint32_t source_gid, uint16_t id, uint16_t due, uint8_t receptor,
                       float weight) {
  volley_gid_entry *entry = volley_gid_map_find(&builder->rows, source_gid);
  const uint32_t kind = (uint32_t)due << VOLLEY_RECEPTOR_BITS | receptor;
  if (builder->numbers[kind] == 0) builder->numbers[kind] = add_kind(builder, kind);
  builder->records[entry->value++] = (record){weight, id, (uint16_t)(builder->numbers[kind] - 1)};
}

/* One pass of a stable radix sort by eight bits of the kind. */
static void sort_by_byte(const record *from, record *to, uint64_t n, int shift) {
  uint64_t starts[SLOTS + 1] = {0};
  for (uint64_t i = 0; i < n; i++) starts[((from[i].kind >> shift) & (SLOTS - 1)) + 1]++;
  for (int s = 0; s < SLOTS; s++) starts[s + 1] += starts[s];
  for (uint64_t i = 0; i < n; i++) to[starts[(from[i].kind >> shift) & (SLOTS - 1)]++] = from[i];
}

/* Few records: by insertion, which is stable too. */
static void sort_few(record *records, uint64_t n) {
  for (uint64_t i = 1; i < n; i++) {
    const record moved = records[i];
    uint64_t j = i;
    for (; j > 0 && records[j - 1].kind > moved.kind; j--) records[j] = records[j - 1];
    records[j] = moved;
  }
}

static void sort_row(record *records, uint64_t n, record *scratch) {
  if (n <= FEW) {
    sort_few(records, n);
    return;
  }
  sort_by_byte(records, scratch, n, 0);
  sort_by_byte(scratch, records, n, 8);
}

/* The group that begins at record `from` of a sorted row of n. */
static volley_group next_group(const uint32_t *kinds, const record *records, uint64_t from, uint64_t n) {
  const record *first = &records[from];
  uint32_t count = 1;
  int equal = 1;
  while (from + count < n && count < VOLLEY_MAX_GROUP && first[count].kind == first->kind) {
    equal &= first[count].weight == first->weight;
    count++;
  }
  return (volley_group){.count = (uint16_t)count,
                        .due = (uint16_t)(kinds[first->kind] >> VOLLEY_RECEPTOR_BITS),
                        .receptor = (uint8_t)(kinds[first->kind] & ((1 << VOLLEY_RECEPTOR_BITS) - 1)),
                        .equal = (uint8_t)equal};
}

/* Sorts a row and returns the bytes it will take in the table; counts its groups and notes when they are due. */
static size_t measure_row(volley_table *table, const uint32_t *kinds, record *records, uint64_t n, record *scratch) {
  sort_row(records, n, scratch);
  size_t bytes = sizeof(uint32_t);
  for (uint64_t from = 0; from < n;) {
    const volley_group group = next_group(kinds, records, from, n);
    bytes += sizeof group + volley_group_bytes(group.count, group.equal);
    if (group.due > table->max_due) table->max_due = group.due;
    table->groups++;
    from += group.count;
  }
  return (bytes + 3) / 4 * 4;
}

static unsigned char *write_group(unsigned char *at, const record *records, volley_group group) {
  const uint32_t n_weights = group.equal ? 1 : group.count;
  unsigned char *ids = at + n_weights * sizeof(float);
  for (uint32_t i = 0; i < n_weights; i++) memcpy(at + i * sizeof(float), &records[i].weight, sizeof(float));
  for (uint32_t i = 0; i < group.count; i++) memcpy(ids + i * sizeof(uint16_t), &records[i].id, sizeof(uint16_t));
  return at + volley_group_bytes(group.count, group.equal);
}

static void write_row(unsigned char *at, const uint32_t *kinds, const record *records, uint64_t n) {
  uint32_t n_groups = 0;
  for (uint64_t from = 0; from < n; n_groups++) from += next_group(kinds, records, from, n).count;
  memcpy(at, &n_groups, sizeof n_groups);
  unsigned char *header = at + sizeof n_groups;
  unsigned char *data = header + n_groups * sizeof(volley_group);
  data = at + (size_t)(data - at + 3) / 4 * 4;
  for (uint64_t from = 0; from < n;) {
    const volley_group group = next_group(kinds, records, from, n);
    memcpy(header, &group, sizeof group);
    header += sizeof group;
    data = write_group(data, records + from, group);
    from += group.count;
  }
}

static int by_first(const void *a, const void *b) {
  const uint64_t x = ((const row *)a)->first, y = ((const row *)b)->first;
  return (x > y) - (x < y);
}

/* The rows in the order of their records; after filling, an entry's value is the end of its records. */
static row *list_rows(const volley_table_builder *builder) {
  row *rows = volley_alloc(builder->rows.n, sizeof *rows, "the synapse tables");
  uint32_t n = 0;
  for (size_t i = 0; i <= builder->rows.mask; i++) {
    const volley_gid_entry *entry = &builder->rows.entries[i];
    if (entry->gid_plus_one != 0) rows[n++] = (row){entry->gid_plus_one - 1, entry->value, 0};
  }
  qsort(rows, n, sizeof *rows, by_first);
  uint64_t first = 0;
  for (uint32_t r = 0; r < n; r++) {
    const uint64_t end = rows[r].first;
    rows[r].first = first;
    rows[r].count = end - first;
    first = end;
  }
  return rows;
}

static record *make_scratch(const row *rows, uint32_t n) {
  uint64_t longest = 0;
  for (uint32_t r = 0; r < n; r++) longest = rows[r].count > longest ? rows[r].count : longest;
  return volley_alloc(longest, sizeof(record), "the synapse tables");
}

volley_table volley_table_finish(volley_table_builder *builder) {
  volley_table table = {.rows = builder->rows, .synapses = builder->n};
  const uint32_t n_rows = builder->rows.n;
  order_kinds(builder);
  row *rows = list_rows(builder);
  record *scratch = make_scratch(rows, n_rows);
  for (uint32_t r = 0; r < n_rows; r++) {
    volley_gid_map_find(&table.rows, rows[r].gid)->value = table.pool_bytes;
    table.pool_bytes += measure_row(&table, builder->kinds, builder->records + rows[r].first, rows[r].count, scratch);
  }
  table.pool = volley_alloc_huge(table.pool_bytes, "the synapse tables");
  void *kept = builder->records; /* records that have been written are given back */
  for (uint32_t r = 0; r < n_rows; r++) {
    record *records = builder->records + rows[r].first;
    write_row(table.pool + volley_gid_map_find(&table.rows, rows[r].gid)->value, builder->kinds, records,
              rows[r].count);
    kept = volley_table_discard(kept, records);
  }
  free(scratch);
  free(rows);
  builder->rows = (volley_gid_map){0}; /* the table's now */
  volley_table_builder_destroy(builder);
  return table;
}

double volley_table_expected_bytes(double rows, double groups, double synapses, bool equal) {
  const double id = sizeof(uint16_t), weight = sizeof(float),
               filling = 1; /* a group or a row is filled up to 4 bytes */
  return (equal ? id * synapses + weight * groups : (id + weight) * synapses) +
         groups * (sizeof(volley_group) + filling) + rows * (sizeof(uint32_t) + filling);
}

double volley_table_builder_expected_bytes(double rows, double synapses) {
  return rows * sizeof(row) + synapses * sizeof(record);
}

void volley_table_release(volley_table *table) {
  volley_gid_map_free(&table->rows);
  volley_table_free(table->pool, table->pool_bytes);
  *table = (volley_table){0};
}
