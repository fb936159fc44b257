#include "model/change.h"

#include <string.h>

const volley_distribution *volley_changed_weight(const volley_experiment *experiment,
                                                 const volley_projection *projection, double *factor, bool *is_set) {
  const volley_distribution *weight = &projection->weight;
  *factor = 1;
  *is_set = false;
  for (int c = 0; c < experiment->n_changed && !projection->plasticity.model; c++) {
    const volley_change *change = &experiment->changes[c];
    if (change->projection < 0 || &experiment->projections[change->projection] != projection) continue;
    *factor = change->sets_weight ? 1 : *factor * change->factor;
    *is_set |= change->sets_weight;
    if (change->sets_weight) weight = &change->weight;
  }
  return weight;
}

void volley_change_stimulus(volley_experiment *experiment, const volley_change *change) {
  const size_t n = (size_t)experiment->n_stimuli;
  volley_stimulus *stimuli = volley_arena_alloc(experiment->arena, n, sizeof *stimuli);
  memcpy(stimuli, experiment->stimuli, n * sizeof *stimuli);
  stimuli[change->stimulus] = *change->renewed;
  if (!experiment->first_stimuli) experiment->first_stimuli = experiment->stimuli;
  experiment->stimuli = stimuli;
}

bool volley_weights_change(const volley_plasticity_plan *plan, int64_t step) {
  return volley_weights_will_change(plan, step) == step;
}

int64_t volley_weights_changed(const volley_plasticity_plan *plan, int64_t before) {
  int64_t last = 0;
  for (int c = 0; c < plan->n_changes && plan->changes[c].step < before; c++) last = plan->changes[c].step;
  return last;
}

int64_t volley_weights_will_change(const volley_plasticity_plan *plan, int64_t from) {
  for (int c = 0; c < plan->n_changes; c++)
    if (plan->changes[c].step >= from) return plan->changes[c].step;
  return INT64_MAX;
}
