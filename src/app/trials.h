/* The trials of an experiment (`repeat`): runs one after the other, with outputs OUT.1.h5, OUT.2.h5, ... */
#ifndef VOLLEY_APP_TRIALS_H
#define VOLLEY_APP_TRIALS_H

#include "app/resume.h"

/* Makes all trials of start->experiment by volley_run_once(). Those whose outputs are there already are left out where the options
 * say to resume the latest; one that was stopped goes on. Collective, agreed status: that of the first that was not made. */
volley_status volley_trials_run(const volley_run_options *options, int n_passed_on, const char *const *passed_on,
                                const volley_start *start, MPI_Comm comm);

/* Whether the output of this very experiment is there and whole. VOLLEY_USAGE with a fault if it is another's. Collective over
 * comm, agreed status. */
volley_status volley_output_is_there(const char *path, const volley_experiment *experiment, MPI_Comm comm,
                                     bool *is_there);

#endif
