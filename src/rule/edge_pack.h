/* How a list of edges keeps them: private to rule/edge_list.c and edge_sort.c. */
#ifndef VOLLEY_RULE_EDGE_PACK_H
#define VOLLEY_RULE_EDGE_PACK_H

#include "rule/edge_list.h"

#include <string.h>

/* While edges are added: the pair, as 64 bits with the target on top; 48 bits of number; weight; delay. */
enum { VOLLEY_PAIR_BYTES = 8, VOLLEY_NUMBER_BYTES = 6, VOLLEY_KEY_BYTES = 14, VOLLEY_LEAST_EDGE = 16 };

/* Edges that are added are put on shelves by their targets; a full shelf goes to the list as a block. So blocks are sorted where else
 * edges would be, one by one from anywhere to anywhere. */
enum { VOLLEY_SHELVES = 512, VOLLEY_SHELF = 32 /* edges */ };

typedef struct volley_shelves {
  uint64_t n_blocks, capacity; /* blocks; numbers that there is room for */
  uint16_t *numbers;           /* [n_blocks] of their shelves */
  uint16_t held[VOLLEY_SHELVES];
  unsigned char edges[]; /* [VOLLEY_SHELVES][VOLLEY_SHELF] */
} volley_shelves;

/* Sets the shelves for targets with indices below `targets`. */
static inline void volley_edge_list_spread(volley_edge_list *list, uint32_t targets) {
  for (list->shift = 0; targets > 0 && (targets - 1) >> list->shift >= VOLLEY_SHELVES;) list->shift++;
}

/* Makes room in the list for n edges. What is not written to takes none. */
void volley_edge_list_reserve(volley_edge_list *list, uint64_t n);
/* Makes room for as many blocks more as n edges more can fill. */
void volley_edge_list_reserve_blocks(volley_edge_list *list, uint64_t n);
/* Makes shelves for so many edges, about. */
void volley_edge_list_make_shelves(volley_edge_list *list, uint64_t expected);
/* Makes a full shelf empty; or shelves, where there are none. */
void volley_edge_list_make_room(volley_edge_list *list, uint32_t shelf);

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

/* Moves an edge of `size` bytes, while edges are added. */
static inline void volley_edge_move(unsigned char *to, const unsigned char *from, size_t size) {
  memcpy(to, from, VOLLEY_LEAST_EDGE);
  memcpy(to + size - VOLLEY_LEAST_EDGE, from + size - VOLLEY_LEAST_EDGE, VOLLEY_LEAST_EDGE);
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

/* Where the next edge onto a target goes. */
static inline unsigned char *volley_edge_list_place(volley_edge_list *list, uint32_t target) {
  const uint32_t shelf = target >> list->shift;
  if (!list->shelves || list->shelves->held[shelf] == VOLLEY_SHELF) volley_edge_list_make_room(list, shelf);
  list->n++;
  return list->shelves->edges + (shelf * VOLLEY_SHELF + list->shelves->held[shelf]++) * volley_edge_added_bytes(list);
}

#endif
