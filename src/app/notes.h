/* Things that are no fault but that a user wants to know: lines on stderr. */
#ifndef VOLLEY_APP_NOTES_H
#define VOLLEY_APP_NOTES_H

#include "network/network.h"

/* Tells of states that are no finite numbers at the end: the run went on with them, but means nothing from there on.
 * Collective over the network's communicator; rank 0 writes. */
void volley_note_not_finite(const volley_network *network);

#endif
