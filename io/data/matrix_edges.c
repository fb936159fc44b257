#include "io/data/matrix_edges.h"

#include "base/memory.h"
#include "base/search.h"
#include "io/file/hdf5.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum matrix_form { DENSE, COMPRESSED, LISTED } matrix_form; /* COMPRESSED: by rows or columns */

/* Columns of the layouts: of LISTED sources and targets, of COMPRESSED what is not compressed. */
enum { WEIGHT, DELAY, FIRST, SECOND };

struct volley_matrix_edges {
  matrix_form form;
  bool by_columns;  /* what is compressed: sources, not targets */
  uint64_t width;   /* entries of a row of a dense one */
  uint64_t *starts; /* [n_starts] of what is compressed: where the entries of each begin, and the end */
  uint64_t n_starts;
  volley_row_layout layout;
  char name[VOLLEY_COLUMN_NAME];      /* of a dataset by itself */
  uint64_t *number, *source, *target; /* [VOLLEY_EDGE_ROWS] */
};

static void *room(void) { return volley_alloc(VOLLEY_EDGE_ROWS, sizeof(uint64_t), "edges from a file"); }

static bool has(const volley_rows *rows, const char *name) { return H5Lexists(rows->group, name, H5P_DEFAULT) > 0; }

/* A dense matrix: weight by weight, row by row. Its shape must be that of the populations. */
static void look_at_dense(volley_matrix_edges *m, volley_rows *rows, const volley_edge_file *from, const char *name) {
  hsize_t dimensions[H5S_MAX_RANK] = {0};
  const hid_t set = H5Dopen2(rows->group, name, H5P_DEFAULT);
  const hid_t space = volley_hdf5_check(&rows->file, H5Dget_space(set), "look up data of");
  const int n = H5Sget_simple_extent_dims(space, dimensions, NULL);
  volley_hdf5_release(&rows->file, space);
  volley_hdf5_release(&rows->file, set);
  m->width = dimensions[1];
  if (n == 2 && dimensions[0] == from->targets && dimensions[1] == from->sources) return;
  volley_hdf5_fault(&rows->file,
                    "the matrix '%s' of '%s' has %d dimensions, %" PRIu64 " x %" PRIu64
                    "; a row for each of %u targets and a column for each of %u sources are expected",
                    strcmp(name, "delay") == 0 ? name : from->group, from->path, n, (uint64_t)dimensions[0],
                    n > 1 ? (uint64_t)dimensions[1] : 1, from->targets, from->sources);
}

/* Whether the group has a dataset of two dimensions. */
static bool has_matrix(const volley_rows *rows, const char *name) {
  const hid_t set = has(rows, name) ? H5Dopen2(rows->group, name, H5P_DEFAULT) : -1,
              space = set < 0 ? -1 : H5Dget_space(set);
  const bool is = space >= 0 && H5Sget_simple_extent_ndims(space) == 2;
  if (space >= 0) (void)H5Sclose(space);
  if (set >= 0) (void)H5Dclose(set);
  return is;
}

/* Whether a sparse matrix is by columns: its format, as SciPy and AnnData note it. */
static bool is_by_columns(const volley_rows *rows) {
  char text[32] = "";
  hid_t set = -1;
  if (volley_hdf5_find_text(rows->group, "format", text, sizeof text) ||
      volley_hdf5_find_text(rows->group, "encoding-type", text, sizeof text))
    return strncmp(text, "csc", 3) == 0;
  if (has(rows, "format") && (set = H5Dopen2(rows->group, "format", H5P_DEFAULT)) >= 0) {
    const hid_t type = H5Dget_type(set);
    char *found = NULL;
    if (H5Tis_variable_str(type) > 0 && H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, &found) >= 0 && found) {
      snprintf(text, sizeof text, "%s", found);
      (void)H5free_memory(found);
    } else if (H5Tget_class(type) == H5T_STRING && H5Tget_size(type) < sizeof text) {
      (void)H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text);
    }
    (void)H5Tclose(type);
    (void)H5Dclose(set);
  }
  return strncmp(text, "csc", 3) == 0;
}

/* Where the entries of each row or column begin. */
static void read_starts(volley_matrix_edges *m, volley_rows *rows, const volley_edge_file *from) {
  volley_column indptr = volley_column_open(&rows->file, rows->group, "indptr", true);
  volley_column data = volley_column_open(&rows->file, rows->group, "data", false);
  const uint64_t expected = (m->by_columns ? from->sources : from->targets) + UINT64_C(1);
  char what[192];
  if (!rows->file.failed && indptr.size != expected) {
    snprintf(what, sizeof what,
             "holds %" PRIu64 " values; %" PRIu64 " are expected: where the entries of each %s begin, and their end",
             indptr.size, expected, m->by_columns ? "source" : "target");
    volley_column_fault(&indptr, what);
  }
  if (!rows->file.failed) {
    m->n_starts = expected;
    m->starts = volley_alloc(expected, sizeof *m->starts, "edges from a file");
    bool is_right = volley_column_read(&indptr, 0, 1, expected, m->starts) == expected && m->starts[0] == 0 &&
                    m->starts[expected - 1] == data.size;
    for (uint64_t k = 1; k < expected && is_right; k++) is_right = m->starts[k] >= m->starts[k - 1];
    snprintf(what, sizeof what, "must ascend from 0 to %" PRIu64 ", the number of entries", data.size);
    if (!is_right) volley_column_fault(&indptr, what);
  }
  volley_column_close(&indptr);
  volley_column_close(&data);
}

static volley_matrix_edges *make(matrix_form form, const char *weight, const char *first, const char *second) {
  volley_matrix_edges *m = volley_alloc(1, sizeof *m, "edges from a file");
  m->form = form;
  snprintf(m->name, sizeof m->name, "%s", weight);
  m->layout = (volley_row_layout){{{m->name, false, true}, {"delay", false, false}}, DELAY + 1, form == DENSE};
  const char *const names[] = {first, second};
  for (int c = 0; c < 2 && names[c]; c++) {
    m->layout.columns[FIRST + c].names = names[c];
    m->layout.columns[FIRST + c].is_integer = m->layout.columns[FIRST + c].required = true;
    m->layout.n_columns++;
  }
  return m;
}

volley_matrix_edges *volley_matrix_edges_create(volley_rows *rows, const volley_edge_file *from) {
  H5O_info_t object;
  const bool is_set =
      H5Oget_info_by_name(rows->handle, from->group, &object, H5P_DEFAULT) >= 0 && object.type == H5O_TYPE_DATASET;
  volley_matrix_edges *m = NULL;
  if (is_set && strlen(from->group) >= VOLLEY_COLUMN_NAME) {
    volley_hdf5_fault(&rows->file, "the path '%s' is too long", from->group);
    return NULL;
  }
  if (is_set) rows->group = volley_hdf5_check(&rows->file, H5Gopen2(rows->handle, "/", H5P_DEFAULT), "open");
  if (rows->group < 0) return NULL;
  if (is_set)
    m = make(DENSE, from->group, NULL, NULL);
  else if (has(rows, "indptr"))
    m = make(COMPRESSED, "data", "indices", NULL);
  else if (has(rows, "row") || has(rows, "col"))
    m = make(LISTED, "data", "col", "row");
  else if (has_matrix(rows, "weight"))
    m = make(DENSE, "weight", NULL, NULL);
  if (!m) return NULL;
  if (is_set) m->layout.n_columns = WEIGHT + 1; /* a delay beside it has nothing to do with it */
  rows->layout = &m->layout;
  rows->shape.given[0] = 1;
  rows->shape.given[1] = m->layout.n_columns > DELAY && has(rows, "delay");
  if (m->form == DENSE && rows->shape.given[1]) look_at_dense(m, rows, from, "delay");
  if (m->form == DENSE && !rows->file.failed) look_at_dense(m, rows, from, m->layout.columns[WEIGHT].names);
  if (m->form == COMPRESSED) {
    m->by_columns = is_by_columns(rows);
    read_starts(m, rows, from);
  }
  m->number = room();
  m->source = room();
  m->target = room();
  return m;
}

void volley_matrix_edges_destroy(volley_matrix_edges *m) {
  if (!m) return;
  free(m->starts);
  free(m->number);
  free(m->source);
  free(m->target);
  free(m);
}

/* Entries that are not 0. */
static void make_dense(volley_matrix_edges *m, volley_rows *rows, volley_edge_slab *slab) {
  double *weight = (double *)rows->buffers[WEIGHT], *delay = (double *)rows->buffers[DELAY];
  size_t n = 0;
  for (size_t e = 0; e < slab->count; e++) {
    const uint64_t at = rows->first + e * rows->stride;
    if (weight[e] == 0) continue;
    m->number[n] = at;
    m->target[n] = at / m->width;
    m->source[n] = at % m->width;
    if (delay) delay[n] = delay[e];
    weight[n++] = weight[e];
  }
  slab->expected *= slab->count > 0 ? (double)n / (double)slab->count : 0; /* as everywhere */
  slab->count = n;
  slab->number = m->number;
  slab->source = m->source;
  slab->target = m->target;
}

static void make_compressed(volley_matrix_edges *m, volley_rows *rows, volley_edge_slab *slab) {
  uint64_t after = 0; /* rows or columns that begin at or before the present entry */
  VOLLEY_SEARCH(after, m->n_starts, k, m->starts[k] <= rows->first)
  for (size_t e = 0; e < slab->count; e++) {
    while (after < m->n_starts && m->starts[after] <= rows->first + e * rows->stride) after++;
    m->target[e] = after - 1;
  }
  slab->source = m->by_columns ? m->target : rows->buffers[FIRST];
  slab->target = m->by_columns ? rows->buffers[FIRST] : m->target;
}

void volley_matrix_edges_make(volley_matrix_edges *m, volley_rows *rows, volley_edge_slab *slab) {
  slab->weight = (double *)rows->buffers[WEIGHT];
  slab->delay = (double *)rows->buffers[DELAY];
  if (m->form == DENSE) {
    make_dense(m, rows, slab);
  } else if (m->form == COMPRESSED) {
    make_compressed(m, rows, slab);
  } else {
    slab->source = rows->buffers[FIRST];
    slab->target = rows->buffers[SECOND];
  }
}
