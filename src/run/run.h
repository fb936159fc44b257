/* What the program's commands and volley.h share of a run: an experiment becomes a network. */
#ifndef VOLLEY_RUN_RUN_H
#define VOLLEY_RUN_RUN_H

#include "force/readout.h"
#include "network/network.h"

/* Reads the files of signals and stimuli. Collective over comm, agreed status. */
volley_status volley_run_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

/* Builds the network and its readouts (NULL: there are none) at time 0, once the files are read, and tells the experiment what
 * came out: the signs of weights, columns of weights recorders. Collective over comm, agreed status; both are owned by the
 * caller. */
volley_status volley_run_build(volley_experiment *experiment, const volley_reader *reader, int threads, MPI_Comm comm,
                               volley_network **network, volley_readouts **readouts);

#endif
