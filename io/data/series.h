/* Time series from HDF5 and text files. */
#ifndef VOLLEY_IO_DATA_SERIES_H
#define VOLLEY_IO_DATA_SERIES_H

#include "base/memory.h"
#include "base/status.h"

#include <mpi.h>
#include <stdint.h>

/* What model/reader.h says of `series`. */
volley_status volley_series_read(MPI_Comm comm, const volley_place *place, const char *path, const char *dataset,
                                 volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns);

#endif
