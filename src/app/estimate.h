/* What a run will take, before it is started: synapses, memory and time. */
#ifndef VOLLEY_APP_ESTIMATE_H
#define VOLLEY_APP_ESTIMATE_H

#include "model/experiment.h"
#include "model/reader.h"
#include "partition/cost.h"
#include "partition/partition.h"

#include <mpi.h>
#include <stdbool.h>

/* What the spikes of a run find in the tables of one rank. */
typedef struct volley_visits {
  double rows, synapses; /* of all spikes together */
  double steps;          /* synapses times the number of steps on which those of their row are due */
  double equal;          /* of the synapses, those in groups of one weight */
} volley_visits;

/* Expected figures of a run on `ranks` x `threads`. Bytes are those of the rank with most. */
typedef struct volley_estimate {
  int ranks, threads, blocks; /* blocks of a rank */
  double *expected;           /* [n_projections] synapses of each; owned */
  double synapses;            /* on all ranks */
  volley_balance neuron_balance, synapse_balance;
  double rows, groups;  /* of all tables of a rank: sources, and groups due together at a receptor */
  uint32_t stride;      /* numbers of a block's targets of static synapses */
  volley_visits visits; /* of rows of static synapses, by all spikes of the run */
  double read_s;        /* that reading and checking the edges of files will take a rank */
  double min_delay;     /* ms: the least and the greatest that will occur, about */
  double max_delay;
  double base_bytes;    /* program and libraries, and data files that every rank holds */
  double neuron_bytes;  /* states, inputs, stimuli */
  double table_bytes;   /* synapses */
  double readout_bytes; /* readouts: mostly P of recursive least squares */
  double record_bytes;  /* recorders, output file, exchange, checkpoints */
  double build_bytes;   /* more than the tables, while they are built */
  double peak_bytes;
  double spikes;      /* of the whole run */
  double events;      /* synaptic events of the whole run */
  bool assumed_rates; /* some population has no mean_rate: `assumed_rate` was taken */
} volley_estimate;

/* Edges of a projection that are looked at: in networks of many projections fewer of each. */
enum { VOLLEY_SOME_EDGES = 4096, VOLLEY_FEW_EDGES = 64, VOLLEY_MANY_PROJECTIONS = 1000 };

/* Spikes of a population in the whole run. */
double volley_spikes_expect(const volley_experiment *experiment, int population);

/* The parts of an estimate about tables: needs `expected` and all that stands before it. samples: [n_projections] edges of files. */
void volley_estimate_tables(const volley_experiment *experiment, const volley_edge_sample *samples,
                            volley_estimate *estimate);

/* Model time of a run in seconds. */
double volley_model_seconds(const volley_experiment *experiment);

/* Collective over comm, that of the reader: edges that come from a file are counted and sampled. Agreed status; out is to
 * be released in any case. checks: edges of files are checked, and out gets the balances, for which every neuron is looked
 * at. */
volley_status volley_estimate_make(const volley_experiment *experiment, const volley_reader *reader, int ranks,
                                   int threads, bool checks, MPI_Comm comm, volley_estimate *out);
void volley_estimate_release(volley_estimate *estimate);

/* Expected synapses onto a neuron of each population: [n_populations], owned by the caller: free(). */
double *volley_indegrees_expect(const volley_experiment *experiment, const volley_estimate *estimate);

/* Faults, agreed on all ranks, if the ranks of a node need more memory than the node has left. node_ranks: how many such ranks a
 * node has; 0: those of comm. Collective. */
volley_status volley_memory_check(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                  int node_ranks, MPI_Comm comm);

/* ---- What a run will write: recordings and checkpoints, and whether there is room for them. */

/* What one recorder keeps. */
typedef struct volley_records {
  double width; /* values of a row; 0 of spikes */
  double count; /* spikes or rows */
} volley_records;

/* Expected records of recorder r. Uses only what the estimate knows of synapses. */
volley_records volley_estimate_records(const volley_experiment *experiment, const volley_estimate *estimate, int r);

/* Bytes of all that a run writes. */
typedef struct volley_output_estimate {
  double *recorders;       /* [n_recorders] bytes in the output; owned */
  double file_bytes;       /* of the output */
  double checkpoint_bytes; /* of one checkpoint */
  double kept_checkpoints; /* checkpoints that are there at the end; 0 if none are asked for */
  double needed_bytes;     /* the most at a time of output, its parts and checkpoints */
  double free_bytes;       /* left at the output's place; 0 if unknown */
} volley_output_estimate;

volley_output_estimate volley_estimate_output(const volley_experiment *experiment, const volley_estimate *estimate);
void volley_output_estimate_release(volley_output_estimate *output);

#endif
