/* How a list of edges keeps them: private to rule/edge_list.c and edge_sort.c. */
#ifndef VOLLEY_RULE_EDGE_PACK_H
#define VOLLEY_RULE_EDGE_PACK_H

#include "rule/edge_list.h"

#include <string.h>

/* While edges are added: the pair, as 64 bits with the target on top; 48 bits of number; weight; delay. */
enum { VOLLEY_PAIR_BYTES = 8, VOLLEY_NUMBER_BYTES = 6, VOLLEY_KEY_BYTES = 14, VOLLEY_LEAST_EDGE = 16 };

static inline size_t volley_edge_weight_bytes(const volley_edge_list *list) {
  return !list->has_weights ? 0 : list->wide_weights ? sizeof(double) : sizeof(float);
}

static inline size_t volley_edge_delay_bytes(const volley_edge_list *list) {
  return !list->has_delays ? 0 : list->wide_delays ? sizeof(double) : sizeof(uint16_t);
}

/* Bytes of an edge while edges are added, and once they are sorted. */
static inline size_t volley_edge_added_bytes(const volley_edge_list *list) {
  const size_t bytes = VOLLEY_KEY_BYTES + volley_edge_weight_bytes(list) + volley_edge_delay_bytes(list);
  return bytes > VOLLEY_LEAST_EDGE ? bytes : VOLLEY_LEAST_EDGE;
}

static inline size_t volley_edge_sorted_bytes(const volley_edge_list *list) {
  return sizeof(uint32_t) + volley_edge_weight_bytes(list) + volley_edge_delay_bytes(list);
}

static inline uint64_t volley_edge_pair(const unsigned char *edge) {
  uint64_t pair;
  memcpy(&pair, edge, sizeof pair);
  return pair;
}

static inline uint64_t volley_edge_number_of(const unsigned char *edge) {
  uint64_t number = 0;
  memcpy(&number, edge + VOLLEY_PAIR_BYTES, VOLLEY_NUMBER_BYTES);
  return number;
}

#endif
