/* What the program's commands and volley.h share of a run: an experiment becomes a network. */
#ifndef VOLLEY_RUN_RUN_H
#define VOLLEY_RUN_RUN_H

#include "io/checkpoint/checkpoint.h"

/* Sets what the projections expect of synapses. Collective, agreed status. */
volley_status volley_synapses_expect(volley_experiment *experiment, const volley_reader *reader);

/* Whether PETSc must run for what the experiment describes: readouts that learn, eigenvalues, equations. Not collective. */
bool volley_needs_petsc(const volley_experiment *experiment);

/* Reads the files of signals and stimuli, and starts PETSc where it is needed for them or for readouts. Collective over comm, agreed status. */
volley_status volley_run_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

/* Builds a run once the files are read, at time 0 or as it was at a checkpoint (NULL: none), and tells the experiment what
 * came out: the signs of weights, columns of weights recorders. records: with its recorders. Collective over comm, agreed
 * status; the parts are owned by the caller, also after a fault. */
volley_status volley_run_build(volley_experiment *experiment, const volley_reader *reader, int threads, bool records,
                               volley_checkpoint *from, MPI_Comm comm, volley_run_parts *parts);
void volley_run_parts_destroy(volley_run_parts *parts);

#endif
