/* Files that rank 0 reads for all. */
#ifndef VOLLEY_IO_FILE_SHARED_H
#define VOLLEY_IO_FILE_SHARED_H

#include "base/status.h"

#include <mpi.h>
#include <stddef.h>

/* The bytes of a file on every rank, which the caller frees. place: where it is named, or NULL: it is the experiment file.
 * Collective, agreed status. */
volley_status volley_share_file(const char *file, const volley_place *place, MPI_Comm comm, char **bytes,
                                size_t *length);

#endif
