/* Neurons are dealt like cards: gid modulo the number of ranks. */
#include "partition/partition.h"

static int owner(const volley_experiment *experiment, int population, uint32_t index, int ranks) {
  return (int)((experiment->populations[population].first_gid + index) % (uint32_t)ranks);
}

static uint32_t count(const volley_experiment *experiment, int population, int rank, int ranks) {
  const volley_population *p = &experiment->populations[population];
  const uint64_t n = (uint64_t)ranks, first = ((uint64_t)rank + n - p->first_gid % n) % n;
  return first < p->size ? (uint32_t)((p->size - 1 - first) / n + 1) : 0;
}

const volley_partitioner volley_partitioner_round_robin = {
    .name = "round_robin",
    .doc = "neurons dealt to the ranks one by one",
    .owner = owner,
    .count = count,
};
