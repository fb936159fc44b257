/* From a description, whoever has made it, to a checked experiment. */
#ifndef VOLLEY_EXPERIMENT_CHECK_H
#define VOLLEY_EXPERIMENT_CHECK_H

#include "experiment/tree.h"
#include "model/experiment.h"

#include <mpi.h>
#include <stdio.h>

/* Checks a description, scales what it describes, and fills an experiment, which keeps all of them in the arena and owns
 * that from now on. file: path of the experiment file, which names the output by default; folder: where relative paths
 * start, absolute; looks_at_files: this process reports files that are missing. Returns the experiment also where something
 * is wrong: every fault is on this process's list (volley_local_status()) then. Not collective. */
volley_experiment *volley_experiment_check(volley_arena *arena, volley_node *root, const char *file, const char *folder,
                                           bool looks_at_files);

/* Rank 0 prints the experiment's notes to stderr. Not collective. */
void volley_experiment_print_notes(const volley_experiment *experiment, MPI_Comm comm);

/* Writes the reference of all keys as Markdown, from the tables that the reader works with. */
void volley_experiment_write_reference(FILE *out);

#endif
