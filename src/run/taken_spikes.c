#include "run/taken_spikes.h"

#include "base/memory.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct spike {
  double time; /* ms */
  volley_gid gid;
} spike;

struct volley_taken_spikes {
  const volley_network *network;
  spike *spikes; /* [n] of this rank's neurons, not taken yet */
  size_t n, capacity;
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

static void double_room(void *context) {
  volley_taken_spikes *taken = context;
  taken->spikes = volley_grow(taken->spikes, 2 * taken->capacity + 64, sizeof *taken->spikes, "spikes");
  taken->capacity = 2 * taken->capacity + 64;
}

/* No memory is a fault of this rank. */
static void put(volley_taken_spikes *taken, double time, volley_gid gid) {
  if (taken->n == taken->capacity && volley_memory_try(double_room, taken) != VOLLEY_OK) return;
  taken->spikes[taken->n++] = (spike){time, gid};
}

static volley_status keep(void *context, int64_t step, const volley_gid *gids, uint32_t n) {
  volley_taken_spikes *taken = context;
  for (uint32_t i = 0; i < n; i++) put(taken, (double)(step + 1) * taken->network->experiment->simulation.dt, gids[i]);
  return VOLLEY_OK;
}

static volley_status keep_timed(void *context, const volley_timed_spike *spikes, size_t n, double until) {
  (void)until;
  for (size_t k = 0; k < n; k++) put(context, spikes[k].time, spikes[k].gid);
  return VOLLEY_OK;
}

volley_observer volley_taken_spikes_observer(volley_taken_spikes *taken) {
  return (volley_observer){.context = taken, .spikes = keep, .timed = keep_timed, .own = true};
}

static int compare(const void *a, const void *b) {
  const spike *x = a, *y = b;
  if (x->time != y->time) return x->time < y->time ? -1 : 1;
  return (x->gid > y->gid) - (x->gid < y->gid);
}

/* The spikes of all ranks, sorted; the caller frees. NULL where a rank has no memory for them. mine: [n] of this rank. */
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
  spike *spikes = volley_alloc_or_fault(*all + 1, sizeof *spikes, "spikes");
  const bool fits = volley_all(spikes != NULL, comm);
  if (fits) VOLLEY_MPI(MPI_Allgatherv(mine, bytes, MPI_BYTE, spikes, counts, starts, MPI_BYTE, comm));
  free(counts);
  if (!fits) return free(spikes), NULL;
  qsort(spikes, *all, sizeof *spikes, compare);
  return spikes;
}

/* Moves those of population p to a list of their own, owned by the caller; NULL after a fault, with all as they were. */
static spike *take_mine(volley_taken_spikes *taken, int p, size_t *n) {
  const volley_population *population = &taken->network->experiment->populations[p];
  spike *mine = volley_alloc_or_fault(taken->n + 1, sizeof *mine, "spikes");
  size_t left = 0;
  *n = 0;
  for (size_t i = 0; i < taken->n && mine; i++) {
    const spike s = taken->spikes[i];
    if (s.gid - population->first_gid < population->size)
      mine[(*n)++] = s;
    else
      taken->spikes[left++] = s;
  }
  if (mine) taken->n = left;
  return mine;
}

volley_status volley_taken_spikes_take(volley_taken_spikes *taken, int p, const double **times,
                                       const uint32_t **indices, size_t *all) {
  const volley_experiment *experiment = taken->network->experiment;
  const MPI_Comm comm = taken->network->comm;
  size_t n;
  free(taken->times);
  free(taken->indices);
  taken->times = NULL;
  taken->indices = NULL;
  *all = 0;
  spike *mine = take_mine(taken, p, &n), *spikes = NULL;
  if (volley_all(mine != NULL, comm)) spikes = gather(mine, n, comm, all);
  if (spikes) taken->times = volley_alloc_or_fault(*all + 1, sizeof *taken->times, "spikes");
  if (spikes) taken->indices = volley_alloc_or_fault(*all + 1, sizeof *taken->indices, "spikes");
  for (size_t i = 0; i < *all && taken->times && taken->indices; i++) {
    taken->times[i] = spikes[i].time;
    taken->indices[i] = volley_index_in(&experiment->populations[p], spikes[i].gid);
  }
  free(mine);
  free(spikes);
  *times = taken->times;
  *indices = taken->indices;
  return volley_agree_one(comm);
}
