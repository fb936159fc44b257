/* Edges of HDF5 files. */
#include "base/memory.h"
#include "io/data/matrix_edges.h"
#include "io/data/reader.h"
#include "io/data/rows.h"
#include "io/data/sonata_edges.h"

#include <math.h>
#include <stdlib.h>

enum { SOURCE, TARGET, WEIGHT, DELAY, COLUMNS };

static const volley_row_layout layout = {
    {{"source", true, true}, {"target", true, true}, {"weight", false, false}, {"delay", false, false}},
    COLUMNS,
    false};

/* A file while it is read. */
typedef struct edge_reader {
  const volley_edge_file *from;
  volley_sonata_edges *sonata; /* NULL: it is none of SONATA's */
  volley_matrix_edges *matrix; /* NULL: it is none */
} edge_reader;

static hid_t open_group(volley_rows *rows) {
  static const volley_edge_types any = {0};
  edge_reader *reader = rows->context;
  const volley_edge_file *from = reader->from;
  rows->group = H5Gopen2(rows->handle, from->group, H5P_DEFAULT);
  rows->layout = &layout;
  reader->matrix = volley_matrix_edges_create(rows, from);
  if (reader->matrix || rows->file.failed) return rows->group;
  if (rows->group < 0) {
    volley_hdf5_fault(&rows->file, "group '%s' does not exist in '%s'", from->group, from->path);
    return rows->group;
  }
  rows->shape.given[0] = H5Lexists(rows->group, "weight", H5P_DEFAULT) > 0;
  rows->shape.given[1] = H5Lexists(rows->group, "delay", H5P_DEFAULT) > 0;
  if (H5Lexists(rows->group, "source", H5P_DEFAULT) > 0 || H5Lexists(rows->group, "source_node_id", H5P_DEFAULT) <= 0)
    return rows->group;
  rows->layout = &volley_sonata_layout;
  reader->sonata = volley_sonata_edges_create(rows, from, from->types ? from->types : &any);
  volley_sonata_edges_given(reader->sonata, rows->shape.given);
  return rows->group;
}

/* Where a rank has no rows, its slabs only say what others have. */
static void make(volley_rows *rows, volley_edge_slab *slab) {
  static const double nothing = 0;
  const edge_reader *reader = rows->context;
  if (reader->sonata) {
    volley_sonata_edges_make(reader->sonata, rows, slab);
  } else if (reader->matrix) {
    volley_matrix_edges_make(reader->matrix, rows, slab);
  } else if (slab->count == 0) {
    slab->weight = rows->shape.given[0] ? &nothing : NULL;
    slab->delay = rows->shape.given[1] ? &nothing : NULL;
  } else {
    slab->source = rows->buffers[SOURCE];
    slab->target = rows->buffers[TARGET];
    slab->weight = (double *)rows->buffers[WEIGHT];
    slab->delay = (double *)rows->buffers[DELAY];
  }
}

static volley_status open_edges(volley_rows *rows, edge_reader *reader, const volley_edge_file *from, MPI_Comm comm) {
  *reader = (edge_reader){.from = from};
  *rows = (volley_rows){.context = reader, .open_group = open_group, .make = make};
  return volley_rows_open(rows, from->place, from->path, comm);
}

static void close_edges(volley_rows *rows, edge_reader *reader) {
  volley_sonata_edges_destroy(reader->sonata);
  volley_matrix_edges_destroy(reader->matrix);
  volley_rows_close(rows);
}

volley_status volley_edges_read(void *comm, const volley_edge_file *from, const volley_edge_taker *taker) {
  volley_rows rows;
  edge_reader reader;
  volley_status status = open_edges(&rows, &reader, from, *(MPI_Comm *)comm);
  if (status == VOLLEY_OK) status = volley_rows_read(&rows, taker);
  close_edges(&rows, &reader);
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
  volley_rows rows;
  edge_reader reader;
  volley_edge_slab slab = {0};
  volley_status status = open_edges(&rows, &reader, from, *(MPI_Comm *)comm);
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
  close_edges(&rows, &reader);
  return status;
}
