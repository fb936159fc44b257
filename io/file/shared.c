#include "io/file/shared.h"

#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 256 << 20, CHUNK = 1 << 16 };

/* The bytes of a file, which the caller frees; NULL after reporting a fault. */
static char *read_bytes(const char *file, const volley_place *place, size_t *length) {
  const volley_place own = {.file = file};
  char what[512] = "the experiment file";
  if (place) snprintf(what, sizeof what, "'%.400s'", file);
  if (!place) place = &own;
  FILE *stream = fopen(file, "rb");
  if (!stream) {
    volley_fault(VOLLEY_USAGE, place, "%s cannot be opened: %s", what, strerror(errno));
    return NULL;
  }
  char *bytes = NULL;
  size_t capacity = 0, n = 0, got;
  do {
    if (n + CHUNK > capacity) {
      capacity = 2 * capacity + CHUNK;
      bytes = volley_grow(bytes, capacity, 1, "a file");
    }
    errno = 0;
    got = fread(bytes + n, 1, CHUNK, stream);
    n += got;
  } while (got > 0 && n <= MAX_BYTES);
  const bool failed = ferror(stream) != 0;
  if (failed) volley_fault(VOLLEY_USAGE, place, "%s cannot be read: %s", what, strerror(errno));
  if (n > MAX_BYTES)
    volley_fault(VOLLEY_USAGE, place, "larger than %d MB, this is no %s", MAX_BYTES >> 20,
                 place == &own ? "experiment file" : "configuration");
  fclose(stream);
  if (failed || n > MAX_BYTES) {
    free(bytes);
    return NULL;
  }
  *length = n;
  return bytes;
}

volley_status volley_share_file(const char *file, const volley_place *place, MPI_Comm comm, char **bytes,
                                size_t *length) {
  int rank;
  unsigned long long size = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  *bytes = rank == 0 ? read_bytes(file, place, length) : NULL;
  VOLLEY_TRY(volley_agree(comm)); /* *bytes is NULL where this fails */
  if (rank == 0) size = *length;
  VOLLEY_MPI(MPI_Bcast(&size, 1, MPI_UNSIGNED_LONG_LONG, 0, comm));
  *length = (size_t)size;
  if (rank != 0) *bytes = volley_alloc(*length, 1, "a file");
  VOLLEY_MPI(MPI_Bcast(*bytes, (int)*length, MPI_CHAR, 0, comm));
  return VOLLEY_OK;
}
