#include "partition/partition.h"

#include "base/random.h"
#include "model/registry.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define PARTITIONERS(X) \
  X(block) \
  X(round_robin) \
  X(weighted) \
  X(areas) \
  X(tiles) \
  X(file) \
  X(graph) \
  /* one line a partitioner */
/* clang-format on */

#define DECLARED(name) extern const volley_partitioner volley_partitioner_##name;
#define LISTED(name) &volley_partitioner_##name,
PARTITIONERS(DECLARED)

enum { MOST_LOOKS = 1 << 26 }; /* at a population on a rank, when a balance is estimated */

static const volley_partitioner *const partitioners[] = {PARTITIONERS(LISTED) NULL};
static const volley_registry registry = VOLLEY_REGISTRY(partitioners);

const volley_partitioner *const *volley_partitioners(void) { return partitioners; }

const volley_partitioner *volley_partitioner_find(const char *name) { return volley_registry_find(&registry, name); }

static const volley_partitioner *partitioner_of(const volley_owners *owners) {
  return owners->experiment->simulation.partitioner;
}

volley_experiment volley_partition_plainly(const volley_experiment *experiment) {
  volley_experiment plain = *experiment;
  plain.simulation.partitioner = volley_partitioners()[0];
  plain.simulation.partition_parameters = NULL;
  return plain;
}

volley_status volley_owners_find(const volley_experiment *experiment, int ranks, const volley_reader *reader,
                                 MPI_Comm comm, volley_owners *out) {
  *out = (volley_owners){.experiment = experiment, .ranks = ranks};
  const volley_partitioner *partitioner = partitioner_of(out);
  char buffer[512];
  const char *wrong = partitioner->refuses ? partitioner->refuses(experiment, ranks, buffer, sizeof buffer) : NULL;
  if (wrong) volley_fault(VOLLEY_USAGE, &experiment->simulation.partition_place, "%s", wrong);
  VOLLEY_TRY(volley_agree(comm));
  return partitioner->create ? partitioner->create(out, reader, comm) : VOLLEY_OK;
}

void volley_owners_release(volley_owners *owners) {
  if (owners->state) partitioner_of(owners)->destroy(owners->state);
}

static uint64_t find_next(const volley_owners *owners, int p, uint64_t index, int rank) {
  const uint32_t size = owners->experiment->populations[p].size;
  const volley_partitioner *partitioner = partitioner_of(owners);
  if (partitioner->next) return partitioner->next(owners, p, index, rank);
  while (index < size && partitioner->owner(owners, p, (uint32_t)index) != rank) index++;
  return index;
}

static void take_population(volley_partition *partition, int p) {
  const volley_owners *owners = &partition->owners;
  const volley_population *population = &partition->experiment->populations[p];
  size_t capacity = population->size / (size_t)partition->ranks + 1;
  volley_gid *gids = volley_grow(NULL, capacity, sizeof *gids, "the neurons of a rank");
  uint32_t n = 0;
  for (uint64_t i = 0; (i = find_next(owners, p, i, partition->rank)) < population->size; i++) {
    if (n == capacity) {
      capacity *= 2;
      gids = volley_grow(gids, capacity, sizeof *gids, "the neurons of a rank");
    }
    gids[n++] = population->first_gid + (uint32_t)i;
  }
  partition->gids[p] = gids;
  partition->counts[p] = n;
  partition->count += n;
}

static void take_populations(void *context) {
  volley_partition *partition = context;
  for (int p = 0; p < partition->experiment->n_populations; p++) take_population(partition, p);
}

volley_status volley_partition_create(const volley_experiment *experiment, int rank, int ranks,
                                      const volley_reader *reader, MPI_Comm comm, volley_partition **out) {
  volley_owners owners;
  VOLLEY_TRY(volley_owners_find(experiment, ranks, reader, comm, &owners));
  volley_partition *partition = volley_alloc(1, sizeof *partition, "the partition");
  const size_t n = (size_t)experiment->n_populations;
  *partition = (volley_partition){.experiment = experiment, .rank = rank, .ranks = ranks, .owners = owners};
  partition->gids = volley_alloc(n, sizeof *partition->gids, "the partition");
  partition->counts = volley_alloc(n, sizeof *partition->counts, "the partition");
  *out = partition;
  (void)volley_memory_try(take_populations, partition);
  return volley_agree_one(comm);
}

void volley_partition_destroy(volley_partition *partition) {
  if (!partition) return;
  for (int p = 0; p < partition->experiment->n_populations; p++) free(partition->gids[p]);
  volley_owners_release(&partition->owners);
  free(partition->gids);
  free(partition->counts);
  free(partition);
}

int volley_partition_owner(const volley_partition *partition, int population, uint32_t index) {
  return partitioner_of(&partition->owners)->owner(&partition->owners, population, index);
}

/* The load of one rank. */
static double load_of(const volley_owners *owners, int rank, const double *loads) {
  double sum = 0;
  for (int p = 0; p < owners->experiment->n_populations; p++)
    sum += partitioner_of(owners)->count(owners, p, rank) * (loads ? loads[p] : 1);
  return sum;
}

static void take_load(volley_balance *balance, double load) {
  balance->least = fmin(balance->least, load);
  balance->most = fmax(balance->most, load);
}

/* Where there are more ranks than neurons, those that own one are looked at; some others own none. */
volley_balance volley_partition_balance(const volley_owners *owners, const double *loads) {
  const volley_experiment *experiment = owners->experiment;
  const int n = experiment->n_populations, ranks = owners->ranks;
  const bool by_rank = (uint32_t)ranks <= experiment->neurons;
  const uint32_t items = by_rank ? (uint32_t)ranks : (uint32_t)experiment->neurons,
                 step = items / (MOST_LOOKS / (uint32_t)n) + 1;
  volley_balance balance = {by_rank ? INFINITY : 0, 0, 0};
  for (uint64_t r = 0; by_rank && r < items; r += step) take_load(&balance, load_of(owners, (int)r, loads));
  for (int p = 0; p < n; p++) {
    const uint32_t size = experiment->populations[p].size;
    balance.mean += size * (loads ? loads[p] : 1) / ranks;
    for (uint64_t i = 0; !by_rank && i < size; i += step) {
      const int owner = partitioner_of(owners)->owner(owners, p, (uint32_t)i);
      take_load(&balance, load_of(owners, owner, loads));
    }
  }
  return balance;
}

/* A number that stands for a gid in sums: two sets of gids with equal sums are equal, but for a chance of 2^-64. */
static uint64_t token(volley_gid gid) {
  uint32_t words[4];
  volley_random_block((volley_key){{0, 0}}, gid, 0, 0, words);
  return (uint64_t)words[0] << 32 | words[1];
}

/* Compares the number and the tokens' sum of the gids held on all ranks with those of all gids. Each rank sums the tokens of an
 * equal part of each population, so that this costs every rank its share only. */
volley_status volley_partition_check(const volley_partition *partition, MPI_Comm comm) {
  const volley_experiment *experiment = partition->experiment;
  const uint64_t ranks = (uint64_t)partition->ranks, rank = (uint64_t)partition->rank;
  uint64_t n = 0, mine[3] = {partition->count, 0, 0}, sums[3]; /* gids held, their tokens, tokens due */
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const uint64_t size = population->size, end = size * (rank + 1) / ranks;
    for (uint32_t i = 0; i < partition->counts[p]; i++) mine[1] += token(partition->gids[p][i]);
    for (uint64_t i = size * rank / ranks; i < end; i++) mine[2] += token(population->first_gid + (volley_gid)i);
    n += size;
  }
  VOLLEY_MPI(MPI_Allreduce(mine, sums, 3, MPI_UINT64_T, MPI_SUM, comm));
  if (sums[0] != n || sums[1] != sums[2]) {
    volley_fault(VOLLEY_FAILURE, NULL,
                 "partitioner %s does not give every neuron to exactly one rank: %llu of %llu given",
                 experiment->simulation.partitioner->name, (unsigned long long)sums[0], (unsigned long long)n);
  }
  return volley_agree(comm);
}
