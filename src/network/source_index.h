/* Which sources have a row in a table, and the number of it: rows are numbered in the order of their gids. Sixty-four
 * neighbours share an entry, so that memory grows with the rows and never with the network, and a source without a row is
 * known by a bit. */
#ifndef VOLLEY_NETWORK_SOURCE_INDEX_H
#define VOLLEY_NETWORK_SOURCE_INDEX_H

#include "base/gid.h"

#include <stddef.h>
#include <stdint.h>

enum { VOLLEY_SOURCES_OF_WORD = 64 };
#define VOLLEY_NO_ROW UINT32_MAX

/* The sources 64 w .. 64 w + 63. */
typedef struct volley_source_word {
  uint64_t bits;     /* of those that have a row */
  uint32_t plus_one; /* w + 1; 0: empty */
  uint32_t first;    /* number of the first of these rows */
} volley_source_word;

typedef struct volley_source_index {
  volley_source_word *words; /* [mask + 1] by open addressing */
  uint32_t mask, n_rows;
} volley_source_index;

/* Makes the index of n sources, ascending, each once. To be released. */
volley_source_index volley_source_index_make(const volley_gid *gids, uint32_t n);
void volley_source_index_release(volley_source_index *index);

/* The sources by number of their row: [n_rows], owned by the caller. */
volley_gid *volley_source_index_gids(const volley_source_index *index);

size_t volley_source_index_bytes(const volley_source_index *index);

/* Bytes of an index of so many rows, of sources among so many neurons. */
double volley_source_index_expected_bytes(double rows, double sources);

/* Where the search for a word begins: eight neighbours lie side by side. */
static inline uint32_t volley_source_place(const volley_source_index *index, volley_gid gid) {
  const uint32_t word = (uint32_t)(gid / VOLLEY_SOURCES_OF_WORD);
  const uint64_t product = (word / 8 + 1) * UINT64_C(0x9E3779B97F4A7C15);
  return ((uint32_t)(product >> 32) * 8 + word % 8) & index->mask;
}

/* Number of a source's row, VOLLEY_NO_ROW if there is none. */
static inline uint32_t volley_source_row(const volley_source_index *index, volley_gid gid) {
  const uint32_t plus_one = (uint32_t)(gid / VOLLEY_SOURCES_OF_WORD) + 1;
  const uint64_t bit = UINT64_C(1) << gid % VOLLEY_SOURCES_OF_WORD;
  for (uint32_t i = volley_source_place(index, gid);; i = (i + 1) & index->mask) {
    const volley_source_word *word = &index->words[i];
    if (word->plus_one == plus_one)
      return word->bits & bit ? word->first + (uint32_t)__builtin_popcountll(word->bits & (bit - 1)) : VOLLEY_NO_ROW;
    if (word->plus_one == 0) return VOLLEY_NO_ROW;
  }
}

#endif
