#include "io/output/redistribute.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

/* What one rank writes: a stretch of columns; of a window's rows the share-th of `shares`. */
typedef struct writer {
  uint64_t first_column, columns;
  uint64_t share, shares;
  uint64_t own_first, own; /* columns of this rank that lie in the stretch */
} writer;

struct volley_column_redistribution {
  MPI_Comm comm;
  int rank, ranks;
  uint64_t chunk_rows, own; /* own: columns of this rank */
  writer *writers;          /* [ranks] */
  uint64_t *theirs;         /* [ranks] columns of each rank that this one writes */
  uint64_t *places;         /* where these are in a row of the tile, rank by rank */
  int *counts;              /* [4 * ranks] values sent, where they begin, received, where they begin */
  char *sent, *received, *tile;
  size_t sent_room, received_room, tile_room; /* bytes */
};

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }
static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Number of own columns below a bound. */
static uint64_t count_below(const volley_trace_columns *columns, uint64_t bound) {
  uint64_t low = 0;
  for (uint64_t high = columns->count; low < high;) {
    const uint64_t middle = low + (high - low) / 2;
    if (columns->columns[middle] < bound)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void assign(volley_column_redistribution *deal, const volley_trace_columns *columns, uint64_t width,
                   uint64_t chunk_columns) {
  const uint64_t ranks = (uint64_t)deal->ranks, side_by_side = (width + chunk_columns - 1) / chunk_columns;
  const uint64_t stretches = most(1, least(ranks, side_by_side));
  for (uint64_t r = 0; r < ranks; r++) {
    const uint64_t s = r * stretches / ranks; /* ranks first .. end - 1 have this stretch */
    const uint64_t first = (s * ranks + stretches - 1) / stretches, end = ((s + 1) * ranks + stretches - 1) / stretches;
    writer *w = &deal->writers[r];
    w->first_column = least(width, side_by_side * s / stretches * chunk_columns);
    w->columns = least(width, side_by_side * (s + 1) / stretches * chunk_columns) - w->first_column;
    w->share = r - first;
    w->shares = end - first;
    w->own_first = count_below(columns, w->first_column);
    w->own = count_below(columns, w->first_column + w->columns) - w->own_first;
  }
}

/* Tells each rank which columns it will get from this one. Collective. */
static void exchange_columns(volley_column_redistribution *deal, const volley_trace_columns *columns) {
  const int ranks = deal->ranks;
  int *sent = deal->counts, *sent_starts = sent + ranks, *received = sent_starts + ranks, *starts = received + ranks;
  for (int r = 0; r < ranks; r++) {
    sent[r] = (int)deal->writers[r].own;
    sent_starts[r] = (int)deal->writers[r].own_first;
  }
  VOLLEY_MPI(MPI_Alltoall(sent, 1, MPI_INT, received, 1, MPI_INT, deal->comm));
  int total = 0;
  for (int r = 0; r < ranks; r++) {
    deal->theirs[r] = (uint64_t)received[r];
    starts[r] = total;
    total += received[r];
  }
  deal->places = volley_alloc((size_t)total, sizeof *deal->places, "the columns of a recorder");
  VOLLEY_MPI(MPI_Alltoallv(columns->columns, sent, sent_starts, MPI_UINT64_T, deal->places, received, starts,
                           MPI_UINT64_T, deal->comm));
  for (int i = 0; i < total; i++) deal->places[i] -= deal->writers[deal->rank].first_column;
}

volley_column_redistribution *volley_column_redistribution_create(const volley_trace_columns *columns, uint64_t width,
                                                                  uint64_t chunk_rows, uint64_t chunk_columns,
                                                                  MPI_Comm comm) {
  volley_column_redistribution *deal = volley_alloc(1, sizeof *deal, "the columns of a recorder");
  *deal = (volley_column_redistribution){.comm = comm, .chunk_rows = most(1, chunk_rows), .own = columns->count};
  VOLLEY_MPI(MPI_Comm_rank(comm, &deal->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &deal->ranks));
  const size_t ranks = (size_t)deal->ranks;
  deal->writers = volley_alloc(ranks, sizeof *deal->writers, "the columns of a recorder");
  deal->theirs = volley_alloc(ranks, sizeof *deal->theirs, "the columns of a recorder");
  deal->counts = volley_alloc(4 * ranks, sizeof *deal->counts, "the columns of a recorder");
  assign(deal, columns, width, most(1, chunk_columns));
  exchange_columns(deal, columns);
  return deal;
}

void volley_column_redistribution_destroy(volley_column_redistribution *deal) {
  if (!deal) return;
  free(deal->writers);
  free(deal->theirs);
  free(deal->places);
  free(deal->counts);
  free(deal->sent);
  free(deal->received);
  free(deal->tile);
  free(deal);
}

/* A writer's piece of a window. */
static volley_tile tile_of(const volley_column_redistribution *deal, const writer *w, uint64_t first_row,
                           uint64_t rows) {
  const uint64_t h = deal->chunk_rows, end_row = first_row + rows, first_chunk = first_row / h;
  const uint64_t chunks = (end_row + h - 1) / h - first_chunk;
  const uint64_t from = most(first_row, (first_chunk + chunks * w->share / w->shares) * h);
  const uint64_t to = least(end_row, (first_chunk + chunks * (w->share + 1) / w->shares) * h);
  return (volley_tile){from, to > from && w->columns > 0 ? to - from : 0, w->first_column, w->columns};
}

static char *make_room(char *bytes, size_t *room, size_t needed) {
  if (bytes && needed <= *room) return bytes;
  *room = needed;
  free(bytes);
  return volley_alloc(needed, 1, "the rows of a recorder");
}

/* Copies what each rank is to get, row by row, one rank after the other. */
static void pack(volley_column_redistribution *deal, uint64_t first_row, uint64_t rows, const char *values,
                 size_t size) {
  int *sent = deal->counts, *starts = sent + deal->ranks, total = 0;
  deal->sent = make_room(deal->sent, &deal->sent_room, rows * deal->own * size);
  char *out = deal->sent;
  for (int r = 0; r < deal->ranks; r++) {
    const writer *w = &deal->writers[r];
    const volley_tile tile = tile_of(deal, w, first_row, rows);
    const char *in = values + ((tile.first_row - first_row) * deal->own + w->own_first) * size;
    for (uint64_t row = 0; row < tile.rows; row++, out += w->own * size, in += deal->own * size)
      memcpy(out, in, w->own * size);
    sent[r] = (int)(tile.rows * w->own);
    starts[r] = total;
    total += sent[r];
  }
}

/* Puts n values of 4 or 8 bytes at their places. */
static void scatter(void *out, const uint64_t *places, uint64_t n, const void *in, size_t size) {
  if (size == sizeof(uint32_t))
    for (uint64_t c = 0; c < n; c++) ((uint32_t *)out)[places[c]] = ((const uint32_t *)in)[c];
  else
    for (uint64_t c = 0; c < n; c++) ((uint64_t *)out)[places[c]] = ((const uint64_t *)in)[c];
}

/* Puts what came from the ranks into the tile. */
static void unpack(volley_column_redistribution *deal, const volley_tile *tile, size_t size) {
  const uint64_t *places = deal->places;
  const char *in = deal->received;
  for (int r = 0; r < deal->ranks; places += deal->theirs[r++]) {
    for (uint64_t row = 0; row < tile->rows; row++, in += deal->theirs[r] * size)
      scatter(deal->tile + row * tile->columns * size, places, deal->theirs[r], in, size);
  }
}

const void *volley_column_redistribution_rows(volley_column_redistribution *deal, uint64_t first_row, uint64_t rows,
                                              const void *values, size_t size, volley_tile *tile) {
  const int ranks = deal->ranks;
  int *received = deal->counts + 2 * ranks, *starts = received + ranks, total = 0;
  *tile = tile_of(deal, &deal->writers[deal->rank], first_row, rows);
  if (ranks == 1) return values;
  for (int r = 0; r < ranks; r++) {
    received[r] = (int)(tile->rows * deal->theirs[r]);
    starts[r] = total;
    total += received[r];
  }
  pack(deal, first_row, rows, values, size);
  deal->received = make_room(deal->received, &deal->received_room, (size_t)total * size);
  deal->tile = make_room(deal->tile, &deal->tile_room, tile->rows * tile->columns * size);
  const MPI_Datatype type = size == sizeof(uint32_t) ? MPI_UINT32_T : MPI_UINT64_T;
  VOLLEY_MPI(MPI_Alltoallv(deal->sent, deal->counts, deal->counts + ranks, type, deal->received, received, starts, type,
                           deal->comm));
  unpack(deal, tile, size);
  return deal->tile;
}
