/* The trials of an experiment (`repeat`): runs one after the other, with outputs OUT.1.h5, OUT.2.h5, ... */
#ifndef VOLLEY_APP_TRIALS_H
#define VOLLEY_APP_TRIALS_H

#include "app/resume.h"

/* Makes all trials of start->experiment by volley_run_once(). Those whose outputs are there already are left out where the options
 * say to resume the latest; one that was stopped goes on. Collective, agreed status: that of the first that was not made. */
volley_status volley_trials_run(const volley_run_options *options, int n_passed_on, const char *const *passed_on,
                                const volley_start *start, MPI_Comm comm);

/* Whether the output that the options name is there and whole, of this very experiment. VOLLEY_USAGE with a fault if it is
 * another's, or has begun elsewhere. Collective over comm, agreed status. */
volley_status volley_output_is_there(const volley_run_options *options, const volley_experiment *experiment,
                                     MPI_Comm comm, bool *is_there);

#endif
