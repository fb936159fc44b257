#include "run/step_cost.h"

#include "partition/cost.h"
#include "rule/rule.h"

#include <math.h>

/* Seconds. A barrier that all threads come to on time takes a microsecond. */
static const double short_step = 20e-6, correlation_s = 0.5e-9;

static double neurons_s(const volley_experiment *experiment) {
  double sum = 0;
  for (int p = 0; p < experiment->n_populations; p++)
    sum += experiment->populations[p].size * volley_cost_of_update(experiment->populations[p].model);
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
    sum += synapses * volley_expected_rate(source) * volley_cost_of_event(projection);
  }
  return sum * experiment->simulation.dt * 1e-3;
}

static double learning_s(const volley_experiment *experiment) {
  double sum = 0;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    if (readout->learner) sum += pow(readout->reads.size, 2) * correlation_s / (double)readout->interval;
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
