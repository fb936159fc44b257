/* How recordings lie in the file: SONATA groups /spikes/NAME and /report/NAME, /readout/NAME and /weights/NAME. All calls are collective over the ranks
 * that opened the file and report through it (see hdf5_check.h). */
#ifndef VOLLEY_IO_OUTPUT_LAYOUT_H
#define VOLLEY_IO_OUTPUT_LAYOUT_H

#include "io/hdf5_check.h"
#include "io/output.h"
#include "model/experiment.h"
#include "record/record.h"

/* The datasets of one recorder. */
typedef struct volley_track {
  const volley_trace_columns *columns; /* of a trace recorder, not owned; NULL otherwise */
  hid_t times, ids;                    /* spikes */
  hid_t data;                          /* traces */
  uint64_t width;                      /* columns of the data, all ranks */
  uint64_t chunk;                      /* spikes or rows in a chunk */
  uint64_t allocated;                  /* spikes or rows that the file has chunks for */
} volley_track;

/* Names of the groups by kind of recorder. */
enum { VOLLEY_RECORDER_KINDS = 4 };
extern const char *const volley_recorder_groups[VOLLEY_RECORDER_KINDS];

/* Root attributes that make the file a SONATA file. */
void volley_layout_put_root(volley_hdf5 *file, hid_t root);

/* Creates the group of recorder r, its empty datasets and, for traces, its mapping. Fills in *track. */
void volley_track_create(volley_hdf5 *file, hid_t parent, const volley_experiment *experiment, int r,
                         const volley_trace_columns *columns, volley_track *track);
void volley_track_release(volley_hdf5 *file, volley_track *track);

/* Bytes by which the file grows at most when the track grows to total spikes or rows. Not collective. */
uint64_t volley_track_growth(const volley_track *track, uint64_t total);

/* Bytes that `total` spikes or rows of recorder r take in a file, at most; width: columns of its rows. Not collective. */
uint64_t volley_track_file_bytes(const volley_experiment *experiment, int r, uint64_t width, uint64_t total);

/* Writes as the sink's calls of the same names say (record/record.h). */
void volley_track_put_spikes(volley_hdf5 *file, volley_track *track, uint64_t first, uint64_t count,
                             const double *times, const uint64_t *ids, uint64_t total);
void volley_track_put_traces(volley_hdf5 *file, volley_track *track, uint64_t first_row, uint64_t rows,
                             const double *data);

/* Writes this rank's tile, whoever holds its columns; total: rows of the dataset then. */
void volley_track_put_tile(volley_hdf5 *file, volley_track *track, const volley_tile *tile, const double *data,
                           uint64_t total);

/* Writes the eigenvalues that were found: /eigenvalues/READOUT/before and after. */
void volley_layout_put_spectra(volley_hdf5 *file, hid_t root, const volley_summary *summary);

/* Bytes that they take at most. Not collective. */
uint64_t volley_layout_spectra_bytes(const volley_experiment *experiment);

/* Bytes that the groups of all recorders take at most while nothing is recorded. Not collective. */
uint64_t volley_track_bytes(const volley_experiment *experiment);

#endif
