#include "model/experiment.h"

#include "base/search.h"
#include "base/units.h"

void volley_experiment_destroy(volley_experiment *experiment) {
  if (experiment) volley_arena_destroy(experiment->arena); /* the experiment itself lies in its arena */
}

int64_t volley_steps(const volley_experiment *experiment, double time) {
  const double steps = volley_round_steps(time, experiment->simulation.dt);
  return steps < 0x1p62 ? (int64_t)steps : INT64_C(1) << 62;
}

double volley_time_of(const volley_experiment *experiment, int64_t steps) {
  const volley_simulation *simulation = &experiment->simulation;
  return simulation->continuous ? (double)steps / VOLLEY_STEPS_OF_MS : (double)steps * simulation->dt;
}

void volley_selection_finish(volley_selection *selection) {
  selection->count = 0;
  for (int r = 0; r < selection->n_ranges; r++) {
    selection->ranges[r].before = selection->count;
    selection->count += selection->ranges[r].count;
  }
}

static bool ends_before(const volley_range *range, uint32_t index) {
  return range->first + (uint64_t)range->count <= index;
}

bool volley_selection_column(const volley_selection *selection, uint32_t index, uint32_t *column) {
  int low = 0;
  VOLLEY_SEARCH(low, selection->n_ranges, r, ends_before(&selection->ranges[r], index))
  if (low == selection->n_ranges || index < selection->ranges[low].first) return false;
  *column = selection->ranges[low].before + index - selection->ranges[low].first;
  return true;
}

const char *const volley_readout_value_names[VOLLEY_READOUT_VALUES] = {[VOLLEY_READOUT_OUTPUT] = "output",
                                                                       [VOLLEY_READOUT_SUPERVISOR] = "supervisor",
                                                                       [VOLLEY_READOUT_ERROR] = "error",
                                                                       [VOLLEY_READOUT_DECODERS] = "decoders",
                                                                       [VOLLEY_READOUT_NORM] = "norm"};
