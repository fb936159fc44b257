#include "run/taken_spikes.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct spike {
  int64_t step;
  uint32_t gid;
} spike;

struct volley_taken_spikes {
  const volley_network *network;
  spike *spikes; /* [n] of this rank's neurons, not taken yet */
  size_t n;
  double *times; /* what was taken last */
  uint32_t *indices;
};

volley_taken_spikes *volley_taken_spikes_create(const volley_network *network) {
  volley_taken_spikes *taken = volley_alloc(1, sizeof *taken, "spikes");
  taken->network = network;
  return taken;
}

void volley_taken_spikes_destroy(volley_taken_spikes *taken) {
  if (!taken) return;
  free(taken->spikes);
  free(taken->times);
  free(taken->indices);
  free(taken);
}

static volley_status keep(void *context, int64_t step, const uint32_t *gids, uint32_t n) {
  volley_taken_spikes *taken = context;
  for (uint32_t i = 0; i < n; i++) {
    taken->spikes = volley_grow(taken->spikes, taken->n + 1, sizeof *taken->spikes, "spikes");
    taken->spikes[taken->n++] = (spike){step, gids[i]};
  }
  return VOLLEY_OK;
}

volley_observer volley_taken_spikes_observer(volley_taken_spikes *taken) {
  return (volley_observer){.context = taken, .spikes = keep, .own = true};
}

static int compare(const void *a, const void *b) {
  const spike *x = a, *y = b;
  if (x->step != y->step) return x->step < y->step ? -1 : 1;
  return (x->gid > y->gid) - (x->gid < y->gid);
}

/* The spikes of all ranks, sorted; the caller frees. mine: [n] of this rank. */
static spike *gather(const spike *mine, size_t n, MPI_Comm comm, size_t *all) {
  int ranks, bytes = (int)(n * sizeof *mine);
  if (n > INT_MAX / sizeof *mine) volley_die("%zu spikes are taken at once: take them more often", n);
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  int *counts = volley_alloc(2 * (size_t)ranks + 1, sizeof *counts, "spikes"), *starts = counts + ranks;
  VOLLEY_MPI(MPI_Allgather(&bytes, 1, MPI_INT, counts, 1, MPI_INT, comm));
  for (int r = 0; r < ranks; r++) {
    if (counts[r] > INT_MAX - starts[r]) volley_die("too many spikes are taken at once: take them more often");
    starts[r + 1] = starts[r] + counts[r];
  }
  *all = (size_t)starts[ranks] / sizeof *mine;
  spike *spikes = volley_alloc(*all + 1, sizeof *spikes, "spikes");
  VOLLEY_MPI(MPI_Allgatherv(mine, bytes, MPI_BYTE, spikes, counts, starts, MPI_BYTE, comm));
  free(counts);
  qsort(spikes, *all, sizeof *spikes, compare);
  return spikes;
}

size_t volley_taken_spikes_take(volley_taken_spikes *taken, int p, const double **times, const uint32_t **indices) {
  const volley_experiment *experiment = taken->network->experiment;
  const uint32_t first = experiment->populations[p].first_gid, size = experiment->populations[p].size;
  spike *mine = volley_alloc(taken->n + 1, sizeof *mine, "spikes");
  size_t n = 0, left = 0, all;
  for (size_t i = 0; i < taken->n; i++) {
    const spike s = taken->spikes[i];
    if (s.gid - first < size)
      mine[n++] = s;
    else
      taken->spikes[left++] = s;
  }
  taken->n = left;
  spike *spikes = gather(mine, n, taken->network->comm, &all);
  free(mine);
  free(taken->times);
  free(taken->indices);
  taken->times = volley_alloc(all + 1, sizeof *taken->times, "spikes");
  taken->indices = volley_alloc(all + 1, sizeof *taken->indices, "spikes");
  for (size_t i = 0; i < all; i++) {
    taken->times[i] = (double)(spikes[i].step + 1) * experiment->simulation.dt;
    taken->indices[i] = spikes[i].gid - first;
  }
  free(spikes);
  *times = taken->times;
  *indices = taken->indices;
  return all;
}
