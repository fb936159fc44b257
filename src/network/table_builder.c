#include "network/table_builder.h"

#include "base/memory.h"
#include "base/random.h"
#include "neuron/neuron.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A synapse before its row is written; ten bytes. */
typedef struct record {
  uint16_t source; /* its low bits: the bucket has the others */
  uint16_t target;
  uint16_t kind;                       /* number of its due step and receptor */
  unsigned char weight[sizeof(float)]; /* once it is rounded as it will lie in the table, and zeros */
} record;
_Static_assert(sizeof(record) == 10, "records are packed");

enum { DUE_BITS = 16, SLOTS = 256, FEW = 32, MAX_KINDS = UINT16_MAX, BUCKETS = 8192, SOURCE_BITS = 16 };
_Static_assert(VOLLEY_MAX_DELAY + 1 < 1 << DUE_BITS, "the step on which a synapse is due must fit in 16 bits");

/* A due step and receptor, and what they mean in the layout that was chosen. */
typedef struct kind {
  uint16_t due, place; /* place: of target 0 */
  uint8_t receptor;
  uint32_t group; /* number of the group within a row that has all */
} kind;

struct volley_table_builder {
  uint32_t stride;
  int receptors, shift; /* a bucket holds 1 << shift neighbouring sources */
  volley_delivery wanted;
  volley_weight_bits weight_bits;
  uint32_t seed;
  uint32_t n_buckets;
  uint64_t *ends; /* [n_buckets] counts, then where the next record of the bucket goes */
  record *records;
  uint64_t n, largest; /* records: of all, of the largest bucket */
  double *sums; /* [receptors][stride] of the sizes of all weights onto a target; with units, the largest of them */
  uint16_t *numbers; /* [1 << (DUE_BITS + VOLLEY_RECEPTOR_BITS)] 1 + kind by due step and receptor, 0: none so far */
  kind *kinds;       /* [n_kinds] in the order of their first synapse */
  uint32_t n_kinds;
  record *scratch;  /* [of the largest bucket] */
  uint32_t *gids;   /* [n_rows] sources that have a row, ascending */
  uint64_t *firsts; /* [n_rows + 1] their first records */
  uint32_t n_rows;
};

volley_table_builder *volley_table_builder_create(uint32_t sources, uint32_t stride, int receptors,
                                                  const volley_simulation *simulation) {
  volley_table_builder *builder = volley_alloc(1, sizeof *builder, "the synapse tables");
  *builder = (volley_table_builder){.stride = stride,
                                    .receptors = receptors,
                                    .wanted = simulation->delivery,
                                    .weight_bits = simulation->weight_bits,
                                    .seed = simulation->seed};
  while (builder->shift < SOURCE_BITS && sources >> builder->shift > BUCKETS) builder->shift++;
  builder->n_buckets = (sources >> builder->shift) + 1;
  builder->ends = volley_alloc(builder->n_buckets, sizeof *builder->ends, "the synapse tables");
  builder->sums = volley_alloc((size_t)receptors * stride, sizeof *builder->sums, "the synapse tables");
  builder->numbers =
      volley_alloc(1 << (DUE_BITS + VOLLEY_RECEPTOR_BITS), sizeof *builder->numbers, "the synapse tables");
  return builder;
}

void volley_table_count(volley_table_builder *builder, uint32_t source_gid) {
  builder->ends[source_gid >> builder->shift]++;
}

void volley_table_allocate(volley_table_builder *builder) {
  for (uint32_t b = 0; b < builder->n_buckets; b++) {
    const uint64_t count = builder->ends[b];
    builder->ends[b] = builder->n;
    builder->n += count;
    if (count > builder->largest) builder->largest = count;
  }
  builder->records = volley_alloc_huge(builder->n * sizeof *builder->records, "the synapses of a block");
  builder->scratch = volley_alloc_huge(builder->largest * sizeof *builder->scratch, "the synapses of a block");
}

/* The number of a due step and receptor that were not there before. */
static uint16_t add_kind(volley_table_builder *builder, uint16_t due, uint8_t receptor) {
  if (builder->n_kinds == MAX_KINDS) {
    volley_fault(VOLLEY_FAILURE, NULL, "more than %d different delays onto the neurons of one thread: use more ranks",
                 MAX_KINDS);
    return MAX_KINDS;
  }
  if ((builder->n_kinds & (builder->n_kinds - 1)) == 0)
    builder->kinds = volley_grow(builder->kinds, builder->n_kinds ? 2 * (size_t)builder->n_kinds : 1,
                                 sizeof *builder->kinds, "the synapse tables");
  builder->kinds[builder->n_kinds++] = (kind){.due = due, .receptor = receptor};
  return (uint16_t)builder->n_kinds;
}

void volley_table_fill(volley_table_builder *builder, uint32_t source_gid, uint16_t target, uint16_t due,
                       uint8_t receptor, float weight) {
  const uint32_t number = (uint32_t)due << VOLLEY_RECEPTOR_BITS | receptor;
  if (builder->numbers[number] == 0) builder->numbers[number] = add_kind(builder, due, receptor);
  record *r = &builder->records[builder->ends[source_gid >> builder->shift]++];
  r->source = (uint16_t)(source_gid & ((1u << builder->shift) - 1));
  r->target = target;
  r->kind = (uint16_t)(builder->numbers[number] - 1);
  memcpy(r->weight, &weight, sizeof weight);
  double *sum = &builder->sums[(size_t)receptor * builder->stride + target], size = fabs((double)weight);
  *sum = builder->weight_bits == VOLLEY_WEIGHT_BITS_32 ? *sum + size : fmax(*sum, size);
}

/* What records are sorted by: their source, or their group where the kinds are given. */
static uint32_t key_of(const record *r, const kind *kinds) { return kinds ? kinds[r->kind].group : r->source; }

/* Few records: by insertion. */
static void sort_few(record *records, uint64_t n, const kind *kinds) {
  for (uint64_t i = 1; i < n; i++) {
    const record moved = records[i];
    const uint32_t key = key_of(&moved, kinds);
    uint64_t j = i;
    for (; j > 0 && key_of(&records[j - 1], kinds) > key; j--) records[j] = records[j - 1];
    records[j] = moved;
  }
}

/* A stable sort, by eight bits at a time. */
static void sort(record *records, uint64_t n, record *scratch, const kind *kinds) {
  if (n <= FEW) {
    sort_few(records, n, kinds);
    return;
  }
  uint32_t largest = 0;
  for (uint64_t i = 0; i < n; i++)
    largest = key_of(&records[i], kinds) > largest ? key_of(&records[i], kinds) : largest;
  record *from = records, *to = scratch;
  for (int shift = 0; shift < 32 && largest >> shift > 0; shift += 8) {
    uint64_t starts[SLOTS + 1] = {0};
    for (uint64_t i = 0; i < n; i++) starts[(key_of(&from[i], kinds) >> shift & (SLOTS - 1)) + 1]++;
    for (int s = 0; s < SLOTS; s++) starts[s + 1] += starts[s];
    for (uint64_t i = 0; i < n; i++) to[starts[key_of(&from[i], kinds) >> shift & (SLOTS - 1)]++] = from[i];
    record *swapped = from;
    from = to;
    to = swapped;
  }
  if (from != records) memcpy(records, from, n * sizeof *records);
}

static void add_row(volley_table_builder *builder, uint32_t gid, uint64_t first) {
  const uint32_t n = builder->n_rows++;
  if ((n & (n + 1)) == 0) { /* full: there is room for 2^k - 1, and for where the last one ends */
    builder->gids = volley_grow(builder->gids, 2 * (size_t)n + 2, sizeof *builder->gids, "the synapse tables");
    builder->firsts = volley_grow(builder->firsts, 2 * (size_t)n + 2, sizeof *builder->firsts, "the synapse tables");
  }
  builder->gids[n] = gid;
  builder->firsts[n] = first;
}

/* Sorts the records by source, and lists the rows. Returns the length of the longest. */
static double find_rows(volley_table_builder *builder) {
  uint64_t longest = 0, first = 0;
  for (uint32_t b = 0; b < builder->n_buckets; b++) {
    record *records = builder->records + first;
    const uint64_t n = builder->ends[b] - first;
    sort(records, n, builder->scratch, NULL);
    for (uint64_t i = 0; i < n; i++)
      if (i == 0 || records[i].source != records[i - 1].source)
        add_row(builder, (b << builder->shift) + records[i].source, first + i);
    first += n;
  }
  if (builder->n_rows == 0) return 0;
  builder->firsts[builder->n_rows] = builder->n;
  for (uint32_t r = 0; r < builder->n_rows; r++) {
    const uint64_t n = builder->firsts[r + 1] - builder->firsts[r];
    longest = n > longest ? n : longest;
  }
  return (double)longest;
}

static void choose_layout(volley_table_builder *builder, volley_table *table, double longest) {
  const kind *kinds = builder->kinds;
  for (uint32_t k = 0; k < builder->n_kinds; k++) {
    if (kinds[k].due > table->max_due) table->max_due = kinds[k].due;
    if (k == 0 || kinds[k].due < table->min_due) table->min_due = kinds[k].due;
  }
  table->layout = volley_layout_choose(&(volley_table_shape){.rows = builder->n_rows,
                                                             .synapses = (double)builder->n,
                                                             .longest = longest,
                                                             .stride = builder->stride,
                                                             .receptors = builder->receptors,
                                                             .min_due = table->min_due,
                                                             .max_due = table->max_due,
                                                             .wanted = builder->wanted,
                                                             .weight_bits = builder->weight_bits});
}

/* Groups and places of all kinds. */
static void lay_out_kinds(volley_table_builder *builder, const volley_table *table) {
  const volley_layout layout = table->layout;
  for (uint32_t k = 0; k < builder->n_kinds; k++) {
    kind *of = &builder->kinds[k];
    const uint32_t since = (uint32_t)of->due - (uint32_t)table->min_due, window = since >> layout.step_bits;
    const uint32_t step = layout.direct ? of->due : since - (window << layout.step_bits);
    of->place = (uint16_t)(step << layout.number_bits);
    if (layout.direct) of->place = (uint16_t)(of->place + of->receptor * builder->stride);
    of->group = layout.direct ? 0 : window * (uint32_t)builder->receptors + of->receptor;
    if (!layout.direct) of->due = (uint16_t)(of->due - step); /* of the group */
  }
}

/* Turns the sum of all weights onto a target into what rounds one of them: added and taken away again it leaves a multiple of
 * 2^-44 of the sum. So 256 times the sum is added up in 53 bits without rounding, and a weight of more than a millionth of
 * the sum keeps all its 24 bits. */
static void prepare_rounding(volley_table_builder *builder) {
  for (size_t i = 0; i < (size_t)builder->receptors * builder->stride; i++) {
    int exponent;
    (void)frexp(builder->sums[i], &exponent);
    if (builder->sums[i] > 0) builder->sums[i] = ldexp(1.5, exponent - 44 + 52);
  }
}

/* The units of weights of 16 or 8 bits: the least powers of two in which the largest weight onto a target at a receptor is
 * below the largest whole number. They depend on nothing else, so a weight is rounded alike on any ranks. */
static void make_units(volley_table_builder *builder, volley_table *table) {
  const int bits = builder->weight_bits == VOLLEY_WEIGHT_BITS_16 ? 15 : 7;
  table->n_units = (uint32_t)builder->receptors * builder->stride;
  table->units = volley_alloc(table->n_units, sizeof *table->units, "the synapse tables");
  for (uint32_t i = 0; i < table->n_units; i++) {
    int exponent;
    (void)frexp(builder->sums[i] / (1 - ldexp(1, -bits)), &exponent);
    builder->sums[i] = fmax(ldexp(1, exponent - bits), (double)FLT_MIN);
    table->units[i] = (float)builder->sums[i];
  }
}

/* Rounds a weight to a whole number of units, up or down by chance, so that the mean is kept. The chance is a function of the
 * source and the weight: weights of a source that are equal stay so. */
static void round_to_units(record *r, double unit, uint64_t of_source, int shift) {
  uint32_t word;
  float weight;
  memcpy(&word, r->weight, sizeof word);
  memcpy(&weight, r->weight, sizeof weight);
  const double chance = (double)(uint32_t)volley_scramble(of_source ^ word) * 0x1p-32;
  const int16_t whole = (int16_t)floor((double)weight / unit + chance);
  const int8_t small = (int8_t)whole;
  memset(r->weight, 0, sizeof r->weight);
  memcpy(r->weight, shift == 1 ? (const void *)&whole : &small, (size_t)1 << shift);
}

/* Rounds the weights of a row. */
static void round_weights(const volley_table_builder *builder, int shift, uint32_t source, record *records,
                          uint64_t n) {
  uint32_t words[4];
  volley_random_block(volley_key_of(builder->seed, VOLLEY_PURPOSE_ROUNDING, 0), source, 0, 0, words);
  for (record *r = records; r < records + n; r++) {
    const double rounds = builder->sums[(size_t)builder->kinds[r->kind].receptor * builder->stride + r->target];
    if (builder->weight_bits != VOLLEY_WEIGHT_BITS_32) {
      round_to_units(r, rounds, (uint64_t)words[0] << 32 | words[1], shift);
      continue;
    }
    float weight;
    memcpy(&weight, r->weight, sizeof weight);
    weight = (float)(((double)weight + rounds) - rounds);
    memcpy(r->weight, &weight, sizeof weight);
  }
}

/* Records of a row that stand together. */
typedef struct piece {
  uint64_t count;
  bool equal;
} piece;

/* The piece that begins with the first of n records of a row. */
static piece next_piece(const volley_table_builder *builder, bool direct, const record *records, uint64_t n) {
  const uint32_t group = builder->kinds[records->kind].group;
  const uint64_t most = direct || n < VOLLEY_MAX_GROUP ? n : VOLLEY_MAX_GROUP;
  piece next = {1, true};
  for (; next.count < most && builder->kinds[records[next.count].kind].group == group; next.count++)
    next.equal &= memcmp(records[next.count].weight, records->weight, sizeof records->weight) == 0;
  return next;
}

/* Makes row r ready to be written, and returns the bytes that it takes in the pool. */
static size_t prepare_row(volley_table_builder *builder, volley_layout layout, uint32_t r) {
  record *records = builder->records + builder->firsts[r];
  const uint64_t n = builder->firsts[r + 1] - builder->firsts[r];
  round_weights(builder, layout.weight_shift, builder->gids[r], records, n);
  if (layout.direct && n == 1) return 0;
  if (!layout.direct) sort(records, n, builder->scratch, builder->kinds);
  size_t bytes = 0, pieces = 0;
  for (uint64_t from = 0; from < n; pieces++) {
    const piece next = next_piece(builder, layout.direct, records + from, n - from);
    bytes += volley_piece_bytes(layout, next.count, next.equal);
    from += next.count;
  }
  return bytes + (layout.direct ? 0 : volley_headers_bytes(pieces));
}

static unsigned char *write_piece(const volley_table_builder *builder, volley_layout layout, unsigned char *at,
                                  const record *records, piece of) {
  const uint64_t n_weights = of.equal ? 1 : of.count;
  const size_t bytes = (size_t)1 << layout.weight_shift;
  unsigned char *places = at + volley_weights_bytes(layout, of.count, of.equal);
  for (uint64_t i = 0; i < n_weights; i++) memcpy(at + i * bytes, records[i].weight, bytes);
  for (uint64_t i = 0; i < of.count; i++) {
    const uint16_t place = (uint16_t)(builder->kinds[records[i].kind].place + records[i].target);
    memcpy(places + i * sizeof place, &place, sizeof place);
  }
  return at + volley_piece_bytes(layout, of.count, of.equal);
}

static volley_row write_direct(const volley_table_builder *builder, volley_layout layout, unsigned char *at,
                               const record *records, uint64_t n) {
  if (n == 1) {
    return (volley_row){.single = true,
                        .place = (uint16_t)(builder->kinds[records->kind].place + records->target),
                        .weight = volley_weight_at(records->weight, 0, layout.weight_shift)};
  }
  const piece all = next_piece(builder, true, records, n);
  write_piece(builder, layout, at, records, all);
  return (volley_row){.equal = all.equal, .count = (uint32_t)n};
}

static volley_row write_listed(const volley_table_builder *builder, volley_layout layout, unsigned char *headers,
                               const record *records, uint64_t n) {
  uint32_t pieces = 0;
  for (uint64_t from = 0; from < n; pieces++) from += next_piece(builder, false, records + from, n - from).count;
  unsigned char *at = headers + volley_headers_bytes(pieces);
  for (uint64_t from = 0; from < n;) {
    const piece next = next_piece(builder, false, records + from, n - from);
    const kind *of = &builder->kinds[records[from].kind];
    const volley_group group = {
        .count = (uint16_t)next.count, .due = of->due, .receptor = of->receptor, .equal = next.equal};
    memcpy(headers, &group, sizeof group);
    headers += sizeof group;
    at = write_piece(builder, layout, at, records + from, next);
    from += next.count;
  }
  return (volley_row){.count = pieces};
}

/* Writes all rows; records that have been written are given back. */
static void write_rows(volley_table_builder *builder, volley_table *table) {
  void *kept = builder->records;
  uint64_t offset = 0;
  for (uint32_t r = 0; r < builder->n_rows; r++) {
    record *records = builder->records + builder->firsts[r];
    const uint64_t n = builder->firsts[r + 1] - builder->firsts[r], bytes = table->rows[r];
    volley_row row = table->layout.direct ? write_direct(builder, table->layout, table->pool + offset, records, n)
                                          : write_listed(builder, table->layout, table->pool + offset, records, n);
    row.offset = offset;
    table->rows[r] = volley_row_pack(row);
    offset += bytes;
    kept = volley_table_discard(kept, records + n);
  }
}

void volley_table_builder_destroy(volley_table_builder *builder) {
  if (!builder) return;
  volley_table_free(builder->records, builder->n * sizeof *builder->records);
  volley_table_free(builder->scratch, builder->largest * sizeof *builder->scratch);
  free(builder->gids);
  free(builder->firsts);
  free(builder->ends);
  free(builder->sums);
  free(builder->numbers);
  free(builder->kinds);
  free(builder);
}

volley_table volley_table_finish(volley_table_builder *builder) {
  volley_table table = {.stride = builder->stride, .synapses = builder->n};
  choose_layout(builder, &table, find_rows(builder));
  lay_out_kinds(builder, &table);
  if (builder->weight_bits == VOLLEY_WEIGHT_BITS_32)
    prepare_rounding(builder);
  else
    make_units(builder, &table);
  table.sources = volley_source_index_make(builder->gids, builder->n_rows);
  table.rows = volley_alloc_huge(builder->n_rows * sizeof *table.rows, "the synapse tables");
  for (uint32_t r = 0; r < builder->n_rows; r++) {
    table.rows[r] = prepare_row(builder, table.layout, r); /* its bytes, for now */
    table.pool_bytes += table.rows[r];
  }
  table.pool = volley_alloc_huge(table.pool_bytes, "the synapse tables");
  write_rows(builder, &table);
  volley_table_builder_destroy(builder);
  return table;
}

double volley_table_builder_expected_bytes(double rows, double synapses) {
  return rows * (sizeof(uint32_t) + sizeof(uint64_t)) + synapses * sizeof(record);
}
