/* What assignments may set while a run is under way (volley_run_set() in volley.h). */
#ifndef VOLLEY_RUN_ASSIGNMENTS_H
#define VOLLEY_RUN_ASSIGNMENTS_H

#include "model/experiment.h"

#include <mpi.h>

/* What assignments make anew. */
typedef struct volley_renewal {
  bool *populations; /* [n_populations] parameters or spikes: they are set, or in a file with spikes that are */
  bool *files;       /* [n_inputs] of spikes that are set: they are read anew */
} volley_renewal;

/* Finds it for all populations and files at once. The experiment's arena owns the lists. */
volley_renewal volley_assignments_renewal(const volley_experiment *experiment, const char *const *sets, int n_sets);

/* Adds a fault where the experiment's engine goes without steps: it cannot change such things while it is under way. */
void volley_refuse_continuous(const volley_experiment *experiment, const char *what);

/* Assignments to an experiment whose run has come to a step. Collective, agreed status: VOLLEY_USAGE with faults where one is refused. */
volley_status volley_assignments_check(const volley_experiment *experiment, int64_t step, const char *const *sets,
                                       int n_sets, MPI_Comm comm);

/* The experiment with the assignments and that without: what is built stays as it is. Collective, agreed status: VOLLEY_USAGE with
 * faults. */
volley_status volley_assignments_check_renewed(const volley_experiment *now, const volley_experiment *then,
                                               MPI_Comm comm);

/* Before `now`, which `renewal` is of, reads its files: their sums become those of `then`, whose files they are, and must be, but those of spikes that are
 * set, which are read anew, for all sources that have some there. Edges are not looked at. Collective, agreed status: VOLLEY_USAGE with faults. */
volley_status volley_assignments_check_files(volley_experiment *now, const volley_experiment *then,
                                             const volley_renewal *renewal, MPI_Comm comm);

#endif
