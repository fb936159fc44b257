/* Recorders of weights: some synapses of a plastic projection, numbered as network/synapse_order.h does it. */
#ifndef VOLLEY_RECORD_WEIGHTS_H
#define VOLLEY_RECORD_WEIGHTS_H

#include "network/synapse_order.h"
#include "record/record.h"

typedef struct volley_weight_probes volley_weight_probes;

/* Finds the synapses of a recorder on this rank; *columns: their numbers, sources, targets and delays, owned by the
 * caller. Collective over the network's communicator. The network must outlive the probes. */
volley_weight_probes *volley_weight_probes_create(const volley_network *network, const volley_recorder *recorder,
                                                  volley_trace_columns *columns);
void volley_weight_probes_destroy(volley_weight_probes *probes);

/* Writes the weights of a block's synapses at the time `step` * dt, with all that has arrived by then, into row: [columns
 * of this rank]. Only of those at receptors with this lag (volley_receptor_lag()): of lag 1 to be called after what is
 * due before the update of `step` was delivered, of lag 0 before that, since there it arrives at the end of the step. */
void volley_weight_probes_sample(const volley_weight_probes *probes, int block, int64_t step, int lag, double *row);

#endif
