/* Things that are no fault but that a user wants to know: lines on stderr. */
#ifndef VOLLEY_APP_NOTES_H
#define VOLLEY_APP_NOTES_H

#include "engine/summary.h"
#include "network/network.h"

/* Tells of states that are no finite numbers at the end: the run went on with them, but means nothing from there on.
 * Collective over the network's communicator; rank 0 writes. */
void volley_note_not_finite(const volley_network *network);

/* Tells where static synapses are not delivered in the way that the experiment wants. Collective over the network's
 * communicator; rank 0 writes. */
void volley_note_ways(const volley_network *network);

/* Tells where most of the time went by with waiting for other ranks and threads. Rank 0 calls it. */
void volley_note_waiting(const volley_summary *summary);

#endif
