#include "exchange/parts.h"

#include "base/memory.h"
#include "base/search.h"
#include "base/status.h"
#include "network/network.h"

#include <limits.h>
#include <stdlib.h>

/* Neurons that 16 bits can number; runs of one rank, and of all, that may be kept. */
enum { MOST_NEURONS = 65536, MOST_RUNS = 4096, MOST_RUNS_OF_ALL = 1 << 21 };

static const char what[] = "the names of neurons in the exchange";

/* The runs of this rank, owned by the caller. *n: MOST_RUNS + 1 if there are more. */
static volley_run *list_own(const volley_partition *partition, int *n) {
  volley_run *runs = NULL;
  uint32_t number = 0;
  int room = 0;
  *n = 0;
  for (int p = 0; p < partition->experiment->n_populations; p++) {
    const volley_gid *gids = partition->gids[p];
    const uint32_t count = partition->counts[p];
    for (uint32_t i = 0, end; i < count; i = end) {
      const uint32_t stride = i + 1 < count ? (uint32_t)(gids[i + 1] - gids[i]) : 1;
      for (end = i + 1; end < count && gids[end] - gids[end - 1] == stride;) end++;
      if (++*n > MOST_RUNS) return runs;
      if (*n > room) {
        room = 2 * *n;
        runs = volley_grow(runs, (size_t)room, sizeof *runs, what);
      }
      runs[*n - 1] = (volley_run){gids[i], number, stride};
      number += end - i;
    }
  }
  return runs;
}

/* Whether all parts can be named; counts: [ranks] runs of each. */
static bool can_name(const volley_partition *partition, int own, MPI_Comm comm, int *counts) {
  int ranks, fits = partition->count <= MOST_NEURONS && own <= MOST_RUNS;
  int64_t sum = 0;
  if (!fits) own = -1;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  VOLLEY_MPI(MPI_Allgather(&own, 1, MPI_INT, counts, 1, MPI_INT, comm));
  for (int r = 0; r < ranks; r++) {
    if (counts[r] < 0) return false;
    sum += counts[r];
  }
  return sum <= MOST_RUNS_OF_ALL;
}

/* The runs of all ranks. */
static void gather(volley_parts *parts, const volley_run *own, int *counts, int rank, int ranks, MPI_Comm comm) {
  const int words = sizeof(volley_run) / sizeof(uint32_t);
  for (int r = 0; r < ranks; r++) parts->firsts[r + 1] = parts->firsts[r] + counts[r];
  int *starts = volley_alloc((size_t)ranks, sizeof *starts, what);
  for (int r = 0; r < ranks; r++) {
    starts[r] = parts->firsts[r] * words;
    counts[r] *= words;
  }
  parts->runs = volley_alloc((size_t)parts->firsts[ranks] + 1, sizeof *parts->runs, what);
  VOLLEY_MPI(MPI_Allgatherv(own, counts[rank], MPI_UINT32_T, parts->runs, counts, starts, MPI_UINT32_T, comm));
  free(starts);
}

volley_parts volley_parts_find(const volley_network *network, MPI_Comm comm) {
  volley_parts parts = {0};
  int rank, ranks, n;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_run *own = list_own(network->partition, &n);
  int *counts = volley_alloc((size_t)ranks, sizeof *counts, what);
  parts.firsts = volley_alloc((size_t)ranks + 1, sizeof *parts.firsts, what);
  if (can_name(network->partition, n, comm, counts)) gather(&parts, own, counts, rank, ranks, comm);
  free(counts);
  free(own);
  return parts;
}

void volley_parts_release(volley_parts *parts) {
  free(parts->runs);
  free(parts->firsts);
}

void volley_parts_shorten(const volley_parts *parts, int rank, const volley_gid *gids, uint32_t n, uint16_t *numbers) {
  for (uint32_t i = 0; i < n; i++) {
    int end = parts->firsts[rank] + 1; /* of the runs that begin at or before it */
    VOLLEY_SEARCH(end, parts->firsts[rank + 1], k, parts->runs[k].gid <= gids[i])
    const volley_run *run = &parts->runs[end - 1];
    numbers[i] = (uint16_t)(run->number + (gids[i] - run->gid) / run->stride);
  }
}

void volley_parts_lengthen(const volley_parts *parts, int rank, const uint16_t *numbers, uint32_t n, volley_gid *gids) {
  for (uint32_t i = 0; i < n; i++) {
    int end = parts->firsts[rank] + 1;
    VOLLEY_SEARCH(end, parts->firsts[rank + 1], k, parts->runs[k].number <= numbers[i])
    const volley_run *run = &parts->runs[end - 1];
    gids[i] = run->gid + (numbers[i] - run->number) * run->stride;
  }
}
