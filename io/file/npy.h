/* Arrays of numbers in NumPy's files (.npy; NEP 1), by themselves or among others in an archive (.npz) that is not compressed. */
#ifndef VOLLEY_IO_FILE_NPY_H
#define VOLLEY_IO_FILE_NPY_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { VOLLEY_NPY_DIMENSIONS = 8 };

typedef struct volley_npy {
  const volley_place *place; /* for faults */
  const char *path;
  FILE *file; /* NULL: not open */
  char kind;  /* f, i or u */
  int bytes;  /* of a number */
  int n_dimensions;
  uint64_t dimensions[VOLLEY_NPY_DIMENSIONS];
  long begin, end,
      data; /* of the array in the file; where its numbers begin, those of the last dimension next to each other */
} volley_npy;

/* Whether a file begins as such a file or archive does. */
bool volley_npy_is(const char *path);
bool volley_npz_is(const char *path);

/* Opens one, or the array of this name of an archive (NULL: the only one), to be closed by the caller whatever that returns. Faults name place and file: of numbers in another order or of
 * types that are no numbers, and of fewer than the file announces. Not collective, as are the others. */
volley_status volley_npy_open(volley_npy *npy, const volley_place *place, const char *path, const char *name);
void volley_npy_close(volley_npy *npy);

/* Reads n numbers from number `first` on. */
volley_status volley_npy_read(volley_npy *npy, uint64_t first, uint64_t n, double *out);

#endif
