/* Reads an experiment file. Rank 0 reads, the text is broadcast, every rank parses the same bytes. */
#ifndef VOLLEY_IO_EXPERIMENT_FILE_H
#define VOLLEY_IO_EXPERIMENT_FILE_H

#include "model/experiment.h"

#include <mpi.h>
#include <stdio.h>

/* Reads `file`, applies the n_sets assignments "a.b.c=value" in order, and checks all of it. Collective over comm.
 * Reports every fault of the file in one go and returns the agreed status; *out is set (and owned by the caller) only
 * if that is VOLLEY_OK. */
volley_status volley_experiment_read(const char *file, const char *const *sets, int n_sets, MPI_Comm comm,
                                     volley_experiment **out);

/* Writes the reference of all keys as Markdown, from the tables that the reader works with. */
void volley_experiment_write_reference(FILE *out);

#endif
