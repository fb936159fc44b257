/* What a neuron costs the rank that owns it, roughly: partitioners make shares that cost alike. */
#ifndef VOLLEY_PARTITION_COST_H
#define VOLLEY_PARTITION_COST_H

#include "model/experiment.h"

/* Hz; of populations without mean_rate. */
extern const double volley_assumed_rate;

/* The mean rate that a population is said or assumed to have, in Hz. */
double volley_expected_rate(const volley_population *population);

/* Seconds of a core for a step of one neuron of this model. */
double volley_cost_of_update(const struct volley_neuron_model *model);

/* Seconds of a core for a synaptic event of a projection. */
double volley_cost_of_event(const volley_projection *projection);

/* What is known better than roughly. Nothing is owned. */
typedef struct volley_known_costs {
  const double *updates; /* [n_populations] seconds of a step of a neuron; NULL: volley_cost_of_update() */
  const double *rates;   /* [n_populations] Hz; NULL: volley_expected_rate() */
  double event;          /* seconds of an event of a static synapse; NAN: volley_cost_of_event() */
} volley_known_costs;

/* Seconds of a core for a step of one neuron of each population, with what arrives at it: out[n_populations]. Of synapses it
 * knows what volley_run_load() has put into the projections. known may be NULL. */
void volley_costs_find(const volley_experiment *experiment, const volley_known_costs *known, double *out);

#endif
