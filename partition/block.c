/* Each population is cut into one contiguous piece a rank, so that every rank gets its share of every population. The first
 * piece goes to another rank from population to population, so that many small populations do not pile up on rank 0. */
#include "partition/partition.h"

static int owner(const volley_owners *owners, int population, uint32_t index) {
  const volley_population *p = &owners->experiment->populations[population];
  const uint64_t ranks = (uint64_t)owners->ranks, piece = (uint64_t)index * ranks / p->size;
  return (int)((piece + p->first_gid) % ranks);
}

/* The piece of a rank: indices *first .. *end - 1. */
static void find_piece(const volley_owners *owners, int population, int rank, uint64_t *first, uint64_t *end) {
  const volley_population *p = &owners->experiment->populations[population];
  const uint64_t n = (uint64_t)owners->ranks, piece = ((uint64_t)rank + n - p->first_gid % n) % n;
  *first = (piece * p->size + n - 1) / n;
  *end = ((piece + 1) * p->size + n - 1) / n;
}

static uint32_t count(const volley_owners *owners, int population, int rank) {
  uint64_t first, end;
  find_piece(owners, population, rank, &first, &end);
  return (uint32_t)(end - first);
}

static uint64_t next(const volley_owners *owners, int population, uint64_t index, int rank) {
  uint64_t first, end;
  find_piece(owners, population, rank, &first, &end);
  if (index < first) index = first;
  return index < end ? index : UINT64_MAX;
}

const volley_partitioner volley_partitioner_block = {
    .name = "block",
    .doc = "one contiguous piece of every population for each rank",
    .even = true,
    .owner = owner,
    .count = count,
    .next = next,
};
