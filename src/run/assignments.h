/* What assignments may set while a run is under way (volley_run_set() in volley.h). */
#ifndef VOLLEY_RUN_ASSIGNMENTS_H
#define VOLLEY_RUN_ASSIGNMENTS_H

#include "model/experiment.h"

#include <mpi.h>

/* Whether an assignment sets parameters or spikes of a population, and of which: *population becomes its number. */
bool volley_assignment_population(const volley_experiment *experiment, const char *assignment, int *population);

/* Whether parameters or spikes of a population are made anew: they are set, or its spikes are in a file with others that are, which is read
 * anew. */
bool volley_assignments_renew(const volley_experiment *experiment, int population, const char *const *sets, int n_sets);

/* Adds a fault where the experiment's engine goes without steps: it cannot change such things while it is under way. */
void volley_refuse_continuous(const volley_experiment *experiment, const char *what);

/* Assignments to an experiment whose run has come to a step. Collective, agreed status: VOLLEY_USAGE with faults where one is refused. */
volley_status volley_assignments_check(const volley_experiment *experiment, int64_t step, const char *const *sets,
                                       int n_sets, MPI_Comm comm);

/* The experiment with the assignments and that without: what is built stays as it is. Collective, agreed status: VOLLEY_USAGE with
 * faults. */
volley_status volley_assignments_check_renewed(const volley_experiment *now, const volley_experiment *then,
                                               MPI_Comm comm);

/* Before `now` reads its files: their sums become those of `then`, whose files they are, and must be, but those of spikes that are
 * set, which are read anew, for all sources that have some there. Edges are not looked at. Collective, agreed status: VOLLEY_USAGE with faults. */
volley_status volley_assignments_check_files(volley_experiment *now, const volley_experiment *then,
                                             const char *const *sets, int n_sets, MPI_Comm comm);

#endif
