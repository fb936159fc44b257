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

enum {
  DUE_BITS = 16,
  SLOT_BITS = 8,
  SLOTS = 1 << SLOT_BITS,
  FEW = 32,
  MAX_KINDS = UINT16_MAX,
  BUCKETS = 2048,
  AHEAD = 13, /* records that are asked for before they are written */
  SOURCE_BITS = 16
};
_Static_assert(VOLLEY_MAX_DELAY + 1 < 1 << DUE_BITS, "the step on which a synapse is due must fit in 16 bits");

/* A due step and receptor, and what they mean in the layout that was chosen. */
typedef struct kind {
  uint16_t due, place; /* place: of target 0 */
  uint8_t receptor;
  uint32_t group; /* number of the group within a row that has all */
} kind;

/* Records of a row that stand together. */
typedef struct piece {
  uint32_t count;
  bool equal;
} piece;

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
  int group_bits;     /* of the numbers of groups */
  int16_t *exponents; /* [receptors][stride] what sums become: of the power of two that rounds weights */
  record *scratch;    /* [of the largest bucket] */
  volley_gid *gids;   /* [n_rows] sources that have a row, ascending */
  piece *pieces;      /* [of the longest row] */
  uint32_t n_rows;
};

volley_table_builder *volley_table_builder_create(volley_gid sources, uint32_t stride, int receptors,
                                                  const volley_simulation *simulation) {
  volley_table_builder *builder = volley_alloc(1, sizeof *builder, "the synapse tables");
  *builder = (volley_table_builder){.stride = stride,
                                    .receptors = receptors,
                                    .wanted = simulation->delivery,
                                    .weight_bits = simulation->weight_bits,
                                    .seed = simulation->seed};
  while (builder->shift < SOURCE_BITS && sources >> builder->shift > BUCKETS) builder->shift++;
  builder->n_buckets = (uint32_t)(sources >> builder->shift) + 1;
  builder->ends = volley_alloc(builder->n_buckets, sizeof *builder->ends, "the synapse tables");
  builder->sums = volley_alloc((size_t)receptors * stride, sizeof *builder->sums, "the synapse tables");
  builder->numbers =
      volley_alloc(1 << (DUE_BITS + VOLLEY_RECEPTOR_BITS), sizeof *builder->numbers, "the synapse tables");
  return builder;
}

void volley_table_count(volley_table_builder *builder, const volley_gid *sources, size_t n) {
  for (size_t e = 0; e < n; e++) builder->ends[sources[e] >> builder->shift]++;
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

/* Adds up the sizes of weights onto a target one by one, or keeps the largest. */
static void add_sizes(volley_table_builder *builder, uint16_t target, size_t n, const uint8_t *receptors,
                      const float *weights) {
  const bool adds = builder->weight_bits == VOLLEY_WEIGHT_BITS_32;
  for (size_t e = 0; e < n;) {
    const uint8_t receptor = receptors[e];
    double *sum = &builder->sums[(size_t)receptor * builder->stride + target], all = *sum;
    for (; e < n && receptors[e] == receptor; e++) {
      const double size = fabs((double)weights[e]);
      all = adds ? all + size : size > all ? size : all;
    }
    *sum = all;
  }
}

void volley_table_fill(volley_table_builder *builder, uint16_t target, size_t n, const volley_gid *sources,
                       const uint16_t *dues, const uint8_t *receptors, const float *weights) {
  const uint32_t mask = (1u << builder->shift) - 1;
  add_sizes(builder, target, n, receptors, weights);
  for (size_t e = 0; e < n; e++) {
    uint16_t *number = &builder->numbers[(uint32_t)dues[e] << VOLLEY_RECEPTOR_BITS | receptors[e]];
    if (*number == 0) *number = add_kind(builder, dues[e], receptors[e]);
    record *r = &builder->records[builder->ends[sources[e] >> builder->shift]++];
    __builtin_prefetch(r + AHEAD, 1);
    r->source = (uint16_t)(sources[e] & mask);
    r->target = target;
    r->kind = (uint16_t)(*number - 1);
    memcpy(r->weight, &weights[e], sizeof *weights);
  }
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

/* A stable sort by keys of so many bits, eight at a time. Returns where the records are then: in one array or the other. */
static record *sort(record *from, record *to, uint64_t n, const kind *kinds, int bits) {
  if (n <= FEW) {
    sort_few(from, n, kinds);
    return from;
  }
  for (int shift = 0; shift < bits; shift += SLOT_BITS) {
    uint64_t starts[SLOTS + 1] = {0};
    for (uint64_t i = 0; i < n; i++) starts[(key_of(&from[i], kinds) >> shift & (SLOTS - 1)) + 1]++;
    for (int s = 0; s < SLOTS; s++) starts[s + 1] += starts[s];
    for (uint64_t i = 0; i < n; i++) to[starts[key_of(&from[i], kinds) >> shift & (SLOTS - 1)]++] = from[i];
    record *swapped = from;
    from = to;
    to = swapped;
  }
  return from;
}

/* Counts the rows. Returns the length of the longest. */
static uint64_t count_rows(volley_table_builder *builder) {
  const uint32_t sources = 1u << builder->shift;
  uint64_t longest = 0, first = 0, *lengths = volley_alloc(sources, sizeof *lengths, "the synapse tables");
  for (uint32_t b = 0; b < builder->n_buckets; first = builder->ends[b++]) {
    for (uint64_t i = first; i < builder->ends[b]; i++) lengths[builder->records[i].source]++;
    for (uint32_t s = 0; s < sources && first < builder->ends[b]; s++) {
      builder->n_rows += lengths[s] > 0;
      longest = lengths[s] > longest ? lengths[s] : longest;
      lengths[s] = 0;
    }
  }
  free(lengths);
  return longest;
}

static void choose_layout(const volley_table_builder *builder, volley_table *table, double longest) {
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
    while (of->group >> builder->group_bits > 0) builder->group_bits++;
    if (!layout.direct) of->due = (uint16_t)(of->due - step); /* of the group */
  }
}

/* The sum of all weights onto a target says what rounds one of them: added and taken away again it leaves a multiple of 2^-44 of
 * the sum. So 256 times the sum is added up in 53 bits without rounding, and a weight of more than a millionth of the sum keeps
 * all its 24 bits. */
static void prepare_rounding(volley_table_builder *builder) {
  const size_t n = (size_t)builder->receptors * builder->stride;
  builder->exponents = volley_alloc(n, sizeof *builder->exponents, "the synapse tables");
  for (size_t i = 0; i < n; i++) {
    int exponent;
    (void)frexp(builder->sums[i], &exponent);
    builder->exponents[i] = (int16_t)(exponent - 44 + 52);
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
    table->units[i] = (float)fmax(ldexp(1, exponent - bits), (double)FLT_MIN);
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

/* Rounds the weights of a row to whole numbers of units. */
static void round_row_to_units(const volley_table_builder *builder, const volley_table *table, volley_gid source,
                               record *records, uint64_t n) {
  uint32_t words[4];
  volley_random_block(volley_key_of(builder->seed, VOLLEY_PURPOSE_ROUNDING, 0), source, 0, 0, words);
  for (record *r = records; r < records + n; r++)
    round_to_units(r, (double)table->units[(size_t)builder->kinds[r->kind].receptor * builder->stride + r->target],
                   (uint64_t)words[0] << 32 | words[1], table->layout.weight_shift);
}

static void round_row(const volley_table_builder *builder, record *records, uint64_t n) {
  for (record *r = records; r < records + n; r++) {
    const int16_t exponent = builder->exponents[(size_t)builder->kinds[r->kind].receptor * builder->stride + r->target];
    const uint64_t bits = (uint64_t)(exponent + 1023) << 52 | UINT64_C(1) << 51; /* 1.5 times the power of two */
    double rounds;
    float weight;
    memcpy(&rounds, &bits, sizeof rounds);
    memcpy(&weight, r->weight, sizeof weight);
    weight = (float)(((double)weight + rounds) - rounds);
    memcpy(r->weight, &weight, sizeof weight);
  }
}

static uint32_t weight_bits_of(const record *r) {
  uint32_t bits;
  memcpy(&bits, r->weight, sizeof bits);
  return bits;
}

/* Cuts a row into pieces. Returns how many there are. */
static uint32_t find_pieces(const volley_table_builder *builder, bool direct, const record *records, uint64_t n) {
  const uint32_t most = direct ? UINT32_MAX : VOLLEY_MAX_GROUP;
  uint32_t pieces = 0;
  for (uint64_t from = 0; from < n; pieces++) {
    const uint32_t group = builder->kinds[records[from].kind].group, weight = weight_bits_of(&records[from]);
    piece next = {0, true};
    for (; from < n && next.count < most && builder->kinds[records[from].kind].group == group; from++, next.count++)
      next.equal &= weight_bits_of(&records[from]) == weight;
    builder->pieces[pieces] = next;
  }
  return pieces;
}

static unsigned char *write_piece(const volley_table_builder *builder, volley_layout layout, unsigned char *at,
                                  const record *records, piece of) {
  const uint32_t n_weights = of.equal ? 1 : of.count;
  const size_t bytes = (size_t)1 << layout.weight_shift;
  unsigned char *places = at + volley_weights_bytes(layout, of.count, of.equal);
  for (uint32_t i = 0; i < n_weights && bytes == sizeof(float); i++) memcpy(at + i * 4, records[i].weight, 4);
  for (uint32_t i = 0; i < n_weights && bytes < sizeof(float); i++) memcpy(at + i * bytes, records[i].weight, bytes);
  for (uint32_t i = 0; i < of.count; i++) {
    const uint16_t place = (uint16_t)(builder->kinds[records[i].kind].place + records[i].target);
    memcpy(places + i * sizeof place, &place, sizeof place);
  }
  return at + volley_piece_bytes(layout, of.count, of.equal);
}

/* The bytes of the pool while it is written. */
typedef struct writing {
  size_t used, size;
} writing;

/* Room for the pieces of a row. */
static unsigned char *make_room(const volley_table_builder *builder, volley_table *table, writing *pool,
                                uint32_t pieces) {
  const volley_layout layout = table->layout;
  size_t bytes = layout.direct ? 0 : volley_headers_bytes(pieces);
  for (uint32_t k = 0; k < pieces; k++)
    bytes += volley_piece_bytes(layout, builder->pieces[k].count, builder->pieces[k].equal);
  if (pool->used + bytes > pool->size) {
    const size_t size = pool->used + bytes + pool->size / 8;
    table->pool = volley_table_grow(table->pool, pool->size, size, "the synapse tables");
    pool->size = size;
  }
  pool->used += bytes;
  return table->pool + pool->used - bytes;
}

/* Writes a row of sorted and rounded records. */
static volley_row write_row(const volley_table_builder *builder, volley_table *table, writing *pool,
                            const record *records, uint64_t n) {
  const volley_layout layout = table->layout;
  if (layout.direct && n == 1)
    return (volley_row){.single = true,
                        .place = (uint16_t)(builder->kinds[records->kind].place + records->target),
                        .weight = volley_weight_at(records->weight, 0, layout.weight_shift)};
  const uint32_t pieces = find_pieces(builder, layout.direct, records, n);
  unsigned char *headers = make_room(builder, table, pool, pieces);
  unsigned char *at = headers + (layout.direct ? 0 : volley_headers_bytes(pieces));
  volley_row row = {.count = layout.direct ? (uint32_t)n : pieces, .offset = (uint64_t)(headers - table->pool)};
  for (uint32_t k = 0; k < pieces; records += builder->pieces[k++].count) {
    const piece of = builder->pieces[k];
    const kind *first = &builder->kinds[records->kind];
    const volley_group group = {
        .count = (uint16_t)of.count, .due = first->due, .receptor = first->receptor, .equal = of.equal};
    row.equal = layout.direct && of.equal;
    if (!layout.direct) memcpy(headers + k * sizeof group, &group, sizeof group);
    at = write_piece(builder, layout, at, records, of);
  }
  return row;
}

/* Writes the rows of the sorted records of a bucket. */
static void write_bucket(volley_table_builder *builder, volley_table *table, writing *pool, uint32_t bucket,
                         record *sorted, uint64_t n) {
  for (uint64_t end = 0; end < n;) {
    record *records = sorted + end;
    const volley_gid gid = ((volley_gid)bucket << builder->shift) + records->source;
    uint64_t length = 1;
    while (end + length < n && records[length].source == records->source) length++;
    if (table->units)
      round_row_to_units(builder, table, gid, records, length);
    else
      round_row(builder, records, length);
    builder->gids[builder->n_rows] = gid;
    table->rows[builder->n_rows++] = volley_row_pack(write_row(builder, table, pool, records, length));
    end += length;
  }
}

/* Writes all rows; records that have been written are given back. */
static void write_rows(volley_table_builder *builder, volley_table *table) {
  const bool direct = table->layout.direct;
  writing pool = {0, builder->n * ((size_t)2 + (1u << table->layout.weight_shift))};
  void *kept = builder->records;
  uint64_t first = 0;
  table->pool = volley_alloc_huge(pool.size, "the synapse tables");
  builder->n_rows = 0;
  for (uint32_t b = 0; b < builder->n_buckets; b++) {
    record *records = builder->records + first, *scratch = builder->scratch;
    const uint64_t n = builder->ends[b] - first;
    record *sorted = direct ? records : sort(records, scratch, n, builder->kinds, builder->group_bits);
    sorted = sort(sorted, sorted == records ? scratch : records, n, NULL, builder->shift);
    write_bucket(builder, table, &pool, b, sorted, n);
    first += n;
    kept = volley_table_discard(kept, builder->records + first);
  }
  table->pool = volley_table_grow(table->pool, pool.size, pool.used, "the synapse tables");
  table->pool_bytes = pool.used;
}

void volley_table_builder_destroy(volley_table_builder *builder) {
  if (!builder) return;
  volley_table_free(builder->records, builder->n * sizeof *builder->records);
  volley_table_free(builder->scratch, builder->largest * sizeof *builder->scratch);
  free(builder->gids);
  free(builder->pieces);
  free(builder->exponents);
  free(builder->ends);
  free(builder->sums);
  free(builder->numbers);
  free(builder->kinds);
  free(builder);
}

volley_table volley_table_finish(volley_table_builder *builder) {
  volley_table table = {.stride = builder->stride, .synapses = builder->n};
  const uint64_t longest = count_rows(builder);
  const uint32_t n_rows = builder->n_rows;
  choose_layout(builder, &table, (double)longest);
  lay_out_kinds(builder, &table);
  if (builder->weight_bits == VOLLEY_WEIGHT_BITS_32)
    prepare_rounding(builder);
  else
    make_units(builder, &table);
  builder->gids = volley_alloc(n_rows, sizeof *builder->gids, "the synapse tables");
  builder->pieces = volley_alloc(longest, sizeof *builder->pieces, "the synapse tables");
  table.rows = volley_alloc_huge(n_rows * sizeof *table.rows, "the synapse tables");
  write_rows(builder, &table);
  table.sources = volley_source_index_make(builder->gids, n_rows);
  volley_table_builder_destroy(builder);
  return table;
}

double volley_table_builder_expected_bytes(double rows, double synapses) {
  return rows * sizeof(volley_gid) + volley_huge_expected_bytes(synapses * sizeof(record));
}
