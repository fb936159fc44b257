/* How many threads a rank uses. */
#ifndef VOLLEY_APP_THREADS_H
#define VOLLEY_APP_THREADS_H

#include <mpi.h>

/* `asked` if it is above 0; else SLURM_CPUS_PER_TASK, else OMP_NUM_THREADS, else the cores that the ranks of this node may
 * use together, divided by their number; at least 1 and the same on every rank (the least). Collective. Rank 0 notes on
 * stderr where a rank is bound to fewer cores than it has threads. */
int volley_choose_threads(int asked, MPI_Comm comm);

/* Ranks of this rank's node. Collective. */
int volley_node_ranks(MPI_Comm comm);

#endif
