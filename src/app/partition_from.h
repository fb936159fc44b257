/* Shares by what the ranks of another run took. */
#ifndef VOLLEY_APP_PARTITION_FROM_H
#define VOLLEY_APP_PARTITION_FROM_H

#include "base/memory.h"
#include "base/status.h"

/* The assignment to simulation.partition that a summary of a run (--summary) gives for so many ranks; NULL after adding a fault. Owned
 * by the arena. Not collective, the same on all ranks that read the same file. */
const char *volley_partition_from(volley_arena *arena, const char *path, int ranks);

#endif
