/* Sources of a table that is being built, in buckets of neighbours: one each, unless there are more sources than one process should have
 * an array of. */
#ifndef VOLLEY_NETWORK_SOURCE_BUCKETS_H
#define VOLLEY_NETWORK_SOURCE_BUCKETS_H

#include "base/gid.h"

#include <math.h>
#include <stdint.h>

enum { VOLLEY_MOST_SOURCE_BUCKETS = 1 << 22 };
_Static_assert((uint64_t)(VOLLEY_MOST_NEURONS) >> 16 < VOLLEY_MOST_SOURCE_BUCKETS,
               "the place of a source in its bucket must fit in 16 bits");

/* A bucket holds 1 << shift sources: source s, counted from 0, is number volley_place_in_bucket() of bucket s >> shift. */
typedef struct volley_source_buckets {
  int shift;
  uint32_t n;
} volley_source_buckets;

static inline volley_source_buckets volley_source_buckets_of(uint64_t sources) {
  volley_source_buckets buckets = {0};
  while (sources >> buckets.shift >= VOLLEY_MOST_SOURCE_BUCKETS) buckets.shift++;
  buckets.n = (uint32_t)(sources >> buckets.shift) + 1;
  return buckets;
}

static inline uint16_t volley_place_in_bucket(volley_source_buckets buckets, uint64_t source) {
  return (uint16_t)(source & ((UINT64_C(1) << buckets.shift) - 1));
}

/* How many buckets there are at most. */
static inline double volley_source_buckets_expected(double sources) {
  return fmin(sources, VOLLEY_MOST_SOURCE_BUCKETS);
}

#endif
