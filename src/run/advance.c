#include "run/advance.h"

#include "io/data/inputs.h"
#include "model/change.h"
#include "network/given.h"
#include "neuron/neuron.h"
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

static volley_status compare_settings(const volley_experiment *experiment, const volley_setting *settings, int n,
                                      MPI_Comm comm) {
  for (int k = 0; k < n; k++) VOLLEY_TRY(volley_inputs_compare_path(experiment, settings[k].value.file, comm));
  return VOLLEY_OK;
}

/* What is read for a change of a population: values of neurons, of the beginning and of changes so far, are made from files again.
 */
static volley_status compare_values(const volley_experiment *experiment, const volley_change *change, MPI_Comm comm) {
  const volley_population *population = &experiment->populations[change->population];
  VOLLEY_TRY(compare_settings(experiment, change->states, change->n_states, comm));
  if (change->n_parameters == 0) return VOLLEY_OK;
  for (int k = 0; k < population->model->n_parameters; k++)
    VOLLEY_TRY(volley_inputs_compare_path(experiment, population->parameters[k].file, comm));
  for (const volley_change *c = experiment->changes; c <= change; c++)
    if (c->population == change->population)
      VOLLEY_TRY(compare_settings(experiment, c->parameters, c->n_parameters, comm));
  return VOLLEY_OK;
}

/* Likewise for static synapses: all lists of edges. */
static volley_status compare_edges(const volley_experiment *experiment, MPI_Comm comm) {
  for (int p = 0; p < experiment->n_projections; p++)
    VOLLEY_TRY(volley_inputs_compare_path(experiment, experiment->projections[p].file, comm));
  return VOLLEY_OK;
}

/* Makes the next change, but for weights of static synapses, which are left to be made with those of the same time. Plastic tables
 * see to theirs themselves, in the step. */
static volley_status make_change(volley_engine *engine, volley_network *network, volley_experiment *experiment,
                                 const volley_reader *reader) {
  const volley_change *change = next_change(experiment);
  const int p = change->population;
  experiment->n_changed++;
  if (is_static(experiment, change)) volley_given_change(network, change);
  if (p >= 0) VOLLEY_TRY(compare_values(experiment, change, network->comm));
  if (change->n_parameters > 0) VOLLEY_TRY(volley_network_renew_parameters(network, p, reader));
  if (change->n_states > 0) VOLLEY_TRY(volley_network_set_states(network, change, reader));
  if (change->n_parameters > 0) volley_engine_renew(engine, p);
  if (change->stimulus < 0) return VOLLEY_OK;
  volley_change_stimulus(experiment, change);
  volley_network_renew_inputs(network);
  return VOLLEY_OK;
}

/* Makes all changes of the present step, and tables with weights that a program has set. */
static volley_status make_changes(volley_engine *engine, volley_network *network, volley_experiment *experiment,
                                  const volley_reader *reader) {
  const int64_t step = volley_engine_step(engine);
  bool renews = network->weights_given;
  for (const volley_change *c; (c = next_change(experiment)) && c->step <= step;) {
    renews |= is_static(experiment, c);
    VOLLEY_TRY(make_change(engine, network, experiment, reader));
  }
  if (!renews) return VOLLEY_OK;
  VOLLEY_TRY(compare_edges(experiment, network->comm));
  VOLLEY_TRY(volley_network_renew_weights(network, reader));
  volley_engine_renew(engine, -1);
  return volley_agree_one(network->comm);
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

/* volley_engine_advance() without the samples of the end: a step more seems to be left. */
static volley_status advance_open(volley_engine *engine, volley_experiment *experiment, int64_t until) {
  experiment->simulation.steps++;
  const volley_status status = volley_engine_advance(engine, until);
  experiment->simulation.steps--;
  return status;
}

volley_status volley_run_take(volley_engine *engine, volley_network *network, volley_experiment *experiment,
                              const volley_reader *reader, int64_t until, bool ends) {
  VOLLEY_TRY(volley_stops_look(engine, network, experiment)); /* a checkpoint may have been written before the look */
  while (volley_engine_step(engine) < until && !experiment->ended_early) {
    VOLLEY_TRY(make_changes(engine, network, experiment, reader));
    const volley_change *next = next_change(experiment);
    const int64_t stop = least(until, volley_stops_next(experiment)), to = next ? least(next->step, stop) : stop;
    VOLLEY_TRY(ends ? volley_engine_advance(engine, to) : advance_open(engine, experiment, to));
    VOLLEY_TRY(volley_stops_look(engine, network, experiment));
  }
  return ends ? volley_engine_advance(engine, experiment->ended_early ? experiment->simulation.steps : until)
              : VOLLEY_OK;
}
