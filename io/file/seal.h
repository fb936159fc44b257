/* A seal at the end of a file: checksums of all its bytes, and the mark that it was written to the end.
 *
 * The seal follows the file's own contents (HDF5 ignores what stands behind its end). It lists extents of the file,
 * each with the checksum of its bytes, and one checksum of all bytes that lie in no extent, so that large extents need
 * not be read again to seal a file, and every byte of a sealed file, the seal included, is checked. */
#ifndef VOLLEY_IO_FILE_SEAL_H
#define VOLLEY_IO_FILE_SEAL_H

#include "base/status.h"

#include <mpi.h>
#include <stdbool.h>
#include <stdint.h>

/* Some bytes of the file with one checksum: a dataset. */
typedef struct volley_extent {
  uint64_t offset, bytes; /* within the file */
  uint64_t checksum;
} volley_extent;

/* Checksum of a piece of an extent: `bytes` bytes that begin `at` bytes behind the extent's first. The checksum of an
 * extent is the sum (modulo 2^64) of those of its pieces. `at` must be a multiple of 8, and bytes too unless the piece
 * ends the extent. A changed byte, and two words that change places, change it. */
uint64_t volley_checksum(const void *data, uint64_t at, uint64_t bytes);

/* Size and checksum of a whole file. Returns 0 or the system's errno. Not collective. */
int volley_seal_sum_file(const char *path, uint64_t *bytes, uint64_t *sum);

/* Appends the seal to the file at path, which must be closed. format: number that volley_seal_verify() compares.
 * Returns 0 or the system's errno. Not collective. The caller brings the file to the disk. */
int volley_seal_append(const char *path, uint32_t format, const volley_extent *extents, int n);

/* Whether a file that can be read ends like a sealed one, damaged or not. Not collective. */
bool volley_seal_is_there(const char *path);

/* What is wrong with a file. */
typedef enum volley_seal_state {
  VOLLEY_SEAL_WHOLE,
  VOLLEY_SEAL_UNREADABLE, /* the system's errno says why */
  VOLLEY_SEAL_NONE,       /* no seal: another file, or cut off */
  VOLLEY_SEAL_FORMAT,     /* of another format */
  VOLLEY_SEAL_DAMAGED     /* some byte has changed */
} volley_seal_state;

typedef struct volley_seal_result {
  volley_seal_state state;
  int code;          /* errno where unreadable */
  uint32_t format;   /* as found, where the seal itself is whole */
  uint64_t bytes;    /* of the file, seal included */
  uint64_t at, size; /* damaged: the first extent found wrong; size 0: outside of all extents, or the seal itself */
} volley_seal_result;

/* Reads the whole file, each rank a part of it, and compares. Collective over comm; the same result on every rank. */
volley_seal_result volley_seal_verify(const char *path, uint32_t format, MPI_Comm comm);

#endif
