/* A dataset of a checkpoint: contiguous, allocated when created and never filled, with a checksum of its bytes in its
 * attribute `checksum` and in the file's seal. Ranks write and read any pieces of it, each for itself. Calls report
 * through the file (see hdf5_check.h). */
#ifndef VOLLEY_IO_CHECKPOINT_DATASET_H
#define VOLLEY_IO_CHECKPOINT_DATASET_H

#include "io/file/hdf5_check.h"
#include "io/file/seal.h"

typedef struct volley_dataset {
  const char *path;      /* from the root of the file; not owned */
  const char *units;     /* or NULL; not owned */
  const void *values;    /* all of them, where one rank puts them; not owned */
  uint64_t count, bytes; /* values; bytes of one */
  bool is_scalar;        /* one value without an extent */
  uint64_t checksum;     /* of what this rank has put */
  int descriptor;        /* of the same file: what is put starts for the disk at once; -1: not */
  hid_t handle, type; /* type: owned from when it was created or opened on; before, H5T_STRING or one of HDF5's own */
} volley_dataset;

/* Creates what is described. Collective. To be released by volley_dataset_release(). */
void volley_dataset_create(volley_hdf5 *file, hid_t root, volley_dataset *dataset);

/* Writes values first .. first + count - 1. Every value must be put once, by one rank, in pieces that begin at a
 * multiple of 8 bytes. Not collective. */
void volley_dataset_put(volley_hdf5 *file, volley_dataset *dataset, uint64_t first, uint64_t count, const void *values);

/* Writes the checksum, a sum over all ranks, and notes where the bytes are. Collective. */
void volley_dataset_finish(volley_hdf5 *file, volley_dataset *dataset, uint64_t checksum, volley_extent *extent);

/* Opens a dataset and checks that all of its values are within a file of this many bytes. Collective. */
volley_dataset volley_dataset_open(volley_hdf5 *file, hid_t root, const char *path, uint64_t file_bytes);

/* Reads values first .. first + count - 1 as `type` in memory. Not collective. */
void volley_dataset_get(volley_hdf5 *file, const volley_dataset *dataset, hid_t type, uint64_t first, uint64_t count,
                        void *values);

/* Collective. */
void volley_dataset_release(volley_hdf5 *file, volley_dataset *dataset);

#endif
