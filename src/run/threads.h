/* How many threads a rank uses, and where they run. */
#ifndef VOLLEY_RUN_THREADS_H
#define VOLLEY_RUN_THREADS_H

#include "engine/summary.h"
#include "model/experiment.h"

#include "base/status.h"

/* `asked` if it is above 0; else SLURM_CPUS_PER_TASK, else OMP_NUM_THREADS, else the cores that the ranks of this node may
 * use together, divided by their number, or 1 where the experiment's steps on `ranks` ranks are short (run/step_cost.h); at
 * least 1, at most OMP_THREAD_LIMIT and the same on every rank (the least).
 * Collective, agreed status: VOLLEY_USAGE where a variable holds no number of threads. Notes on stderr where threads share a
 * core while others are idle. */
volley_status volley_choose_threads(int asked, const volley_experiment *experiment, int ranks, MPI_Comm comm,
                                    int *threads);

/* Host and cores of every rank, [ranks], the same on every rank. Collective. Caller frees. */
volley_rank_place *volley_places_find(int threads, MPI_Comm comm);

/* Ranks of this rank's node. Collective. */
int volley_node_ranks(MPI_Comm comm);

#endif
