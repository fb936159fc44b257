/* Checkpoints: a run between two steps as one HDF5 file that all ranks write and read, on any number of ranks.
 * docs/file-formats.md describes the file.
 *
 * A file is written under a temporary name, brought to the disk, sealed (io/file/seal.h) and then renamed; the previous one
 * is FILE.1 then, the one before FILE.2, ... A file that has its name is therefore whole, unless it was damaged later,
 * which its checksums show. */
#ifndef VOLLEY_IO_CHECKPOINT_CHECKPOINT_H
#define VOLLEY_IO_CHECKPOINT_CHECKPOINT_H

#include "engine/run_state.h"
#include "force/readout.h"
#include "io/output/recordings.h"
#include "network/network.h"

#include <mpi.h>
#include <stdbool.h>

/* Layout of the file; raised when a reader of the old one would go wrong. */
enum { VOLLEY_CHECKPOINT_FORMAT = 2 };

/* What of a run has a state. Nothing is owned. */
typedef struct volley_run_parts {
  volley_network *network;
  volley_readouts *readouts;   /* NULL: the experiment has none */
  volley_recording *recording; /* may be NULL where no recorder has a state */
} volley_run_parts;

/* Writes the parts of a run, its state and where the recordings are. output: absolute path of the run's output. keep:
 * number of checkpoints to keep, this one included, 1 or more. Collective over the network's communicator, agreed status:
 * where it is not VOLLEY_OK the checkpoints that were there before still are, under their names. */
volley_status volley_checkpoint_write(const volley_run_parts *parts, const volley_run_state *state,
                                      const volley_recorded *past, const char *output, const char *path, int keep);

/* Bytes of the file that this network's run would write, about; recent spikes left out, and plastic synapses whose
 * number only a file knows. */
uint64_t volley_checkpoint_bytes(const volley_experiment *experiment);

/* Bytes of memory that writing one takes on a rank with so many plastic synapses. */
double volley_checkpoint_expected_bytes(double plastic_synapses);

/* What a checkpoint holds beside the states of the neurons; the same on every rank. */
typedef struct volley_checkpoint_info {
  const char *path;
  const char *title, *experiment_file,
      *experiment_folder;                            /* the folder is absolute: paths in the experiment start there */
  const char *experiment;                            /* YAML text with all --set applied */
  const char *experiment_hash;                       /* of this text, hexadecimal digits */
  const char *version, *git_commit, *host, *written; /* of Volley; rank 0's computer; ISO 8601, UTC */
  const char *petsc_options;                         /* "": none */
  const char *begun_from;                            /* checkpoint that the run had begun at; "": none */
  uint64_t begins;                                   /* the step of it */
  bool branches;                                     /* volley_checkpoint_branch() has prepared it */
  uint64_t ranks, threads, neurons, seed;
  double dt_ms, duration_ms, time_ms; /* time_ms: model time of the checkpoint */
  uint64_t bytes;                     /* of the file */
  const char *output;                 /* absolute path of the run's output */
  volley_recorded past;
  int n_recorders;                  /* of past.positions */
  char **input_keys, **input_files; /* [n_inputs] what the run had read: keys of the experiment, and files */
  uint64_t *input_bytes, *input_checksums;
  int n_inputs;
  volley_run_state state;
} volley_checkpoint_info;

typedef struct volley_checkpoint volley_checkpoint;

/* Opens the checkpoint at path: verifies every byte of it and reads all but the neurons. Collective over comm, agreed
 * status: VOLLEY_USAGE with a fault if it cannot be read, is none, is damaged or of a format that this version does not
 * know. *out is owned by the caller. */
volley_status volley_checkpoint_open(const char *path, MPI_Comm comm, volley_checkpoint **out);

/* Opens the newest whole one among FILE, FILE.1, FILE.2, ... Damaged ones are named on stderr by rank 0 and passed
 * over. If there is no such file at all, *out is NULL and the status VOLLEY_OK; if none is whole, it is VOLLEY_USAGE.
 * Collective over comm, agreed status. */
volley_status volley_checkpoint_open_latest(const char *file, MPI_Comm comm, volley_checkpoint **out);

const volley_checkpoint_info *volley_checkpoint_get_info(const volley_checkpoint *checkpoint);

/* Sets the parts of a run as they were. The network must have been built of the same experiment, on any number of ranks
 * and threads with any partitioner. Collective over the network's communicator, which must hold the ranks that opened
 * the checkpoint; agreed status. */
volley_status volley_checkpoint_restore(volley_checkpoint *checkpoint, const volley_run_parts *parts);

/* Prepares a checkpoint to be restored into a run of another experiment, which begins there. What is taken goes by names:
 * populations of the same model and size with their states and their spikes that are under way, synapses that learn where they
 * are the same, readouts of the same neurons. then: the experiment of the checkpoint. The info's state becomes that of the run,
 * with what is taken counted. Rank 0 tells what is taken, and what is not. Collective, the same on every rank; now's inputs are
 * summed up. */
void volley_checkpoint_branch(volley_checkpoint *checkpoint, const volley_experiment *now,
                              const volley_experiment *then);

/* Whether the files that an experiment reads hold what they held when the checkpoint was written. Adds a fault for each that
 * does not. Not collective, but the same on every rank. */
volley_status volley_inputs_compare(const volley_experiment *experiment, const volley_checkpoint_info *info);

/* NULL is allowed. Collective. */
void volley_checkpoint_close(volley_checkpoint *checkpoint);

/* Whether path is a file that says of itself that it is a checkpoint, damaged or not. Not collective. */
bool volley_is_checkpoint(const char *path);

#endif
