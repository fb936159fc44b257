/* The given spikes of sources: read in slabs by all ranks, sent to the owners of their neurons as edges are to those of their
 * targets, and kept by slices. */
#ifndef VOLLEY_NETWORK_SOURCES_H
#define VOLLEY_NETWORK_SOURCES_H

#include "network/network.h"

/* Reads the spikes of all sources of the experiment, and makes the inputs of their slices. Spikes outside of the run are told.
 * Collective, agreed status. */
volley_status volley_sources_load(volley_network *network, const volley_reader *reader);

/* Reads the spikes of population p anew, between two steps of an engine that takes some; those of the past are left out. What they were
 * goes once all are read. Collective, agreed status. */
volley_status volley_sources_renew(volley_network *network, int population, const volley_reader *reader);

/* Notes in the plans how many spikes there are, those of files about, and the rates of the populations; checks lists. Collective,
 * agreed status. */
volley_status volley_sources_count(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

/* Reads the files of population p, if it has some, and keeps nothing, for what is wrong with them; notes how many spikes lie in the run.
 * Collective, agreed status. */
volley_status volley_sources_check(volley_experiment *experiment, int population, const volley_reader *reader,
                                   MPI_Comm comm);

/* Bytes of a rank's spikes, and while they are read. Not collective. */
double volley_sources_expected_bytes(const volley_experiment *experiment, int ranks, double *building);

#endif
