/* Feedback of a readout: a current gain * eta z into each neuron that it reads, as an input among the stimuli. */
#ifndef VOLLEY_FORCE_FEEDBACK_H
#define VOLLEY_FORCE_FEEDBACK_H

#include "network/network.h"

/* Adds feedback to all neurons of the network that the readout reads. eta: [N][K], not kept; values: [K], what is fed back, read
 * in every step and kept. first: [n_populations of the experiment] number of the first neuron, or UINT32_MAX. */
void volley_feedback_add(volley_network *network, const volley_readout *readout, const uint32_t *first,
                         const double *eta, const double *values);

#endif
