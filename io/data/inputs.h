/* The files that an experiment reads are part of it: their sums go into outputs and checkpoints, so that a run is not gone on
 * with as another one. */
#ifndef VOLLEY_IO_DATA_INPUTS_H
#define VOLLEY_IO_DATA_INPUTS_H

#include "model/experiment.h"

#include <mpi.h>

enum { VOLLEY_INPUTS_HASH_SIZE = 17 };

/* Sets size and checksum of all inputs; rank 0 reads each file once. To be called before a run reads them. Collective, agreed
 * status: VOLLEY_USAGE with a fault if a file cannot be read. */
volley_status volley_inputs_sum(volley_experiment *experiment, MPI_Comm comm);

/* The same for one of them. */
volley_status volley_input_sum(volley_input_file *input, MPI_Comm comm);

/* Before an input is read again: whether it is what it was when it was summed. Collective, agreed status: VOLLEY_USAGE
 * with a fault if it is not. */
volley_status volley_input_compare(const volley_input_file *then, MPI_Comm comm);

/* Likewise for a file that the experiment reads; NULL: none. */
volley_status volley_inputs_compare_path(const volley_experiment *experiment, const char *path, MPI_Comm comm);

/* One hash of all of them, in hexadecimal digits: of keys and contents, wherever the files lie, but for those of keys
 * that cannot change the results. */
void volley_inputs_hash(const volley_experiment *experiment, char hash[VOLLEY_INPUTS_HASH_SIZE]);

#endif
