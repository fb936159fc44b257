/* The step loop. */
#ifndef VOLLEY_ENGINE_SIMULATE_H
#define VOLLEY_ENGINE_SIMULATE_H

#include "engine/observer.h"
#include "engine/saver.h"
#include "engine/summary.h"
#include "network/network.h"

/* Takes the network through the steps of its experiment with its threads: from the first on, or, where `from` is not NULL,
 * from the step of that state on, the network's neurons being as they were then. saver: NULL if nobody saves. Collective
 * over the network's communicator; MPI must provide MPI_THREAD_FUNNELED and be called from the thread that calls this.
 * Fills the figures of the summary that a run knows, the same on every rank; peak_rss_bytes and rate_hz are allocated
 * here: volley_summary_release(). Returns an agreed status: VOLLEY_OK, the first other one that an observer or the saver
 * gave, or VOLLEY_STOPPED if the run was saved and stopped at a request. */
volley_status volley_simulate(volley_network *network, const volley_run_state *from, const volley_observer *observers,
                              int n_observers, const volley_saver *saver, volley_summary *summary);

#endif
