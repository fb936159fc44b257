/* How the build gets data that the experiment keeps in files. io implements it; the build only calls it. */
#ifndef VOLLEY_MODEL_READER_H
#define VOLLEY_MODEL_READER_H

#include "base/memory.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Some consecutive edges of a file. Indices are within the populations; not checked yet. */
typedef struct volley_edge_slab {
  uint64_t first; /* number of the first edge in the file */
  size_t count;
  const uint64_t *source, *target;
  const double *weight; /* receptor's unit; NULL if the file has none */
  const double *delay;  /* ms; NULL if the file has none */
} volley_edge_slab;

typedef struct volley_reader {
  void *context;
  /* The values of a one-dimensional dataset, which must hold `size` numbers, at n ascending indices. Collective: every
   * rank reads its own. Returns an agreed status; faults name place, file and dataset. */
  volley_status (*values)(void *context, const volley_place *place, const char *file, const char *dataset,
                          uint32_t size, const uint32_t *indices, uint32_t n, double *out);
  /* Reads datasets source, target and, where present, weight and delay of a group in slabs and hands every slab to
   * take() on every rank; stops when take returns something else than VOLLEY_OK. Collective, agreed status. */
  volley_status (*edges)(void *context, const volley_place *place, const char *file, const char *group,
                         volley_status (*take)(void *taker, const volley_edge_slab *slab), void *taker);
  /* Reads a time series: a dataset of an HDF5 file (dataset not NULL), whose first dimension counts the rows while all
   * others together are the columns, or a text file (numbers separated by commas, semicolons or blanks; lines that
   * begin with # and one line of names are left out). values: [rows][columns], allocated in the arena on every rank.
   * Collective, agreed status; faults name place, file and line or dataset. NaN is a fault. */
  volley_status (*series)(void *context, const volley_place *place, const char *file, const char *dataset,
                          volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns);
} volley_reader;

#endif
