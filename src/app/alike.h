/* Whether the ranks of a job are one program that was asked for one thing. */
#ifndef VOLLEY_APP_ALIKE_H
#define VOLLEY_APP_ALIKE_H

#include "base/status.h"

/* Compares the n words of the command line, the working folder, the version and the build of all ranks. Before anything else
 * that is collective. Agreed status: VOLLEY_USAGE with a fault that names a rank, its host and what differs. */
volley_status volley_ranks_compare(int n, const char *const *words, MPI_Comm comm);

/* Whether all ranks see the folder that rank 0 sees where `path` is to be written: hosts that do not share it would each write
 * a file of their own. rank 0 makes a file there and removes it; where it cannot, nothing is compared. Collective, agreed
 * status: VOLLEY_USAGE with a fault that names a rank and its host. */
volley_status volley_folder_compare(const char *path, MPI_Comm comm);

#endif
