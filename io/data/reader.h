/* HDF5 files that an experiment refers to: one value a neuron, lists of edges, time series. */
#ifndef VOLLEY_IO_DATA_READER_H
#define VOLLEY_IO_DATA_READER_H

#include "io/file/hdf5_check.h"
#include "model/reader.h"

#include <mpi.h>

/* A reader over comm. Paths are taken as they are. comm (a pointer to it) must outlive the reader. */
volley_reader volley_data_reader(MPI_Comm *comm);

/* What it consists of: see model/reader.h. */
volley_status volley_edges_read(void *comm, const volley_edge_file *from, const volley_edge_taker *taker);
volley_status volley_edges_sample(void *comm, const volley_edge_file *from, size_t most, volley_edge_sample *out);
volley_status volley_spikes_read(void *comm, const volley_spike_plan *plan, int file, const volley_edge_taker *taker);
volley_status volley_spikes_count(void *comm, const volley_spike_plan *plan, int file, uint64_t *count);
volley_status volley_spike_text_read(MPI_Comm comm, const volley_spike_plan *plan, int file,
                                     const volley_edge_taker *taker);
/* The populations that a text file of spikes names, "NAME/" and a line break for each, up to the wanted one; "" where it names
 * none. Owned by the caller: free(). Not collective. */
char *volley_spike_text_populations(const volley_place *place, const char *path, const char *wanted);
volley_status volley_series_read(void *comm, const volley_place *place, const char *path, const char *dataset,
                                 volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns);

#endif
