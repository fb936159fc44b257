#include "io/data/numbers.h"
#include "io/data/reader.h"

#include <inttypes.h>

enum {
  SLAB = 1 << 20,  /* values at a time */
  LITTLE = 1 << 24 /* bytes for which nobody asks how much memory is left */
};

static void read_all(volley_numbers *n, double *out) {
  const uint64_t at_once = n->columns < SLAB ? SLAB / n->columns : 1;
  volley_numbers_check_stored(n);
  for (uint64_t first = 0; !n->file.failed && first < n->rows; first += at_once) {
    const uint64_t rest = n->rows - first;
    volley_numbers_read(n, first, rest < at_once ? rest : at_once, out + first * n->columns);
  }
}

/* Hands rank 0's n values to all ranks. */
static void broadcast(double *values, uint64_t n, MPI_Comm comm) {
  for (uint64_t first = 0; first < n; first += SLAB) {
    const uint64_t rest = n - first;
    VOLLEY_MPI(MPI_Bcast(values + first, (int)(rest < SLAB ? rest : SLAB), MPI_DOUBLE, 0, comm));
  }
}

/* Bytes that each rank can still take where all ranks of its node take as much: the least of all ranks. Collective. */
static double memory_of_each(MPI_Comm comm) {
  MPI_Comm node;
  int ranks;
  VOLLEY_MPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  VOLLEY_MPI(MPI_Comm_size(node, &ranks));
  VOLLEY_MPI(MPI_Comm_free(&node));
  double left = (double)volley_available_memory() / ranks;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &left, 1, MPI_DOUBLE, MPI_MIN, comm));
  return left;
}

/* Every rank keeps the whole series: a file may announce more than that. Collective, agreed status. */
static volley_status check_size(const volley_numbers *n, MPI_Comm comm, uint64_t rows, uint64_t columns) {
  const double bytes = (double)rows * (double)columns * sizeof(double);
  if (bytes < LITTLE) return VOLLEY_OK;
  const double left = memory_of_each(comm);
  if (bytes > left)
    volley_fault(VOLLEY_USAGE, n->file.place,
                 "%s holds %" PRIu64 " rows of %" PRIu64 " values: %.2f GB of memory on each rank, and %.2f GB "
                 "are left for each",
                 n->what, rows, columns, 1e-9 * bytes, 1e-9 * left);
  return volley_agree(comm);
}

volley_status volley_series_read(void *context, const volley_place *place, const char *path, const char *dataset,
                                 volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns) {
  volley_numbers n = {.handle = -1, .data = {.set = -1}};
  const MPI_Comm comm = *(MPI_Comm *)context;
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  n.file.place = place;
  if (rank == 0) volley_numbers_open(&n, place, path, dataset, NULL);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK) {
    uint64_t shape[2] = {n.rows, n.columns};
    VOLLEY_MPI(MPI_Bcast(shape, 2, MPI_UINT64_T, 0, comm));
    *rows = shape[0];
    *columns = shape[1];
    status = check_size(&n, comm, shape[0], shape[1]);
  }
  if (status == VOLLEY_OK) {
    *values = volley_arena_alloc(arena, *rows * *columns, sizeof **values);
    if (rank == 0) read_all(&n, *values);
    status = volley_agree(comm);
  }
  if (status == VOLLEY_OK) broadcast(*values, *rows * *columns, comm);
  volley_numbers_close(&n);
  return status;
}
