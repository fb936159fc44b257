#include "network/event_table.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_KINDS = 1 << 16, SLOTS = 4 * MOST_KINDS };

_Static_assert(sizeof(volley_event_synapse) == 16, "synapses are records while they are filled in");

struct volley_event_table_builder {
  uint32_t n_sources;
  uint64_t *ends; /* [n_sources] counts, then the end of what was filled in of each source */
  volley_event_synapse *records;
  uint64_t n;
  volley_event_table table;
  uint32_t *slots; /* [SLOTS] 1 + number of a kind, by its hash; 0: empty. NULL: there are too many kinds */
};

volley_event_table_builder *volley_event_table_begin(uint32_t sources) {
  volley_event_table_builder *builder = volley_alloc(1, sizeof *builder, "the synapse tables");
  builder->n_sources = sources;
  builder->ends = volley_alloc(sources, sizeof *builder->ends, "the synapse tables");
  builder->table.shortest = INFINITY;
  return builder;
}

void volley_event_table_count(volley_event_table_builder *builder, uint32_t source_gid) { builder->ends[source_gid]++; }

void volley_event_table_allocate(volley_event_table_builder *builder) {
  for (uint32_t g = 0; g < builder->n_sources; g++) {
    const uint64_t count = builder->ends[g];
    builder->ends[g] = builder->n;
    builder->n += count;
  }
  builder->records = volley_alloc_huge(builder->n * sizeof *builder->records, "the synapses of a block");
}

void volley_event_table_fill(volley_event_table_builder *builder, uint32_t source_gid, volley_event_synapse synapse) {
  volley_event_table *table = &builder->table;
  builder->records[builder->ends[source_gid]++] = synapse;
  table->shortest = fmin(table->shortest, synapse.delay);
  table->longest = fmax(table->longest, synapse.delay);
}

static uint64_t bits_of(double delay) {
  uint64_t bits;
  memcpy(&bits, &delay, sizeof bits);
  return bits;
}

/* The number of a synapse's kind, which is added to the list; MOST_KINDS: the list is full. */
static uint32_t find_kind(volley_event_table_builder *builder, const volley_event_synapse *synapse) {
  volley_event_table *table = &builder->table;
  uint32_t at = (uint32_t)((bits_of(synapse->delay) + synapse->receptor) * UINT64_C(0x9E3779B97F4A7C15) >> 46) % SLOTS;
  for (; builder->slots[at]; at = (at + 1) % SLOTS) {
    const volley_event_kind *kind = &table->kinds[builder->slots[at] - 1];
    if (kind->delay == synapse->delay && kind->receptor == synapse->receptor) return builder->slots[at] - 1;
  }
  if (table->n_kinds == MOST_KINDS) return MOST_KINDS;
  if ((table->n_kinds & (table->n_kinds - 1)) == 0)
    table->kinds = volley_grow(table->kinds, table->n_kinds ? 2 * (size_t)table->n_kinds : 1, sizeof *table->kinds,
                               "the synapse tables");
  table->kinds[table->n_kinds] = (volley_event_kind){synapse->delay, synapse->receptor};
  builder->slots[at] = ++table->n_kinds;
  return table->n_kinds - 1;
}

/* A delay and receptor in 48 bits. */
static uint64_t pack(const volley_event_synapse *synapse) {
  const uint64_t above = bits_of(synapse->delay) - ((uint64_t)VOLLEY_LEAST_EXPONENT << 52);
  return above >> (52 - VOLLEY_DELAY_DIGITS) << VOLLEY_RECEPTOR_BITS | synapse->receptor;
}

static bool can_be_packed(const volley_event_synapse *synapse) {
  const uint64_t left_out = (UINT64_C(1) << (52 - VOLLEY_DELAY_DIGITS)) - 1;
  return (bits_of(synapse->delay) & left_out) == 0 && pack(synapse) < UINT64_C(1) << 48;
}

/* Bytes that a synapse takes. */
static size_t choose_size(volley_event_table_builder *builder) {
  size_t size = 8;
  builder->slots = volley_alloc(SLOTS, sizeof *builder->slots, "the synapse tables");
  for (uint64_t s = 0; s < builder->n && size < sizeof(volley_event_synapse); s++) {
    if (size == 8 && find_kind(builder, &builder->records[s]) == MOST_KINDS) {
      size = 12;
      s = 0;
    }
    if (size == 12 && !can_be_packed(&builder->records[s])) size = sizeof(volley_event_synapse);
  }
  return size;
}

/* Writes the synapses where their records lie, which are larger. */
static void write_synapses(volley_event_table_builder *builder) {
  const size_t size = builder->table.size;
  unsigned char *out = (unsigned char *)builder->records;
  for (uint64_t s = 0; s < builder->n && size < sizeof *builder->records; s++, out += size) {
    const volley_event_synapse synapse = builder->records[s];
    const uint64_t packed = size == 8 ? find_kind(builder, &synapse) : pack(&synapse);
    const uint16_t high = (uint16_t)(size == 8 ? packed : packed >> 32);
    const uint32_t low = (uint32_t)packed;
    memcpy(out, &synapse.weight, sizeof synapse.weight);
    memcpy(out + 4, &synapse.target, sizeof synapse.target);
    memcpy(out + 6, &high, sizeof high);
    if (size == 12) memcpy(out + 8, &low, sizeof low);
  }
  if (size < sizeof *builder->records) volley_table_discard(out, builder->records + builder->n);
}

static void index_rows(volley_event_table_builder *builder) {
  volley_event_table *table = &builder->table;
  uint32_t n = 0, rows = 0;
  for (uint32_t g = 0; g < builder->n_sources; g++) n += builder->ends[g] > (g > 0 ? builder->ends[g - 1] : 0);
  uint32_t *gids = volley_alloc((size_t)n + 1, sizeof *gids, "the synapse tables");
  table->firsts = volley_alloc((size_t)n + 1, sizeof *table->firsts, "the synapse tables");
  for (uint32_t g = 0; g < builder->n_sources; g++) {
    const uint64_t first = g > 0 ? builder->ends[g - 1] : 0;
    if (builder->ends[g] == first) continue;
    table->firsts[rows] = first;
    gids[rows++] = g;
  }
  table->firsts[n] = builder->n;
  table->sources = volley_source_index_make(gids, n);
  free(gids);
}

volley_event_table volley_event_table_finish(volley_event_table_builder *builder) {
  builder->table.size = choose_size(builder);
  write_synapses(builder);
  builder->table.pool = (unsigned char *)builder->records;
  index_rows(builder);
  const volley_event_table table = builder->table;
  free(builder->slots);
  free(builder->ends);
  free(builder);
  return table;
}

uint64_t volley_event_table_synapses(const volley_event_table *table) {
  return table->firsts ? table->firsts[table->sources.n_rows] : 0;
}

uint64_t volley_event_table_bytes(const volley_event_table *table) {
  if (!table->firsts) return 0;
  return volley_event_table_synapses(table) * table->size + table->n_kinds * sizeof *table->kinds +
         (table->sources.n_rows + UINT64_C(1)) * sizeof *table->firsts + volley_source_index_bytes(&table->sources);
}

void volley_event_table_release(volley_event_table *table) {
  volley_table_free(table->pool, volley_event_table_synapses(table) * sizeof(volley_event_synapse));
  volley_source_index_release(&table->sources);
  free(table->firsts);
  free(table->kinds);
  *table = (volley_event_table){0};
}
