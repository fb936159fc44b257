/* Each population is cut into one contiguous piece a rank, so that every rank gets its share of every population. The first
 * piece goes to another rank from population to population, so that many small populations do not pile up on rank 0. */
#include "partition/partition.h"

static int owner(const volley_experiment *experiment, int population, uint32_t index, int ranks) {
  const volley_population *p = &experiment->populations[population];
  const uint64_t piece = (uint64_t)index * (uint64_t)ranks / p->size;
  return (int)((piece + p->first_gid) % (uint64_t)ranks);
}

/* Index of the first neuron of a piece. */
static uint64_t begin(const volley_population *p, uint64_t piece, uint64_t ranks) {
  return (piece * p->size + ranks - 1) / ranks;
}

static uint32_t count(const volley_experiment *experiment, int population, int rank, int ranks) {
  const volley_population *p = &experiment->populations[population];
  const uint64_t n = (uint64_t)ranks, piece = ((uint64_t)rank + n - p->first_gid % n) % n;
  return (uint32_t)(begin(p, piece + 1, n) - begin(p, piece, n));
}

const volley_partitioner volley_partitioner_block = {
    .name = "block",
    .doc = "one contiguous piece of every population for each rank",
    .owner = owner,
    .count = count,
};
