/* Binary search. */
#ifndef VOLLEY_BASE_SEARCH_H
#define VOLLEY_BASE_SEARCH_H

#include "base/gid.h"

#include <stdint.h>

/* Moves `low`, a variable, to the first i from low on below `end` for which `is_before`, an expression of i that holds up to
 * there, does not hold; to end if there is none. */
#define VOLLEY_SEARCH(low, end, i, is_before)                                                                          \
  for (__typeof__(low) high_ = (end); (low) < high_;) {                                                                \
    const __typeof__(low) i = (low) + (high_ - (low)) / 2;                                                             \
    if (is_before)                                                                                                     \
      (low) = i + 1;                                                                                                   \
    else                                                                                                               \
      high_ = i;                                                                                                       \
  }

/* How many of n ascending numbers, or gids, are below a bound. */
static inline uint32_t volley_numbers_below(const uint32_t *numbers, uint32_t n, uint64_t bound) {
  uint32_t low = 0;
  VOLLEY_SEARCH(low, n, i, numbers[i] < bound)
  return low;
}

static inline uint32_t volley_gids_below(const volley_gid *gids, uint32_t n, uint64_t bound) {
  uint32_t low = 0;
  VOLLEY_SEARCH(low, n, i, gids[i] < bound)
  return low;
}

#endif
