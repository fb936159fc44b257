/* The group /volley of an output: what was run, by what, where, and how it went. */
#ifndef VOLLEY_IO_OUTPUT_PROVENANCE_H
#define VOLLEY_IO_OUTPUT_PROVENANCE_H

#include "engine/summary.h"
#include "io/file/hdf5_check.h"
#include "model/experiment.h"

#include <mpi.h>

/* Layout of /volley; raised when a reader of the old one would go wrong. */
enum { VOLLEY_FORMAT_VERSION = 2 };

/* When and where something is written, as rank 0 sees it: attributes must be equal on every rank. */
typedef struct volley_stamp {
  char time[32], host[MPI_MAX_PROCESSOR_NAME]; /* ISO 8601, UTC; the computer's name */
} volley_stamp;
volley_stamp volley_stamp_now(MPI_Comm comm); /* collective */

/* Writes the group as it stands at the start, attribute `complete` 0. first_step: that the file has. Collective over comm. */
void volley_provenance_begin(volley_hdf5 *file, hid_t root, const volley_experiment *experiment, int64_t first_step,
                             MPI_Comm comm);

/* Adds the figures of rank 0's summary. Collective over comm. */
void volley_provenance_end(volley_hdf5 *file, hid_t root, const volley_summary *summary, MPI_Comm comm);

/* The duration becomes that of a run that has ended early, and `ended_early` says why. Collective. */
void volley_provenance_shorten(volley_hdf5 *file, hid_t root, const volley_experiment *experiment);

/* Sets attribute `complete` to 1; the last thing written to a file. Collective. */
void volley_provenance_complete(volley_hdf5 *file, hid_t root);

/* Bytes of the file that these take at most. */
size_t volley_provenance_bytes(const volley_experiment *experiment, int ranks);

#endif
