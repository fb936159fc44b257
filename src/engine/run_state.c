#include "engine/run_state.h"

#include "base/memory.h"

#include <stdlib.h>

void volley_run_state_allocate(volley_run_state *state) {
  state->counts = volley_alloc((size_t)state->n_populations, sizeof *state->counts, "the state of a run");
  state->recent_counts = volley_alloc((size_t)state->n_recent, sizeof *state->recent_counts, "the state of a run");
  state->times = volley_alloc((size_t)state->n_times, sizeof *state->times, "the state of a run");
  state->gids = volley_alloc((size_t)state->n_gids, sizeof *state->gids, "the state of a run");
}

void volley_run_state_release(volley_run_state *state) {
  free(state->counts);
  free(state->recent_counts);
  free(state->gids);
  free(state->times);
  *state = (volley_run_state){0};
}
