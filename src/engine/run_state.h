/* A run between two steps: what must be known, beside the states of the neurons, to go on from there. Everything is global:
 * the same on every rank, whatever the number of ranks. Static synapses and generators are functions of the experiment,
 * and arrivals follow from the recent spikes, so none of these is state. */
#ifndef VOLLEY_ENGINE_RUN_STATE_H
#define VOLLEY_ENGINE_RUN_STATE_H

#include "base/gid.h"

#include <stdint.h>

typedef struct volley_run_state {
  int64_t step;             /* the next to be taken; steps before it have been */
  uint64_t spikes;          /* in all steps so far */
  uint64_t digest[2];       /* of these spikes */
  uint64_t synaptic_events; /* synapses that the spikes so far have reached or will reach */
  uint64_t synapses;        /* of the network: shows that it was built from the same data */
  int n_populations;
  uint64_t *counts; /* [n_populations] spikes so far */
  /* Spikes that may still be on their way: those of steps step - n_recent .. step - 1. */
  int64_t n_recent;
  uint64_t *recent_counts; /* [n_recent] spikes of each step */
  uint64_t n_gids;         /* sum of these */
  volley_gid *gids;        /* [n_gids] by step, then ascending; an id repeats if its neuron spiked more than once */
  /* Of a continuous run gids are by time and then ascending, all as if of one step. */
  double *times; /* [n_gids] ms, if n_times is not 0 */
  uint64_t n_times;
} volley_run_state;

/* Allocates the arrays, zeroed, by n_populations, n_recent and n_gids. */
void volley_run_state_allocate(volley_run_state *state);

/* Frees the arrays and clears the state. */
void volley_run_state_release(volley_run_state *state);

#endif
