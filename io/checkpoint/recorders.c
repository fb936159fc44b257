/* Section of recorders that keep something between two rows: group /recorders/NUMBER, NUMBER from 0 in the order of the
 * experiment, with the numbers of `state`. */
#include "io/checkpoint/section.h"

#include <stdlib.h>
#include <string.h>

static bool is_needed(const volley_experiment *experiment) {
  for (int r = 0; r < experiment->n_recorders; r++)
    if (experiment->recorders[r].kind->state) return true;
  return false;
}

static void *create(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  volley_arena *arena = contents->arena;
  for (int r = 0; r < experiment->n_recorders; r++) {
    uint64_t n = 0;
    const double *state = volley_recording_state(saved->parts->recording, r, &n);
    const char *group = volley_arena_format(arena, "recorders/%d", r);
    if (n == 0) continue;
    volley_contents_add_group(contents, "%s", group);
    volley_contents_add_text(contents, group, "recorder", experiment->recorders[r].name);
    volley_contents_add(contents, H5T_NATIVE_DOUBLE, n, NULL, state, "%s/state", group);
  }
  return NULL;
}

static void restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  const volley_experiment *experiment = parts->network->experiment;
  for (int r = 0; r < experiment->n_recorders && !checkpoint->taking; r++) {
    uint64_t n = 0, found = 0;
    double *state = volley_recording_state(parts->recording, r, &n);
    if (n == 0) continue;
    double *values =
        volley_checkpoint_numbers(checkpoint, volley_arena_format(checkpoint->arena, "recorders/%d/state", r), &found);
    if (found == n)
      memcpy(state, values, n * sizeof *state);
    else
      volley_checkpoint_refuse(checkpoint, "the state of a recorder does not fit");
    free(values);
  }
}

const volley_section volley_section_recorders = {
    .name = "recorders", .is_needed = is_needed, .create = create, .restore = restore};
