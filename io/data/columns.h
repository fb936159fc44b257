/* Datasets of data files: numbers, or indices within a population. */
#ifndef VOLLEY_IO_DATA_COLUMNS_H
#define VOLLEY_IO_DATA_COLUMNS_H

#include "io/file/hdf5_check.h"

typedef struct volley_column {
  volley_hdf5 *file;
  const char *name;
  hid_t set;       /* negative: not there */
  bool is_integer; /* indices; otherwise real numbers */
  int n_dimensions;
  hsize_t dimensions[H5S_MAX_RANK];
  uint64_t size; /* of all values */
} volley_column;

/* Opens dataset `name` under parent and checks its type. Faults go to the file. Not collective, as are the others. */
volley_column volley_data_open_set(volley_hdf5 *file, hid_t parent, const char *name, bool is_integer);

/* The same of a dataset that must have one dimension. */
volley_column volley_column_open(volley_hdf5 *file, hid_t parent, const char *name, bool is_integer);

/* One that must have two, whose values count one by one, row by row. */
volley_column volley_matrix_open(volley_hdf5 *file, hid_t parent, const char *name, bool is_integer);
void volley_column_close(volley_column *column);

/* Reads n values, from number first on every stride-th: uint64_t or double, by is_integer. Returns how many are right before
 * the first that is negative or not finite: n if all are, 0 after a fault, too. */
size_t volley_column_read(const volley_column *column, uint64_t first, uint64_t stride, size_t n, void *out);

/* Adds the fault of a value that is negative or not finite. */
void volley_column_blame(const volley_column *column, uint64_t position, const void *value);

/* Adds a fault if more than a few of `size` values were never written: the file announces what it does not have. */
void volley_column_check_stored(const volley_column *column, uint64_t size);

/* Adds the fault "dataset 'NAME' of 'FILE' WHAT", unless something has failed before. */
void volley_column_fault(const volley_column *column, const char *what);

#endif
