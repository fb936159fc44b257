/* States of the synapses of a projection, for whoever looks at a run between two steps. */
#ifndef VOLLEY_RUN_SYNAPSE_VALUES_H
#define VOLLEY_RUN_SYNAPSE_VALUES_H

#include "network/network.h"

/* A state of all synapses of a projection, by its name, as a spike would find them that arrives at the time of `step`, in the
 * order of network/synapse_order.h, or of network/given.h where they are static and have a weight alone; or what is the same for all time:
 * "source" and "target", indices, and "delay" in ms. *values [*n], on every rank all of them, owned by the caller; NULL with a fault where
 * there are none of that name. Collective, agreed status. */
volley_status volley_synapse_values(volley_network *network, int projection, const char *state, int64_t step,
                                    const volley_reader *reader, double **values, uint64_t *n);

/* Sets a state of all synapses of a projection that learns, in the same order, between two steps: values [n], the same on every rank. Collective,
 * agreed status: VOLLEY_USAGE with a fault, and nothing is changed, where there are not so many, or they are out of range. */
volley_status volley_synapse_values_set(volley_network *network, int projection, const char *state, int64_t step,
                                        const double *values, uint64_t n);

#endif
