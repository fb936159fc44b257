#include "run/step_cost.h"

#include "neuron/neuron.h"
#include "rule/rule.h"

#include <math.h>
#include <string.h>

/* Rough costs on a core of today, in seconds. A barrier that all threads come to on time takes a microsecond. */
static const double short_step = 20e-6, state_s = 0.5e-9, solved_state_s = 5e-9, event_s = 3e-9,
                    plastic_event_s = 50e-9, correlation_s = 0.5e-9;

const double volley_assumed_rate = 10;

/* Models with error control are those that have a tolerance. */
static bool is_solved(const volley_neuron_model *model) {
  for (int k = 0; k < model->n_parameters; k++) {
    if (strcmp(model->parameters[k].name, "tolerance") == 0) return true;
  }
  return false;
}

static double neurons_s(const volley_experiment *experiment) {
  double sum = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const double state = is_solved(population->model) ? solved_state_s : state_s;
    sum += population->size * (1.0 + population->model->n_states) * state;
  }
  return sum;
}

/* Where only the file knows its edges, all neurons may be connected. */
static double events_s(const volley_experiment *experiment) {
  double sum = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const volley_population *source = &experiment->populations[projection->source];
    double synapses = projection->rule->expected(experiment, projection);
    if (isnan(synapses)) synapses = (double)source->size * experiment->populations[projection->target].size;
    const double rate = isnan(source->mean_rate) ? volley_assumed_rate : source->mean_rate;
    sum += synapses * rate * (projection->plasticity.model ? plastic_event_s : event_s);
  }
  return sum * experiment->simulation.dt * 1e-3;
}

static double learning_s(const volley_experiment *experiment) {
  double sum = 0;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    if (readout->learner) sum += pow(readout->size, 2) * correlation_s / (double)readout->interval;
  }
  return sum;
}

bool volley_steps_are_short(const volley_experiment *experiment, int ranks) {
  if (experiment->simulation.continuous) return false;
  return (neurons_s(experiment) + events_s(experiment) + learning_s(experiment)) / ranks < short_step;
}

const char *volley_why_one_thread(const volley_experiment *experiment, int ranks, int threads) {
  return threads == 1 && volley_steps_are_short(experiment, ranks) ? " (more would wait for each other)" : "";
}
