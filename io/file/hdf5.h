/* How Volley opens HDF5 files: without HDF5's locks, which many file systems of clusters do not have and which Volley does
 * not need (see io/file/run_lock.h), and under any path that the system takes. */
#ifndef VOLLEY_IO_FILE_HDF5_H
#define VOLLEY_IO_FILE_HDF5_H

#include "io/file/hdf5_check.h"

#include <mpi.h>

/* Opens file->path for reading, in this process alone. Returns a negative handle with a fault if that fails. */
hid_t volley_hdf5_open(volley_hdf5 *file);

/* Opens file->path for reading. Faults say so if it is no HDF5 file. Returns a negative number on error. */
hid_t volley_data_open(volley_hdf5 *file);

/* The same at any path, without a fault. */
hid_t volley_hdf5_try_open(const char *path);

/* Creates (empties) file->path for writing with MPI-IO, metadata written by all ranks together; opens it for reading with
 * MPI-IO. Collective over comm, but not agreed: the fault may be on some ranks only. */
hid_t volley_hdf5_create_shared(volley_hdf5 *file, MPI_Comm comm);
hid_t volley_hdf5_open_shared(volley_hdf5 *file, MPI_Comm comm);

#endif
