/* Rows of a recorder on their way from the ranks that hold its columns to those that write them: each rank writes one
 * whole piece of the file, whatever the partitioner, since interleaved columns in one collective write take a hundred
 * times as long.
 *
 * The columns are cut into as many stretches of whole chunks as there are ranks or chunks side by side, whichever are
 * fewer; ranks that share a stretch cut the rows of a window at the borders of chunks. Who writes what is a function of
 * the window, so values travel without indices. */
#ifndef VOLLEY_IO_OUTPUT_REDISTRIBUTE_H
#define VOLLEY_IO_OUTPUT_REDISTRIBUTE_H

#include "io/output/file.h"
#include "record/record.h"

#include <mpi.h>
#include <stddef.h>

typedef struct volley_column_redistribution volley_column_redistribution;

/* For rows of `width` columns, of which this rank holds `columns`; the file has chunks of [chunk_rows][chunk_columns].
 * Collective over comm. Owned by the caller; the columns must outlive it. */
volley_column_redistribution *volley_column_redistribution_create(const volley_trace_columns *columns, uint64_t width,
                                                                  uint64_t chunk_rows, uint64_t chunk_columns,
                                                                  MPI_Comm comm);
void volley_column_redistribution_destroy(volley_column_redistribution *deal); /* NULL is allowed; not collective */

/* Deals rows first_row .. first_row + rows - 1 of the file. values: [rows][own columns] of `size` bytes each, 4 or 8. Returns the
 * values of this rank's tile, [tile->rows][tile->columns], valid until the next call; it may be empty. Collective. */
const void *volley_column_redistribution_rows(volley_column_redistribution *deal, uint64_t first_row, uint64_t rows,
                                              const void *values, size_t size, volley_tile *tile);

#endif
