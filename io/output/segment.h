/* An output file that is not written to any more, as a source of records: how many it holds of each recorder, and any
 * range of them. Each process opens and reads it on its own; nothing here is collective. */
#ifndef VOLLEY_IO_OUTPUT_SEGMENT_H
#define VOLLEY_IO_OUTPUT_SEGMENT_H

#include "io/output/file.h"
#include "model/experiment.h"

typedef struct volley_segment volley_segment;

/* Opens the file at path and finds the experiment's recorders in it. blame: status of faults, those of reading included.
 * Returns blame with a fault if the file cannot be read or has not these recorders. *out is owned by the caller:
 * volley_segment_close(). The experiment must outlive it. */
volley_status volley_segment_open(const char *path, const volley_experiment *experiment, volley_status blame,
                                  volley_segment **out);
void volley_segment_close(volley_segment *stretch); /* NULL is allowed */

/* Spikes or rows of recorder r in the file. */
uint64_t volley_segment_count(const volley_segment *stretch, int r);

/* Reads spikes first .. first + count - 1 of recorder r. times: [count] ms; ids: [count] index within the population. */
volley_status volley_segment_spikes(volley_segment *stretch, int r, uint64_t first, uint64_t count, double *times,
                                    uint64_t *ids);

/* Reads a tile of trace recorder r. data: [rows][columns]. */
volley_status volley_segment_tile(volley_segment *stretch, int r, const volley_tile *tile, double *data);

/* Whether the file at path can be read and is a recording of the same experiment, but for what cannot change results. Adds no
 * fault. */
bool volley_segment_is_of(const char *path, const volley_experiment *experiment);

/* Whether the checkpoint at path holds the same experiment; files that it reads are not compared. Adds no fault. */
bool volley_checkpoint_is_of(const char *path, const volley_experiment *experiment);

#endif
