#include "engine/history.h"

#include "base/memory.h"
#include "base/status.h"
#include "exchange/gids.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

volley_history volley_history_create(int64_t steps) {
  volley_history history = {.ring = volley_alloc((size_t)steps, sizeof(volley_past_step), "the recent spikes"),
                            .steps = steps};
  for (int64_t s = 0; s < steps; s++) history.ring[s].step = -1;
  return history;
}

void volley_history_free(volley_history *history) {
  for (int64_t s = 0; s < history->steps; s++) free(history->ring[s].gids);
  free(history->ring);
}

double volley_history_expected_bytes(double steps, double spikes) { return steps * spikes * sizeof(volley_gid); }

void volley_history_add(volley_history *history, int64_t step, const volley_gid *gids, uint32_t n) {
  if (history->steps == 0 || n == 0) return;
  volley_past_step *past = &history->ring[step % history->steps];
  if (past->step != step) past->n = 0;
  past->step = step;
  if (past->n + n > past->capacity) {
    past->gids = volley_grow(past->gids, 2 * (past->n + n), sizeof *past->gids, "the recent spikes");
    past->capacity = 2 * (past->n + n);
  }
  memcpy(past->gids + past->n, gids, n * sizeof *gids);
  past->n += n;
}

/* A step and a gid in 64 bits: steps of a history are below 2^17, as delays are. */
enum { STEP_SHIFT = 40 };
_Static_assert((uint64_t)VOLLEY_MOST_NEURONS >> STEP_SHIFT == 0, "a gid must fit beside a step");

/* This rank's spikes from step `first` on, each as (step - first) * 2^STEP_SHIFT + gid; *n: their number. Owned by the caller;
 * NULL after a fault. */
static uint64_t *list_own(const volley_history *history, int64_t first, int64_t end, int *n) {
  uint64_t total = 0;
  for (int64_t s = 0; s < history->steps; s++) total += history->ring[s].step >= first ? history->ring[s].n : 0;
  uint64_t *own = volley_alloc_or_fault(total, sizeof *own, "the recent spikes");
  *n = 0;
  for (int64_t s = first; s < end && own; s++) {
    const volley_past_step *past = &history->ring[s % history->steps];
    for (uint32_t i = 0; i < past->n && past->step == s; i++)
      own[(*n)++] = (uint64_t)(s - first) << STEP_SHIFT | past->gids[i];
  }
  return own;
}

/* The lists of all ranks, one behind the other. Collective; owned by the caller. NULL on all ranks where one has no memory. */
static uint64_t *gather(uint64_t *own, int n, MPI_Comm comm, uint64_t *n_all) {
  int ranks;
  *n_all = 0;
  if (!volley_all(own != NULL, comm)) return NULL;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  int *counts = volley_alloc(2 * (size_t)ranks, sizeof *counts, "the recent spikes"), *starts = counts + ranks;
  VOLLEY_MPI(MPI_Allgather(&n, 1, MPI_INT, counts, 1, MPI_INT, comm));
  for (int r = 0; r < ranks; r++) {
    if (*n_all + (uint64_t)counts[r] > INT_MAX) volley_die("more recent spikes than MPI can count");
    starts[r] = (int)*n_all;
    *n_all += (uint64_t)counts[r];
  }
  uint64_t *all = volley_alloc_or_fault(*n_all, sizeof *all, "the recent spikes");
  const bool fits = volley_all(all != NULL, comm);
  if (fits) VOLLEY_MPI(MPI_Allgatherv(own, n, MPI_UINT64_T, all, counts, starts, MPI_UINT64_T, comm));
  free(counts);
  if (!fits) free(all);
  return fits ? all : NULL;
}

/* What is put into the state of a run. */
typedef struct filling {
  const uint64_t *all; /* [state->n_gids] */
  volley_run_state *state;
} filling;

/* Sorts the spikes by step, then by gid. */
static void fill(void *context) {
  const uint64_t *all = ((const filling *)context)->all;
  volley_run_state *state = ((const filling *)context)->state;
  volley_run_state_allocate(state);
  uint64_t *next = volley_alloc((size_t)state->n_recent + 1, sizeof *next, "the recent spikes");
  volley_gid *scratch = volley_alloc((size_t)state->n_gids, sizeof *scratch, "the recent spikes");

  for (uint64_t i = 0; i < state->n_gids; i++) state->recent_counts[all[i] >> STEP_SHIFT]++;
  for (int64_t k = 0; k < state->n_recent; k++) next[k + 1] = next[k] + state->recent_counts[k];
  for (uint64_t i = 0; i < state->n_gids; i++)
    state->gids[next[all[i] >> STEP_SHIFT]++] = (volley_gid)(all[i] & ((UINT64_C(1) << STEP_SHIFT) - 1));
  for (int64_t k = 0; k < state->n_recent; k++) { /* next[k] is the end of step k now */
    const uint32_t count = (uint32_t)state->recent_counts[k];
    volley_gids_sort(state->gids + next[k] - count, count, scratch);
  }
  free(next);
  free(scratch);
}

void volley_history_fill(const volley_history *history, MPI_Comm comm, volley_run_state *state) {
  int n;
  state->n_recent = state->step < history->steps ? state->step : history->steps;
  uint64_t *own = list_own(history, state->step - state->n_recent, state->step, &n);
  uint64_t *all = gather(own, n, comm, &state->n_gids);
  if (!all || volley_memory_try(fill, &(filling){all, state}) != VOLLEY_OK) {
    free(state->counts), free(state->recent_counts), free(state->gids);
    state->n_recent = 0, state->n_gids = 0;
    volley_run_state_allocate(state);
  }
  free(own);
  free(all);
}
