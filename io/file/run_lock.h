/* One run at a time for an output and for a series of checkpoints: a file PATH.lock that names the process which writes PATH.
 *
 * No lock of the file system is needed. A process that was killed leaves its file behind; on the same computer this is seen by
 * its number and the time at which it started, in a SLURM job that was started again by the count of its starts. */
#ifndef VOLLEY_IO_FILE_RUN_LOCK_H
#define VOLLEY_IO_FILE_RUN_LOCK_H

#include "base/status.h"

#include <mpi.h>
#include <stdbool.h>

#define VOLLEY_LOCK_ENDING ".lock"

typedef struct volley_lock volley_lock;

/* Takes the n paths for this run, all or none; rank 0's process is the holder. Returns VOLLEY_USAGE, with a fault that names the
 * holder, if another run has one of them. *out is owned by the caller. Collective over comm, agreed status. */
volley_status volley_lock_take(const char *const *paths, int n, MPI_Comm comm, volley_lock **out);

/* Gives the paths back. NULL is allowed. Not collective. */
void volley_lock_release(volley_lock *lock);

/* Whether a run that writes this path goes on, as far as can be told from here. Takes nothing. Not collective. */
bool volley_lock_is_held(const char *path);

#endif
