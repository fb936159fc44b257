/* This rank's own spikes of the last steps: what a checkpoint needs of all ranks to make the arrivals again. */
#ifndef VOLLEY_ENGINE_HISTORY_H
#define VOLLEY_ENGINE_HISTORY_H

#include "engine/run_state.h"

#include <mpi.h>
#include <stdint.h>

/* The spikes of one step. */
typedef struct volley_past_step {
  int64_t step; /* or another one, long past: nothing was added in this step */
  volley_gid *gids;
  uint32_t n, capacity;
} volley_past_step;

typedef struct volley_history {
  volley_past_step *ring; /* [steps] step s is at s % steps */
  int64_t steps;
} volley_history;

/* Of the last `steps` steps; 0 keeps none. */
volley_history volley_history_create(int64_t steps);
void volley_history_free(volley_history *history);

/* Bytes of `steps` with so many spikes each. */
double volley_history_expected_bytes(double steps, double spikes);

/* Adds spikes of a step: n gids in any order. Steps do not descend. */
void volley_history_add(volley_history *history, int64_t step, const volley_gid *gids, uint32_t n);

/* Allocates the arrays of a state whose `step` and `n_populations` are set, and fills in the recent spikes of all ranks, the
 * same on every rank. Collective. Where there is no memory for these they are left out and a rank has a fault, which is left on
 * its list. */
void volley_history_fill(const volley_history *history, MPI_Comm comm, volley_run_state *state);

#endif
