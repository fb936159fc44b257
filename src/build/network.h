/* The part of a network that one rank holds: neurons in blocks, and the synapses onto them. */
#ifndef VOLLEY_BUILD_NETWORK_H
#define VOLLEY_BUILD_NETWORK_H

#include "build/table.h"
#include "model/reader.h"
#include "neuron/neuron.h"
#include "partition/partition.h"
#include "stimulus/stimulus.h"

#include <mpi.h>

/* A generator and the kind it is of. */
typedef struct volley_driver {
  const volley_stimulus_kind *kind;
  volley_generator *generator;
  int slice;
} volley_driver;

/* Neurons that one thread owns: a piece of each population. No other thread writes to any of it. */
typedef struct volley_block {
  volley_slice *slices;   /* [n_slices] populations without neurons here have none */
  int n_slices;
  uint32_t count;         /* neurons */
  uint32_t stride;        /* doubles from one receptor's inputs to the next */
  double *inputs;         /* [receptors][stride] */
  volley_driver *drivers; /* [n_drivers] in the order of the stimuli */
  int n_drivers;
  volley_table table;
} volley_block;

typedef struct volley_network {
  const volley_experiment *experiment; /* not owned */
  volley_partition *partition;
  MPI_Comm comm;
  int rank, ranks, threads;
  volley_block *blocks;    /* [n_blocks]; thread t owns blocks t, t + threads, ... */
  int n_blocks;
  int min_delay, max_delay; /* steps, of all synapses on all ranks; both 1 if there are none */
  uint64_t synapses;        /* on all ranks */
  uint64_t table_bytes;     /* on all ranks */
} volley_network;

/* Builds this rank's part with `threads` threads. Collective over comm, agreed status; *out is owned by the caller. The
 * experiment must outlive it. */
volley_status volley_network_build(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                   MPI_Comm comm, volley_network **out);
void volley_network_destroy(volley_network *network);

/* gid of a neuron of a block. */
uint32_t volley_block_gid(const volley_block *block, uint32_t id);

/* Bytes that the inputs, states and coefficients of n neurons of a model take. */
size_t volley_neuron_bytes(const volley_neuron_model *model, bool per_neuron);

#endif
