/* Sorting a list of edges by target, source and number, in place, since a copy would take as much memory again: first the blocks
 * of shelves, then by eight bits at a time, until what is left fits into the cache and is sorted by index there. Then targets
 * and numbers are dropped. */
#include "rule/edge_pack.h"

#include <stdlib.h>

enum {
  FEW = 48, /* that are sorted by insertion */
  SLOT_BITS = 8,
  SLOTS = 1 << SLOT_BITS,
  LEAF_BITS = 15, /* edges that are sorted by index, at most */
  LEAF = 1 << LEAF_BITS,
  AHEAD = 192, /* bytes that are asked for before an edge goes there */
  MOST_BYTES = VOLLEY_KEY_BYTES + 2 * sizeof(double)
};

typedef struct sorter {
  volley_edge_list *list;
  size_t size, kept;   /* bytes of an edge before and after */
  uint64_t done;       /* edges that are sorted: the first of all */
  uint64_t *items[2];  /* [LEAF] keys, and the number of their edge in the leaf */
  unsigned char *leaf; /* [LEAF] a copy of the edges */
} sorter;

static uint64_t key_of(const unsigned char *edge, bool of_pairs) {
  return of_pairs ? volley_edge_pair(edge) : volley_edge_number_of(edge);
}

static bool comes_before(const unsigned char *x, const unsigned char *y) {
  const uint64_t a = volley_edge_pair(x), b = volley_edge_pair(y);
  return a != b ? a < b : volley_edge_number_of(x) < volley_edge_number_of(y);
}

static void sort_few(unsigned char *edges, uint64_t n, size_t size) {
  unsigned char moved[MOST_BYTES];
  for (uint64_t i = 1; i < n; i++) {
    unsigned char *to = edges + i * size;
    volley_edge_move(moved, to, size);
    for (; to > edges && comes_before(moved, to - size); to -= size) volley_edge_move(to, to - size, size);
    volley_edge_move(to, moved, size);
  }
}

/* Keeps an edge in its place among the sorted ones: source, weight, delay. */
static void keep(sorter *s, const unsigned char *edge) {
  volley_edge_list *list = s->list;
  const uint64_t pair = volley_edge_pair(edge);
  const uint32_t target = (uint32_t)(pair >> 32), source = (uint32_t)pair, n = list->n_targets;
  unsigned char *to = list->edges + s->done * s->kept;
  if (n == 0 || list->targets[n - 1] != target) {
    if ((n & (n + 1)) == 0) { /* full: there is room for 2^k - 1, and for where the last one ends */
      list->targets = volley_grow(list->targets, 2 * (size_t)n + 2, sizeof *list->targets, "a list of edges");
      list->firsts = volley_grow(list->firsts, 2 * (size_t)n + 2, sizeof *list->firsts, "a list of edges");
    }
    list->targets[n] = target;
    list->firsts[n] = s->done;
    list->n_targets++;
  }
  memcpy(to, &source, sizeof source);
  if (s->kept == 10) /* the most frequent: a call would take longer */
    memcpy(to + sizeof source, edge + VOLLEY_KEY_BYTES, 6);
  else
    memcpy(to + sizeof source, edge + VOLLEY_KEY_BYTES, s->kept - sizeof source);
  s->done++;
}

/* Sorts items by the bits above LEAF_BITS that differ at all; the order of equal ones stays. Returns where they are. */
static uint64_t *sort_items(sorter *s, size_t n, uint64_t differing) {
  uint64_t *from = s->items[0], *to = s->items[1];
  for (int shift = LEAF_BITS; shift < 64 && differing >> shift > 0; shift += SLOT_BITS) {
    size_t starts[SLOTS + 1] = {0};
    if ((differing >> shift & (SLOTS - 1)) == 0) continue;
    for (size_t i = 0; i < n; i++) starts[(from[i] >> shift & (SLOTS - 1)) + 1]++;
    for (int k = 0; k < SLOTS; k++) starts[k + 1] += starts[k];
    for (size_t i = 0; i < n; i++) to[starts[from[i] >> shift & (SLOTS - 1)]++] = from[i];
    uint64_t *swapped = from;
    from = to;
    to = swapped;
  }
  return from;
}

/* What fits into the cache: the pairs of edges, least on, with so many bits of source, in the order of the edges or that of
 * their numbers. */
typedef struct leaf {
  size_t n;
  uint64_t least;
  int source_bits;
} leaf;

static uint64_t *sort_leaf(sorter *s, const leaf *l, const uint64_t *order) {
  uint64_t *items = s->items[0], differing = 0;
  const uint64_t least_target = l->least >> 32;
  for (size_t i = 0; i < l->n; i++) {
    const size_t at = order ? order[i] & (LEAF - 1) : i;
    const uint64_t pair = volley_edge_pair(s->leaf + at * s->size);
    items[i] = (((pair >> 32) - least_target) << l->source_bits | (uint32_t)pair) << LEAF_BITS | at;
    differing |= items[i] ^ items[0];
  }
  return sort_items(s, l->n, differing);
}

/* By number: what comes before the pairs where many edges have the same. */
static uint64_t *sort_numbers(sorter *s, size_t n) {
  uint64_t differing = 0;
  for (size_t i = 0; i < n; i++) {
    s->items[0][i] = volley_edge_number_of(s->leaf + i * s->size) << LEAF_BITS | i;
    differing |= s->items[0][i] ^ s->items[0][0];
  }
  return sort_items(s, n, differing);
}

/* Edges of the same pair by number. False if there are too many for that. */
static bool sort_ties(const sorter *s, uint64_t *items, size_t n) {
  for (size_t i = 1; i < n; i++) {
    const uint64_t moved = items[i];
    const unsigned char *edge = s->leaf + (moved & (LEAF - 1)) * s->size;
    size_t j = i;
    for (; j > 0 && items[j - 1] >> LEAF_BITS == moved >> LEAF_BITS &&
           volley_edge_number_of(edge) < volley_edge_number_of(s->leaf + (items[j - 1] & (LEAF - 1)) * s->size);
         j--)
      items[j] = items[j - 1];
    items[j] = moved;
    if (i - j > FEW) return false;
  }
  return true;
}

static void take_leaf(sorter *s, const unsigned char *edges, const leaf *l) {
  memcpy(s->leaf, edges, l->n * s->size);
  uint64_t *items = sort_leaf(s, l, NULL);
  if (!sort_ties(s, items, l->n)) {
    uint64_t *order = sort_numbers(s, l->n);
    if (order == s->items[0]) { /* where the items of the pairs will be */
      memcpy(s->items[1], order, l->n * sizeof *order);
      order = s->items[1];
    }
    items = sort_leaf(s, l, order);
  }
  for (size_t i = 0; i < l->n; i++) keep(s, s->leaf + (items[i] & (LEAF - 1)) * s->size);
}

static int bits_of(uint64_t value) { return value ? 64 - __builtin_clzll(value) : 0; }

/* Whether edges can be sorted by index: few enough, and their keys leave room for it. */
static bool is_leaf(const unsigned char *edges, uint64_t n, size_t size, leaf *out) {
  uint64_t most = 0, sources = 0, least = UINT64_MAX;
  if (n > LEAF) return false;
  for (uint64_t e = 0; e < n; e++) {
    const uint64_t pair = volley_edge_pair(edges + e * size);
    most = pair > most ? pair : most;
    least = pair < least ? pair : least;
    sources |= (uint32_t)pair;
  }
  *out = (leaf){(size_t)n, least, bits_of(sources)};
  return bits_of((most >> 32) - (least >> 32)) + out->source_bits + LEAF_BITS <= 64;
}

/* The bits by which edges are told apart next: the uppermost that differ; -1 if none do. */
static int find_bits(const unsigned char *edges, uint64_t n, size_t size, bool *of_pairs) {
  uint64_t pairs = 0, numbers = 0;
  for (uint64_t e = 1; e < n; e++) {
    pairs |= volley_edge_pair(edges + e * size) ^ volley_edge_pair(edges);
    numbers |= volley_edge_number_of(edges + e * size) ^ volley_edge_number_of(edges);
  }
  *of_pairs = pairs != 0;
  const int bits = bits_of(pairs ? pairs : numbers);
  return bits == 0 ? -1 : bits > SLOT_BITS ? bits - SLOT_BITS : 0;
}

/* Puts each edge into its slot. What stands where an edge goes is taken along, until one belongs where the first was taken. */
static void deal(unsigned char *edges, uint64_t n, size_t size, bool of_pairs, int shift, uint64_t ends[SLOTS]) {
  uint64_t next[SLOTS] = {0}, end = 0;
  unsigned char held[MOST_BYTES], found[MOST_BYTES];
  for (uint64_t e = 0; e < n; e++) next[key_of(edges + e * size, of_pairs) >> shift & (SLOTS - 1)]++;
  for (int s = 0; s < SLOTS; s++) {
    end += next[s];
    next[s] = end - next[s];
    ends[s] = end;
  }
  for (uint64_t s = 0; s < SLOTS; s++)
    while (next[s] < ends[s]) {
      volley_edge_move(held, edges + next[s] * size, size);
      for (uint64_t to; (to = key_of(held, of_pairs) >> shift & (SLOTS - 1)) != s;) {
        unsigned char *there = edges + next[to]++ * size;
        __builtin_prefetch(there + AHEAD, 1);
        volley_edge_move(found, there, size);
        volley_edge_move(there, held, size);
        volley_edge_move(held, found, size);
      }
      volley_edge_move(edges + next[s]++ * size, held, size);
    }
}

static void keep_all(sorter *s, const unsigned char *edges, uint64_t n) {
  for (uint64_t e = 0; e < n; e++) {
    unsigned char edge[MOST_BYTES];
    volley_edge_move(edge, edges + e * s->size, s->size);
    keep(s, edge);
  }
}

static void sort(sorter *s, unsigned char *edges, uint64_t n) {
  uint64_t ends[SLOTS];
  bool of_pairs;
  leaf l;
  if (n <= FEW) {
    sort_few(edges, n, s->size);
    keep_all(s, edges, n);
    return;
  }
  if (is_leaf(edges, n, s->size, &l)) {
    take_leaf(s, edges, &l);
    return;
  }
  const int shift = find_bits(edges, n, s->size, &of_pairs);
  if (shift < 0) {
    keep_all(s, edges, n);
    return;
  }
  deal(edges, n, s->size, of_pairs, shift, ends);
  for (int k = 0; k < SLOTS; k++) {
    const uint64_t first = k > 0 ? ends[k - 1] : 0;
    if (ends[k] > first) sort(s, edges + first * s->size, ends[k] - first);
  }
}

static void reserve_blocks(volley_shelves *shelves, uint64_t n) {
  if (n <= shelves->capacity) return;
  shelves->capacity = n > 2 * shelves->capacity ? n : 2 * shelves->capacity;
  shelves->numbers = volley_grow(shelves->numbers, shelves->capacity, sizeof *shelves->numbers, "a list of edges");
}

void volley_edge_list_reserve_blocks(volley_edge_list *list, uint64_t n) {
  reserve_blocks(list->shelves, list->shelves->n_blocks + n / VOLLEY_SHELF + VOLLEY_SHELVES + 1);
}

void volley_edge_list_make_shelves(volley_edge_list *list, uint64_t expected) {
  const size_t bytes = VOLLEY_SHELVES * VOLLEY_SHELF * volley_edge_added_bytes(list);
  list->shelves = volley_alloc(1, sizeof *list->shelves + bytes, "a list of edges");
  volley_edge_list_reserve(list, expected + VOLLEY_SHELVES * VOLLEY_SHELF);
  reserve_blocks(list->shelves, expected / VOLLEY_SHELF + VOLLEY_SHELVES);
}

void volley_edge_list_make_room(volley_edge_list *list, uint32_t shelf) {
  const size_t bytes = VOLLEY_SHELF * volley_edge_added_bytes(list);
  volley_shelves *shelves = list->shelves;
  if (!shelves) {
    volley_edge_list_make_shelves(list, 0);
    return;
  }
  reserve_blocks(shelves, shelves->n_blocks + 1);
  volley_edge_list_reserve(list, (shelves->n_blocks + 1) * VOLLEY_SHELF);
  memcpy(list->edges + shelves->n_blocks * bytes, shelves->edges + shelf * bytes, bytes);
  shelves->numbers[shelves->n_blocks++] = (uint16_t)shelf;
  shelves->held[shelf] = 0;
}

static void swap_blocks(unsigned char *x, unsigned char *y, size_t bytes) {
  unsigned char held[VOLLEY_SHELF * MOST_BYTES];
  memcpy(held, x, bytes);
  memcpy(x, y, bytes);
  memcpy(y, held, bytes);
}

/* Sorts the blocks by their shelves: ends[s] is where those of shelf s end. */
static void sort_blocks(volley_edge_list *list, uint64_t ends[VOLLEY_SHELVES]) {
  const size_t bytes = VOLLEY_SHELF * volley_edge_added_bytes(list);
  uint16_t *numbers = list->shelves->numbers;
  uint64_t next[VOLLEY_SHELVES] = {0}, end = 0;
  for (uint64_t b = 0; b < list->shelves->n_blocks; b++) next[numbers[b]]++;
  for (int s = 0; s < VOLLEY_SHELVES; s++) {
    end += next[s];
    next[s] = end - next[s];
    ends[s] = end;
  }
  for (uint16_t s = 0; s < VOLLEY_SHELVES; s++)
    while (next[s] < ends[s]) {
      const uint64_t from = next[s], to = next[numbers[from]]++;
      if (to == from) continue;
      swap_blocks(list->edges + from * bytes, list->edges + to * bytes, bytes);
      const uint16_t number = numbers[from];
      numbers[from] = numbers[to];
      numbers[to] = number;
    }
}

/* Puts what is left on the shelves behind their blocks, and gives up the shelves. */
static void empty_shelves(volley_edge_list *list, uint64_t ends[VOLLEY_SHELVES]) {
  const size_t size = volley_edge_added_bytes(list);
  volley_shelves *shelves = list->shelves;
  uint64_t end = list->n;
  volley_edge_list_reserve(list, list->n);
  for (int s = VOLLEY_SHELVES - 1; s >= 0; s--) {
    const uint64_t first = s > 0 ? ends[s - 1] * VOLLEY_SHELF : 0, n = ends[s] * VOLLEY_SHELF - first,
                   held = shelves->held[s];
    const uint64_t begin = end - held - n;
    memmove(list->edges + begin * size, list->edges + first * size, n * size);
    memcpy(list->edges + (begin + n) * size, shelves->edges + (size_t)s * VOLLEY_SHELF * size, held * size);
    ends[s] = end;
    end = begin;
  }
  free(shelves->numbers);
  free(shelves);
  list->shelves = NULL;
}

void volley_edge_list_sort(volley_edge_list *list) {
  sorter s = {.list = list, .size = volley_edge_added_bytes(list), .kept = volley_edge_sorted_bytes(list)};
  uint64_t ends[VOLLEY_SHELVES];
  if (list->n == 0) return;
  for (int k = 0; k < 2; k++) s.items[k] = volley_alloc(LEAF, sizeof(uint64_t), "a list of edges");
  s.leaf = volley_alloc(LEAF, s.size, "a list of edges");
  sort_blocks(list, ends);
  empty_shelves(list, ends);
  for (int k = 0; k < VOLLEY_SHELVES; k++) {
    const uint64_t first = k > 0 ? ends[k - 1] : 0;
    sort(&s, list->edges + first * s.size, ends[k] - first);
  }
  list->firsts[list->n_targets] = list->n;
  (void)volley_table_discard(list->edges + list->n * s.kept, list->edges + list->n * s.size);
  for (int k = 0; k < 2; k++) free(s.items[k]);
  free(s.leaf);
}
