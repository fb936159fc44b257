/* Eigenvalues of the effective weight matrix of a network with a readout: omega + Q eta D', the matrix that maps filtered
 * spikes to currents, the feedback of the output included (Nicola & Clopath 2017, Methods). omega: the weights of all synapses
 * between the neurons that the readout reads, plastic ones as they are at a time, whatever their delays and receptors. */
#ifndef VOLLEY_FORCE_SPECTRUM_H
#define VOLLEY_FORCE_SPECTRUM_H

#include "engine/summary.h"
#include "network/network.h"

/* The matrix of one readout. No array is owned. */
typedef struct volley_effective_weights {
  const volley_network *network;
  const volley_readout *readout;
  const uint32_t *first;  /* [n_populations of the experiment] number of the first neuron; UINT32_MAX: not read */
  const double *eta;      /* [N][K], 0 of neurons that are not fed; NULL: no feedback */
  const double *decoders; /* [N][K] */
  const double *plastic;  /* this rank's plastic weights, as volley_spectrum_plastic() lists them */
} volley_effective_weights;

/* The weights of this rank's plastic synapses as spikes find them that are delivered before the update of `step`: block
 * by block, projection by projection. Owned by the caller. Not collective. */
double *volley_spectrum_plastic(const volley_network *network, int64_t step);

/* The readout's number of eigenvalues of largest magnitude of the matrix before and after the run: by SLEPc's Krylov-Schur
 * iteration, from products with the matrix, which exists only as an operator (PETSc's options -eps_... choose otherwise), or, where
 * all are wanted, by LAPACK from the dense matrices, of which rank 0 has the first and rank 1, if there is one, the second.
 * Fills *out, largest magnitude first, the same on every rank; its values are the caller's. Fewer than were asked for
 * are found where the iteration does not converge. Collective, agreed status: VOLLEY_FAILURE with a fault where a matrix
 * has no eigenvalues to rounding or they cannot be found; there are none of it in *out then. */
volley_status volley_spectrum_find(const volley_effective_weights *before, const volley_effective_weights *after,
                                   volley_spectrum *out);

/* Makes a solver for some eigenvalues of a small matrix as PETSc's options say. Returns NULL, or what is wrong with them, the
 * same on every rank, valid until the next call. Collective. */
const char *volley_spectrum_try(MPI_Comm comm);

/* Bytes that a rank needs meanwhile at most, without those of volley_spectrum_plastic(). */
uint64_t volley_spectrum_bytes(const volley_readout *readout, int ranks);

#endif
