/* Who owns which neuron: model -> (gid -> rank, place on that rank). One file a partitioner. */
#ifndef VOLLEY_PARTITION_PARTITION_H
#define VOLLEY_PARTITION_PARTITION_H

#include "model/experiment.h"

#include <stdint.h>

typedef struct volley_partitioner {
  const char *name, *doc;
  /* Rank that owns the neuron with this index in population p. Pure and cheap: called for every neuron of the model. */
  int (*owner)(const volley_experiment *experiment, int population, uint32_t index, int ranks);
  /* Number of neurons of population p that a rank owns. Pure and cheap: called for every rank. */
  uint32_t (*count)(const volley_experiment *experiment, int population, int rank, int ranks);
} volley_partitioner;

/* All partitioners, ended by NULL, and one by name (NULL if unknown). The first is the default. */
const volley_partitioner *const *volley_partitioners(void);
const volley_partitioner *volley_partitioner_find(const char *name);

/* The neurons of one rank. */
typedef struct volley_partition {
  const volley_experiment *experiment; /* not owned */
  int rank, ranks;
  uint32_t **gids;  /* [n_populations][counts[p]] ascending */
  uint32_t *counts; /* [n_populations] */
  uint32_t count;   /* neurons of this rank */
} volley_partition;

/* Not collective. The result is owned by the caller: volley_partition_destroy(). */
volley_partition *volley_partition_create(const volley_experiment *experiment, int rank, int ranks);
void volley_partition_destroy(volley_partition *partition);

/* Rank that owns the neuron with this index in a population. */
int volley_partition_owner(const volley_partition *partition, int population, uint32_t index);

/* How evenly a load is spread over ranks. */
typedef struct volley_balance {
  double least, mean, most; /* of one rank */
} volley_balance;

/* The balance that the experiment's partitioner gives on `ranks` ranks. loads: [n_populations] load of one neuron of each
 * population, for example its indegree; NULL counts neurons. Not collective. Takes little memory and less than a
 * second: of millions of ranks only some, evenly spread, are looked at. */
volley_balance volley_partition_balance(const volley_experiment *experiment, int ranks, const double *loads);

/* Collective over comm: VOLLEY_OK if the ranks' shares hold every neuron exactly once, else an agreed fault. */
volley_status volley_partition_check(const volley_partition *partition, MPI_Comm comm);

#endif
