#include "engine/ablation.h"

#include <stdlib.h>

volley_ablated volley_ablated_create(const volley_experiment *experiment, const volley_block *block) {
  return (volley_ablated){
      .experiment = experiment, .block = block, .changes = experiment->n_ablations > 0 ? INT64_MIN : INT64_MAX};
}

void volley_ablated_free(volley_ablated *silence) { free(silence->silent); }

static void silence_slice(volley_ablated *silence, const volley_slice *slice, const volley_ablation *ablation) {
  const volley_population *population = &silence->experiment->populations[slice->population];
  if (slice->population != ablation->population) return;
  for (uint32_t i = 0; i < slice->count; i++) {
    uint32_t column;
    if (volley_selection_column(&ablation->neurons, volley_index_in(population, slice->gids[i]), &column))
      silence->silent[slice->offset + i] = true;
  }
}

/* Finds who is silent at `step`, and until when that holds. */
static void look_up(volley_ablated *silence, int64_t step) {
  const volley_experiment *experiment = silence->experiment;
  free(silence->silent);
  silence->silent = NULL;
  silence->changes = INT64_MAX;
  for (int a = 0; a < experiment->n_ablations; a++) {
    const volley_ablation *ablation = &experiment->ablations[a];
    const bool begun = step >= ablation->start;
    const int64_t next = begun ? ablation->stop : ablation->start;
    if (step < next && next < silence->changes) silence->changes = next;
    if (!begun || step >= ablation->stop) continue;
    if (!silence->silent) silence->silent = volley_alloc(silence->block->stride, sizeof(bool), "ablation");
    for (int s = 0; s < silence->block->n_slices; s++) silence_slice(silence, &silence->block->slices[s], ablation);
  }
}

void volley_ablated_filter(volley_ablated *silence, int64_t step, volley_spike_list *spikes) {
  if (step >= silence->changes) look_up(silence, step);
  if (!silence->silent) return;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < spikes->n; i++) {
    if (!silence->silent[spikes->ids[i]]) spikes->ids[kept++] = spikes->ids[i];
  }
  spikes->n = kept;
}
