/* The neurons of a rank in blocks and slices. */
#ifndef VOLLEY_NETWORK_BLOCKS_H
#define VOLLEY_NETWORK_BLOCKS_H

#include "network/network.h"
#include "network/values.h"

/* Neurons of a slice at most. */
enum { VOLLEY_MAX_SLICE = 1024 };

/* Cuts the rank's neurons into blocks, as few as targets of 16 bits allow but one a thread at least, and the blocks into slices;
 * allocates states and inputs. Sets network->blocks and n_blocks from its partition and threads. */
void volley_blocks_lay_out(volley_network *network);

/* Number of blocks that volley_blocks_lay_out() makes of counts[p] neurons of each population, and the target_stride of the
 * largest of so many. */
int volley_blocks_count(const volley_experiment *experiment, const uint32_t *counts, int threads);
uint32_t volley_blocks_target_stride(const volley_experiment *experiment, const uint32_t *counts, int blocks);

/* Sets states, coefficients and background currents of population p. */
void volley_blocks_set_values(volley_network *network, int p, const volley_values *values);

/* Sets coefficients of population p alone. */
void volley_blocks_set_parameters(volley_network *network, int p, const volley_values *values);

/* Makes the generators of all stimuli. */
void volley_blocks_add_inputs(volley_network *network);

/* Bytes of the neurons and generators of the rank with most. */
double volley_blocks_expected_bytes(const volley_experiment *experiment, int ranks);

/* Frees the blocks and all that hangs on them. */
void volley_blocks_release(volley_network *network);

#endif
