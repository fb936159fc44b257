/* Static synapses between two steps: how many there are onto each target and what they are, which is drawn again from the
 * experiment; and weights that a program gives them while the run is under way. These stand in the place of the experiment's whenever
 * tables are made again (volley_network_renew_weights()), until a change of the experiment sets weights of the projection.
 *
 * Synapses are numbered by target, those of a target in the order in which its edges are gone through (rule/walk.h), which no
 * partition changes. A block keeps the weights onto its own targets, as the floats that tables make of weights. */
#ifndef VOLLEY_NETWORK_GIVEN_H
#define VOLLEY_NETWORK_GIVEN_H

#include "network/network.h"
#include "rule/walk.h"

typedef enum volley_static_value {
  VOLLEY_STATIC_WEIGHT, /* as tables keep it */
  VOLLEY_STATIC_SOURCE, /* indices within the populations */
  VOLLEY_STATIC_TARGET,
  VOLLEY_STATIC_DELAY /* ms */
} volley_static_value;

/* Values of the synapses of a static projection by their number: *values [*n], of this rank's, others 0, owned by the caller; NULL on all
 * ranks where one has no memory. Collective, agreed status. */
volley_status volley_static_look(volley_network *network, int projection, volley_static_value wanted,
                                 const volley_reader *reader, double **values, uint64_t *n);

/* Gives all synapses of a static projection weights, [n] the same on every rank; tables are made again with them before the next step
 * (network->weights_given). Collective, agreed status: VOLLEY_USAGE with a fault, and nothing is changed, where there are not so many synapses,
 * or the target's receptor takes no such weight. */
volley_status volley_given_set(volley_network *network, int projection, const double *weights, uint64_t n,
                               const volley_reader *reader);

/* What a change of the experiment makes of them: multiplied, or gone. Not collective. */
void volley_given_change(volley_network *network, const volley_change *change);

/* Whether a projection has some. Not collective, the same on every rank. */
bool volley_is_given(const volley_network *network, int projection);

/* Room for the weights of a projection, with so many synapses onto each target: firsts [targets + 1], where each target's begin, which
 * becomes the network's. Not collective; to be tried. */
void volley_given_make(volley_network *network, int projection, uint64_t *firsts);
void volley_given_free(volley_network *network); /* all */

/* Weights of a block that are neighbours among all: number of the first, how many, and where they are. */
typedef struct volley_given_piece {
  uint64_t first, count;
  float *weights; /* NULL: before the first piece */
  int slice;      /* and neuron of it, with which the next begins */
  uint32_t neuron;
} volley_given_piece;

/* Goes on to the next piece of a block's weights; false after the last. */
bool volley_given_next(const volley_network *network, const volley_block *block, int projection,
                       volley_given_piece *piece);

/* The weights of the present target's edges, given for projection p; NULL: none, or after adding a fault: there are not so many. *at: in
 * order of the walk, of the block; goes on. */
const float *volley_given_of(const volley_network *network, const volley_block *block, int projection,
                             const volley_edges *edges, uint64_t *at);

#endif
