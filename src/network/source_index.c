#include "network/source_index.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { START = 8 }; /* words, of which half at most are taken */

static uint32_t count_words(const volley_gid *gids, uint32_t n) {
  uint32_t words = 0;
  for (uint32_t i = 0; i < n; i++)
    words += i == 0 || gids[i] / VOLLEY_SOURCES_OF_WORD != gids[i - 1] / VOLLEY_SOURCES_OF_WORD;
  return words;
}

volley_source_index volley_source_index_make(const volley_gid *gids, uint32_t n) {
  size_t size = START;
  while (size < 2 * (size_t)count_words(gids, n)) size *= 2;
  volley_source_index index = {.words = volley_alloc_huge(size * sizeof *index.words, "the index of sources"),
                               .mask = (uint32_t)(size - 1),
                               .n_rows = n};
  volley_source_word *word = NULL;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t plus_one = (uint32_t)(gids[i] / VOLLEY_SOURCES_OF_WORD) + 1;
    if (!word || word->plus_one != plus_one) {
      uint32_t at = volley_source_place(&index, gids[i]);
      while (index.words[at].plus_one != 0) at = (at + 1) & index.mask;
      word = &index.words[at];
      *word = (volley_source_word){.plus_one = plus_one, .first = i};
    }
    word->bits |= UINT64_C(1) << gids[i] % VOLLEY_SOURCES_OF_WORD;
  }
  return index;
}

void volley_source_index_release(volley_source_index *index) {
  volley_table_free(index->words, volley_source_index_bytes(index));
  *index = (volley_source_index){0};
}

volley_gid *volley_source_index_gids(const volley_source_index *index) {
  volley_gid *gids = volley_alloc(index->n_rows, sizeof *gids, "the index of sources");
  for (size_t i = 0; index->words && i <= index->mask; i++) {
    const volley_source_word *word = &index->words[i];
    uint32_t row = word->first;
    for (uint64_t bits = word->bits; bits; bits &= bits - 1)
      gids[row++] = (volley_gid)(word->plus_one - 1) * VOLLEY_SOURCES_OF_WORD + (volley_gid)__builtin_ctzll(bits);
  }
  return gids;
}

size_t volley_source_index_bytes(const volley_source_index *index) {
  return index->words ? ((size_t)index->mask + 1) * sizeof *index->words : 0;
}

double volley_source_index_expected_bytes(double rows, double sources) {
  const double all = ceil(sources / VOLLEY_SOURCES_OF_WORD);
  const double taken = sources > 0 ? all * -expm1(-rows / all) : 0; /* rows at random among the sources */
  double size = START;
  while (size < 2 * taken) size *= 2;
  return size * sizeof(volley_source_word);
}
