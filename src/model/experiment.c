#include "model/experiment.h"

#include <math.h>

void volley_experiment_destroy(volley_experiment *experiment) {
  if (experiment) volley_arena_destroy(experiment->arena); /* the experiment itself lies in its arena */
}

int volley_population_of(const volley_experiment *experiment, uint32_t gid) {
  int low = 0;
  int high = experiment->n_populations - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (experiment->populations[middle].first_gid <= gid) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

int64_t volley_steps(const volley_experiment *experiment, double time) {
  return (int64_t)llround(time / experiment->simulation.dt);
}

bool volley_selection_column(const volley_selection *selection, uint32_t index, uint32_t *column) {
  uint32_t before = 0;
  for (int r = 0; r < selection->n_ranges; r++) {
    const volley_range *range = &selection->ranges[r];
    if (index < range->first) return false;
    if (index - range->first < range->count) {
      *column = before + index - range->first;
      return true;
    }
    before += range->count;
  }
  return false;
}
