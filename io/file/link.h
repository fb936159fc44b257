/* Where symbolic links lead. */
#ifndef VOLLEY_IO_FILE_LINK_H
#define VOLLEY_IO_FILE_LINK_H

#include "base/memory.h"

#include <mpi.h>

/* The file that a path names, through symbolic links, even if the last one leads to no file yet. From volley_alloc(), owned by
 * the caller. */
char *volley_link_target(const char *path);

/* A path from the root on, as rank 0 sees it, in the arena; as it is if there is no such folder. Collective. */
const char *volley_path_absolute(MPI_Comm comm, volley_arena *arena, const char *path);

#endif
