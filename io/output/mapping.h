/* What the rows and columns of a recorder are: the group `mapping` beside its data. All calls are collective over the
 * ranks that opened the file, unless it is said otherwise. */
#ifndef VOLLEY_IO_OUTPUT_MAPPING_H
#define VOLLEY_IO_OUTPUT_MAPPING_H

#include "io/output/layout.h"

/* Last step that a recorder can see, and rows that it takes. Not collective. */
int64_t volley_recorder_end(const volley_experiment *experiment, const volley_recorder *recorder);
uint64_t volley_recorder_rows(const volley_experiment *experiment, const volley_recorder *recorder);

/* Writes this rank's tile, which may be empty, of a dataset of two dimensions, or of one: then the tile has one row. values:
 * [rows][columns] of type, in which the file has them. */
void volley_tile_write(volley_hdf5 *file, hid_t set, hid_t type, int dimensions, const volley_tile *tile,
                       const void *values);

/* Writes the group: which neurons or synapses the columns are, and the times of the rows. */
void volley_mapping_put(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                        const volley_recorder *recorder, const volley_track *track);

#endif
