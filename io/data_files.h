/* HDF5 files that an experiment refers to: one value a neuron, lists of edges, time series. */
#ifndef VOLLEY_IO_DATA_FILES_H
#define VOLLEY_IO_DATA_FILES_H

#include "io/hdf5_check.h"
#include "model/reader.h"

#include <mpi.h>

/* A reader over comm. Paths are taken as they are. comm (a pointer to it) must outlive the reader. */
volley_reader volley_data_reader(MPI_Comm *comm);

/* Opens file->path for reading. Faults say so if it is no HDF5 file. Returns a negative number on error. */
hid_t volley_data_open(volley_hdf5 *file);

#endif
