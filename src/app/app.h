/* The program's commands. main() calls volley_app_main() and leaves with the status that it returns. */
#ifndef VOLLEY_APP_APP_H
#define VOLLEY_APP_APP_H

#include "app/options.h"
#include "base/progress.h"
#include "model/experiment.h"

/* Runs the command that the arguments name, with MPI and PETSc where they are needed; prints what faults are left and returns
 * the same status on every rank of the job. Once, and last but for leaving. */
volley_status volley_app_main(int argc, char **argv);

/* All commands, ended by NULL; one by name (NULL if unknown). */
const volley_command *const *volley_commands(void);
const volley_command *volley_command_find(const char *name);

#endif
