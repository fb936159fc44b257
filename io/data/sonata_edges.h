/* The rows of a SONATA population of edges: weight and delay of an edge come from its group, or else from its type. */
#ifndef VOLLEY_IO_DATA_SONATA_EDGES_H
#define VOLLEY_IO_DATA_SONATA_EDGES_H

#include "io/data/rows.h"

typedef struct volley_sonata_edges volley_sonata_edges;

extern const volley_row_layout volley_sonata_layout;

/* What goes with the rows of a group that is open: its groups of attributes, the lists of types, and the nodes that `from` has.
 * Owned by the caller. */
volley_sonata_edges *volley_sonata_edges_create(volley_rows *rows, const volley_edge_file *from,
                                                const volley_edge_types *types);
void volley_sonata_edges_destroy(volley_sonata_edges *sonata); /* NULL is allowed */

/* Which of weight and delay all edges have. */
void volley_sonata_edges_given(const volley_sonata_edges *sonata, int given[2]);

/* Makes a slab of the rows in the buffers, without edges of other types and of other populations of the same
 * nodes. */
void volley_sonata_edges_make(volley_sonata_edges *sonata, volley_rows *rows, volley_edge_slab *slab);

#endif
