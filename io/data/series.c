#include "io/data/columns.h"
#include "io/data/reader.h"
#include "io/file/csv.h"
#include "io/file/hdf5.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  SLAB = 1 << 20,  /* values at a time */
  LITTLE = 1 << 24 /* bytes for which nobody asks how much memory is left */
};

/* A series while rank 0 reads it. */
typedef struct series {
  volley_hdf5 file;
  const char *dataset; /* NULL: a text file */
  hid_t handle;
  volley_column data;
  double *text_values; /* of a text file */
  uint64_t rows, columns;
} series;

static void look_up_shape(series *s) {
  const volley_column *data = &s->data;
  if (data->n_dimensions < 1) volley_column_fault(data, "must have at least one dimension: the rows of the series");
  uint64_t all = s->rows = s->columns = 1;
  bool too_large = false;
  for (int k = 0; k < data->n_dimensions; k++) {
    *(k == 0 ? &s->rows : &s->columns) *= data->dimensions[k];
    too_large |= __builtin_mul_overflow(all, data->dimensions[k], &all) || all > SIZE_MAX / 16;
  }
  if (too_large)
    volley_column_fault(data, "is too large");
  else if (all == 0)
    volley_column_fault(data, "holds no values");
}

static void open_hdf5(series *s) {
  s->handle = volley_data_open(&s->file);
  s->data = volley_data_open_set(&s->file, s->handle, s->dataset, false);
  if (!s->file.failed) look_up_shape(s);
}

static void open_text(series *s) {
  volley_hdf5_quiet();
  if (H5Fis_hdf5(s->file.path) > 0)
    volley_hdf5_fault(&s->file, "'%s' is an HDF5 file; `dataset` must say where its values are", s->file.path);
  else
    s->file.failed = volley_csv_read(s->file.place, s->file.path, &s->text_values, &s->rows, &s->columns) != VOLLEY_OK;
}

static void check_finite(series *s, uint64_t first, size_t n, const double *values) {
  char what[128];
  for (size_t i = 0; i < n; i++) {
    if (isfinite(values[i])) continue;
    const uint64_t at = first * s->columns + i;
    snprintf(what, sizeof what, "holds %g in row %" PRIu64 ", column %" PRIu64 " (from 0); it must be a finite number",
             values[i], at / s->columns, at % s->columns);
    volley_column_fault(&s->data, what);
    return;
  }
}

/* Reads n rows from number first on to out. */
static void read_rows(series *s, uint64_t first, uint64_t n, double *out) {
  hsize_t start[H5S_MAX_RANK] = {first}, count[H5S_MAX_RANK];
  memcpy(count, s->data.dimensions, sizeof count);
  count[0] = n;
  volley_hdf5_read_part(&s->file, s->data.set, s->dataset, H5T_NATIVE_DOUBLE, s->data.n_dimensions, start, NULL, count,
                        out);
  if (!s->file.failed) check_finite(s, first, n * s->columns, out);
}

static void read_all(series *s, double *out) {
  const uint64_t at_once = s->columns < SLAB ? SLAB / s->columns : 1;
  if (s->text_values) {
    memcpy(out, s->text_values, s->rows * s->columns * sizeof *out);
    return;
  }
  volley_column_check_stored(&s->data, s->rows * s->columns);
  for (uint64_t first = 0; !s->file.failed && first < s->rows; first += at_once) {
    const uint64_t rest = s->rows - first;
    read_rows(s, first, rest < at_once ? rest : at_once, out + first * s->columns);
  }
}

/* Hands rank 0's n values to all ranks. */
static void broadcast(double *values, uint64_t n, MPI_Comm comm) {
  for (uint64_t first = 0; first < n; first += SLAB) {
    const uint64_t rest = n - first;
    VOLLEY_MPI(MPI_Bcast(values + first, (int)(rest < SLAB ? rest : SLAB), MPI_DOUBLE, 0, comm));
  }
}

static void close_series(series *s) {
  free(s->text_values);
  volley_hdf5_release(&s->file, s->data.set);
  if (s->handle >= 0) volley_hdf5_check(&s->file, H5Fclose(s->handle), "close");
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
static volley_status check_size(const series *s, MPI_Comm comm, uint64_t rows, uint64_t columns) {
  const double bytes = (double)rows * (double)columns * sizeof(double);
  if (bytes < LITTLE) return VOLLEY_OK;
  const double left = memory_of_each(comm);
  if (bytes > left)
    volley_fault(VOLLEY_USAGE, s->file.place,
                 "%s%s%s'%s' holds %" PRIu64 " rows of %" PRIu64 " values: %.2f GB of memory on each rank, and %.2f GB "
                 "are left for each",
                 s->dataset ? "dataset '" : "", s->dataset ? s->dataset : "", s->dataset ? "' of " : "", s->file.path,
                 rows, columns, 1e-9 * bytes, 1e-9 * left);
  return volley_agree(comm);
}

volley_status volley_series_read(void *context, const volley_place *place, const char *path, const char *dataset,
                                 volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns) {
  series s = {.file = {.path = path, .place = place, .blame = VOLLEY_USAGE, .transfer = H5P_DEFAULT},
              .dataset = dataset,
              .handle = -1,
              .data = {.set = -1}};
  const MPI_Comm comm = *(MPI_Comm *)context;
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) (dataset ? open_hdf5 : open_text)(&s);
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK) {
    uint64_t shape[2] = {s.rows, s.columns};
    VOLLEY_MPI(MPI_Bcast(shape, 2, MPI_UINT64_T, 0, comm));
    *rows = shape[0];
    *columns = shape[1];
    status = check_size(&s, comm, shape[0], shape[1]);
  }
  if (status == VOLLEY_OK) {
    *values = volley_arena_alloc(arena, *rows * *columns, sizeof **values);
    if (rank == 0) read_all(&s, *values);
    status = volley_agree(comm);
  }
  if (status == VOLLEY_OK) broadcast(*values, *rows * *columns, comm);
  close_series(&s);
  return status;
}
