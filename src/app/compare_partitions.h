/* What each kind of partition would make of a run: shares, and who must be told of spikes. Counted without building or running. */
#ifndef VOLLEY_APP_COMPARE_PARTITIONS_H
#define VOLLEY_APP_COMPARE_PARTITIONS_H

#include "app/calibrate.h"

/* Prints a line for each kind, and which one is best, as text or as JSON. times: of the run with equal shares. A kind that has keys
 * is looked at with those of the experiment where this names it, else with their defaults. Collective over comm, agreed status; rank
 * 0 prints. */
volley_status volley_partitions_compare(volley_experiment *experiment, const volley_reader *reader,
                                        const volley_estimate *estimate, const volley_times *times, bool json,
                                        MPI_Comm comm);

#endif
