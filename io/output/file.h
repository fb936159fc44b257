/* The HDF5 file of a run: SONATA spikes and reports, written by all ranks while the run goes on, and provenance in
 * /volley. docs/file-formats.md describes the file. */
#ifndef VOLLEY_IO_OUTPUT_FILE_H
#define VOLLEY_IO_OUTPUT_FILE_H

#include "engine/summary.h"
#include "model/experiment.h"
#include "record/record.h"

#include <mpi.h>

typedef struct volley_output volley_output;

/* A rectangle of a trace recorder's data; empty where rows or columns is 0. */
typedef struct volley_tile {
  uint64_t first_row, rows, first_column, columns;
} volley_tile;

/* Creates the file under a temporary name (path with ".part" added). columns: [n_recorders], used for trace recorders.
 * first_step: that is recorded in it. Collective, agreed status. The experiment must outlive the output. */
volley_status volley_output_open(const volley_experiment *experiment, const char *path,
                                 const volley_trace_columns *columns, int64_t first_step, MPI_Comm comm,
                                 volley_output **out);

/* The sink that writes to this output. */
volley_sink volley_output_sink(volley_output *output);

/* Sees that the file can hold totals[r] spikes or rows of each recorder; where they are compressed, that it can grow by
 * `compressed` bytes, the size of files that hold them. Returns 0 or the system's errno: ENOSPC, EDQUOT, EFBIG, ...
 * Collective, the same on every rank; only rank 0's `compressed` counts. */
int volley_output_reserve(volley_output *output, const uint64_t *totals, uint64_t compressed);

/* Rows and columns of the pieces in which the file holds a trace recorder's data. Not collective. */
void volley_output_chunk(const volley_output *output, int recorder, uint64_t *rows, uint64_t *columns);

/* Writes this rank's tile of a trace recorder, whoever holds its columns. data: [rows][columns]; total: rows that the
 * recorder is to have in the file then. Collective, agreed status. */
volley_status volley_output_put_tile(volley_output *output, int recorder, const volley_tile *tile, const double *data,
                                     uint64_t total);

/* Writes what is left and the summary, closes the file and gives it its name. With summary NULL (the run failed) the
 * file keeps its temporary name and is not marked complete. Collective, agreed status. Frees output. */
volley_status volley_output_close(volley_output *output, const volley_summary *summary);

#endif
