/* A toy engine: each neuron for itself, without synapses, stimuli, observers and checkpoints. */
#include "engine/engine.h"
#include "engine/lane.h"
#include "engine/stopwatch.h"

#include <stdlib.h>

typedef struct engine {
  volley_network *network;
  volley_lane *lanes; /* [n_blocks] */
  int64_t step;
  volley_tally sum;          /* of all ranks, up to `step` */
  volley_stopwatch *watches; /* [threads] */
  volley_timespan time;
} engine;

static void *create(const volley_engine_setup *setup) {
  engine *e = volley_alloc(1, sizeof *e, "an engine");
  e->network = setup->network;
  e->lanes = volley_alloc((size_t)e->network->n_blocks, sizeof *e->lanes, "an engine");
  for (int b = 0; b < e->network->n_blocks; b++) e->lanes[b] = volley_lane_create(e->network, b);
  e->sum = volley_tally_create(e->network->experiment);
  e->watches = volley_alloc((size_t)e->network->threads, sizeof *e->watches, "an engine");
  return e;
}

static void take_block(const engine *e, volley_lane *lane) {
  const volley_experiment *experiment = e->network->experiment;
  volley_lane_deliver(lane, e->step, e->watches); /* nothing is due */
  for (int s = 0; s < lane->block->n_slices; s++) {
    volley_slice *slice = &lane->block->slices[s];
    slice->step = e->step;
    experiment->populations[slice->population].model->update(slice, &lane->spikes);
  }
  volley_lane_take_spikes(lane, experiment, e->step);
}

static volley_status advance(void *context, int64_t until) {
  engine *e = context;
  const volley_timespan start = volley_now();
  for (; e->step < until; e->step++)
    for (int b = 0; b < e->network->n_blocks; b++) take_block(e, &e->lanes[b]);
  volley_tally_free(&e->sum);
  e->sum = volley_tally_create(e->network->experiment);
  for (int b = 0; b < e->network->n_blocks; b++) volley_tally_add(&e->sum, &e->lanes[b].tally);
  volley_tally_reduce(&e->sum, e->network->comm);
  volley_timespan_add(&e->time, start);
  return VOLLEY_OK;
}

static uint64_t spikes(const void *context) { return ((const engine *)context)->sum.sums[VOLLEY_TALLY_SPIKES]; }

static void get_state(const void *context, volley_run_state *state) {
  const engine *e = context;
  *state =
      (volley_run_state){.step = e->step, .spikes = spikes(e), .n_populations = e->network->experiment->n_populations};
  volley_run_state_allocate(state);
}

static void summarize(const void *context, volley_summary *summary) {
  const engine *e = context;
  volley_summary_fill(
      summary,
      &(volley_run_figures){
          .network = e->network, .step = e->step, .sums = e->sum.sums, .watches = e->watches, .time = &e->time});
}

static void destroy(void *context) {
  engine *e = context;
  for (int b = 0; b < e->network->n_blocks; b++) volley_lane_free(&e->lanes[b]);
  volley_tally_free(&e->sum);
  free(e->lanes);
  free(e->watches);
  free(e);
}

const volley_engine_kind volley_engine_alone = {
    .name = "alone",
    .doc = "each neuron for itself",
    .create = create,
    .advance = advance,
    .spikes = spikes,
    .get_state = get_state,
    .summarize = summarize,
    .destroy = destroy,
};
