/* What the clock engine keeps beside a block: the way of spikes into it and out of it. No other thread than that of the block
 * writes to it. */
#ifndef VOLLEY_ENGINE_LANE_H
#define VOLLEY_ENGINE_LANE_H

#include "engine/ablation.h"
#include "engine/arrivals.h"
#include "engine/plastic_delivery.h"
#include "engine/run_state.h"
#include "engine/stopwatch.h"
#include "engine/tally.h"

/* Gids of the neurons that spiked in a step; an id repeats if its neuron spiked more than once. */
typedef struct volley_gid_list {
  volley_gid *gids;
  uint32_t n, capacity;
} volley_gid_list;

/* Sees that there is room for n gids. */
void volley_gid_list_reserve(volley_gid_list *list, uint32_t n);

typedef struct volley_lane {
  _Alignas(64) volley_block *block; /* not owned */
  volley_arrivals arrivals;
  volley_plastic_delivery plastic;
  volley_ablated ablated;
  volley_spike_list spikes; /* of the present step, as ids within the block */
  volley_gid_list fired;    /* the gids of those that are not silenced, ascending */
  volley_tally tally;
  uint64_t ticks; /* spent on static synapses */
} volley_lane;

/* Not collective. The network must outlive the lane. */
volley_lane volley_lane_create(const volley_network *network, int b);
void volley_lane_free(volley_lane *lane);

/* Adds to the block what is due before the update of `step`, and empties the list of spikes. */
void volley_lane_deliver(volley_lane *lane, int64_t step, volley_stopwatch *watch);

/* Takes what the update of `step` has put on the list of spikes: who is silenced, what synapses learn from, `fired`, the count. */
void volley_lane_take_spikes(volley_lane *lane, const volley_experiment *experiment, int64_t step);

/* Puts spikes of `step` on the lists of the steps in which they arrive: n gids, ascending. */
void volley_lane_schedule(volley_lane *lane, int64_t step, const volley_gid *gids, uint32_t n, volley_stopwatch *watch);

/* Makes ready for other static synapses of the block, of which nothing is under way. Between two steps. */
void volley_lane_renew(volley_lane *lane, int max_due);

/* Schedules the recent spikes of a state again in all lanes, and leaves out what was due before its step; onto static synapses
 * only, or all. */
void volley_lanes_schedule_again(volley_lane *lanes, int n_lanes, const volley_run_state *from, bool only_static);

/* Adds the block and its static synapses to the figures of the way that they are delivered: [VOLLEY_WAYS]. tick: seconds. */
void volley_lane_tell(const volley_lane *lane, double tick, volley_way_figures *ways);

/* Takes off the lists what is due before the update of `step`. */
void volley_lane_skip(volley_lane *lane, int64_t step);

#endif
