/* Gids up to the last that a build can name: lists of them are sorted, found in an index, and told by short names. Once more with
 * 64 bits in any build (tests/CMakeLists.txt). */
#include "base/gid.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/search.h"
#include "exchange/gids.h"
#include "exchange/parts.h"
#include "network/source_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 5000 };

/* A gid anywhere, or near one of the ends, or near a multiple of 2^32. */
static volley_gid draw(uint64_t seed, uint64_t i) {
  const uint64_t word = volley_scramble(seed << 32 ^ i), most = VOLLEY_MOST_NEURONS;
  switch (word % 4) {
    case 0: return (volley_gid)(word / 4 % 300);
    case 1: return (volley_gid)(most - 1 - word / 4 % 300);
    case 2: return (volley_gid)(((word / 4 % 8 << 32) + word / 32 % 300 + most - 150) % most);
    default: return (volley_gid)(word / 4 % most);
  }
}

static int compare(const void *a, const void *b) {
  const volley_gid x = *(const volley_gid *)a, y = *(const volley_gid *)b;
  return (x > y) - (x < y);
}

static void test_sort(void **state) {
  (void)state;
  static const uint32_t sizes[] = {0, 1, 2, 31, 32, 33, 300, MOST};
  static volley_gid gids[MOST], twin[MOST], scratch[MOST];
  for (uint32_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
    for (uint32_t i = 0; i < sizes[s]; i++) twin[i] = gids[i] = draw(s, i);
    qsort(twin, sizes[s], sizeof *twin, compare);
    volley_gids_sort(gids, sizes[s], scratch);
    assert_memory_equal(gids, twin, sizes[s] * sizeof *gids);
    for (uint32_t i = 0; i < sizes[s]; i++) {
      const uint32_t below = volley_gids_below(gids, sizes[s], gids[i]);
      assert_true(below <= i && gids[below] == gids[i] && (below == 0 || gids[below - 1] < gids[i]));
    }
  }
}

static void test_index(void **state) {
  (void)state;
  static volley_gid gids[MOST];
  uint32_t n = 0;
  for (uint32_t i = 0; i < MOST; i++) gids[i] = draw(9, i);
  gids[0] = 0;
  gids[1] = VOLLEY_MOST_NEURONS - 1;
  qsort(gids, MOST, sizeof *gids, compare);
  for (uint32_t i = 0; i < MOST; i++)
    if (i == 0 || gids[i] != gids[i - 1]) gids[n++] = gids[i];
  assert_true(n > MOST / 4);
  volley_source_index index = volley_source_index_make(gids, n);
  for (uint32_t i = 0; i < n; i++) assert_int_equal(volley_source_row(&index, gids[i]), i);
  for (uint32_t k = 0; k < 10 * MOST; k++) {
    const volley_gid gid = draw(10, k);
    const uint32_t below = volley_gids_below(gids, n, gid);
    assert_int_equal(volley_source_row(&index, gid), below < n && gids[below] == gid ? below : VOLLEY_NO_ROW);
  }
  volley_gid *found = volley_source_index_gids(&index);
  assert_memory_equal(found, gids, n * sizeof *gids);
  free(found);
  volley_source_index_release(&index);
}

/* Two ranks, each with a piece of a population that lies as high as can be, and every other neuron of the first ones. */
static void test_short_names(void **state) {
  (void)state;
  const volley_gid high = VOLLEY_MOST_NEURONS - 60000;
  volley_run runs[] = {{0, 0, 2}, {high, 100, 1}, {1, 0, 2}, {high + 30000, 100, 1}};
  int firsts[] = {0, 2, 4};
  const volley_parts parts = {runs, firsts};
  static volley_gid gids[30100], again[30100];
  static uint16_t numbers[30100];
  for (int rank = 0; rank < 2; rank++) {
    for (uint32_t i = 0; i < 30100; i++)
      gids[i] = i < 100 ? 2 * i + (volley_gid)rank : high + 30000 * (volley_gid)rank + i - 100;
    volley_parts_shorten(&parts, rank, gids, 30100, numbers);
    for (uint32_t i = 0; i < 30100; i++) assert_int_equal(numbers[i], i);
    volley_parts_lengthen(&parts, rank, numbers, 30100, again);
    assert_memory_equal(again, gids, sizeof gids);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sort), cmocka_unit_test(test_index),
                                     cmocka_unit_test(test_short_names)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
