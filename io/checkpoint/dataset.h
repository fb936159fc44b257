/* A dataset of a checkpoint: contiguous, allocated when created and never filled, with a checksum of its bytes in its
 * attribute `checksum` and in the file's seal. Ranks write and read any pieces of it, each for itself. Calls report
 * through the file (see hdf5_check.h). */
#ifndef VOLLEY_IO_CHECKPOINT_DATASET_H
#define VOLLEY_IO_CHECKPOINT_DATASET_H

#include "io/file/hdf5_check.h"
#include "io/file/seal.h"

typedef struct volley_dataset {
  hid_t handle, type;
  uint64_t count, bytes; /* values; bytes of one */
  uint64_t checksum;     /* of what this rank has put */
  const void *values;    /* all of them, where one rank puts them; not owned */
  int descriptor;        /* of the same file: what is put starts for the disk at once; -1: not */
} volley_dataset;

/* A type of text with room for `bytes` bytes, to be released by the caller. Not collective. */
hid_t volley_text_type(volley_hdf5 *file, size_t bytes);

/* A new dataset of one dimension; units: NULL or a text; values: NULL or what volley_dataset_put_whole() will write.
 * Collective. To be released by volley_dataset_finish() or volley_dataset_release(). */
volley_dataset volley_dataset_create(volley_hdf5 *file, hid_t parent, const char *name, hid_t type, uint64_t count,
                                     const char *units, const void *values);

/* The same with one text as its only value (a scalar). The text must outlive the dataset. */
volley_dataset volley_dataset_create_text(volley_hdf5 *file, hid_t parent, const char *name, const char *text);

/* Writes values first .. first + count - 1. Every value must be put once, by one rank, in pieces that begin at a
 * multiple of 8 bytes. Not collective. */
void volley_dataset_put(volley_hdf5 *file, volley_dataset *dataset, uint64_t first, uint64_t count, const void *values);
void volley_dataset_put_whole(volley_hdf5 *file, volley_dataset *dataset);

/* Writes the checksums of n datasets, notes where their bytes are, [n], and releases them. Collective over comm. */
void volley_datasets_finish(volley_hdf5 *file, volley_dataset *datasets, size_t n, MPI_Comm comm,
                            volley_extent *extents);

/* Opens a dataset and checks that all of its values are within a file of this many bytes. Collective. */
volley_dataset volley_dataset_open(volley_hdf5 *file, hid_t parent, const char *name, uint64_t file_bytes);

/* Reads values first .. first + count - 1 as `type` in memory. Not collective. */
void volley_dataset_get(volley_hdf5 *file, const volley_dataset *dataset, hid_t type, uint64_t first, uint64_t count,
                        void *values);

/* Collective. */
void volley_dataset_release(volley_hdf5 *file, volley_dataset *dataset);

#endif
