/* Reads the output of a run, in one process: what was run, and the recorded spikes as a stream. */
#ifndef VOLLEY_IO_OUTPUT_READER_H
#define VOLLEY_IO_OUTPUT_READER_H

#include "base/memory.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

typedef struct volley_population_info {
  const char *name, *model;
  uint64_t size;
  double rate_hz; /* over the whole run; NAN in a file that is not complete */
} volley_population_info;

typedef struct volley_recorder_info {
  const char *name, *population; /* population: its name */
  const char *path;              /* of its group, from the root */
  int population_number;         /* index into populations, or -1 if there is none of that name */
  uint64_t neurons;              /* recorded ones, silent ones included */
  double start_ms, stop_ms;      /* spikes at start_ms < t <= stop_ms are there */
} volley_recorder_info;

typedef struct volley_phase_info {
  const char *name;
  double seconds;
  const double *of_rank; /* [ranks] */
} volley_phase_info;

typedef struct volley_output_info {
  bool complete;
  const char *title, *experiment_file, *version, *git_commit, *compiler, *mpi_version, *hdf5_version, *started, *host;
  const char *experiment;                                                   /* its text with all settings, as it ran */
  uint64_t ranks, hosts, neurons, seed, noise_seed, changes, trial, trials; /* trial 0: it is none */
  double begins_ms;       /* of a run that began at a checkpoint of another; 0 */
  const char *begun_from; /* that checkpoint; "" */
  double dt_ms, duration_ms;
  const char *ended_early; /* why a run has ended before its time; "": it has not */
  double
      recorded_ms; /* time up to which there are recordings; NAN in an incomplete file by itself, of which it is not known */
  volley_population_info *populations;
  int n_populations, n_nodes;      /* n_nodes: the last so many are what several before are together in SONATA */
  volley_recorder_info *recorders; /* of spikes */
  int n_recorders;
  /* In a complete file; else empty, 0 and none: */
  const char *digest;
  uint64_t threads, synapses, spikes;
  double build_s, simulate_s, real_time_factor;
  volley_phase_info *phases; /* of_rank is NULL in outputs of Volley 0.1 before it told of ranks */
  int n_phases;
  const char **rank_hosts, **rank_cores; /* [ranks], NULL as above */
  const double *longest_s, *longest_ms;  /* [ranks] the step that took each longest, and when */
} volley_output_info;

typedef struct volley_output_file volley_output_file;

/* Whether a file can be read and is HDF5; else VOLLEY_USAGE with a fault that says what to give instead. Not collective. */
volley_status volley_output_file_check(const char *path);

/* Opens an output and reads all but the recordings. Returns VOLLEY_USAGE with a fault if the file cannot be read or is no
 * output of Volley. *out is owned by the caller: volley_output_file_close(). Not collective, like all of this. */
volley_status volley_output_file_open(const char *path, volley_output_file **out);
void volley_output_file_close(volley_output_file *file); /* NULL is allowed */
const volley_output_info *
volley_output_file_info(const volley_output_file *file); /* lives as long as the file is open */

/* Hands all spikes of a recorder (its number in info->recorders) after a time (-INFINITY: all) to take() in slabs, in the order
 * of the file: by time, ties by id. ids: indices within the population. */
volley_status volley_output_file_spikes(volley_output_file *file, int recorder, double after_ms,
                                        void (*take)(void *taker, size_t n, const double *times, const uint64_t *ids),
                                        void *taker);

#endif
