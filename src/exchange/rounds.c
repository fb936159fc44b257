#include "exchange/rounds.h"

#include "base/status.h"

#include <limits.h>

int volley_rounds_of(int ranks) {
  int n = 0;
  for (long distance = 1; distance < ranks; distance *= 2) n++;
  return n;
}

/* A round sends all blocks that are there, as far as they are missing at the rank that is so far below. */
static void begin_round(volley_rounds *r) {
  const int most = r->ranks - r->distance, n = r->distance < most ? r->distance : most;
  const size_t bytes = (size_t)n * r->block_bytes;
  const int to = (r->rank - r->distance + r->ranks) % r->ranks, from = (r->rank + r->distance) % r->ranks;
  if (bytes > INT_MAX) volley_die("%zu bytes in one message of spikes: more than MPI can count", bytes);
  unsigned char *room = r->blocks + (size_t)r->distance * r->block_bytes;
  VOLLEY_MPI(MPI_Irecv(room, (int)bytes, MPI_BYTE, from, r->tag, r->comm, &r->requests[0]));
  VOLLEY_MPI(MPI_Isend(r->blocks, (int)bytes, MPI_BYTE, to, r->tag, r->comm, &r->requests[1]));
}

volley_rounds volley_rounds_begin(MPI_Comm comm, unsigned char *blocks, size_t block_bytes, int tag) {
  volley_rounds r = {.comm = comm, .tag = tag, .distance = 1, .blocks = blocks, .block_bytes = block_bytes};
  VOLLEY_MPI(MPI_Comm_rank(comm, &r.rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &r.ranks));
  if (r.distance < r.ranks) begin_round(&r);
  return r;
}

bool volley_rounds_go_on(volley_rounds *r, bool waits) {
  while (r->distance < r->ranks) {
    int is_done = 1;
    if (waits)
      VOLLEY_MPI(MPI_Waitall(2, r->requests, MPI_STATUSES_IGNORE));
    else
      VOLLEY_MPI(MPI_Testall(2, r->requests, &is_done, MPI_STATUSES_IGNORE));
    if (!is_done) return false;
    r->tag++;
    if (r->distance > r->ranks / 2) r->distance = r->ranks; /* doubled it might be more than an int */
    r->distance = r->distance < r->ranks ? 2 * r->distance : r->ranks;
    if (r->distance < r->ranks) begin_round(r);
  }
  return true;
}
