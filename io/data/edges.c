/* Edges of HDF5 files. */
#include "base/memory.h"
#include "io/data/reader.h"
#include "io/data/rows.h"

#include <math.h>
#include <stdlib.h>

enum { SOURCE, TARGET, WEIGHT, DELAY, COLUMNS };

static const volley_row_layout layout = {
    {{"source", true, true}, {"target", true, true}, {"weight", false, false}, {"delay", false, false}}, COLUMNS};

static hid_t open_group(volley_rows *rows) {
  const volley_edge_file *from = rows->context;
  const hid_t group = H5Gopen2(rows->handle, from->group, H5P_DEFAULT);
  rows->layout = &layout;
  if (group < 0) volley_hdf5_fault(&rows->file, "group '%s' does not exist in '%s'", from->group, from->path);
  return group;
}

static void make(volley_rows *rows, volley_edge_slab *slab) {
  slab->source = rows->buffers[SOURCE];
  slab->target = rows->buffers[TARGET];
  slab->weight = (double *)rows->buffers[WEIGHT];
  slab->delay = (double *)rows->buffers[DELAY];
}

static volley_rows rows_of(const volley_edge_file *from) {
  return (volley_rows){.context = (void *)(uintptr_t)from, .open_group = open_group, .make = make};
}

volley_status volley_edges_read(void *comm, const volley_edge_file *from, const volley_edge_taker *taker) {
  volley_rows rows = rows_of(from);
  volley_status status = volley_rows_open(&rows, from->place, from->path, *(MPI_Comm *)comm);
  if (status == VOLLEY_OK) status = volley_rows_read(&rows, taker);
  volley_rows_close(&rows);
  return status;
}

/* A column of a sample on every rank; NULL if rank 0 has none. */
static double *share(const double *values, size_t n, MPI_Comm comm) {
  int is_there = values != NULL;
  VOLLEY_MPI(MPI_Bcast(&is_there, 1, MPI_INT, 0, comm));
  if (!is_there) return NULL;
  double *shared = volley_alloc(n, sizeof *shared, "edges from a file");
  for (size_t i = 0; values && i < n; i++) shared[i] = values[i];
  VOLLEY_MPI(MPI_Bcast(shared, (int)n, MPI_DOUBLE, 0, comm));
  return shared;
}

volley_status volley_edges_sample(void *comm, const volley_edge_file *from, size_t most, volley_edge_sample *out) {
  volley_rows rows = rows_of(from);
  volley_edge_slab slab = {0};
  volley_status status = volley_rows_open(&rows, from->place, from->path, *(MPI_Comm *)comm);
  *out = (volley_edge_sample){0};
  if (status == VOLLEY_OK) {
    const size_t looked_at = rows.rank == 0 ? volley_rows_sample(&rows, most, &slab) : 0;
    uint64_t counts[2] = {slab.count, 0};
    if (looked_at > 0) counts[1] = (uint64_t)(nearbyint((double)slab.count / (double)looked_at * (double)slab.total));
    VOLLEY_MPI(MPI_Bcast(counts, 2, MPI_UINT64_T, 0, rows.comm));
    out->n = counts[0];
    out->edges = counts[1];
    out->weights = share(slab.weight, out->n, rows.comm);
    out->delays = share(slab.delay, out->n, rows.comm);
    status = volley_agree(rows.comm);
  }
  volley_rows_close(&rows);
  return status;
}
