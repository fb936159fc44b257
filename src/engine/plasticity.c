#include "engine/plasticity.h"

#include "base/memory.h"

#include <stdlib.h>

volley_plasticity volley_plasticity_create(volley_block *block, int max_due) {
  int64_t size = 1;
  while (size <= max_due) size *= 2;
  const size_t n = (size_t)block->n_plastic * (size_t)size;
  return (volley_plasticity){
      .block = block, .due = volley_alloc(n, sizeof(volley_due), "the arrivals of spikes"), .mask = size - 1};
}

static volley_due *due_at(const volley_plasticity *plasticity, int k, int64_t step) {
  return &plasticity->due[k * (plasticity->mask + 1) + (step & plasticity->mask)];
}

void volley_plasticity_free(volley_plasticity *plasticity) {
  const int64_t n = plasticity->block->n_plastic * (plasticity->mask + 1);
  for (int64_t s = 0; s < n; s++) free(plasticity->due[s].entries);
  free(plasticity->due);
}

/* The first of n ascending gids that is not below a bound. */
static uint32_t find_gid(const uint32_t *gids, uint32_t n, uint64_t bound) {
  uint32_t low = 0;
  for (uint32_t high = n; low < high;) {
    const uint32_t middle = low + (high - low) / 2;
    if (gids[middle] < bound)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static void schedule_row(volley_plasticity *plasticity, int k, int64_t step, uint32_t gid) {
  const volley_plastic *plastic = &plasticity->block->plastic[k];
  const volley_gid_entry *row = volley_gid_map_find(&plastic->rows, gid);
  if (!row) return;
  for (uint32_t r = (uint32_t)row->value; plastic->runs[r].source == gid && r < plastic->n_runs; r++)
    volley_due_put(due_at(plasticity, k, step + plastic->runs[r].due), r);
}

/* How many of the n gids release dopamine. */
static uint32_t count_dopamine(const volley_plastic *plastic, const uint32_t *gids, uint32_t n) {
  const uint32_t end = find_gid(gids, n, (uint64_t)plastic->first_dopamine + plastic->n_dopamine);
  uint32_t count = 0, column;
  for (uint32_t i = find_gid(gids, n, plastic->first_dopamine); i < end; i++)
    count +=
        volley_selection_column(&plastic->constants.plan->dopamine_neurons, gids[i] - plastic->first_dopamine, &column);
  return count;
}

void volley_plasticity_schedule(volley_plasticity *plasticity, int64_t step, const uint32_t *gids, uint32_t n) {
  for (int k = 0; k < plasticity->block->n_plastic; k++) {
    volley_plastic *plastic = &plasticity->block->plastic[k];
    const uint32_t end = find_gid(gids, n, (uint64_t)plastic->first_source + plastic->n_sources);
    for (uint32_t i = find_gid(gids, n, plastic->first_source); i < end; i++)
      schedule_row(plasticity, k, step, gids[i]);
    const uint32_t count = plastic->n_dopamine > 0 ? count_dopamine(plastic, gids, n) : 0;
    if (count > 0) volley_plastic_note_dopamine(plastic, step, count);
  }
}

void volley_plasticity_deliver(volley_plasticity *plasticity, int64_t step) {
  const volley_block *block = plasticity->block;
  for (int k = 0; k < block->n_plastic; k++) {
    volley_plastic *plastic = &block->plastic[k];
    if (step > 0 && step % VOLLEY_SWEEP_STEPS == 0) volley_plastic_sweep(plastic, step);
    volley_due *due = due_at(plasticity, k, step);
    for (uint32_t e = 0; e < due->n; e++) {
      const uint32_t r = (uint32_t)due->entries[e];
      const volley_plastic_run *run = &plastic->runs[r];
      volley_bundle bundle = volley_plastic_bundle(plastic, r, step - run->due);
      plastic->model->spike(&bundle, block->inputs + (size_t)run->receptor * block->stride);
      plasticity->events += run->count;
    }
    due->n = 0;
  }
}

void volley_plasticity_skip(volley_plasticity *plasticity, int64_t step) {
  for (int k = 0; k < plasticity->block->n_plastic; k++) due_at(plasticity, k, step)->n = 0;
}

void volley_plasticity_note(volley_plasticity *plasticity, int64_t step, const volley_spike_list *spikes) {
  for (int k = 0; k < plasticity->block->n_plastic; k++) {
    volley_plastic *plastic = &plasticity->block->plastic[k];
    if (!plastic->model->keeps_past) continue;
    const uint32_t end = find_gid(spikes->ids, spikes->n, (uint64_t)plastic->first_id + plastic->n_targets);
    for (uint32_t i = find_gid(spikes->ids, spikes->n, plastic->first_id); i < end; i++)
      volley_plastic_note_target(plastic, spikes->ids[i] - plastic->first_id, step);
  }
}
