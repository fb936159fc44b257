#include "model/nodes.h"

#include "base/search.h"

enum { BITS = 64 };

static uint32_t count_bits(uint64_t word) { return (uint32_t)__builtin_popcountll(word); }

void volley_nodes_map(volley_arena *arena, volley_nodes *nodes) {
  const size_t words = ((size_t)nodes->n + BITS - 1) / BITS;
  nodes->bits = volley_arena_alloc(arena, words + 1, sizeof *nodes->bits);
  nodes->before = volley_arena_alloc(arena, words + 1, sizeof *nodes->before);
  for (int r = 0; r < nodes->ids.n_ranges; r++) {
    const volley_range range = nodes->ids.ranges[r];
    for (uint32_t i = range.first; i - range.first < range.count; i++) nodes->bits[i / BITS] |= UINT64_C(1) << i % BITS;
  }
  for (size_t w = 0; w < words; w++) nodes->before[w + 1] = nodes->before[w] + count_bits(nodes->bits[w]);
}

bool volley_nodes_index(const volley_nodes *nodes, uint64_t id, uint32_t *index) {
  if (id >= nodes->n || !(nodes->bits[id / BITS] >> id % BITS & 1)) return false;
  *index = nodes->before[id / BITS] + count_bits(nodes->bits[id / BITS] & ((UINT64_C(1) << id % BITS) - 1));
  return true;
}

uint32_t volley_nodes_id(const volley_nodes *nodes, uint32_t index) {
  uint32_t w = 0;
  VOLLEY_SEARCH(w, nodes->n / BITS, k, nodes->before[k + 1] <= index)
  uint64_t word = nodes->bits[w];
  for (uint32_t i = nodes->before[w]; i < index; i++) word &= word - 1;
  return w * BITS + (uint32_t)__builtin_ctzll(word);
}

int volley_nodes_find(const volley_experiment *experiment, const volley_nodes *nodes, uint64_t id, uint32_t *index) {
  for (int p = nodes->first; p < nodes->first + nodes->count; p++)
    if (volley_nodes_index(experiment->populations[p].nodes, id, index)) return p;
  return -1;
}
