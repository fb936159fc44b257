/* The step loop. */
#ifndef VOLLEY_ENGINE_SIMULATE_H
#define VOLLEY_ENGINE_SIMULATE_H

#include "build/network.h"
#include "engine/observer.h"
#include "engine/summary.h"

/* Takes the network through all steps of its experiment with its threads. Collective over the network's communicator; MPI
 * must provide MPI_THREAD_FUNNELED and be called from the thread that calls this. Fills the figures of the summary that a
 * run knows, the same on every rank; peak_rss_bytes and rate_hz are allocated here: volley_summary_release(). Returns
 * an agreed status: the first that an observer gave, or VOLLEY_OK. */
volley_status volley_simulate(volley_network *network, const volley_observer *observers, int n_observers,
                              volley_summary *summary);

#endif
