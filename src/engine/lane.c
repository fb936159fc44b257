#include "engine/lane.h"

#include <stdlib.h>

void volley_gid_list_reserve(volley_gid_list *list, uint32_t n) {
  if (n <= list->capacity) return;
  list->gids = volley_grow(list->gids, 2 * n, sizeof *list->gids, "the spikes of a step");
  list->capacity = 2 * n;
}

volley_lane volley_lane_create(const volley_network *network, int b) {
  volley_block *block = &network->blocks[b];
  return (volley_lane){.block = block,
                       .arrivals = volley_arrivals_create(block, network->max_due),
                       .plastic = volley_plastic_delivery_create(block, network->max_due),
                       .ablated = volley_ablated_create(network->experiment, block),
                       .tally = volley_tally_create(network->experiment)};
}

void volley_lane_free(volley_lane *lane) {
  volley_arrivals_free(&lane->arrivals);
  volley_plastic_delivery_free(&lane->plastic);
  volley_ablated_free(&lane->ablated);
  volley_tally_free(&lane->tally);
  free(lane->spikes.ids);
  free(lane->fired.gids);
}

void volley_lane_deliver(volley_lane *lane, int64_t step, volley_stopwatch *watch) {
  volley_arrivals_deliver(&lane->arrivals, step);
  for (int s = 0; s < lane->block->n_slices; s++) volley_arrivals_take(&lane->arrivals, &lane->block->slices[s], step);
  lane->ticks += volley_book(watch, VOLLEY_PHASE_DELIVER);
  lane->spikes.n = 0;
  if (lane->block->n_plastic == 0) return;
  volley_plastic_delivery_deliver(&lane->plastic, step);
  volley_book(watch, VOLLEY_PHASE_DELIVER);
}

/* Lists the gids of ids within a block; both ascend. */
static void list_gids(const volley_block *block, const volley_spike_list *spikes, volley_gid_list *out) {
  const volley_slice *slice = block->slices;
  volley_gid_list_reserve(out, spikes->n);
  out->n = spikes->n;
  for (uint32_t i = 0; i < spikes->n; i++) {
    while (spikes->ids[i] - slice->offset >= slice->count) slice++;
    out->gids[i] = slice->gids[spikes->ids[i] - slice->offset];
  }
}

void volley_lane_take_spikes(volley_lane *lane, const volley_experiment *experiment, int64_t step) {
  volley_ablated_filter(&lane->ablated, step, &lane->spikes);
  volley_plastic_delivery_note(&lane->plastic, step, &lane->spikes);
  list_gids(lane->block, &lane->spikes, &lane->fired);
  volley_tally_take(&lane->tally, experiment, step, lane->fired.gids, lane->fired.n);
}

void volley_lane_schedule(volley_lane *lane, int64_t step, const volley_gid *gids, uint32_t n,
                          volley_stopwatch *watch) {
  volley_arrivals_schedule(&lane->arrivals, step, gids, n);
  lane->ticks += volley_book(watch, VOLLEY_PHASE_DELIVER);
  if (lane->block->n_plastic == 0) return;
  volley_plastic_delivery_schedule(&lane->plastic, step, gids, n);
  volley_book(watch, VOLLEY_PHASE_DELIVER);
}

void volley_lane_renew(volley_lane *lane, int max_due) {
  const volley_arrivals before = lane->arrivals;
  volley_arrivals_free(&lane->arrivals);
  lane->arrivals = (volley_arrivals){.block = lane->block, .events = before.events, .bytes = before.bytes};
  const volley_arrivals made = volley_arrivals_create(lane->block, max_due);
  lane->arrivals.mask = made.mask;
  lane->arrivals.due = made.due;
}

/* Static synapses alone, whose events were counted when the spikes were new. */
static void schedule_static(volley_lane *lane, int64_t step, const volley_gid *gids, uint32_t n) {
  const uint64_t events = lane->arrivals.events, bytes = lane->arrivals.bytes;
  volley_arrivals_schedule(&lane->arrivals, step, gids, n);
  lane->arrivals.events = events;
  lane->arrivals.bytes = bytes;
}

void volley_lanes_schedule_again(volley_lane *lanes, int n_lanes, const volley_run_state *from, bool only_static) {
  volley_stopwatch aside = {.last = volley_ticks()};
  const volley_gid *gids = from->gids;
  for (int64_t k = 0; k < from->n_recent; gids += from->recent_counts[k++]) {
    const int64_t step = from->step - from->n_recent + k;
    const uint32_t n = (uint32_t)from->recent_counts[k];
    for (int b = 0; b < n_lanes; b++) {
      if (only_static)
        schedule_static(&lanes[b], step, gids, n);
      else
        volley_lane_schedule(&lanes[b], step, gids, n, &aside);
      if (step + 1 < from->step && only_static)
        volley_arrivals_skip(&lanes[b].arrivals, step + 1);
      else if (step + 1 < from->step)
        volley_lane_skip(&lanes[b], step + 1);
    }
  }
}

void volley_lane_tell(const volley_lane *lane, double tick, volley_way_figures *ways) {
  volley_way_figures *way = &ways[lane->block->table.layout.direct ? VOLLEY_WAY_DIRECT : VOLLEY_WAY_LISTED];
  if (lane->block->table.synapses == 0) return;
  way->blocks++;
  way->events += lane->arrivals.events;
  way->seconds += (double)lane->ticks * tick;
}

void volley_lane_skip(volley_lane *lane, int64_t step) {
  volley_arrivals_skip(&lane->arrivals, step);
  volley_plastic_delivery_skip(&lane->plastic, step);
}
