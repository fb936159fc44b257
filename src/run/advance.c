#include "run/advance.h"

#include "model/change.h"
#include "run/stops.h"

static volley_change *next_change(const volley_experiment *experiment) {
  return experiment->n_changed < experiment->n_changes ? &experiment->changes[experiment->n_changed] : NULL;
}

void volley_changes_skip(volley_experiment *experiment, int64_t step) {
  for (const volley_change *c; (c = next_change(experiment)) && c->step < step; experiment->n_changed++)
    if (c->stimulus >= 0) volley_change_stimulus(experiment, c);
}

static bool is_static(const volley_experiment *experiment, const volley_change *change) {
  return change->projection >= 0 && !experiment->projections[change->projection].plasticity.model;
}

/* Makes the next change, but for weights of static synapses, which are left to be made with those of the same time. Plastic tables
 * see to theirs themselves, in the step. */
static volley_status make_change(volley_engine *engine, volley_network *network, volley_experiment *experiment,
                                 const volley_reader *reader) {
  const volley_change *change = next_change(experiment);
  const int p = change->population;
  experiment->n_changed++;
  if (change->n_parameters > 0) VOLLEY_TRY(volley_network_renew_parameters(network, p, reader));
  if (change->n_states > 0) VOLLEY_TRY(volley_network_set_states(network, change, reader));
  if (change->n_parameters > 0) volley_engine_renew(engine, p);
  if (change->stimulus < 0) return VOLLEY_OK;
  volley_change_stimulus(experiment, change);
  volley_network_renew_inputs(network);
  return VOLLEY_OK;
}

/* Makes all changes of the present step. */
static volley_status make_changes(volley_engine *engine, volley_network *network, volley_experiment *experiment,
                                  const volley_reader *reader) {
  const int64_t step = volley_engine_step(engine);
  bool renews = false;
  for (const volley_change *c; (c = next_change(experiment)) && c->step <= step;) {
    renews |= is_static(experiment, c);
    VOLLEY_TRY(make_change(engine, network, experiment, reader));
  }
  if (!renews) return VOLLEY_OK;
  VOLLEY_TRY(volley_network_renew_weights(network, reader));
  volley_engine_renew(engine, -1);
  return volley_agree_one(network->comm);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

volley_status volley_run_take(volley_engine *engine, volley_network *network, volley_experiment *experiment,
                              const volley_reader *reader, int64_t until) {
  VOLLEY_TRY(volley_stops_look(engine, network, experiment)); /* a checkpoint may have been written before the look */
  while (volley_engine_step(engine) < until && !experiment->ended_early) {
    VOLLEY_TRY(make_changes(engine, network, experiment, reader));
    const volley_change *next = next_change(experiment);
    const int64_t stop = least(until, volley_stops_next(experiment));
    VOLLEY_TRY(volley_engine_advance(engine, next ? least(next->step, stop) : stop));
    VOLLEY_TRY(volley_stops_look(engine, network, experiment));
  }
  return volley_engine_advance(engine, experiment->ended_early ? experiment->simulation.steps : until);
}
