/* How recordings lie in the file. A recorder of spikes or traces of a population is a SONATA file of its own within the
 * file: /recorders/NAME/spikes/POPULATION or /recorders/NAME/report/POPULATION. What programs look for at the root,
 * /spikes/POPULATION and /report/POPULATION, are links to one recorder of each population. Beside them stand
 * /readout/NAME and /weights/NAME. All calls are collective over the ranks that opened the file and report through it
 * (see hdf5_check.h), unless it is said otherwise. Where a rank has no memory for
 * a call, nothing is written of it and the fault is left on its list; the file is whole. */
#ifndef VOLLEY_IO_OUTPUT_LAYOUT_H
#define VOLLEY_IO_OUTPUT_LAYOUT_H

#include "io/file/hdf5_check.h"
#include "io/output/file.h"
#include "io/output/tiling.h"
#include "model/experiment.h"
#include "record/record.h"

/* The datasets of one recorder. */
typedef struct volley_track {
  const volley_trace_columns *columns; /* of a trace recorder, not owned; NULL otherwise */
  volley_tiling *tiling;               /* of a trace recorder, owned */
  hid_t times, ids;                    /* spikes */
  hid_t data;                          /* traces */
  uint64_t width;                      /* columns of the data, all ranks */
  size_t value_size;                   /* bytes of a value of the data */
  uint64_t chunk, chunk_columns;       /* spikes or rows in a chunk; columns */
  uint64_t allocated;                  /* spikes or rows that the file has room for */
  bool is_compressed;
  hid_t transfer; /* how ranks write: H5P_DEFAULT, or properties of a collective write, owned */
} volley_track;

/* Path of a recorder's group from the root. Owned by the caller: free(). Not collective. */
char *volley_recorder_path(const volley_experiment *experiment, const volley_recorder *recorder);

/* Root attributes that make the file a SONATA file. */
void volley_layout_put_root(volley_hdf5 *file, hid_t root);

/* Creates the groups that recorders lie in, and those at the root that programs look for. */
void volley_layout_put_groups(volley_hdf5 *file, hid_t root, const volley_experiment *experiment);

/* Creates the group of recorder r, its empty datasets and, for traces, its mapping. Fills in *track. comm: of the ranks
 * that opened the file; it must outlive the track. */
void volley_track_create(volley_hdf5 *file, hid_t root, const volley_experiment *experiment, int r,
                         const volley_trace_columns *columns, MPI_Comm comm, volley_track *track);

/* Links /spikes/POPULATION and /report/POPULATION to the recorder of the population that has its name, else to the
 * first one of the population. After all recorders were created. */
void volley_layout_put_links(volley_hdf5 *file, hid_t root, const volley_experiment *experiment);

/* Closes the datasets. */
void volley_track_release(volley_hdf5 *file, volley_track *track);

/* Bytes by which the file grows at most when the track grows to total spikes or rows. Not collective. */
uint64_t volley_track_growth(const volley_track *track, uint64_t total);

/* Bytes that `total` spikes or rows of recorder r take in a file with their group, at most and without compression;
 * width: columns of its rows. And bytes that writing a window of them takes in the memory of a rank. Not collective. */
uint64_t volley_track_expected_bytes(const volley_experiment *experiment, int r, uint64_t width, uint64_t total);
double volley_track_writing_expected_bytes(const volley_experiment *experiment, int r, int ranks, double width,
                                           double rows);

/* Bytes of all chunks that a tile touches, at most; rank 0's tile is the largest of a round. Not collective. */
uint64_t volley_track_tile_bytes(const volley_track *track, const volley_tile *tile);

/* Writes as the sink's calls of the same names say (record/record.h). */
void volley_track_put_spikes(volley_hdf5 *file, volley_track *track, uint64_t first, uint64_t count,
                             const double *times, const uint64_t *ids, uint64_t total);
void volley_track_put_traces(volley_hdf5 *file, volley_track *track, uint64_t first_row, uint64_t rows,
                             const double *data);

/* Writes this rank's tile, whoever holds its columns; total: rows of the dataset then. */
void volley_track_put_tile(volley_hdf5 *file, volley_track *track, const volley_tile *tile, const double *data,
                           uint64_t total, MPI_Comm comm);

/* What was created for the whole duration says where the run has ended: times of recorders, and of the run. */
void volley_layout_shorten(volley_hdf5 *file, hid_t root, const volley_experiment *experiment);

/* Writes the eigenvalues that were found: /eigenvalues/READOUT/before and after. */
void volley_layout_put_spectra(volley_hdf5 *file, hid_t root, const volley_summary *summary);

/* Bytes that they take at most. Not collective. */
uint64_t volley_layout_spectra_bytes(const volley_experiment *experiment);

/* Writes /nodes/POPULATION of populations that have positions, as SONATA nodes with x, y, z. comm: of the ranks that opened the
 * file. And the bytes that they take at most; not collective. */
void volley_nodes_put(volley_hdf5 *file, hid_t root, const volley_experiment *experiment, MPI_Comm comm);
uint64_t volley_nodes_bytes(const volley_experiment *experiment);

/* Bytes of an output without recordings. Not collective. */
uint64_t volley_layout_expected_bytes(const volley_experiment *experiment);

/* Bytes that the groups of all recorders take at most while nothing is recorded. Not collective. */
uint64_t volley_track_bytes(const volley_experiment *experiment);

/* Last step that a recorder can see, and rows that it takes. Not collective. */
int64_t volley_recorder_end(const volley_experiment *experiment, const volley_recorder *recorder);
uint64_t volley_recorder_rows(const volley_experiment *experiment, const volley_recorder *recorder);

/* Writes this rank's tile, which may be empty, of a dataset of two dimensions, or of one: then the tile has one row. transfer:
 * H5P_DEFAULT, each rank for itself, not collective; or properties of a collective write. values: [rows][columns] of type, in
 * which the file has them. */
void volley_tile_write(volley_hdf5 *file, hid_t set, hid_t type, int dimensions, const volley_tile *tile,
                       hid_t transfer, const void *values);

/* Writes the group: which neurons or synapses the columns are, and the times of the rows. */
void volley_mapping_put(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                        const volley_recorder *recorder, const volley_track *track, MPI_Comm comm);
void volley_mapping_shorten(volley_hdf5 *file, hid_t group, const volley_experiment *experiment,
                            const volley_recorder *recorder); /* the times are those of fewer rows */

#endif
