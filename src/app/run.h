/* A run as `volley run` makes it, for commands that make many. */
#ifndef VOLLEY_APP_RUN_H
#define VOLLEY_APP_RUN_H

#include "app/resume.h"

/* Reads the experiment that the options name, builds, simulates, and writes what they name. passed_on: [n_passed_on] options of
 * PETSc. Collective over comm, agreed status; the faults are printed. */
volley_status volley_run_once(const volley_run_options *options, int n_passed_on, const char *const *passed_on,
                              MPI_Comm comm);

#endif
