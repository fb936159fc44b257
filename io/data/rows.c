#include "io/data/rows.h"

#include "base/memory.h"
#include "base/text.h"
#include "io/file/hdf5.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_ROWS = 1 << 14 /* of a rank: few rows are not worth opening a file */ };

bool volley_rows_find_name(const volley_rows *rows, int c, char name[VOLLEY_COLUMN_NAME]) {
  const char *names = rows->layout->columns[c].names;
  for (const char *at = names; *at;) {
    const size_t length = strcspn(at, "|");
    snprintf(name, VOLLEY_COLUMN_NAME, "%.*s", (int)length, at);
    if (H5Lexists(rows->group, name, H5P_DEFAULT) > 0) return true;
    at += length + (at[length] == '|');
  }
  snprintf(name, VOLLEY_COLUMN_NAME, "%.*s", (int)strcspn(names, "|"), names);
  return false;
}

static void open_column(volley_rows *rows, int c) {
  const bool found = volley_rows_find_name(rows, c, rows->names[c]);
  rows->shape.present[c] = found || rows->layout->columns[c].required;
  if (rows->shape.present[c])
    rows->columns[c] = (rows->layout->is_matrix ? volley_matrix_open : volley_column_open)(
        &rows->file, rows->group, rows->names[c], rows->layout->columns[c].is_integer);
}

static void check_lengths(volley_rows *rows) {
  char what[256];
  for (int c = 1; c < rows->layout->n_columns && !rows->file.failed; c++)
    if (rows->shape.present[c] && rows->columns[c].size != rows->shape.size) {
      snprintf(what, sizeof what, "holds %s but '%s' %" PRIu64 "; every row needs one of each",
               volley_count(rows->columns[c].size, "value").text, rows->names[0], rows->shape.size);
      volley_column_fault(&rows->columns[c], what);
    }
}

static void open_columns(volley_rows *rows) {
  rows->handle = volley_data_open(&rows->file);
  if (rows->file.failed) return;
  rows->group = rows->open_group(rows);
  if (rows->group < 0) return;
  for (int c = 0; c < rows->layout->n_columns; c++) open_column(rows, c);
  rows->shape.size = rows->columns[0].size;
  check_lengths(rows);
}

volley_status volley_rows_open(volley_rows *rows, const volley_place *place, const char *path, MPI_Comm comm) {
  rows->file = (volley_hdf5){.path = path, .place = place, .blame = VOLLEY_USAGE};
  rows->comm = comm;
  rows->handle = rows->group = -1;
  for (int c = 0; c < VOLLEY_MAX_COLUMNS; c++) rows->columns[c].set = -1;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rows->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &rows->ranks));
  if (rows->rank == 0) open_columns(rows);
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_MPI(MPI_Bcast(&rows->shape, sizeof rows->shape, MPI_BYTE, 0, comm));
  return VOLLEY_OK;
}

void volley_rows_close(volley_rows *rows) {
  for (int c = 0; c < VOLLEY_MAX_COLUMNS; c++) {
    free(rows->buffers[c]);
    if (rows->columns[c].set >= 0) volley_column_close(&rows->columns[c]);
  }
  volley_hdf5_release(&rows->file, rows->group);
  if (rows->handle >= 0) volley_hdf5_check(&rows->file, H5Fclose(rows->handle), "close");
}

static void make_room(volley_rows *rows) {
  for (int c = 0; c < VOLLEY_MAX_COLUMNS; c++)
    if (rows->shape.present[c]) rows->buffers[c] = volley_alloc(VOLLEY_EDGE_ROWS, sizeof(uint64_t), "rows of a file");
}

/* Fills the buffers with n rows. Returns how many are right; *blamed: the column of the first that is not. */
static size_t fill(volley_rows *rows, uint64_t first, uint64_t stride, size_t n, int *blamed) {
  size_t good = n;
  rows->first = first;
  rows->stride = stride;
  for (int c = 0; c < VOLLEY_MAX_COLUMNS; c++) {
    if (rows->columns[c].set < 0) continue;
    const size_t right = volley_column_read(&rows->columns[c], first, stride, n, rows->buffers[c]);
    if (right < good) *blamed = c;
    if (right < good) good = right;
  }
  return good;
}

/* Reads some rows and has those before the first wrong one checked. The slab has what is right; sets *wrong to the number of
 * the row that is not, with its fault. */
static void read_slab(volley_rows *rows, volley_edge_slab *slab, const volley_edge_taker *taker, uint64_t *wrong) {
  int blamed = 0;
  const size_t n = slab->count, good = slab->count = fill(rows, slab->first, 1, n, &blamed);
  rows->make(rows, slab);
  *wrong = rows->file.failed ? slab->first : taker->check(taker->context, slab);
  if (*wrong != UINT64_MAX) {
    size_t right = 0;
    while (right < slab->count && volley_edge_number(slab, right) < *wrong) right++;
    slab->count = right;
  } else if (good < n) {
    *wrong = slab->first + good;
    volley_column_blame(&rows->columns[blamed], *wrong, &rows->buffers[blamed][good]);
  }
}

/* Rows of a rank: as many calls of the taker on every rank. A rank that has met a fault reads no more. */
static volley_status read_part(volley_rows *rows, const volley_edge_taker *taker) {
  const uint64_t size = rows->shape.size, ranks = (uint64_t)rows->ranks, equal = (size + ranks - 1) / ranks;
  const uint64_t part = equal > LEAST_ROWS ? equal : LEAST_ROWS, begin = part * (uint64_t)rows->rank;
  const uint64_t end = begin + part < size ? begin + part : size;
  uint64_t wrong = UINT64_MAX;
  make_room(rows);
  for (uint64_t at = 0; at < part && at < size; at += VOLLEY_EDGE_ROWS) {
    const uint64_t first = begin + at, rest = first < end ? end - first : 0;
    volley_edge_slab slab = {.first = first, .total = size, .expected = (double)size};
    if (wrong == UINT64_MAX) slab.count = rest < VOLLEY_EDGE_ROWS ? (size_t)rest : VOLLEY_EDGE_ROWS;
    if (slab.count > 0)
      read_slab(rows, &slab, taker, &wrong);
    else
      rows->make(rows, &slab);
    if (taker->take) taker->take(taker->context, &slab);
  }
  return volley_agree_first(wrong, rows->comm);
}

volley_status volley_rows_read(volley_rows *rows, const volley_edge_taker *taker) {
  if (rows->rank > 0 && (uint64_t)rows->rank * LEAST_ROWS < rows->shape.size) open_columns(rows);
  VOLLEY_TRY(volley_agree(rows->comm));
  return read_part(rows, taker);
}

size_t volley_rows_sample(volley_rows *rows, size_t most, volley_edge_slab *slab) {
  uint64_t stride = 1;
  int blamed = 0;
  make_room(rows);
  while (rows->shape.size / stride + (rows->shape.size % stride > 0) > most) stride *= 2;
  const size_t n = (size_t)(rows->shape.size / stride + (rows->shape.size % stride > 0));
  *slab = (volley_edge_slab){.total = rows->shape.size, .count = fill(rows, 0, stride, n, &blamed)};
  if (slab->count == n) rows->make(rows, slab);
  return n;
}
