/* The ended files of a run's recordings, in order of time, and how many records of each file count. */
#ifndef VOLLEY_IO_OUTPUT_SEGMENTS_H
#define VOLLEY_IO_OUTPUT_SEGMENTS_H

#include "io/output/file.h"
#include "io/output/recordings.h"

typedef struct volley_segments {
  const volley_experiment *experiment; /* must outlive the parts */
  volley_recorded past;                /* positions: sums of the counts */
  uint64_t *counts;                    /* [n_files][n_recorders] spikes or rows that count */
} volley_segments;

/* Parts without a file. */
volley_segments volley_segments_create(const volley_experiment *experiment);
void volley_segments_release(volley_segments *parts);

/* Adds a file and what counts in it, [n_recorders], as rank 0 gives them; the others may pass NULL. A file where nothing
 * counts is left out. Collective over comm. */
void volley_segments_add(volley_segments *parts, const char *file, const uint64_t *counts, MPI_Comm comm);

/* Fills parts without a file with what was recorded before: checks on rank 0 that the files of the past are recordings
 * of this run and hold what they should. A file that is not where it was is looked for in `folder`. A run that has been completed since has joined its files: its output then stands for them.
 * Collective over comm, agreed status: VOLLEY_USAGE with a fault that names the file. */
volley_status volley_segments_set_recorded(volley_segments *parts, const volley_recorded *past, const char *folder,
                                           MPI_Comm comm);

/* Copies all that counts into an output in which nothing has been recorded yet. Collective over comm, the ranks that
 * opened the output; agreed status. */
volley_status volley_segments_copy(const volley_segments *parts, volley_output *output, MPI_Comm comm);

#endif
