/* Whether the files that an experiment reads are those that it read when a checkpoint was written. */
#ifndef VOLLEY_IO_CHECKPOINT_INPUTS_H
#define VOLLEY_IO_CHECKPOINT_INPUTS_H

#include "io/checkpoint/checkpoint.h"

/* Whether the inputs hold what they held when the checkpoint was written. Adds a fault for each that does not. Not collective,
 * but the same on every rank. */
volley_status volley_inputs_compare(const volley_experiment *experiment, const volley_checkpoint_info *info);

#endif
