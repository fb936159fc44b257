#include "network/event_table.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/search.h"
#include "base/status.h"
#include "network/source_buckets.h"

#include <math.h>
#include <stdlib.h>

enum { MOST_KINDS = 1 << 16, SLOTS = 4 * MOST_KINDS };

struct volley_event_table_builder {
  volley_source_buckets buckets;
  uint64_t *ends; /* [buckets.n] counts, then the end of what was filled in of each bucket */
  volley_event_synapse *records;
  uint64_t n;
  volley_event_table table;
  uint32_t *slots; /* [SLOTS] 1 + number of a kind, by its hash; 0: empty. NULL: there are too many kinds */
};

volley_event_table_builder *volley_event_table_begin(volley_gid sources, bool few_weights) {
  volley_event_table_builder *builder = volley_alloc(1, sizeof *builder, "the synapse tables");
  builder->buckets = volley_source_buckets_of(sources);
  builder->ends = volley_alloc(builder->buckets.n, sizeof *builder->ends, "the synapse tables");
  builder->table = (volley_event_table){.has_weights = !few_weights, .shortest = INFINITY};
  return builder;
}

void volley_event_table_count(volley_event_table_builder *builder, volley_gid source_gid) {
  builder->ends[source_gid >> builder->buckets.shift]++;
}

void volley_event_table_allocate(volley_event_table_builder *builder) {
  for (uint32_t b = 0; b < builder->buckets.n; b++) {
    const uint64_t count = builder->ends[b];
    builder->ends[b] = builder->n;
    builder->n += count;
  }
  builder->records = volley_alloc_huge(builder->n * sizeof *builder->records, "the synapses of a block");
}

void volley_event_table_fill(volley_event_table_builder *builder, volley_gid source_gid, volley_event_synapse synapse) {
  volley_event_table *table = &builder->table;
  if (table->has_weights) synapse.weight = (float)synapse.weight;
  synapse.source = volley_place_in_bucket(builder->buckets, source_gid);
  builder->records[builder->ends[source_gid >> builder->buckets.shift]++] = synapse;
  table->shortest = fmin(table->shortest, synapse.delay);
  table->longest = fmax(table->longest, synapse.delay);
}

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

static bool comes_before(const volley_event_synapse *a, const volley_event_synapse *b) {
  return a->source < b->source || (a->source == b->source && a->delay < b->delay);
}

/* Sorts synapses by source and delay, stably, by merging. */
static void sort(volley_event_synapse *synapses, uint64_t n, volley_event_synapse *scratch) {
  if (n < 2) return;
  const uint64_t half = n / 2;
  sort(synapses, half, scratch);
  sort(synapses + half, n - half, scratch);
  if (!comes_before(&synapses[half], &synapses[half - 1])) return;
  memcpy(scratch, synapses, half * sizeof *scratch);
  for (uint64_t i = 0, j = half, k = 0; i < half; k++)
    synapses[k] = j < n && comes_before(&synapses[j], &scratch[i]) ? synapses[j++] : scratch[i++];
}

static void sort_rows(volley_event_table_builder *builder) {
  uint64_t longest = 0;
  for (uint32_t b = 0; b < builder->buckets.n; b++) {
    const uint64_t count = builder->ends[b] - (b > 0 ? builder->ends[b - 1] : 0);
    if (count > longest) longest = count;
  }
  volley_event_synapse *scratch = volley_alloc(longest, sizeof *scratch, "the synapse tables");
  for (uint32_t b = 0; b < builder->buckets.n; b++) {
    const uint64_t first = b > 0 ? builder->ends[b - 1] : 0;
    sort(builder->records + first, builder->ends[b] - first, scratch);
  }
  free(scratch);
}

/* What of a synapse is its kind in a table of this form. */
static volley_event_kind kind_of(const volley_event_table *table, const volley_event_synapse *synapse) {
  return (volley_event_kind){.delay = table->delays == VOLLEY_DELAY_OF_KIND ? synapse->delay : 0,
                             .weight = table->has_weights ? 0 : synapse->weight,
                             .receptor = synapse->receptor};
}

static uint32_t hash_of(const volley_event_kind *kind) {
  uint64_t hash = volley_scramble(bits_of(kind->delay));
  hash = volley_scramble(hash ^ bits_of(kind->weight));
  return (uint32_t)(hash + kind->receptor) % SLOTS;
}

/* The number of a synapse's kind, which is added to the list; MOST_KINDS: the list is full. */
static uint32_t find_kind(volley_event_table_builder *builder, const volley_event_synapse *synapse) {
  volley_event_table *table = &builder->table;
  const volley_event_kind wanted = kind_of(table, synapse);
  uint32_t at = hash_of(&wanted);
  for (; builder->slots[at]; at = (at + 1) % SLOTS) {
    const volley_event_kind *kind = &table->kinds[builder->slots[at] - 1];
    if (kind->delay == wanted.delay && kind->weight == wanted.weight && kind->receptor == wanted.receptor)
      return builder->slots[at] - 1;
  }
  if (table->n_kinds == MOST_KINDS) return MOST_KINDS;
  if ((table->n_kinds & (table->n_kinds - 1)) == 0)
    table->kinds = volley_grow(table->kinds, table->n_kinds ? 2 * (size_t)table->n_kinds : 1, sizeof *table->kinds,
                               "the synapse tables");
  table->kinds[table->n_kinds] = wanted;
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

static bool has_few_kinds(volley_event_table_builder *builder) {
  memset(builder->slots, 0, SLOTS * sizeof *builder->slots);
  builder->table.n_kinds = 0;
  for (uint64_t s = 0; s < builder->n; s++)
    if (find_kind(builder, &builder->records[s]) == MOST_KINDS) return false;
  return true;
}

static bool can_all_be_packed(const volley_event_table_builder *builder) {
  for (uint64_t s = 0; s < builder->n; s++)
    if (!can_be_packed(&builder->records[s])) return false;
  return true;
}

/* The form that takes the fewest bytes. */
static void choose_form(volley_event_table_builder *builder) {
  volley_event_table *table = &builder->table;
  builder->slots = volley_alloc(SLOTS, sizeof *builder->slots, "the synapse tables");
  if (has_few_kinds(builder)) {
    table->delays = VOLLEY_DELAY_OF_KIND;
  } else if (table->has_weights && can_all_be_packed(builder)) {
    table->delays = VOLLEY_DELAY_PACKED;
  } else {
    table->delays = VOLLEY_DELAY_WHOLE;
    if (!has_few_kinds(builder)) volley_die("more than %d weights, where they were to be few", MOST_KINDS);
  }
  static const size_t bytes[] = {
      [VOLLEY_DELAY_OF_KIND] = 0, [VOLLEY_DELAY_PACKED] = sizeof(uint32_t), [VOLLEY_DELAY_WHOLE] = sizeof(double)};
  table->size = 2 * sizeof(uint16_t) + (table->has_weights ? sizeof(float) : 0) + bytes[table->delays];
}

/* Writes the synapses where their records lie, which are larger. */
static void write_synapses(volley_event_table_builder *builder) {
  const volley_event_table *table = &builder->table;
  unsigned char *out = (unsigned char *)builder->records;
  for (uint64_t s = 0; s < builder->n; s++) {
    const volley_event_synapse synapse = builder->records[s];
    const bool is_packed = table->delays == VOLLEY_DELAY_PACKED;
    const uint64_t packed = is_packed ? pack(&synapse) : find_kind(builder, &synapse);
    const uint16_t code = (uint16_t)(is_packed ? packed >> 32 : packed);
    const uint32_t low = (uint32_t)packed;
    const float weight = (float)synapse.weight;
    memcpy(out, &synapse.target, sizeof synapse.target);
    memcpy(out + 2, &code, sizeof code);
    out += 4;
    if (table->has_weights) memcpy(out, &weight, sizeof weight);
    if (table->has_weights) out += sizeof weight;
    if (is_packed) memcpy(out, &low, sizeof low);
    if (table->delays == VOLLEY_DELAY_WHOLE) memcpy(out, &synapse.delay, sizeof synapse.delay);
    out += is_packed ? sizeof low : table->delays == VOLLEY_DELAY_WHOLE ? sizeof synapse.delay : 0;
  }
  volley_table_discard(out, builder->records + builder->n);
}

/* Goes through the sorted records, and lists sources and where their rows begin, if these lists are there. Returns how many rows
 * there are. */
static uint32_t list_rows(const volley_event_table_builder *builder, volley_gid *gids, uint64_t *firsts) {
  uint32_t n = 0;
  uint64_t s = 0;
  for (uint32_t b = 0; b < builder->buckets.n; b++)
    for (uint32_t of_row = UINT32_MAX; s < builder->ends[b]; s++) {
      if (builder->records[s].source == of_row) continue;
      of_row = builder->records[s].source;
      if (gids) gids[n] = ((volley_gid)b << builder->buckets.shift) + of_row;
      if (firsts) firsts[n] = s;
      n++;
    }
  return n;
}

static void index_rows(volley_event_table_builder *builder) {
  volley_event_table *table = &builder->table;
  const uint32_t n = list_rows(builder, NULL, NULL);
  volley_gid *gids = volley_alloc((size_t)n + 1, sizeof *gids, "the synapse tables");
  table->firsts = volley_alloc((size_t)n + 1, sizeof *table->firsts, "the synapse tables");
  (void)list_rows(builder, gids, table->firsts);
  table->firsts[n] = builder->n;
  table->sources = volley_source_index_make(gids, n);
  free(gids);
}

volley_event_table volley_event_table_finish(volley_event_table_builder *builder) {
  sort_rows(builder);
  choose_form(builder);
  index_rows(builder);
  write_synapses(builder);
  builder->table.pool = (unsigned char *)builder->records;
  const volley_event_table table = builder->table;
  free(builder->slots);
  free(builder->ends);
  free(builder);
  return table;
}

uint64_t volley_event_table_reach(const volley_event_table *table, uint64_t first, uint64_t end, double time,
                                  double bound) {
  uint64_t low = first, stride = 1;
  for (; low + stride <= end && time + volley_event_synapse_at(table, low + stride - 1).delay < bound; stride *= 2)
    low += stride;
  uint64_t found = low;
  VOLLEY_SEARCH(found, low + stride <= end ? low + stride - 1 : end, s,
                time + volley_event_synapse_at(table, s).delay < bound)
  return found;
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

double volley_event_table_expected_bytes(double rows, double synapses, bool weights, bool delays) {
  const bool are_many = synapses > MOST_KINDS; /* fewer have a list of kinds whatever they are */
  size_t bytes = 2 * sizeof(uint16_t);
  if (weights) bytes += sizeof(float);
  if (delays && are_many) bytes += weights ? sizeof(uint32_t) : sizeof(double);
  return rows * sizeof(uint64_t) + synapses * (double)bytes;
}

double volley_event_table_builder_expected_bytes(double sources, double synapses) {
  return volley_source_buckets_expected(sources) * sizeof(uint64_t) + synapses * sizeof(volley_event_synapse);
}
