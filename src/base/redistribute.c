#include "base/redistribute.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

/* What travels to and from each rank. */
typedef struct traffic {
  int *counts, *starts; /* [ranks] values */
  char *values;
  size_t room; /* bytes */
} traffic;

struct volley_redistribution {
  MPI_Comm comm;
  int rank, ranks;
  uint64_t n_own;
  volley_span *pieces; /* [ranks] */
  volley_span *shares; /* [ranks] own columns that lie in each rank's piece, counted among the own */
  uint64_t *theirs;    /* [ranks] columns of each rank that lie in this one's piece */
  uint64_t *places;    /* where these are in a row of the piece, rank by rank */
  traffic own, piece;  /* values beside this rank's own columns, and beside its piece */
  char *rectangle;
  size_t room;
};

static const char what[] = "values on their way between ranks";

/* Number of own columns below a bound. */
static uint64_t count_below(const uint64_t *own, uint64_t n, uint64_t bound) {
  uint64_t low = 0;
  for (uint64_t high = n; low < high;) {
    const uint64_t middle = low + (high - low) / 2;
    if (own[middle] < bound)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

/* Sets starts, as counts are. Returns the sum of these. */
static int set_starts(traffic *t, int ranks) {
  int total = 0;
  for (int r = 0; r < ranks; r++) {
    t->starts[r] = total;
    total += t->counts[r];
  }
  return total;
}

/* Returns false after a fault. */
static bool make_room(char **bytes, size_t *room, size_t needed) {
  if (*bytes && needed <= *room) return true;
  free(*bytes);
  *bytes = volley_alloc_or_fault(needed, 1, what);
  *room = *bytes ? needed : 0;
  return *bytes;
}

/* Tells each rank which columns it has of this one. Collective; returns whether there is memory for them on all ranks. */
static bool exchange_columns(volley_redistribution *deal, const uint64_t *own) {
  traffic *out = &deal->own, *in = &deal->piece;
  for (int r = 0; r < deal->ranks; r++) {
    out->counts[r] = (int)deal->shares[r].count;
    out->starts[r] = (int)deal->shares[r].first;
  }
  VOLLEY_MPI(MPI_Alltoall(out->counts, 1, MPI_INT, in->counts, 1, MPI_INT, deal->comm));
  for (int r = 0; r < deal->ranks; r++) deal->theirs[r] = (uint64_t)in->counts[r];
  const int total = set_starts(in, deal->ranks);
  deal->places = volley_alloc_or_fault((size_t)total, sizeof *deal->places, what);
  if (!volley_all(deal->places, deal->comm)) return false;
  VOLLEY_MPI(MPI_Alltoallv(own, out->counts, out->starts, MPI_UINT64_T, deal->places, in->counts, in->starts,
                           MPI_UINT64_T, deal->comm));
  for (int i = 0; i < total; i++) deal->places[i] -= deal->pieces[deal->rank].first;
  return true;
}

static traffic create_traffic(size_t ranks) {
  traffic t = {.counts = volley_alloc(2 * ranks, sizeof(int), what)};
  t.starts = t.counts + ranks;
  return t;
}

volley_redistribution *volley_redistribution_create(const uint64_t *own, uint64_t n_own, const volley_span *pieces,
                                                    MPI_Comm comm) {
  volley_redistribution *deal = volley_alloc(1, sizeof *deal, what);
  deal->comm = comm;
  deal->n_own = n_own;
  VOLLEY_MPI(MPI_Comm_rank(comm, &deal->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &deal->ranks));
  const size_t ranks = (size_t)deal->ranks;
  deal->pieces = memcpy(volley_alloc(ranks, sizeof *pieces, what), pieces, ranks * sizeof *pieces);
  deal->shares = volley_alloc(ranks, sizeof *deal->shares, what);
  deal->theirs = volley_alloc(ranks, sizeof *deal->theirs, what);
  deal->own = create_traffic(ranks);
  deal->piece = create_traffic(ranks);
  for (size_t r = 0; r < ranks; r++) {
    const uint64_t first = count_below(own, n_own, pieces[r].first);
    deal->shares[r] = (volley_span){first, count_below(own, n_own, pieces[r].first + pieces[r].count) - first};
  }
  if (exchange_columns(deal, own)) return deal;
  volley_redistribution_destroy(deal);
  return NULL;
}

void volley_redistribution_destroy(volley_redistribution *deal) {
  if (!deal) return;
  free(deal->pieces);
  free(deal->shares);
  free(deal->theirs);
  free(deal->places);
  free(deal->own.counts);
  free(deal->own.values);
  free(deal->piece.counts);
  free(deal->piece.values);
  free(deal->rectangle);
  free(deal);
}

/* Counts what travels, and makes room for it. Returns false after a fault. */
static bool prepare(volley_redistribution *deal, const volley_span *rows, size_t size) {
  for (int r = 0; r < deal->ranks; r++) {
    deal->own.counts[r] = (int)(rows[r].count * deal->shares[r].count);
    deal->piece.counts[r] = (int)(rows[deal->rank].count * deal->theirs[r]);
  }
  const int n_own = set_starts(&deal->own, deal->ranks), n_piece = set_starts(&deal->piece, deal->ranks);
  return make_room(&deal->own.values, &deal->own.room, (size_t)n_own * size) &&
         make_room(&deal->piece.values, &deal->piece.room, (size_t)n_piece * size);
}

static void travel(volley_redistribution *deal, const traffic *from, const traffic *to, size_t size) {
  const MPI_Datatype type = size == sizeof(uint32_t) ? MPI_UINT32_T : MPI_UINT64_T;
  VOLLEY_MPI(MPI_Alltoallv(from->values, from->counts, from->starts, type, to->values, to->counts, to->starts, type,
                           deal->comm));
}

/* Copies what lies in each rank's piece, row by row, one rank after the other: from the values to what travels, or back. */
static void move_own(const volley_redistribution *deal, const volley_span *rows, char *values, size_t size, bool back) {
  char *traveling = deal->own.values;
  for (int r = 0; r < deal->ranks; r++) {
    char *at = values + (rows[r].first * deal->n_own + deal->shares[r].first) * size;
    const size_t bytes = deal->shares[r].count * size;
    for (uint64_t row = 0; row < rows[r].count; row++, traveling += bytes, at += deal->n_own * size)
      memcpy(back ? at : traveling, back ? traveling : at, bytes);
  }
}

/* Copies n values of 4 or 8 bytes to their places in a row of the piece, or back. */
static void move_row(char *row, const uint64_t *places, uint64_t n, char *values, size_t size, bool back) {
  for (uint64_t c = 0; c < n; c++, values += size) {
    char *at = row + places[c] * size;
    if (size == sizeof(uint32_t))
      memcpy(back ? values : at, back ? at : values, sizeof(uint32_t));
    else
      memcpy(back ? values : at, back ? at : values, sizeof(uint64_t));
  }
}

/* Copies what has travelled to the piece, [rows][columns], or back. */
static void move_piece(const volley_redistribution *deal, uint64_t n_rows, char *piece, size_t size, bool back) {
  const uint64_t width = deal->pieces[deal->rank].count, *places = deal->places;
  char *traveling = deal->piece.values;
  for (int r = 0; r < deal->ranks; places += deal->theirs[r++])
    for (uint64_t row = 0; row < n_rows; row++, traveling += deal->theirs[r] * size)
      move_row(piece + row * width * size, places, deal->theirs[r], traveling, size, back);
}

const void *volley_redistribution_gather(volley_redistribution *deal, const volley_span *rows, const void *values,
                                         size_t size) {
  const uint64_t n_rows = rows[deal->rank].count, width = deal->pieces[deal->rank].count;
  if (deal->ranks == 1) return values ? (const char *)values + rows->first * width * size : NULL;
  const bool fits = prepare(deal, rows, size) && make_room(&deal->rectangle, &deal->room, n_rows * width * size);
  if (!volley_all(values && fits, deal->comm)) return NULL;
  move_own(deal, rows, (char *)(uintptr_t)values, size, false); /* which does not change them */
  travel(deal, &deal->own, &deal->piece, size);
  move_piece(deal, n_rows, deal->rectangle, size, false);
  return deal->rectangle;
}

bool volley_redistribution_scatter(volley_redistribution *deal, const volley_span *rows, const void *piece,
                                   void *values, size_t size) {
  if (!volley_all(prepare(deal, rows, size), deal->comm)) return false;
  move_piece(deal, rows[deal->rank].count, (char *)(uintptr_t)piece, size, true); /* which does not change it */
  travel(deal, &deal->piece, &deal->own, size);
  move_own(deal, rows, values, size, true);
  return true;
}
