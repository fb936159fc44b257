/* Rows of values on their way between the ranks that have them, column by column as it happens, and those that want
 * rectangles: each rank has a piece, some columns that follow each other, and of these some rows. Interleaved columns
 * in one collective write take a hundred times as long as such pieces.
 *
 * Columns are told once; values then travel without indices. */
#ifndef VOLLEY_BASE_REDISTRIBUTE_H
#define VOLLEY_BASE_REDISTRIBUTE_H

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns or rows first .. first + count - 1. */
typedef struct volley_span {
  uint64_t first, count;
} volley_span;

typedef struct volley_redistribution volley_redistribution;

/* own: [n_own] the columns of which this rank has the values, ascending; each column is one rank's. pieces: [ranks] the
 * columns of each rank's piece, the same on every rank, copied. Collective over comm, which must outlive it. Owned by
 * the caller. Here as below, where a rank has no memory it has a fault, which is left on its list, and all ranks get NULL or
 * false, and nothing is set. */
volley_redistribution *volley_redistribution_create(const uint64_t *own, uint64_t n_own, const volley_span *pieces,
                                                    MPI_Comm comm);
void volley_redistribution_destroy(volley_redistribution *deal); /* NULL is allowed; not collective */

/* Brings values to the pieces. rows: [ranks] of each rank's piece, the same on every rank; values: [all rows][n_own] of
 * `size` bytes each, 4 or 8; NULL on a rank that has a fault. Returns this rank's piece, [rows][columns], valid until the next call. Collective. */
const void *volley_redistribution_gather(volley_redistribution *deal, const volley_span *rows, const void *values,
                                         size_t size);

/* The way back: sets the values in rows and columns that some rank has a piece of. piece: [rows][columns] of this
 * rank's. Collective. */
bool volley_redistribution_scatter(volley_redistribution *deal, const volley_span *rows, const void *piece,
                                   void *values, size_t size);

#endif
