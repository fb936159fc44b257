/* Lists of edges in HDF5 files. See model/reader.h. */
#ifndef VOLLEY_IO_DATA_EDGES_H
#define VOLLEY_IO_DATA_EDGES_H

#include "model/reader.h"

volley_status volley_edges_read(void *comm, const volley_place *place, const char *path, const char *group,
                                const volley_edge_taker *taker);
volley_status volley_edges_sample(void *comm, const volley_place *place, const char *path, const char *group,
                                  size_t most, volley_edge_sample *out);

#endif
