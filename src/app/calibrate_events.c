/* What events cost in a run without steps: those of each population's model are timed here, on some neurons that get them one
 * after the other; what the queue and the generators take with them is known from the machine of docs/performance.md. */
#include "app/calibrate.h"
#include "base/random.h"
#include "neuron/events.h"
#include "stimulus/poisson.h"
#include "stimulus/stimulus.h"
#include "synapse/synapse.h"

#include <math.h>
#include <string.h>

/* Sending an arrival, laying it out with others and sorting it; drawing the time of a Poisson spike; a window. */
static const double send_s = 15e-9, sort_s = 35e-9, draw_s = 60e-9, window_s = 0.4e-6;

/* One event at a neuron of a population: seconds. */
static double time_event(const volley_population *population, double interval) {
  enum { EVENTS = 20000 };
  const volley_neuron_model *model = population->model;
  const volley_neuron_events *events = model->events;
  double values[VOLLEY_MAX_PARAMETERS], c[VOLLEY_MAX_COEFFICIENTS], y[VOLLEY_MAX_STATES] = {0};
  for (int k = 0; k < model->n_parameters; k++)
    values[k] = volley_distribution_is_constant(&population->parameters[k])
                    ? volley_distribution_mean(&population->parameters[k])
                    : model->parameters[k].fallback;
  for (int k = 0; k < model->n_states; k++) {
    const volley_distribution *initial = &population->initial[k];
    y[k] = initial->kind == VOLLEY_PARAMETER          ? values[(int)initial->a]
           : volley_distribution_is_constant(initial) ? initial->a
                                                      : model->states[k].fallback;
  }
  events->prepare(values, c);
  const double begin = volley_thread_seconds();
  for (int k = 0; k < EVENTS; k++) {
    events->advance(c, y, interval, 0, false);
    events->arrive(c, y, 0, k % 2 ? 1e-3 : -1e-3, -1);
    if (events->next && events->next(c, y, 0, interval) <= interval) events->fire(c, y);
  }
  return (volley_thread_seconds() - begin) / EVENTS;
}

/* Spikes a second that all neurons of a population get from stimuli of a rate. */
static double stimulus_rate(const volley_experiment *experiment, int p) {
  double rate = 0;
  for (int s = 0; s < experiment->n_stimuli; s++) {
    const volley_stimulus *stimulus = &experiment->stimuli[s];
    if (stimulus->target != p || strcmp(stimulus->kind->name, "poisson") != 0) continue;
    const volley_poisson *poisson = stimulus->parameters;
    rate += poisson->rate * poisson->sources * stimulus->neurons.count;
  }
  return rate;
}

static bool can_be_continuous(const volley_experiment *experiment) {
  for (int p = 0; p < experiment->n_populations; p++)
    if (!experiment->populations[p].model->events) return false;
  for (int p = 0; p < experiment->n_projections; p++)
    if (experiment->projections[p].plasticity.model && !experiment->projections[p].plasticity.model->events)
      return false;
  for (int s = 0; s < experiment->n_stimuli; s++)
    if (!experiment->stimuli[s].kind->events) return false;
  return experiment->n_readouts == 0 && experiment->n_ablations == 0;
}

volley_event_times volley_time_events(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double seconds = volley_model_seconds(experiment), workers = (double)estimate->ranks * estimate->threads;
  volley_event_times times = {0};
  double all = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const double drawn = seconds * stimulus_rate(experiment, p);
    double arriving = 0;
    for (int k = 0; k < experiment->n_projections; k++)
      if (experiment->projections[k].target == p)
        arriving += seconds * estimate->expected[k] *
                    volley_expected_rate(&experiment->populations[experiment->projections[k].source]);
    const double events = drawn + arriving, spikes = seconds * volley_expected_rate(population) * population->size;
    if (events + spikes == 0) continue;
    const double event_s = time_event(population, 1e3 * seconds * population->size / (events + spikes));
    times.update_s += ((events + spikes) * event_s + arriving * sort_s) / workers;
    times.deliver_s += arriving * send_s / workers;
    times.stimuli_s += drawn * draw_s / workers;
    all += events + spikes;
  }
  const double width = fmax(estimate->min_delay, VOLLEY_SHORTEST_DELAY), most = 1e3 * seconds / width;
  times.windows = isfinite(most) && most > 0 ? most * -expm1(-all / most) : 1;
  times.windows_s = times.windows * window_s;
  return times;
}

double volley_time_otherwise(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double dt = 0.1, delivered_s = 3e-9; /* ms; of a synapse */
  if (!experiment->simulation.continuous) {
    if (!can_be_continuous(experiment)) return NAN;
    const volley_event_times times = volley_time_events(experiment, estimate);
    return times.update_s + times.deliver_s + times.stimuli_s + times.windows_s;
  }
  volley_experiment stepped = *experiment;
  stepped.simulation.continuous = false;
  stepped.simulation.engine = NULL; /* the default */
  stepped.simulation.dt = dt;
  stepped.simulation.steps = volley_steps(&stepped, 1e3 * volley_model_seconds(experiment));
  const volley_neuron_times neurons = volley_time_neurons(&stepped, estimate);
  const double workers = (double)estimate->ranks * estimate->threads;
  return (double)stepped.simulation.steps * (neurons.update_s + neurons.stimuli_s + neurons.loop_s) +
         estimate->events * delivered_s / workers;
}
