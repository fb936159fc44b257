/* Who saves a run between two steps. The engine calls, it never calls io itself. */
#ifndef VOLLEY_ENGINE_SAVER_H
#define VOLLEY_ENGINE_SAVER_H

#include "base/status.h"
#include "engine/run_state.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct volley_saver {
  void *context;
  /* What this rank asks for, an or of volley_request (base/signals.h): asked once a step, by one thread. Requests travel
   * with the spikes, so that all ranks act on them between the same two steps, shortly after. Not collective. */
  unsigned (*ask)(void *context);
  /* Whether the run is to be saved before `step` in any case: the same on every rank. */
  bool (*is_due)(void *context, int64_t step);
  /* The first step from `step` on for which it is due by model time; INT64_MAX: none. */
  int64_t (*next)(void *context, int64_t step);
  /* Saves the run: the state, and the neurons as they are now. stops: the run ends here, at a request. Collective; an
   * agreed status, which ends the run unless it is VOLLEY_OK. */
  volley_status (*save)(void *context, const volley_run_state *state, bool stops);
} volley_saver;

#endif
