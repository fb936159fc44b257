/* The ended files of a run's recordings, in order of time, and how many records of each file count. */
#ifndef VOLLEY_IO_PARTS_H
#define VOLLEY_IO_PARTS_H

#include "io/output.h"
#include "io/recordings.h"

typedef struct volley_parts {
  const volley_experiment *experiment; /* must outlive the parts */
  volley_past past;                    /* positions: sums of the counts */
  uint64_t *counts;                    /* [n_files][n_recorders] spikes or rows that count */
} volley_parts;

/* Parts without a file. */
volley_parts volley_parts_create(const volley_experiment *experiment);
void volley_parts_release(volley_parts *parts);

/* Adds a file and what counts in it, [n_recorders], as rank 0 gives them; the others may pass NULL. A file where nothing
 * counts is left out. Collective over comm. */
void volley_parts_add(volley_parts *parts, const char *file, const uint64_t *counts, MPI_Comm comm);

/* Fills parts without a file with what was recorded before: checks on rank 0 that the files of the past are recordings
 * of this run and hold what they should. A file that is not where it was is looked for in `folder`. A run that has been completed since has joined its files: its output then stands for them.
 * Collective over comm, agreed status: VOLLEY_USAGE with a fault that names the file. */
volley_status volley_parts_set_past(volley_parts *parts, const volley_past *past, const char *folder, MPI_Comm comm);

/* Copies all that counts into an output in which nothing has been recorded yet. Collective over comm, the ranks that
 * opened the output; agreed status. */
volley_status volley_parts_copy(const volley_parts *parts, volley_output *output, MPI_Comm comm);

#endif
