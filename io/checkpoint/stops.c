/* Section of what ends the run before its duration is over: for each condition of `stop_when` the step at which it is looked at
 * next, and the spikes before the window that ends there. */
#include "io/checkpoint/section.h"

static const char next_path[] = "stop_when/next", count_path[] = "stop_when/count";

static bool is_needed(const volley_experiment *experiment) { return experiment->n_stops > 0; }

static void *create(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  const size_t n = (size_t)experiment->n_stops;
  uint64_t *values = volley_arena_alloc(contents->arena, 2 * n, sizeof *values);
  for (size_t s = 0; s < n; s++) {
    values[s] = (uint64_t)experiment->stops[s].next;
    values[n + s] = experiment->stops[s].count;
  }
  volley_contents_add(contents, H5T_NATIVE_UINT64, n, NULL, values, next_path);
  volley_contents_add(contents, H5T_NATIVE_UINT64, n, NULL, values + n, count_path);
  return NULL;
}

static void restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  const volley_experiment *experiment = parts->network->experiment;
  uint64_t n_next, n_counts;
  if (checkpoint->taking) return;
  const uint64_t *next = volley_checkpoint_counts(checkpoint, next_path, &n_next);
  const uint64_t *counts = volley_checkpoint_counts(checkpoint, count_path, &n_counts);
  const bool fits = n_next == (uint64_t)experiment->n_stops && n_counts == n_next;
  if (!fits) volley_checkpoint_refuse(checkpoint, "what ends the run does not fit");
  for (int s = 0; s < experiment->n_stops && fits; s++) {
    volley_stop *stop = &experiment->stops[s];
    if (next[s] > INT64_MAX / 2 || (int64_t)next[s] < checkpoint->info.state.step ||
        ((int64_t)next[s] - stop->first) % stop->window != 0)
      volley_checkpoint_refuse(checkpoint, "what ends the run does not fit");
    stop->next = (int64_t)next[s];
    if (stop->kind == VOLLEY_STOP_WALL && stop->next == checkpoint->info.state.step) /* it has time again */
      stop->next += stop->window;
    stop->count = counts[s];
  }
}

const volley_section volley_section_stop_when = {
    .name = "stop_when", .is_needed = is_needed, .create = create, .restore = restore};
