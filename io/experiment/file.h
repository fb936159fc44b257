/* Reads an experiment file. Rank 0 reads, the text is broadcast, every rank parses the same bytes. */
#ifndef VOLLEY_IO_EXPERIMENT_FILE_H
#define VOLLEY_IO_EXPERIMENT_FILE_H

#include "model/experiment.h"

#include <mpi.h>

/* Reads `file`, applies the n_sets assignments "a.b.c=value" in order, and checks all of it. Collective over comm.
 * Reports every fault of the file in one go and returns the agreed status; *out is set (and owned by the caller) only
 * if that is VOLLEY_OK. */
volley_status volley_experiment_read(const char *file, const char *const *sets, int n_sets, MPI_Comm comm,
                                     volley_experiment **out);

/* The same from a text that every rank has. name: what messages call it; file: path of the experiment file that the text is
 * from, which names the output by default; folder: where relative paths in it start. */
volley_status volley_experiment_read_text(const char *text, const char *name, const char *file, const char *folder,
                                          const char *const *sets, int n_sets, MPI_Comm comm, volley_experiment **out);

/* The same of a run that was, to look at what it described: the files that it names need not be there. */
volley_status volley_experiment_read_past(const char *text, const char *name, const char *file, const char *folder,
                                          MPI_Comm comm, volley_experiment **out);

/* Whether a run of the experiment `then` (a resolved text) can be gone on with as the experiment `now` from time_ms of model
 * time on. Adds a fault for every key that differs and could change the results; what cannot (title, output, checkpoint,
 * partition, exchange interval, a duration that ends at time_ms or later) may differ, and so may the places of files,
 * whose contents volley_inputs_compare() compares. name: what messages call `then`.
 * Not collective, but the same on every rank. */
volley_status volley_experiment_compare(const volley_experiment *now, const char *then, const char *name,
                                        double time_ms);

/* The same without a message: whether nothing differs that could change the results. */
bool volley_experiment_is_same(const volley_experiment *now, const char *then);

/* Tells on stderr in what an experiment differs from another, of which this is the text. Not collective. */
void volley_experiment_tell_differences(const volley_experiment *now, const char *then, const char *name);

#endif
