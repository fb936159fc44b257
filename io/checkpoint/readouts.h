/* Readouts in a checkpoint: group /readouts/NAME with `state` (decoders, filters, outputs), `P` (N x N values, row by
 * row; A of batch learning) and `pending` (vectors that go with it, [n][N]: see force/rls.h and force/batch.h). Calls
 * report through the file (see hdf5_check.h). */
#ifndef VOLLEY_IO_CHECKPOINT_READOUTS_H
#define VOLLEY_IO_CHECKPOINT_READOUTS_H

#include "base/memory.h"
#include "force/readout.h"
#include "io/checkpoint/dataset.h"

/* The datasets of one readout, in this order. */
enum { VOLLEY_READOUT_STATE, VOLLEY_READOUT_PENDING, VOLLEY_READOUT_P, VOLLEY_READOUT_DATASETS };

/* Bytes of the values of readout r's datasets at most. */
uint64_t volley_readout_checkpoint_bytes(const volley_experiment *experiment, int r);

/* Creates the datasets of readout r: datasets: [VOLLEY_READOUT_DATASETS]. Values that rank 0 puts as a whole, those of
 * the first two, are the arena's. Collective. */
void volley_readout_create_datasets(volley_hdf5 *file, hid_t parent, const volley_experiment *experiment,
                                    volley_readouts *readouts, int r, volley_arena *arena, volley_dataset *datasets);

/* Puts this rank's rows of P. Not collective. */
void volley_readout_put_rows(volley_hdf5 *file, volley_dataset *dataset, const volley_experiment *experiment,
                             volley_readouts *readouts, int r);

/* Sets readout r as it was. Collective; faults are left on the list. file_bytes: of the whole file. */
void volley_readout_restore(volley_hdf5 *file, hid_t root, uint64_t file_bytes, const volley_experiment *experiment,
                            volley_readouts *readouts, int r);

#endif
