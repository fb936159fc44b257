/* Readouts at work: linear readouts z = D' r of filtered spikes r, which learn online to follow a supervisor (FORCE).
 *
 * Every rank sees all spikes. The filters are linear, so z is kept up to date from the spikes alone, in O(spikes x K)
 * a step and without communication: decoders D (N x K), filters and z are the same bits on every rank. Only P, the
 * inverse correlation matrix of recursive least squares, is distributed, and only a learning step touches it.
 *
 * Batch learning collects r and x at the learning steps instead, and sets D at the end of the learning window;
 * filtered and fed back is the output of these decoders from then on.
 *
 * Order in one step, as published (Nicola & Clopath 2017, code of the authors): the step's current uses the z of the
 * step before; filters; z; error; learning. z is not computed again after learning. */
#ifndef VOLLEY_FORCE_READOUT_H
#define VOLLEY_FORCE_READOUT_H

#include "engine/observer.h"
#include "engine/summary.h"
#include "learner/learner.h"
#include "network/network.h"

typedef struct volley_readouts volley_readouts;

/* Prepares the readouts of the network's experiment at time 0 and adds their feedback to the network's stimuli, whose
 * generators belong to the network from then on. Collective over the network's communicator, agreed status; *out is
 * owned by the caller and must live as long as the network is simulated. */
volley_status volley_readouts_create(volley_network *network, const volley_reader *reader, volley_readouts **out);
void volley_readouts_destroy(volley_readouts *readouts); /* NULL is allowed; collective */

/* The observer that decodes and learns. To be told of a step after the recorders, which see the values at step * dt. */
volley_observer volley_readouts_observer(volley_readouts *readouts);

/* The row of a recorder of a readout as it is now: [volley_recorder_width()]. Decoders: neuron by neuron, K each. */
void volley_readouts_get(const volley_readouts *readouts, const volley_recorder *recorder, double *row);

/* Finds the eigenvalues that the readouts ask for, with decoders and plastic weights of the beginning and as they are now,
 * at the end of the run, and puts them into the summary. Collective, agreed status: VOLLEY_FAILURE after faults where some
 * do not exist; the summary then has the others. */
volley_status volley_readouts_find_spectra(const volley_readouts *readouts, volley_summary *summary);

/* What a checkpoint keeps of a readout beside its learner's, the same on every rank, as one array of so many numbers:
 * decoders, filters, outputs. It must be set before the first step, if it fits this readout: volley_readouts_can_have(). */
uint64_t volley_readouts_state_size(const volley_readouts *readouts, int r);
void volley_readouts_get_state(const volley_readouts *readouts, int r, double *state);
bool volley_readouts_can_have(const volley_readouts *readouts, int r, uint64_t size, const double *state);
void volley_readouts_set_state(volley_readouts *readouts, int r, const double *state);

/* The learner of readout r, which holds P. */
const volley_learner *volley_readouts_learner(const volley_readouts *readouts, int r);

/* Feedback: a current gain * eta z into each neuron that a readout feeds, as an input among the stimuli. */

/* Adds feedback to all neurons of the network that the readout feeds. eta: [neurons that are fed][K], not kept; values: [K],
 * what is fed back, read in every step and kept. first: see volley_readout_number(). */
void volley_feedback_add(volley_network *network, const volley_readout *readout, const uint32_t *first,
                         const double *eta, const double *values);

#endif
