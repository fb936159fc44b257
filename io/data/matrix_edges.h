/* Edges that stand in a file as a matrix of weights with a row for each target and a column for each source: all of it (a
 * dataset, or a group with datasets weight and maybe delay), in which 0 is no edge; or, as SciPy has sparse ones, by rows or
 * columns (indptr, indices, data) or entry by entry (row, col, data). */
#ifndef VOLLEY_IO_DATA_MATRIX_EDGES_H
#define VOLLEY_IO_DATA_MATRIX_EDGES_H

#include "io/data/rows.h"

typedef struct volley_matrix_edges volley_matrix_edges;

/* Looks whether the group (negative: `name` is a dataset) of a file that is open holds a matrix, and sets the layout of the rows
 * then, and which of weight and delay they have. NULL: it holds none, or a fault. Owned by the caller. */
volley_matrix_edges *volley_matrix_edges_create(volley_rows *rows, const volley_edge_file *from);
void volley_matrix_edges_destroy(volley_matrix_edges *matrix); /* NULL is allowed */

/* Makes a slab of the rows in the buffers. */
void volley_matrix_edges_make(volley_matrix_edges *matrix, volley_rows *rows, volley_edge_slab *slab);

#endif
