/* The recordings of a run that can be interrupted and resumed: output files that each hold the stretch of steps between
 * two checkpoints, joined into one output at the end.
 *
 * A file in use may be damaged if the run is killed; so a checkpoint first ends it, brings it to the disk and moves
 * it to the folder OUT.h5.parts, named by its steps, where it is never written to again. The next stretch begins a new
 * OUT.h5.part. A run without checkpoints has one stretch, which becomes the output by its renaming. */
#ifndef VOLLEY_IO_OUTPUT_RECORDINGS_H
#define VOLLEY_IO_OUTPUT_RECORDINGS_H

#include "engine/summary.h"
#include "model/experiment.h"
#include "record/record.h"

#include <mpi.h>

/* What was recorded before a step boundary. Owned by whoever filled it: volley_recorded_release(). */
typedef struct volley_recorded {
  char **files;        /* [n_files] absolute paths, in order of time; each from volley_alloc(), like the arrays */
  int n_files;         /* files without records are left out */
  uint64_t *positions; /* [n_recorders] spikes or rows in these files together */
} volley_recorded;
void volley_recorded_release(volley_recorded *past);

typedef struct volley_recordings volley_recordings;

/* Begins the first stretch. path: of the output; columns: [n_recorders] as in volley_output_open(). past: NULL at the
 * beginning of a run; of a resumed run what was recorded before, copied. Of the files of the past only the first
 * positions[r] records of each recorder count, however many there are. first_step: the run's next step. Collective over
 * comm, agreed status: VOLLEY_USAGE with a fault that names the file if one of the past is missing, unreadable or holds
 * too little. A missing file may have been joined into its output since, which then stands for it. The experiment and the
 * columns must outlive the recordings. */
volley_status volley_recordings_open(const volley_experiment *experiment, const char *path,
                                     const volley_trace_columns *columns, const volley_recorded *past,
                                     int64_t first_step, MPI_Comm comm, volley_recordings **out);

/* The sink that writes the present stretch; numbers of spikes and rows are those of the whole run. */
volley_sink volley_recordings_sink(volley_recordings *recordings);

/* Ends the stretch before `step` if it holds anything: all of it is on the disk, under a name that stays, when this
 * returns. Collective, agreed status. */
volley_status volley_recordings_cut(volley_recordings *recordings, int64_t step);

/* All that was recorded up to the last cut. Valid until the next call; owned by the recordings. */
const volley_recorded *volley_recordings_recorded(const volley_recordings *recordings);

/* The end. With a summary: joins all stretches, completes the output, gives it its name and removes the stretches that lie
 * in this output's own folder. With NULL (the run failed or was stopped): the present stretch keeps its temporary name, or is
 * removed if it holds nothing. Collective, agreed status. Frees recordings. */
volley_status volley_recordings_close(volley_recordings *recordings, const volley_summary *summary);

#endif
