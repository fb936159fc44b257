#include "io/data/reader.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/data/series.h"
#include "io/file/hdf5.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Rank 0 reads and hands on what it read: a file is opened once, however many ranks there are. */

enum { SLAB = 1 << 20 /* values read at a time */ };

/* A dataset open on rank 0. */
typedef struct column {
  volley_hdf5 *file;
  const char *name;
  hid_t set;       /* negative: not there */
  bool is_integer; /* indices; otherwise real numbers */
  uint64_t size;
} column;

static volley_status fault_in(const column *data, const char *what) {
  data->file->failed = true;
  return volley_fault(VOLLEY_USAGE, data->file->place, "dataset '%s' of '%s' %s", data->name, data->file->path, what);
}

static void check_type(column *data) {
  const hid_t type = volley_hdf5_check(data->file, H5Dget_type(data->set), "look up data of");
  const H5T_class_t class = H5Tget_class(type);
  if (data->is_integer && class != H5T_INTEGER) fault_in(data, "must hold integers: indices within a population");
  if (!data->is_integer && class != H5T_INTEGER && class != H5T_FLOAT) fault_in(data, "must hold numbers");
  volley_hdf5_release(data->file, type);
}

/* A few values that were never written are zeros; many are a file that announces what it does not have. */
static void check_stored(column *data) {
  char what[160];
  uint64_t stored;
  if (data->file->failed || data->size <= SLAB || volley_hdf5_is_stored(data->set, &stored)) return;
  snprintf(what, sizeof what, "announces %" PRIu64 " values, but the file holds %" PRIu64 " bytes of them", data->size,
           stored);
  fault_in(data, what);
}

/* Opens dataset `name` under parent, checks type and shape, sets size. */
static column open_column(volley_hdf5 *file, hid_t parent, const char *name, bool is_integer) {
  column data = {.file = file, .name = name, .set = -1, .is_integer = is_integer};
  if (file->failed) return data;
  data.set = H5Dopen2(parent, name, H5P_DEFAULT);
  if (data.set < 0) {
    fault_in(&data, "does not exist");
    return data;
  }
  check_type(&data);
  const hid_t space = volley_hdf5_check(file, H5Dget_space(data.set), "look up data of");
  hsize_t size = 0;
  if (!file->failed && H5Sget_simple_extent_ndims(space) != 1) fault_in(&data, "must have one dimension");
  if (!file->failed) volley_hdf5_check(file, H5Sget_simple_extent_dims(space, &size, NULL), "look up data of");
  data.size = size;
  check_stored(&data);
  volley_hdf5_release(file, space);
  return data;
}

/* Whether a dataset of signed integers was asked for: negative ones are to be found, not wrapped. */
static bool is_signed(const column *data) {
  const hid_t type = volley_hdf5_check(data->file, H5Dget_type(data->set), "look up data of");
  const bool is = H5Tget_class(type) == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_2;
  volley_hdf5_release(data->file, type);
  return is;
}

static void check_indices(const column *data, uint64_t first, size_t n, const int64_t *values) {
  char what[128];
  for (size_t i = 0; i < n; i++)
    if (values[i] < 0) {
      snprintf(what, sizeof what, "holds %" PRId64 " at position %" PRIu64 "; an index must be 0 or greater", values[i],
               first + i);
      fault_in(data, what);
      return;
    }
}

static void check_numbers(const column *data, uint64_t first, size_t n, const double *values) {
  char what[128];
  for (size_t i = 0; i < n; i++)
    if (!isfinite(values[i])) {
      snprintf(what, sizeof what, "holds %g at position %" PRIu64 "; it must be a finite number", values[i], first + i);
      fault_in(data, what);
      return;
    }
}

/* Reads n values from number first on: uint64_t or double, by data->is_integer. */
static void read_slab(const column *data, uint64_t first, size_t n, void *out) {
  volley_hdf5 *file = data->file;
  if (file->failed || n == 0) return;
  const hsize_t start = first, count = n;
  const bool with_sign = data->is_integer && is_signed(data);
  const hid_t type = !data->is_integer ? H5T_NATIVE_DOUBLE : with_sign ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
  const hid_t space = volley_hdf5_check(file, H5Dget_space(data->set), "look up data of");
  const hid_t memory = volley_hdf5_check(file, H5Screate_simple(1, &count, NULL), "describe data of");
  volley_hdf5_check(file, H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &count, NULL), "select data of");
  volley_hdf5_read(file, data->set, data->name, type, memory, space, out);
  volley_hdf5_release(file, memory);
  volley_hdf5_release(file, space);
  if (file->failed) return;
  if (with_sign) check_indices(data, first, n, out);
  if (!data->is_integer) check_numbers(data, first, n, out);
}

static void close_column(column *data) {
  if (data->set >= 0) volley_hdf5_release(data->file, data->set);
  data->set = -1;
}

static void close_file(volley_hdf5 *file, hid_t handle) {
  if (handle >= 0) volley_hdf5_check(file, H5Fclose(handle), "close");
}

/* Hands rank 0's n items of 8 bytes to all ranks; at most a slab. */
static void broadcast(void *values, size_t n, MPI_Comm comm) {
  VOLLEY_MPI(MPI_Bcast(values, (int)n, MPI_UINT64_T, 0, comm));
}

static void check_size(const column *data, uint32_t size) {
  char what[192];
  if (data->file->failed || data->size == size) return;
  snprintf(what, sizeof what, "holds %s; the population has %s", volley_count(data->size, "value").text,
           volley_count(size, "neuron").text);
  fault_in(data, what);
}

static volley_status read_values(void *context, const volley_place *place, const char *path, const char *dataset,
                                 uint32_t size, const uint32_t *indices, uint32_t n, double *out) {
  const MPI_Comm comm = *(MPI_Comm *)context;
  volley_hdf5 file = {.path = path, .place = place, .blame = VOLLEY_USAGE, .transfer = H5P_DEFAULT};
  column data = {.set = -1};
  hid_t handle = -1;
  int rank = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    handle = volley_data_open(&file);
    data = open_column(&file, handle, dataset, false);
    check_size(&data, size);
  }
  volley_status status = volley_agree(comm);
  double *slab = volley_alloc(SLAB, sizeof *slab, "values from a file");
  uint32_t taken = 0;
  for (uint32_t first = 0; status == VOLLEY_OK && first < size;) {
    const uint32_t count = size - first < SLAB ? size - first : SLAB;
    if (rank == 0) read_slab(&data, first, count, slab);
    status = volley_agree(comm);
    if (status == VOLLEY_OK) broadcast(slab, count, comm);
    for (; taken < n && indices[taken] - first < count; taken++) out[taken] = slab[indices[taken] - first];
    first += count;
  }
  free(slab);
  close_column(&data);
  close_file(&file, handle);
  return status;
}

enum { SOURCE, TARGET, WEIGHT, DELAY, COLUMNS };

/* The datasets of a group of edges, open on rank 0. */
typedef struct edge_file {
  volley_hdf5 file;
  hid_t handle, group;
  column columns[COLUMNS];
  uint64_t *buffers[COLUMNS]; /* [SLAB], of uint64_t or double */
  struct {
    uint64_t size;
    int present[COLUMNS];
  } shape; /* the same on every rank once shared */
} edge_file;

static void check_lengths(edge_file *edges) {
  char what[160];
  for (int c = TARGET; c < COLUMNS && !edges->file.failed; c++)
    if (edges->shape.present[c] && edges->columns[c].size != edges->shape.size) {
      snprintf(what, sizeof what, "holds %s but 'source' %" PRIu64 "; every edge needs one of each",
               volley_count(edges->columns[c].size, "value").text, edges->shape.size);
      fault_in(&edges->columns[c], what);
    }
}

static void open_edges(edge_file *edges, const char *group) {
  static const char *const names[COLUMNS] = {"source", "target", "weight", "delay"};
  volley_hdf5 *file = &edges->file;
  edges->handle = volley_data_open(file);
  if (file->failed) return;
  edges->group = H5Gopen2(edges->handle, group, H5P_DEFAULT);
  if (edges->group < 0) {
    file->failed = true;
    volley_fault(VOLLEY_USAGE, file->place, "group '%s' does not exist in '%s'", group, file->path);
    return;
  }
  for (int c = 0; c < COLUMNS; c++) {
    edges->shape.present[c] = c <= TARGET || H5Lexists(edges->group, names[c], H5P_DEFAULT) > 0;
    if (edges->shape.present[c]) edges->columns[c] = open_column(file, edges->group, names[c], c <= TARGET);
  }
  edges->shape.size = edges->columns[SOURCE].size;
  check_lengths(edges);
}

/* Reads one slab on rank 0, shares it, and hands it to take() on every rank. Collective, agreed status. */
static volley_status hand_out(edge_file *edges, uint64_t first, int rank, MPI_Comm comm,
                              volley_status (*take)(void *taker, const volley_edge_slab *slab), void *taker) {
  const uint64_t rest = edges->shape.size - first;
  const size_t count = rest < SLAB ? (size_t)rest : SLAB;
  for (int c = 0; rank == 0 && c < COLUMNS; c++)
    if (edges->shape.present[c]) read_slab(&edges->columns[c], first, count, edges->buffers[c]);
  VOLLEY_TRY(volley_agree(comm));
  for (int c = 0; c < COLUMNS; c++)
    if (edges->shape.present[c]) broadcast(edges->buffers[c], count, comm);
  const volley_edge_slab slab = {
      .first = first,
      .count = count,
      .source = edges->buffers[SOURCE],
      .target = edges->buffers[TARGET],
      .weight = edges->shape.present[WEIGHT] ? (double *)edges->buffers[WEIGHT] : NULL,
      .delay = edges->shape.present[DELAY] ? (double *)edges->buffers[DELAY] : NULL,
  };
  const volley_status own = take(taker, &slab), agreed = volley_agree(comm);
  int worst = 0;
  VOLLEY_MPI(MPI_Allreduce(&own, &worst, 1, MPI_INT, MPI_MAX, comm));
  return agreed != VOLLEY_OK ? agreed : (volley_status)worst;
}

static volley_status read_edges(void *context, const volley_place *place, const char *path, const char *group,
                                volley_status (*take)(void *taker, const volley_edge_slab *slab), void *taker) {
  const MPI_Comm comm = *(MPI_Comm *)context;
  edge_file edges = {.file = {.path = path, .place = place, .blame = VOLLEY_USAGE, .transfer = H5P_DEFAULT},
                     .handle = -1,
                     .group = -1};
  int rank = 0;
  for (int c = 0; c < COLUMNS; c++) edges.columns[c].set = -1;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) open_edges(&edges, group);
  volley_status status = volley_agree(comm);
  VOLLEY_MPI(MPI_Bcast(&edges.shape, sizeof edges.shape, MPI_BYTE, 0, comm));
  for (int c = 0; c < COLUMNS; c++) edges.buffers[c] = volley_alloc(SLAB, sizeof(uint64_t), "edges from a file");
  for (uint64_t first = 0; status == VOLLEY_OK && first < edges.shape.size; first += SLAB)
    status = hand_out(&edges, first, rank, comm, take, taker);
  for (int c = 0; c < COLUMNS; c++) {
    free(edges.buffers[c]);
    close_column(&edges.columns[c]);
  }
  volley_hdf5_release(&edges.file, edges.group);
  close_file(&edges.file, edges.handle);
  return status;
}

static volley_status read_series(void *context, const volley_place *place, const char *path, const char *dataset,
                                 volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns) {
  return volley_series_read(*(MPI_Comm *)context, place, path, dataset, arena, values, rows, columns);
}

volley_reader volley_data_reader(MPI_Comm *comm) {
  return (volley_reader){.context = comm, .values = read_values, .edges = read_edges, .series = read_series};
}
