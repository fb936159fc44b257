/* Arrays of numbers in files of any kind: a dataset of an HDF5 file, a NumPy array (.npy), a table or one of its columns in a
 * text file. Their first dimension counts rows; all others together are the columns. */
#ifndef VOLLEY_IO_DATA_NUMBERS_H
#define VOLLEY_IO_DATA_NUMBERS_H

#include "io/data/columns.h"
#include "io/file/npy.h"

typedef struct volley_numbers {
  volley_hdf5 file;    /* carries the outcome: a fault anywhere sets file.failed */
  const char *dataset; /* of an HDF5 file */
  const char *column;  /* of a text: the name or number of the one that is meant; NULL: all */
  char what[320];      /* "dataset 'W' of 'data.h5'", for messages */
  hid_t handle;        /* negative: no HDF5 file */
  volley_column data;
  volley_npy npy;
  double *text; /* [rows][columns] of a text; NULL: it is none */
  uint64_t rows, columns;
  int n_dimensions;
} volley_numbers;

/* Opens a file and looks its shape up; to be closed by the caller whatever becomes of it. Not collective, as are the others. */
void volley_numbers_open(volley_numbers *numbers, const volley_place *place, const char *path, const char *dataset,
                         const char *column);
void volley_numbers_close(volley_numbers *numbers);

/* Adds a fault if more than a few values were never written: the file announces what it does not have. */
void volley_numbers_check_stored(const volley_numbers *numbers);

/* Reads n rows from number `first` on. A number that is not finite is a fault. */
void volley_numbers_read(volley_numbers *numbers, uint64_t first, uint64_t n, double *out);

#endif
