/* Time of neurons and stimuli: those of a rank alone, with as many as in the run or a fair number, in steps taken from all over
 * the run. What synapses would bring is replaced by Poisson spikes of the same rate and weight, since the time of models
 * with error control depends on it. */
#include "app/calibrate.h"
#include "base/parallel.h"
#include "engine/engine.h"
#include "force/readout.h"
#include "force/readout_values.h"
#include "network/network.h"
#include "stimulus/poisson.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
  MOST_NEURONS = 1 << 17 /* of a thread */,
  WINDOWS = 4,
  FEW_STEPS = 8,
  MOST_STEPS = 200 /* in each window */,
  MOST_BETWEEN = 1000 /* before each */
};

/* Spikes a step that stand for more, each of them weaker. */
static const double most_spikes = 8;

/* A small experiment and what was made for it. */
typedef struct sample {
  volley_experiment experiment;
  volley_arena *arena;
  double share;   /* neurons of a thread of the run for each of a thread of the sample */
  bool failed;    /* a step could not be taken; it is told */
  bool is_driven; /* has the input of its synapses: what a step takes depends on how long it had it */
} sample;

/* The populations of a rank: as many neurons a thread as in the run if these are not too many, `most`. */
static void shrink(sample *s, const volley_experiment *experiment, const volley_estimate *estimate, double most) {
  const int threads = volley_sample_threads(estimate);
  const double wanted = (double)experiment->neurons / (double)estimate->ranks / estimate->threads; /* of a thread */
  const double factor = fmin(most, wanted) * threads / (double)experiment->neurons;
  volley_experiment *small = &s->experiment;
  small->populations = volley_arena_alloc(s->arena, (size_t)experiment->n_populations, sizeof *small->populations);
  small->neurons = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    volley_population *population = &small->populations[p];
    *population = experiment->populations[p];
    population->size = (uint32_t)ceil(population->size * factor);
    population->first_gid = small->neurons;
    small->neurons += population->size;
  }
  s->share = wanted / ((double)small->neurons / threads);
}

/* Values from a dataset are not read for a sample: their time is the same with any values. */
static volley_status zeros(void *context, const volley_place *place, const volley_distribution *from, volley_gid size,
                           const volley_gid *places, uint32_t n, double *out) {
  (void)context, (void)place, (void)from, (void)size, (void)places;
  memset(out, 0, n * sizeof *out);
  return VOLLEY_OK;
}

static void replace_datasets(sample *s) {
  for (int p = 0; p < s->experiment.n_populations; p++) {
    volley_population *population = &s->experiment.populations[p];
    const size_t n = (size_t)population->model->n_parameters;
    volley_distribution *parameters = volley_arena_alloc(s->arena, n, sizeof *parameters);
    for (size_t k = 0; k < n; k++) {
      parameters[k] = population->parameters[k];
      if (parameters[k].kind != VOLLEY_DATASET) continue;
      const double value = population->model->parameters[k].fallback; /* a width of nearly 0 keeps one value a neuron */
      parameters[k] = (volley_distribution){
          .kind = VOLLEY_UNIFORM, .a = value, .b = nextafter(value, INFINITY), .min = -INFINITY, .max = INFINITY};
    }
    population->parameters = parameters;
    population->spikes = NULL;
  }
}

/* The feedback of all readouts into the populations of a sample; what is fed back does not matter. */
static void add_feedback(volley_network *network, volley_arena *arena) {
  const volley_experiment *experiment = network->experiment;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const size_t dimension = (size_t)readout->supervisor->dimension;
    uint32_t *first = volley_readout_number(experiment, &readout->fed);
    uint64_t n = 0;
    for (int k = 0; k < readout->fed.n; k++) n += experiment->populations[readout->fed.populations[k]].size;
    const double *eta = volley_arena_alloc(arena, n * dimension, sizeof *eta);
    volley_feedback_add(network, readout, first, eta, volley_arena_alloc(arena, dimension, sizeof *eta));
    free(first);
  }
}

/* Spikes a second onto a receptor of a neuron of a population, and the sum of their weights. */
typedef struct arriving {
  double rate, weighted;
} arriving;

static void add_arriving(const volley_experiment *experiment, const volley_estimate *estimate, int p, arriving *all) {
  const volley_projection *projection = &experiment->projections[p];
  const volley_population *target = &experiment->populations[projection->target];
  const double weight = volley_distribution_mean(&projection->weight);
  const double rate =
      estimate->expected[p] / target->size * volley_expected_rate(&experiment->populations[projection->source]);
  if (isnan(weight) || !(rate > 0)) return;
  const int receptor = projection->receptor != VOLLEY_RECEPTOR_BY_SIGN ? projection->receptor
                                                                       : target->model->receptor_of_sign[weight < 0];
  all[projection->target * VOLLEY_MAX_RECEPTORS + receptor].rate += rate;
  all[projection->target * VOLLEY_MAX_RECEPTORS + receptor].weighted += rate * weight;
}

static volley_stimulus poisson_of(const sample *s, int population, int receptor, arriving input, volley_range *all) {
  const volley_population *target = &s->experiment.populations[population];
  const double most = most_spikes / (1e-3 * s->experiment.simulation.dt), rate = fmin(input.rate, most);
  const volley_weights weights = target->model->receptors[receptor].weights;
  const double weight = weights == VOLLEY_COUNTS ? 1 : input.weighted / rate;
  *all = (volley_range){.count = target->size};
  volley_stimulus stimulus = {.name = "",
                              .kind = volley_stimulus_kind_find("poisson"),
                              .target = population,
                              .receptor = receptor,
                              .stop = INFINITY,
                              .weight = weights == VOLLEY_CONDUCTANCE ? fabs(weight) : weight,
                              .delay = s->experiment.simulation.dt};
  volley_poisson *parameters = volley_arena_alloc(s->arena, 1, sizeof *parameters);
  *parameters = (volley_poisson){.rate = rate, .sources = 1};
  stimulus.parameters = parameters;
  stimulus.neurons = (volley_selection){.ranges = all, .n_ranges = 1};
  volley_selection_finish(&stimulus.neurons);
  return stimulus;
}

/* Adds Poisson spikes in the place of the projections'. */
static void add_inputs(sample *s, const volley_experiment *experiment, const volley_estimate *estimate) {
  const size_t n = (size_t)experiment->n_populations * VOLLEY_MAX_RECEPTORS, before = (size_t)experiment->n_stimuli;
  arriving *all = volley_arena_alloc(s->arena, n, sizeof *all);
  volley_range *ranges = volley_arena_alloc(s->arena, n, sizeof *ranges);
  volley_stimulus *stimuli = volley_arena_alloc(s->arena, n + before, sizeof *stimuli);
  for (int p = 0; p < experiment->n_projections; p++) add_arriving(experiment, estimate, p, all);
  s->is_driven = true;
  for (size_t k = 0; k < before; k++) stimuli[k] = experiment->stimuli[k];
  s->experiment.stimuli = stimuli;
  for (size_t k = 0; k < n; k++) {
    if (all[k].rate > 0)
      stimuli[s->experiment.n_stimuli++] =
          poisson_of(s, (int)(k / VOLLEY_MAX_RECEPTORS), (int)(k % VOLLEY_MAX_RECEPTORS), all[k], &ranges[k]);
  }
}

/* Takes steps of the run from `first` to `end`, adding up what they take by phase and in all; in processor time. */
static void take_steps(sample *s, volley_network *network, int64_t first, int64_t end, double phases[VOLLEY_PHASES],
                       double *all) {
  volley_run_state state = {.step = first, .n_populations = s->experiment.n_populations};
  volley_run_state_allocate(&state);
  volley_summary summary = {0};
  s->experiment.simulation.steps = end;
  const double begin = volley_thread_seconds();
  const volley_status status = volley_simulate(&(volley_engine_setup){.network = network, .from = &state}, &summary);
  const double used = fmin(1, (volley_thread_seconds() - begin) / summary.simulate_s);
  for (int k = 0; k < VOLLEY_PHASES && status == VOLLEY_OK; k++) phases[k] += used * summary.phase_s[k];
  *all += used * summary.simulate_s;
  volley_run_state_release(&state);
  volley_summary_release(&summary);
  s->failed = status != VOLLEY_OK;
}

/* Times `steps` steps in each of some windows that lie evenly in the run, up to `between` more before each, so that the neurons
 * are as old as in the run or have left their initial state behind. Returns the steps timed, 0 after a fault. */
static int64_t step(sample *s, volley_network *network, int64_t whole, int64_t steps, int64_t between,
                    double phases[VOLLEY_PHASES], double *all) {
  const int windows = whole >= WINDOWS * steps ? WINDOWS : 1;
  int64_t taken = 0, last = 0;
  for (int w = 0; w < windows && !s->failed; w++) {
    const int64_t first = windows == 1 ? 0 : whole * (2 * w + 1) / (2 * windows) - steps / 2;
    const int64_t end = first + steps < whole ? first + steps : whole;
    const int64_t settle = first - last < between ? last : first - between;
    double untimed[VOLLEY_PHASES] = {0}, unused = 0;
    if (settle < first) take_steps(s, network, settle, first, untimed, &unused);
    if (!s->failed) take_steps(s, network, first, end, phases, all);
    taken += end - first;
    last = end;
  }
  return s->failed ? 0 : taken;
}

/* Steps of a window that there is time for. */
static double affordable(double step_s) { return volley_sample_s / WINDOWS / fmax(step_s, 1e-9); }

/* The time of a step of a network: first of few steps, then of as many as there is time for. */
static void time_steps(sample *s, volley_network *network, int64_t whole, double phases[VOLLEY_PHASES], double *all) {
  double seconds = 0;
  int64_t taken = step(s, network, whole, FEW_STEPS, 0, phases, &seconds);
  const double possible = affordable(seconds / fmax(1, (double)taken)), more = fmin(MOST_STEPS, possible);
  if (taken > 0 && more > FEW_STEPS) {
    seconds = 0;
    memset(phases, 0, VOLLEY_PHASES * sizeof *phases);
    taken = step(s, network, whole, (int64_t)more, s->is_driven ? (int64_t)fmin(MOST_BETWEEN, possible) : 0, phases,
                 &seconds);
  }
  for (int k = 0; k < VOLLEY_PHASES; k++) phases[k] /= fmax(1, (double)taken);
  *all = seconds / fmax(1, (double)taken);
}

/* Builds the sample and takes its steps. Returns the seconds of building. */
static double time_sample(sample *s, const volley_estimate *estimate, double phases[VOLLEY_PHASES], double *all) {
  const volley_reader reader = {.values = zeros};
  const int64_t whole = s->experiment.simulation.steps;
  volley_network *network;
  memset(phases, 0, VOLLEY_PHASES * sizeof *phases);
  const double begin = volley_thread_seconds();
  const volley_status status =
      volley_network_build(&s->experiment, &reader, volley_sample_threads(estimate), MPI_COMM_SELF, &network);
  const double seconds = volley_thread_seconds() - begin;
  if (status != VOLLEY_OK) return seconds;
  add_feedback(network, s->arena);
  time_steps(s, network, whole, phases, all);
  s->experiment.simulation.steps = whole;
  volley_network_destroy(network);
  return seconds;
}

static sample make_sample(const volley_experiment *experiment, const volley_estimate *estimate, double most) {
  sample s = {.experiment = volley_partition_plainly(experiment), .arena = volley_arena_create()}; /* of one rank */
  s.experiment.n_projections = s.experiment.n_recorders = 0;
  shrink(&s, experiment, estimate, most);
  replace_datasets(&s);
  return s;
}

/* Seconds of a step for the update of neurons with input: of fewer neurons if a step takes long, so that there are enough steps
 * to leave the initial state behind. */
static double time_update(const volley_experiment *experiment, const volley_estimate *estimate, bool *failed) {
  double phases[VOLLEY_PHASES], all = 0, most = MOST_NEURONS, seconds = 0;
  for (int attempt = 0; attempt < 2 && !*failed; attempt++) {
    sample s = make_sample(experiment, estimate, most);
    add_inputs(&s, experiment, estimate);
    (void)time_sample(&s, estimate, phases, &all);
    seconds = phases[VOLLEY_PHASE_UPDATE] * s.share;
    most = (double)s.experiment.neurons / (double)volley_sample_threads(estimate) * affordable(all) / MOST_STEPS;
    *failed = s.failed;
    volley_arena_destroy(s.arena);
    if (affordable(all) >= 0.5 * MOST_STEPS) break;
  }
  return seconds;
}

volley_neuron_times volley_time_neurons(const volley_experiment *experiment, const volley_estimate *estimate) {
  double phases[VOLLEY_PHASES], all = 0;
  sample s = make_sample(experiment, estimate, MOST_NEURONS);
  const double build_s = time_sample(&s, estimate, phases, &all);
  volley_neuron_times times = {.failed = s.failed,
                               .build_s = build_s * s.share * estimate->threads / volley_sample_threads(estimate),
                               .stimuli_s = phases[VOLLEY_PHASE_STIMULI] * s.share,
                               .loop_s = fmax(0, all - phases[VOLLEY_PHASE_STIMULI] - phases[VOLLEY_PHASE_UPDATE])};
  times.update_s = time_update(experiment, estimate, &times.failed);
  volley_arena_destroy(s.arena);
  return times;
}
