/* Every rank reads an equal part of the rows, without the others, and hands them on slab by slab. */
#include "base/memory.h"
#include "base/text.h"
#include "io/data/columns.h"
#include "io/data/reader.h"
#include "io/file/hdf5.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { SOURCE, TARGET, WEIGHT, DELAY, COLUMNS };
enum { LEAST_ROWS = 1 << 14 /* of a rank: few rows are not worth opening a file */ };

/* The datasets of a group of edges. */
typedef struct edge_file {
  volley_hdf5 file;
  MPI_Comm comm;
  int rank, ranks;
  hid_t handle, group;
  volley_column columns[COLUMNS]; /* on the ranks that read */
  uint64_t *buffers[COLUMNS];     /* [VOLLEY_EDGE_ROWS], of uint64_t or double */
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
      volley_column_fault(&edges->columns[c], what);
    }
}

static void open_columns(edge_file *edges, const char *group) {
  static const char *const names[COLUMNS] = {"source", "target", "weight", "delay"};
  volley_hdf5 *file = &edges->file;
  edges->handle = volley_data_open(file);
  if (file->failed) return;
  edges->group = H5Gopen2(edges->handle, group, H5P_DEFAULT);
  if (edges->group < 0) {
    volley_hdf5_fault(file, "group '%s' does not exist in '%s'", group, file->path);
    return;
  }
  for (int c = 0; c < COLUMNS; c++) {
    edges->shape.present[c] = c <= TARGET || H5Lexists(edges->group, names[c], H5P_DEFAULT) > 0;
    if (edges->shape.present[c]) edges->columns[c] = volley_column_open(file, edges->group, names[c], c <= TARGET);
  }
  edges->shape.size = edges->columns[SOURCE].size;
  check_lengths(edges);
}

/* Opens the file on rank 0 and shares its shape. Collective, agreed status. */
static volley_status open_first(edge_file *edges, MPI_Comm comm, const volley_place *place, const char *path,
                                const char *group) {
  *edges = (edge_file){.file = {.path = path, .place = place, .blame = VOLLEY_USAGE, .transfer = H5P_DEFAULT},
                       .comm = comm,
                       .handle = -1,
                       .group = -1};
  for (int c = 0; c < COLUMNS; c++) edges->columns[c].set = -1;
  VOLLEY_MPI(MPI_Comm_rank(comm, &edges->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &edges->ranks));
  if (edges->rank == 0) open_columns(edges, group);
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_MPI(MPI_Bcast(&edges->shape, sizeof edges->shape, MPI_BYTE, 0, comm));
  return VOLLEY_OK;
}

static void close_all(edge_file *edges) {
  for (int c = 0; c < COLUMNS; c++) {
    free(edges->buffers[c]);
    if (edges->columns[c].set >= 0) volley_column_close(&edges->columns[c]);
  }
  volley_hdf5_release(&edges->file, edges->group);
  if (edges->handle >= 0) volley_hdf5_check(&edges->file, H5Fclose(edges->handle), "close");
}

/* Reads some rows and has those before the first wrong one checked. Returns how many are right; sets *wrong to the number of
 * the edge that is not, with its fault. */
static size_t read_rows(edge_file *edges, volley_edge_slab *slab, const volley_edge_taker *taker, uint64_t *wrong) {
  size_t good = slab->count;
  int blamed = 0;
  for (int c = 0; c < COLUMNS; c++) {
    if (!edges->shape.present[c]) continue;
    const size_t n = volley_column_read(&edges->columns[c], slab->first, 1, slab->count, edges->buffers[c]);
    if (n < good) blamed = c;
    if (n < good) good = n;
  }
  const bool is_bad = good < slab->count;
  slab->count = good;
  *wrong = taker->check(taker->context, slab);
  if (*wrong != UINT64_MAX) return (size_t)(*wrong - slab->first);
  if (!is_bad) return good;
  *wrong = slab->first + good;
  if (!edges->file.failed) volley_column_blame(&edges->columns[blamed], *wrong, &edges->buffers[blamed][good]);
  return good;
}

/* Rows of a rank: as many calls of the taker on every rank. A rank that has met a fault reads no more. */
static volley_status read_part(edge_file *edges, const volley_edge_taker *taker) {
  const uint64_t size = edges->shape.size, ranks = (uint64_t)edges->ranks, equal = (size + ranks - 1) / ranks;
  const uint64_t part = equal > LEAST_ROWS ? equal : LEAST_ROWS, begin = part * (uint64_t)edges->rank;
  const uint64_t end = begin + part < size ? begin + part : size;
  uint64_t wrong = UINT64_MAX;
  for (int c = 0; c < COLUMNS; c++)
    edges->buffers[c] = volley_alloc(VOLLEY_EDGE_ROWS, sizeof(uint64_t), "edges from a file");
  for (uint64_t at = 0; at < part && at < size; at += VOLLEY_EDGE_ROWS) {
    const uint64_t first = begin + at, rest = first < end ? end - first : 0;
    volley_edge_slab slab = {
        .first = first,
        .total = size,
        .count = wrong != UINT64_MAX       ? 0
                 : rest < VOLLEY_EDGE_ROWS ? (size_t)rest
                                           : VOLLEY_EDGE_ROWS,
        .source = edges->buffers[SOURCE],
        .target = edges->buffers[TARGET],
        .weight = edges->shape.present[WEIGHT] ? (double *)edges->buffers[WEIGHT] : NULL,
        .delay = edges->shape.present[DELAY] ? (double *)edges->buffers[DELAY] : NULL,
    };
    if (slab.count > 0) slab.count = read_rows(edges, &slab, taker, &wrong);
    if (taker->take) taker->take(taker->context, &slab);
  }
  return volley_agree_first(wrong, edges->comm);
}

volley_status volley_edges_read(void *comm, const volley_place *place, const char *path, const char *group,
                                const volley_edge_taker *taker) {
  edge_file edges;
  volley_status status = open_first(&edges, *(MPI_Comm *)comm, place, path, group);
  if (status == VOLLEY_OK) {
    if (edges.rank > 0 && (uint64_t)edges.rank * LEAST_ROWS < edges.shape.size) open_columns(&edges, group);
    status = volley_agree(edges.comm);
  }
  if (status == VOLLEY_OK) status = read_part(&edges, taker);
  close_all(&edges);
  return status;
}

/* A column of the sample on every rank; NULL if the file has none. */
static double *sample_column(edge_file *edges, int c, uint64_t stride, size_t n) {
  if (!edges->shape.present[c]) return NULL;
  double *values = volley_alloc(n, sizeof *values, "edges from a file");
  if (edges->rank == 0) (void)volley_column_read(&edges->columns[c], 0, stride, n, values);
  VOLLEY_MPI(MPI_Bcast(values, (int)n, MPI_DOUBLE, 0, edges->comm));
  return values;
}

volley_status volley_edges_sample(void *comm, const volley_place *place, const char *path, const char *group,
                                  size_t most, volley_edge_sample *out) {
  edge_file edges;
  volley_status status = open_first(&edges, *(MPI_Comm *)comm, place, path, group);
  *out = (volley_edge_sample){0};
  if (status == VOLLEY_OK) {
    uint64_t stride = 1;
    out->edges = edges.shape.size;
    while (out->edges / stride + (out->edges % stride > 0) > most) stride *= 2;
    out->n = (size_t)(out->edges / stride + (out->edges % stride > 0));
    out->weights = sample_column(&edges, WEIGHT, stride, out->n);
    out->delays = sample_column(&edges, DELAY, stride, out->n);
    status = volley_agree(edges.comm);
  }
  close_all(&edges);
  return status;
}
