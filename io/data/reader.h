/* HDF5 files that an experiment refers to: one value a neuron, lists of edges, time series. */
#ifndef VOLLEY_IO_DATA_READER_H
#define VOLLEY_IO_DATA_READER_H

#include "io/file/hdf5_check.h"
#include "model/reader.h"

#include <mpi.h>

/* A reader over comm. Paths are taken as they are. comm (a pointer to it) must outlive the reader. */
volley_reader volley_data_reader(MPI_Comm *comm);

#endif
