/* Neurons are dealt like cards: gid modulo the number of ranks. */
#include "partition/partition.h"

static int owner(const volley_experiment *experiment, int population, uint32_t index, int ranks) {
  return (int)((experiment->populations[population].first_gid + index) % (uint32_t)ranks);
}

const volley_partitioner volley_partitioner_round_robin = {
    .name = "round_robin",
    .doc = "neurons dealt to the ranks one by one",
    .owner = owner,
};
