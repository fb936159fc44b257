/* Paths: made, and where symbolic links lead. What is not in an arena comes from volley_alloc() and is owned by the caller. */
#ifndef VOLLEY_IO_FILE_PATH_H
#define VOLLEY_IO_FILE_PATH_H

#include "base/memory.h"

#include <mpi.h>

/* A path, formatted as by printf(). */
char *volley_path_format(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A path with a number before its ending: OUT.h5, 7 -> OUT.7.h5. */
char *volley_path_numbered(const char *path, int number);

/* The file that a path names, through symbolic links, even if the last one leads to no file yet. */
char *volley_link_target(const char *path);

/* A path from the root on, as rank 0 sees it, in the arena; as it is if there is no such folder. Collective. */
const char *volley_path_absolute(MPI_Comm comm, volley_arena *arena, const char *path);

#endif
