/* Plastic synapses in a checkpoint: group /plastic/NUMBER for each projection whose synapses change, NUMBER from 0 in
 * the order of the experiment. Datasets of one value a synapse, in the order of network/synapse_order.h: the states of
 * the model, `last` (step of the source's last spike that was delivered) and the states of the source's row;
 * `past_counts`, how many spikes of each target are kept, and these, target by target, as `past_steps` and
 * `past_traces`; `dopamine`, steps and levels. Calls report through the file (see hdf5_check.h). */
#ifndef VOLLEY_IO_CHECKPOINT_SYNAPSES_H
#define VOLLEY_IO_CHECKPOINT_SYNAPSES_H

#include "engine/run_state.h"
#include "io/checkpoint/dataset.h"
#include "network/network.h"

/* The plastic projections of a network on their way to a file. */
typedef struct volley_plastic_saving volley_plastic_saving;

/* Counts what there is to be written. Collective over the network's communicator; owned by the caller, the network must
 * outlive it. */
volley_plastic_saving *volley_plastic_saving_create(const volley_network *network, const volley_run_state *state);
void volley_plastic_saving_destroy(volley_plastic_saving *saving);

/* Bytes that the values of one synapse take. */
uint64_t volley_plastic_synapse_bytes(const volley_synapse_model *model);

/* Number of datasets, and bytes that groups and values take at most. */
size_t volley_plastic_saving_datasets(const volley_plastic_saving *saving);
uint64_t volley_plastic_saving_bytes(const volley_plastic_saving *saving);

/* Creates the datasets, [volley_plastic_saving_datasets()]. Collective. */
void volley_plastic_create_datasets(volley_hdf5 *file, hid_t parent, const volley_plastic_saving *saving,
                                    volley_dataset *datasets);

/* Puts this rank's values into the datasets. Not collective. */
void volley_plastic_put(volley_hdf5 *file, const volley_plastic_saving *saving, volley_dataset *datasets);

/* Sets the plastic synapses of a network as they were before `step`. Collective; faults are left on the list.
 * file_bytes: of the whole file. */
void volley_plastic_restore(volley_hdf5 *file, hid_t root, uint64_t file_bytes, volley_network *network, int64_t step);

#endif
