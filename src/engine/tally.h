/* What is counted of a run: each block counts its own spikes, and the sums over blocks and ranks are made when they are asked
 * for. Sums of integers: the same in any order. */
#ifndef VOLLEY_ENGINE_TALLY_H
#define VOLLEY_ENGINE_TALLY_H

#include "engine/run_state.h"
#include "network/network.h"

#include <mpi.h>

/* Places among the sums; from VOLLEY_TALLY_COUNTS on: spikes of each population. */
enum {
  VOLLEY_TALLY_SPIKES,
  VOLLEY_TALLY_EVENTS, /* synapses that spikes have reached or will reach */
  VOLLEY_TALLY_BYTES,  /* of synapse tables read */
  VOLLEY_TALLY_DIGEST, /* two sums of hashes of all spikes */
  VOLLEY_TALLY_COUNTS = VOLLEY_TALLY_DIGEST + 2
};

typedef struct volley_tally {
  int n;
  uint64_t *sums; /* [n] */
} volley_tally;

volley_tally volley_tally_create(const volley_experiment *experiment);
void volley_tally_free(volley_tally *tally);

/* Counts the spikes of a step: n gids, ascending. */
void volley_tally_take(volley_tally *tally, const volley_experiment *experiment, int64_t step, const volley_gid *gids,
                       uint32_t n);

/* Adds a tally to another. */
void volley_tally_add(volley_tally *sum, const volley_tally *tally);

/* What the state of a run before `step` tells of sums of all ranks; counts and all that has arrays are left to the engine. */
volley_run_state volley_tally_state(const volley_tally *sum, const volley_network *network, int64_t step);

/* Makes the sum of the tallies of all ranks, on all ranks. Collective. */
void volley_tally_reduce(volley_tally *tally, MPI_Comm comm);

#endif
