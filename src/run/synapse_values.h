/* States of the synapses of a projection that learns, for whoever looks at a run between two steps. */
#ifndef VOLLEY_RUN_SYNAPSE_VALUES_H
#define VOLLEY_RUN_SYNAPSE_VALUES_H

#include "network/network.h"

/* A state of all synapses of a projection, by its name, as a spike would find them that arrives at the time of `step`, in the
 * order of network/synapse_order.h: *values [*n], on every rank all of them, owned by the caller; NULL with a fault where there
 * are none of that name. Collective, agreed status. */
volley_status volley_synapse_values(const volley_network *network, int projection, const char *state, int64_t step,
                                    double **values, uint64_t *n);

#endif
