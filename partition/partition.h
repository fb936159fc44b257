/* Who owns which neuron: model -> (gid -> rank, place on that rank). A partitioner is one file with a table of functions, and
 * a line in partition.c. Results do not depend on it. */
#ifndef VOLLEY_PARTITION_PARTITION_H
#define VOLLEY_PARTITION_PARTITION_H

#include "model/experiment.h"
#include "model/key.h"
#include "model/reader.h"

#include <stdint.h>

/* The owners of all neurons of an experiment on a number of ranks: those of this job, or such that are thought of. */
typedef struct volley_owners {
  const volley_experiment *experiment; /* not owned */
  int ranks;
  void *state; /* the partitioner's own; NULL where it needs none */
} volley_owners;

typedef struct volley_partitioner {
  const char *name, *doc;
  const volley_key_info
      *keys; /* [n_keys] its own, which fill a struct of `size` bytes: simulation.partition_parameters */
  int n_keys;
  size_t size;
  bool even;   /* every rank has the same share of every population, but for one neuron */
  bool weighs; /* it asks what neurons cost: the experiment must know its synapses (volley_run_load()) */
  /* Why it cannot take an experiment, once its files are loaded, on so many ranks (written into buffer of `size` bytes), or NULL;
   * the same on all ranks. NULL: it takes all. */
  const char *(*refuses)(const volley_experiment *experiment, int ranks, char *buffer, size_t size);
  /* Makes the state, for owners whose other members are set. Collective over comm, agreed status; after a fault nothing is
   * kept. NULL: there is none. */
  volley_status (*create)(volley_owners *owners, const volley_reader *reader, MPI_Comm comm);
  void (*destroy)(void *state);
  /* Rank that owns the neuron with this index in a population, the same on all ranks. Cheap: called for single neurons. */
  int (*owner)(const volley_owners *owners, int population, uint32_t index);
  /* Number of neurons of a population that a rank owns. Cheap: called for every rank. */
  uint32_t (*count)(const volley_owners *owners, int population, int rank);
  /* A rank's first neuron in a population from `index` on; any beyond the population if there is none. NULL: neurons are
   * asked for their owner one by one, which takes every rank time for the whole network. */
  uint64_t (*next)(const volley_owners *owners, int population, uint64_t index, int rank);
} volley_partitioner;

/* All partitioners, ended by NULL, and one by name (NULL if unknown). The first is the default. */
const volley_partitioner *const *volley_partitioners(void);
const volley_partitioner *volley_partitioner_find(const char *name);

/* The experiment with the default partitioner, for what does not depend on who owns what; it shares all else. */
volley_experiment volley_partition_plainly(const volley_experiment *experiment);

/* Finds the owners on `ranks` ranks. Collective over comm, whatever `ranks` is; agreed status. To be released where it is
 * VOLLEY_OK: volley_owners_release(). The experiment must outlive them. */
volley_status volley_owners_find(const volley_experiment *experiment, int ranks, const volley_reader *reader,
                                 MPI_Comm comm, volley_owners *out);
void volley_owners_release(volley_owners *owners);

/* The neurons of one rank. */
typedef struct volley_partition {
  const volley_experiment *experiment; /* not owned */
  int rank, ranks;
  volley_owners owners;
  volley_gid **gids; /* [n_populations][counts[p]] ascending */
  uint32_t *counts;  /* [n_populations] */
  uint32_t count;    /* neurons of this rank */
} volley_partition;

/* The part of rank `rank` of `ranks`. Collective over comm, which need not have as many, agreed status; *out is owned by the
 * caller: volley_partition_destroy(). */
volley_status volley_partition_create(const volley_experiment *experiment, int rank, int ranks,
                                      const volley_reader *reader, MPI_Comm comm, volley_partition **out);
void volley_partition_destroy(volley_partition *partition);

/* Rank that owns the neuron with this index in a population. */
int volley_partition_owner(const volley_partition *partition, int population, uint32_t index);

/* How evenly a load is spread over ranks. */
typedef struct volley_balance {
  double least, mean, most; /* of one rank */
} volley_balance;

/* The balance that owners give. loads: [n_populations] load of one neuron of each
 * population, for example its indegree; NULL counts neurons. Not collective. Takes little memory and less than a
 * second: of millions of ranks only some, evenly spread, are looked at. */
volley_balance volley_partition_balance(const volley_owners *owners, const double *loads);

/* Collective over comm: VOLLEY_OK if the ranks' shares hold every neuron exactly once, else an agreed fault. */
volley_status volley_partition_check(const volley_partition *partition, MPI_Comm comm);

#endif
