/* Which piece of a recorder's rows each rank writes: a rectangle of whole chunks, whatever the partitioner
 * (base/redistribute.h).
 *
 * The columns are cut into as many stretches of whole chunks as there are ranks or chunks side by side, whichever are
 * fewer; ranks that share a stretch cut the rows of a window at the borders of chunks. Who writes what is a function of
 * the window. */
#ifndef VOLLEY_IO_OUTPUT_TILING_H
#define VOLLEY_IO_OUTPUT_TILING_H

#include "io/output/file.h"
#include "record/record.h"

#include <mpi.h>
#include <stddef.h>

typedef struct volley_tiling volley_tiling;

/* For rows of `width` columns, of which this rank holds `columns`; the file has chunks of [chunk_rows][chunk_columns].
 * Collective over comm. Owned by the caller; the columns must outlive it. NULL, as by base/redistribute.h, if there is no memory. */
volley_tiling *volley_tiling_create(const volley_trace_columns *columns, uint64_t width, uint64_t chunk_rows,
                                    uint64_t chunk_columns, MPI_Comm comm);
void volley_tiling_destroy(volley_tiling *tiling); /* NULL is allowed; not collective */

/* Deals rows first_row .. first_row + rows - 1 of the file. values: [rows][own columns] of `size` bytes each, 4 or 8. Returns the
 * values of this rank's tile, [tile->rows][tile->columns], valid until the next call; it may be empty. NULL as above;
 * values: NULL on a rank that has a fault. Collective. */
const void *volley_tiling_rows(volley_tiling *tiling, uint64_t first_row, uint64_t rows, const void *values,
                               size_t size, volley_tile *tile);

#endif
