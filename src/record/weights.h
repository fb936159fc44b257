/* Recorders of weights: some synapses of a plastic projection, numbered as build/synapse_order.h does it. */
#ifndef VOLLEY_RECORD_WEIGHTS_H
#define VOLLEY_RECORD_WEIGHTS_H

#include "build/synapse_order.h"
#include "record/record.h"

typedef struct volley_weight_probes volley_weight_probes;

/* Finds the synapses of a recorder on this rank; *columns: their numbers, sources, targets and delays, owned by the
 * caller. Collective over the network's communicator. The network must outlive the probes. */
volley_weight_probes *volley_weight_probes_create(const volley_network *network, const volley_recorder *recorder,
                                                  volley_trace_columns *columns);
void volley_weight_probes_destroy(volley_weight_probes *probes);

/* Writes the weights of a block's synapses as they are before the update of `step`, all that is due then delivered,
 * into row: [columns of this rank]. */
void volley_weight_probes_sample(const volley_weight_probes *probes, int block, int64_t step, double *row);

#endif
