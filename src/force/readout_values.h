/* The neurons of a readout: their numbers, and the values that are drawn or read for them, decoders at the beginning and
 * eta; and what they take. */
#ifndef VOLLEY_FORCE_READOUT_VALUES_H
#define VOLLEY_FORCE_READOUT_VALUES_H

#include "base/random.h"
#include "model/experiment.h"
#include "model/reader.h"

#include <mpi.h>

/* Numbers the neurons of a pool: number of the first one of each population, [n_populations of the experiment], UINT32_MAX
 * for those that are not in it. Owned by the caller. */
uint32_t *volley_readout_number(const volley_experiment *experiment, const volley_pool *pool);

/* Sets values of the decoders at the beginning or of eta, by their purpose: [neurons that are read, or fed][dimension].
 * Collective. Every rank finds the same faults, which are reported by the next volley_agree() where the status is not agreed
 * yet. */
volley_status volley_readout_draw(const volley_experiment *experiment, const volley_readout *readout,
                                  volley_purpose purpose, const volley_reader *reader, double *values);

/* Reads all datasets that readouts name, for what is wrong with them. The dimensions of their supervisors must be known.
 * Collective, agreed status. */
volley_status volley_readouts_check(const volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

/* Whether any readout asks for eigenvalues. */
bool volley_readouts_want_eigenvalues(const volley_experiment *experiment);

/* Bytes that a rank needs for all readouts at most. Their dimensions must be known. */
uint64_t volley_readouts_expected_bytes(const volley_experiment *experiment, int ranks);

#endif
