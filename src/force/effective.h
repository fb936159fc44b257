/* The effective weight matrix of a network with a readout as an operator: it exists only as the synapse tables of the ranks and
 * the N x K arrays eta and D. For spectrum.c. */
#ifndef VOLLEY_FORCE_EFFECTIVE_H
#define VOLLEY_FORCE_EFFECTIVE_H

#include "force/spectrum.h"

/* Beyond this a number has a square that overflows in the norms that are taken of it. */
#define VOLLEY_EFFECTIVE_LARGEST 1e150

/* Rows go to the ranks as the neurons do: rank by rank, on each block by block. A permutation of rows and columns leaves
 * eigenvalues as they are. */
typedef struct volley_effective {
  volley_effective_weights weights;
  uint32_t n, count; /* neurons of the readout: all, of this rank */
  int *counts;       /* [ranks] rows of each; NULL when it is closed */
  int *starts;       /* [ranks] the first row of each */
  uint32_t *order;   /* [n] number of the neuron of each row */
  uint32_t **rows;   /* [n_blocks][stride of the block] own row of each neuron by its id, or UINT32_MAX: not read */
  double *x;         /* [n] a vector by numbers of neurons */
  double *product;   /* own rows of the product */
  double *fed_back;  /* [K] D' x */
  const char *when;  /* of the matrix, for messages */
  uint32_t products; /* so far */
  double told;       /* when the user was told last, s */
  double stopped;    /* above 0: a signal has asked a rank to stop */
  double magnitude;  /* greatest of all products so far, on all ranks; INFINITY where there was a NaN */
} volley_effective;

/* when: "before the run". The arrays of *weights stay the caller's. Collective, as is the product. */
volley_effective volley_effective_open(const volley_effective_weights *weights, const char *when);
void volley_effective_close(volley_effective *e);

/* A product for volley_operator: context is the matrix, x: [n], y: own rows. Tells the user now and then how far it is. false: a
 * signal has asked to stop. */
bool volley_effective_multiply(void *context, const double *x, double *y);

#endif
