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

/* Sets counts to rows times columns, and starts. Returns the sum. */
static int count_values(traffic *t, int ranks, const volley_span *rows, uint64_t my_rows, const volley_span *shares,
                        const uint64_t *theirs) {
  int total = 0;
  for (int r = 0; r < ranks; r++) {
    t->counts[r] = (int)(shares ? rows[r].count * shares[r].count : my_rows * theirs[r]);
    t->starts[r] = total;
    total += t->counts[r];
  }
  return total;
}

static char *make_room(char *bytes, size_t *room, size_t needed) {
  if (bytes && needed <= *room) return bytes;
  *room = needed;
  free(bytes);
  return volley_alloc(needed, 1, what);
}

/* Tells each rank which columns it has of this one. Collective. */
static void exchange_columns(volley_redistribution *deal, const uint64_t *own) {
  const volley_span one = {0, 1};
  traffic *out = &deal->own, *in = &deal->piece;
  for (int r = 0; r < deal->ranks; r++) {
    out->counts[r] = (int)deal->shares[r].count;
    out->starts[r] = (int)deal->shares[r].first;
  }
  VOLLEY_MPI(MPI_Alltoall(out->counts, 1, MPI_INT, in->counts, 1, MPI_INT, deal->comm));
  for (int r = 0; r < deal->ranks; r++) deal->theirs[r] = (uint64_t)in->counts[r];
  const int total = count_values(in, deal->ranks, NULL, one.count, NULL, deal->theirs);
  deal->places = volley_alloc((size_t)total, sizeof *deal->places, what);
  VOLLEY_MPI(MPI_Alltoallv(own, out->counts, out->starts, MPI_UINT64_T, deal->places, in->counts, in->starts,
                           MPI_UINT64_T, deal->comm));
  for (int i = 0; i < total; i++) deal->places[i] -= deal->pieces[deal->rank].first;
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
  exchange_columns(deal, own);
  return deal;
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

/* Counts what travels, and makes room for it. */
static void prepare(volley_redistribution *deal, const volley_span *rows, size_t size) {
  const uint64_t my_rows = rows[deal->rank].count;
  const int n_own = count_values(&deal->own, deal->ranks, rows, 0, deal->shares, NULL);
  const int n_piece = count_values(&deal->piece, deal->ranks, NULL, my_rows, NULL, deal->theirs);
  deal->own.values = make_room(deal->own.values, &deal->own.room, (size_t)n_own * size);
  deal->piece.values = make_room(deal->piece.values, &deal->piece.room, (size_t)n_piece * size);
}

static void travel(volley_redistribution *deal, const traffic *from, const traffic *to, size_t size) {
  const MPI_Datatype type = size == sizeof(uint32_t) ? MPI_UINT32_T : MPI_UINT64_T;
  VOLLEY_MPI(MPI_Alltoallv(from->values, from->counts, from->starts, type, to->values, to->counts, to->starts, type,
                           deal->comm));
}

/* Copies what lies in each rank's piece, row by row, one rank after the other: from the values to what travels. */
static void pack(volley_redistribution *deal, const volley_span *rows, const char *values, size_t size) {
  char *out = deal->own.values;
  for (int r = 0; r < deal->ranks; r++) {
    const char *in = values + (rows[r].first * deal->n_own + deal->shares[r].first) * size;
    const size_t bytes = deal->shares[r].count * size;
    for (uint64_t row = 0; row < rows[r].count; row++, out += bytes, in += deal->n_own * size) memcpy(out, in, bytes);
  }
}

/* The same backwards. */
static void unpack(const volley_redistribution *deal, const volley_span *rows, char *values, size_t size) {
  const char *in = deal->own.values;
  for (int r = 0; r < deal->ranks; r++) {
    char *out = values + (rows[r].first * deal->n_own + deal->shares[r].first) * size;
    const size_t bytes = deal->shares[r].count * size;
    for (uint64_t row = 0; row < rows[r].count; row++, in += bytes, out += deal->n_own * size) memcpy(out, in, bytes);
  }
}

/* Puts n values of 4 or 8 bytes at their places in a row of the piece. */
static void put(void *row, const uint64_t *places, uint64_t n, const void *values, size_t size) {
  if (size == sizeof(uint32_t))
    for (uint64_t c = 0; c < n; c++) ((uint32_t *)row)[places[c]] = ((const uint32_t *)values)[c];
  else
    for (uint64_t c = 0; c < n; c++) ((uint64_t *)row)[places[c]] = ((const uint64_t *)values)[c];
}

/* Takes them from there. */
static void take(const void *row, const uint64_t *places, uint64_t n, void *values, size_t size) {
  if (size == sizeof(uint32_t))
    for (uint64_t c = 0; c < n; c++) ((uint32_t *)values)[c] = ((const uint32_t *)row)[places[c]];
  else
    for (uint64_t c = 0; c < n; c++) ((uint64_t *)values)[c] = ((const uint64_t *)row)[places[c]];
}

const void *volley_redistribution_gather(volley_redistribution *deal, const volley_span *rows, const void *values,
                                         size_t size) {
  const uint64_t n_rows = rows[deal->rank].count, width = deal->pieces[deal->rank].count;
  if (deal->ranks == 1) return (const char *)values + rows->first * width * size;
  prepare(deal, rows, size);
  deal->rectangle = make_room(deal->rectangle, &deal->room, n_rows * width * size);
  pack(deal, rows, values, size);
  travel(deal, &deal->own, &deal->piece, size);
  const char *in = deal->piece.values;
  const uint64_t *places = deal->places;
  for (int r = 0; r < deal->ranks; places += deal->theirs[r++])
    for (uint64_t row = 0; row < n_rows; row++, in += deal->theirs[r] * size)
      put(deal->rectangle + row * width * size, places, deal->theirs[r], in, size);
  return deal->rectangle;
}

void volley_redistribution_scatter(volley_redistribution *deal, const volley_span *rows, const void *piece,
                                   void *values, size_t size) {
  const uint64_t n_rows = rows[deal->rank].count, width = deal->pieces[deal->rank].count;
  prepare(deal, rows, size);
  char *out = deal->piece.values;
  const uint64_t *places = deal->places;
  for (int r = 0; r < deal->ranks; places += deal->theirs[r++])
    for (uint64_t row = 0; row < n_rows; row++, out += deal->theirs[r] * size)
      take((const char *)piece + row * width * size, places, deal->theirs[r], out, size);
  travel(deal, &deal->piece, &deal->own, size);
  unpack(deal, rows, values, size);
}
