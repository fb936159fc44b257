/* The states of a population's neurons by their index, whichever rank owns them: for checkpoints, and for whoever looks
 * at or sets the states of a network that does not run at the moment. */
#ifndef VOLLEY_NETWORK_STATES_H
#define VOLLEY_NETWORK_STATES_H

#include "base/redistribute.h"
#include "network/network.h"

enum { VOLLEY_ALL_RANKS = -1 };

/* In place of a state's number: the time of all states (volley_slice.times). */
enum { VOLLEY_STATE_TIME = VOLLEY_MAX_STATES };

typedef struct volley_states volley_states;

/* For the states of population p. holder: the rank that is to have all values; VOLLEY_ALL_RANKS: each has a slab, of
 * equal sizes. Collective over the network's communicator; owned by the caller, the network must outlive it. NULL on all ranks
 * where one has no memory for it; then as where there is none for values a fault is left on its list. */
volley_states *volley_states_create(const volley_network *network, int p, int holder);
void volley_states_destroy(volley_states *states); /* NULL is allowed; not collective */

/* The indices within the population of which this rank gets and gives values; may be none. Not collective. */
volley_span volley_states_slab(const volley_states *states);

/* Values of state k (of the model's table, in its unit) of the slab, valid until the next call; NULL on all ranks after a
 * fault. Collective. states: NULL is allowed, here and below. */
const double *volley_states_get(volley_states *states, int k);

/* Sets state k of the slab's neurons: values: [slab's count], of every rank its own; none after a fault. Collective. */
void volley_states_set(volley_states *states, int k, const double *values);

#endif
