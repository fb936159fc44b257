/* The part of a network that one rank holds: neurons in blocks, and the synapses onto them. */
#ifndef VOLLEY_NETWORK_NETWORK_H
#define VOLLEY_NETWORK_NETWORK_H

#include "model/reader.h"
#include "network/event_table.h"
#include "network/plastic_table.h"
#include "network/table.h"
#include "neuron/neuron.h"
#include "partition/partition.h"
#include "stimulus/stimulus.h"

#include <mpi.h>

/* A generator and the kind it is of; it works on one slice. */
typedef struct volley_input {
  const volley_stimulus_kind *kind;
  volley_generator *generator;
  int slice;
  bool is_stimulus; /* of the experiment */
  int number;       /* of the stimulus; and the receptor that its spikes reach */
  int receptor;
} volley_input;

/* Neurons that one thread owns: a piece of each population, cut into slices small enough to stay in the first-level cache
 * while stimuli and update go over them. No other thread writes to any of it. */
typedef struct volley_block {
  volley_slice *slices; /* [n_slices] in order of the gids */
  int n_slices;
  uint32_t count; /* neurons */
  int receptors;  /* of the model that has most */
  uint32_t
      target_stride; /* numbers of neurons that static synapses may reach: above all, which have gaps between slices */
  uint32_t stride;   /* doubles from one receptor's inputs to the next: above all ids, which have gaps between slices */
  double *inputs;    /* [receptors][stride] states and inputs that synapses add to */
  volley_input *generated; /* [n_generated] by slice, then in the order of the stimuli */
  int n_generated;
  volley_table table;            /* static synapses */
  volley_event_table events;     /* the same in a continuous run */
  double *sums;                  /* of what they add in coming steps, a ring as table.h says */
  volley_plastic_table *plastic; /* [n_plastic] one for each plastic projection onto populations of the block */
  int n_plastic;
  int min_delay;     /* steps; VOLLEY_MAX_DELAY + 1 without synapses */
  uint8_t *outgoing; /* [n_populations] bits of volley_outgoing: weights onto the block by source */
  float **given;     /* [n_projections] weights that a program has set (network/given.h); NULL: none */
} volley_block;

typedef struct volley_network {
  const volley_experiment *experiment; /* not owned */
  volley_partition *partition;
  MPI_Comm comm;
  int rank, ranks, threads;
  volley_block *blocks; /* [n_blocks]; thread t owns blocks t, t + threads, ... */
  int n_blocks;
  double shortest, longest; /* delays of a continuous run in ms, of all synapses on all ranks; INFINITY and 0 without */
  int min_delay;            /* steps, of all synapses on all ranks; 1 if there are none */
  int max_due;              /* steps after that of a spike at which its last synapse is due, on all ranks */
  uint64_t synapses;        /* on all ranks */
  uint64_t table_bytes;     /* on all ranks */
  uint8_t *outgoing;        /* [n_populations] a volley_outgoing each, of all synapses on all ranks */
  uint64_t **given_firsts;  /* [n_projections][targets + 1] of weights that a program has set; NULL: none */
  bool weights_given;       /* since the tables were made */
  bool exact_weights;       /* tables keep weights of static synapses as doubles (event_table.h), else as floats */
} volley_network;

/* Builds this rank's part with `threads` threads. Collective over comm, agreed status; *out is owned by the caller. The
 * experiment must outlive it. */
volley_status volley_network_build(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                   MPI_Comm comm, volley_network **out);
void volley_network_destroy(volley_network *network);

/* Builds the part of rank `rank` of `ranks`, whatever ranks comm has: one process by itself can be any rank of any cluster.
 * Where these are not those of comm, no rule may hand edges from rank to rank (volley_rule.list). As above otherwise. */
volley_status volley_network_build_share(const volley_experiment *experiment, const volley_reader *reader, int rank,
                                         int ranks, int threads, MPI_Comm comm, volley_network **out);

/* The least number of steps after a spike of a neuron of certain ranks, of_rank: [ranks], after which any synapse on this rank
 * needs it; INT_MAX: none ever does. Not collective. */
int volley_network_first_due(const volley_network *network, const bool *of_rank);

/* Adds an input behind those of its slice. The block owns its generator. */
void volley_block_add_input(volley_block *block, volley_input input);

/* Makes the stimuli anew from the experiment, some of whose values have been changed: of stimuli, and background currents.
 * Which neurons and receptors a stimulus reaches, and when, must stay. Between two steps. Not collective. */
void volley_network_renew_inputs(volley_network *network);

/* Make what changes have changed (model/change.h), between two steps: the tables of static synapses, whose edges are drawn again;
 * parameters of a population; states that a change sets. Collective, agreed status. */
volley_status volley_network_renew_weights(volley_network *network, const volley_reader *reader);
volley_status volley_network_renew_parameters(volley_network *network, int population, const volley_reader *reader);
volley_status volley_network_set_states(volley_network *network, const volley_change *change,
                                        const volley_reader *reader);

/* Gives each neuron of a slice a current of its own, if they share one. */
void volley_slice_own_currents(volley_slice *slice);

/* gid of a neuron of a block. */
volley_gid volley_block_gid(const volley_block *block, uint32_t id);

/* The ids within the block of the neurons that static synapses may reach, by their number in the tables: [target_stride], 0 in
 * gaps. Owned by the caller. */
uint32_t *volley_block_targets(const volley_block *block);

#endif
