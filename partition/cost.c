#include "partition/cost.h"

#include "neuron/neuron.h"

#include <math.h>
#include <string.h>

/* On a core of today, in seconds: of a state of a neuron in a step, and of an event. */
static const double state_s = 0.5e-9, solved_state_s = 5e-9, event_s = 3e-9, plastic_event_s = 50e-9;

const double volley_assumed_rate = 10;

double volley_expected_rate(const volley_population *population) {
  return isnan(population->mean_rate) ? volley_assumed_rate : population->mean_rate;
}

/* Models with error control are those that have a tolerance. */
static bool is_solved(const volley_neuron_model *model) {
  for (int k = 0; k < model->n_parameters; k++)
    if (strcmp(model->parameters[k].name, "tolerance") == 0) return true;
  return false;
}

double volley_cost_of_update(const volley_neuron_model *model) {
  return (1.0 + model->n_states) * (is_solved(model) ? solved_state_s : state_s);
}

double volley_cost_of_event(const volley_projection *projection) {
  return projection->plasticity.model ? plastic_event_s : event_s;
}

void volley_costs_find(const volley_experiment *experiment, const volley_known_costs *known, double *out) {
  static const volley_known_costs nothing = {.event = NAN};
  const double step_s = experiment->simulation.continuous ? 1e-4 : 1e-3 * experiment->simulation.dt;
  if (!known) known = &nothing;
  for (int p = 0; p < experiment->n_populations; p++)
    out[p] = known->updates ? known->updates[p] : volley_cost_of_update(experiment->populations[p].model);
  for (int k = 0; k < experiment->n_projections; k++) {
    const volley_projection *projection = &experiment->projections[k];
    const double rate = known->rates ? known->rates[projection->source]
                                     : volley_expected_rate(&experiment->populations[projection->source]);
    const bool is_known = isfinite(known->event) && !projection->plasticity.model;
    out[projection->target] += projection->expected / experiment->populations[projection->target].size * rate * step_s *
                               (is_known ? known->event : volley_cost_of_event(projection));
  }
}
