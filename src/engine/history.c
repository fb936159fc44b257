#include "engine/history.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

volley_history volley_history_create(int64_t steps) {
  return (volley_history){.ring = volley_alloc((size_t)steps, sizeof(volley_past_step), "the recent spikes"),
                          .steps = steps};
}

void volley_history_free(volley_history *history) {
  for (int64_t s = 0; s < history->steps; s++) free(history->ring[s].gids);
  free(history->ring);
}

void volley_history_put(volley_history *history, int64_t step, const uint32_t *gids, uint32_t n) {
  if (history->steps == 0) return;
  volley_past_step *past = &history->ring[step % history->steps];
  if (n > past->capacity) {
    past->capacity = n > 2 * past->capacity ? n : 2 * past->capacity;
    past->gids = volley_grow(past->gids, past->capacity, sizeof *past->gids, "the recent spikes");
  }
  if (n > 0) memcpy(past->gids, gids, n * sizeof *gids);
  past->n = n;
}

void volley_history_fill(const volley_history *history, volley_run_state *state) {
  state->n_recent = state->step < history->steps ? state->step : history->steps;
  const int64_t first = state->step - state->n_recent;
  state->n_gids = 0;
  for (int64_t s = first; s < state->step; s++) state->n_gids += history->ring[s % history->steps].n;
  volley_run_state_allocate(state);
  uint32_t *gids = state->gids;
  for (int64_t s = first; s < state->step; s++) {
    const volley_past_step *past = &history->ring[s % history->steps];
    state->recent_counts[s - first] = past->n;
    if (past->n > 0) memcpy(gids, past->gids, past->n * sizeof *gids);
    gids += past->n;
  }
}
