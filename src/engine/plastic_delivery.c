#include "engine/plastic_delivery.h"

#include "base/memory.h"
#include "base/search.h"

#include <stdlib.h>

volley_plastic_delivery volley_plastic_delivery_create(volley_block *block, int max_due) {
  int64_t size = 1;
  while (size <= max_due) size *= 2;
  const size_t n = (size_t)block->n_plastic * (size_t)size;
  return (volley_plastic_delivery){
      .block = block, .due = volley_alloc(n, sizeof(volley_due), "the arrivals of spikes"), .mask = size - 1};
}

static volley_due *due_at(const volley_plastic_delivery *delivery, int k, int64_t step) {
  return &delivery->due[k * (delivery->mask + 1) + (step & delivery->mask)];
}

void volley_plastic_delivery_free(volley_plastic_delivery *delivery) {
  const int64_t n = delivery->block->n_plastic * (delivery->mask + 1);
  for (int64_t s = 0; s < n; s++) free(delivery->due[s].entries);
  free(delivery->due);
}

/* An entry: spikes of earlier steps first, then by source, as they are added up. They may become known in another order. */
static uint64_t entry_of(const volley_plastic_table *plastic, uint32_t group) {
  return (uint64_t)(UINT16_MAX - plastic->groups[group].due) << 32 | group;
}

static int compare(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void sort(volley_due *due) {
  bool is_sorted = true;
  for (uint32_t e = 1; e < due->n && is_sorted; e++) is_sorted = due->entries[e - 1] <= due->entries[e];
  if (!is_sorted) qsort(due->entries, due->n, sizeof *due->entries, compare);
}

static void schedule_row(volley_plastic_delivery *delivery, int k, int64_t step, volley_gid gid) {
  const volley_plastic_table *plastic = &delivery->block->plastic[k];
  const uint32_t row = volley_source_row(&plastic->sources, gid);
  if (row == VOLLEY_NO_ROW) return;
  for (uint32_t r = plastic->firsts[row]; r < plastic->firsts[row + 1]; r++) {
    volley_due_put(due_at(delivery, k, step + plastic->groups[r].due), entry_of(plastic, r));
    delivery->events += plastic->groups[r].count;
  }
}

/* How many of the n gids release dopamine. */
static uint32_t count_dopamine(const volley_plastic_table *plastic, const volley_gid *gids, uint32_t n) {
  const uint32_t end = volley_gids_below(gids, n, (uint64_t)plastic->first_dopamine + plastic->n_dopamine);
  uint32_t count = 0, column;
  for (uint32_t i = volley_gids_below(gids, n, plastic->first_dopamine); i < end; i++)
    count += volley_selection_column(&plastic->plan->dopamine_neurons, (uint32_t)(gids[i] - plastic->first_dopamine),
                                     &column);
  return count;
}

void volley_plastic_delivery_schedule(volley_plastic_delivery *delivery, int64_t step, const volley_gid *gids,
                                      uint32_t n) {
  for (int k = 0; k < delivery->block->n_plastic; k++) {
    volley_plastic_table *plastic = &delivery->block->plastic[k];
    const uint32_t end = volley_gids_below(gids, n, (uint64_t)plastic->first_source + plastic->n_sources);
    for (uint32_t i = volley_gids_below(gids, n, plastic->first_source); i < end; i++)
      schedule_row(delivery, k, step, gids[i]);
    const uint32_t count = plastic->n_dopamine > 0 ? count_dopamine(plastic, gids, n) : 0;
    if (count > 0) volley_plastic_table_note_dopamine(plastic, step, count);
  }
}

void volley_plastic_delivery_deliver(volley_plastic_delivery *delivery, int64_t step) {
  const volley_block *block = delivery->block;
  for (int k = 0; k < block->n_plastic; k++) {
    volley_plastic_table *plastic = &block->plastic[k];
    if (volley_plastic_table_is_swept(plastic, step)) volley_plastic_table_sweep(plastic, step);
    volley_due *due = due_at(delivery, k, step);
    sort(due);
    for (uint32_t e = 0; e < due->n; e++) {
      const uint32_t r = (uint32_t)due->entries[e];
      const volley_plastic_group *group = &plastic->groups[r];
      volley_plastic_table_deliver(plastic, r, step, block->inputs + (size_t)group->receptor * block->stride);
    }
    due->n = 0;
  }
}

void volley_plastic_delivery_skip(volley_plastic_delivery *delivery, int64_t step) {
  for (int k = 0; k < delivery->block->n_plastic; k++) due_at(delivery, k, step)->n = 0;
}

void volley_plastic_delivery_note(volley_plastic_delivery *delivery, int64_t step, const volley_spike_list *spikes) {
  for (int k = 0; k < delivery->block->n_plastic; k++) {
    volley_plastic_table *plastic = &delivery->block->plastic[k];
    if (!plastic->model->keeps_past) continue;
    const uint32_t end = volley_numbers_below(spikes->ids, spikes->n, (uint64_t)plastic->first_id + plastic->n_targets);
    for (uint32_t i = volley_numbers_below(spikes->ids, spikes->n, plastic->first_id); i < end; i++)
      volley_plastic_table_note_target(plastic, spikes->ids[i] - plastic->first_id, step);
  }
}
