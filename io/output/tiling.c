#include "io/output/tiling.h"

#include "base/memory.h"
#include "base/redistribute.h"
#include "base/status.h"

#include <stdlib.h>

struct volley_tiling {
  int rank, ranks;
  uint64_t chunk_rows;
  volley_span *stretches;      /* [ranks] the columns that a rank writes */
  uint64_t *shares, *n_shares; /* [ranks] of a window's rows it writes the share-th of n_shares */
  volley_span *rows;           /* [ranks] these rows, in the present window */
  volley_redistribution *deal;
};

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static void assign(volley_tiling *tiling, uint64_t width, uint64_t chunk_columns) {
  const uint64_t ranks = (uint64_t)tiling->ranks, side_by_side = (width + chunk_columns - 1) / chunk_columns;
  const uint64_t stretches = most(1, least(ranks, side_by_side));
  for (uint64_t r = 0; r < ranks; r++) {
    const uint64_t s = r * stretches / ranks; /* ranks first .. end - 1 have this stretch */
    const uint64_t first = (s * ranks + stretches - 1) / stretches, end = ((s + 1) * ranks + stretches - 1) / stretches;
    const uint64_t column = least(width, side_by_side * s / stretches * chunk_columns);
    const uint64_t end_column = least(width, side_by_side * (s + 1) / stretches * chunk_columns);
    tiling->stretches[r] = (volley_span){column, end_column - column};
    tiling->shares[r] = r - first;
    tiling->n_shares[r] = end - first;
  }
}

volley_tiling *volley_tiling_create(const volley_trace_columns *columns, uint64_t width, uint64_t chunk_rows,
                                    uint64_t chunk_columns, MPI_Comm comm) {
  volley_tiling *tiling = volley_alloc(1, sizeof *tiling, "the columns of a recorder");
  VOLLEY_MPI(MPI_Comm_rank(comm, &tiling->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &tiling->ranks));
  const size_t ranks = (size_t)tiling->ranks;
  tiling->chunk_rows = most(1, chunk_rows);
  tiling->stretches = volley_alloc(2 * ranks, sizeof *tiling->stretches, "the columns of a recorder");
  tiling->rows = tiling->stretches + ranks;
  tiling->shares = volley_alloc(2 * ranks, sizeof *tiling->shares, "the columns of a recorder");
  tiling->n_shares = tiling->shares + ranks;
  assign(tiling, width, most(1, chunk_columns));
  tiling->deal = volley_redistribution_create(columns->columns, columns->count, tiling->stretches, comm);
  if (tiling->deal) return tiling;
  volley_tiling_destroy(tiling);
  return NULL;
}

void volley_tiling_destroy(volley_tiling *tiling) {
  if (!tiling) return;
  volley_redistribution_destroy(tiling->deal);
  free(tiling->stretches);
  free(tiling->shares);
  free(tiling);
}

/* Rank r's rows of a window, counted from its first. */
static volley_span rows_of(const volley_tiling *tiling, int r, uint64_t first_row, uint64_t rows) {
  const uint64_t h = tiling->chunk_rows, end_row = first_row + rows, first_chunk = first_row / h;
  const uint64_t chunks = (end_row + h - 1) / h - first_chunk;
  const uint64_t share = tiling->shares[r], shares = tiling->n_shares[r];
  const uint64_t from = most(first_row, (first_chunk + chunks * share / shares) * h);
  const uint64_t to = least(end_row, (first_chunk + chunks * (share + 1) / shares) * h);
  return (volley_span){from - first_row, to > from && tiling->stretches[r].count > 0 ? to - from : 0};
}

const void *volley_tiling_rows(volley_tiling *tiling, uint64_t first_row, uint64_t rows, const void *values,
                               size_t size, volley_tile *tile) {
  for (int r = 0; r < tiling->ranks; r++) tiling->rows[r] = rows_of(tiling, r, first_row, rows);
  const volley_span mine = tiling->rows[tiling->rank], columns = tiling->stretches[tiling->rank];
  *tile = (volley_tile){first_row + mine.first, mine.count, columns.first, columns.count};
  return volley_redistribution_gather(tiling->deal, tiling->rows, values, size);
}
