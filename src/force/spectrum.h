/* Eigenvalues of the effective weight matrix of a network with a readout: omega + Q eta D', the matrix that maps filtered
 * spikes to currents, the feedback of the output included (Nicola & Clopath 2017, Methods). omega: the weights of all synapses
 * between the neurons that the readout reads, whatever their delays and receptors. SLEPc finds them from products
 * with the matrix, which exists only as the synapse tables of the ranks and the N x K arrays eta and D. */
#ifndef VOLLEY_FORCE_SPECTRUM_H
#define VOLLEY_FORCE_SPECTRUM_H

#include "build/network.h"
#include "engine/summary.h"

/* The matrix of one readout. No array is owned. */
typedef struct volley_effective_weights {
  const volley_network *network;
  const volley_readout *readout;
  const uint32_t *first;  /* [n_populations of the experiment] number of the first neuron; UINT32_MAX: not read */
  const double *eta;      /* [N][K]; NULL: no feedback */
  const double *decoders; /* [N][K] */
} volley_effective_weights;

/* The readout's number of eigenvalues of largest magnitude by Krylov-Schur iteration, or, where all are wanted, by LAPACK from
 * the dense matrix; PETSc's options -eps_... choose otherwise. *values: [*n][2], real and imaginary part, largest magnitude
 * first, owned by the caller, the same on every rank. Fewer than were asked for are found where the iteration does not
 * converge. Collective. */
void volley_spectrum_find(const volley_effective_weights *weights, double **values, uint32_t *n);

/* Bytes that a rank needs meanwhile at most. */
uint64_t volley_spectrum_bytes(const volley_readout *readout, int ranks);

#endif
