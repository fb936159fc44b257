/* Neurons are dealt like cards: gid modulo the number of ranks. */
#include "partition/partition.h"

static int owner(const volley_owners *owners, int population, uint32_t index) {
  return (int)((owners->experiment->populations[population].first_gid + index) % (uint32_t)owners->ranks);
}

static uint64_t next(const volley_owners *owners, int population, uint64_t index, int rank) {
  const uint64_t n = (uint64_t)owners->ranks, gid = owners->experiment->populations[population].first_gid + index;
  return index + ((uint64_t)rank + n - gid % n) % n;
}

static uint32_t count(const volley_owners *owners, int population, int rank) {
  const uint64_t size = owners->experiment->populations[population].size, first = next(owners, population, 0, rank);
  return first < size ? (uint32_t)((size - 1 - first) / (uint64_t)owners->ranks + 1) : 0;
}

const volley_partitioner volley_partitioner_round_robin = {
    .name = "round_robin",
    .doc = "neurons dealt to the ranks one by one",
    .even = true,
    .owner = owner,
    .count = count,
    .next = next,
};
