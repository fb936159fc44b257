/* Downscaling a network so that it keeps its rates (van Albada, Helias & Diesmann 2015, "Scalability of asynchronous
 * networks is limited by one-to-one mapping between effective connectivity and correlations"). */
#include "experiment/reading.h"

#include "base/text.h"
#include "neuron/neuron.h"
#include "record/kind.h"
#include "rule/rule.h"
#include "stimulus/stimulus.h"
#include "synapse/synapse.h"

#include <math.h>
#include <string.h>

/* Mean number of synapses of a projection that a neuron of its target has. */
static double indegree(const volley_experiment *experiment, const volley_projection *projection) {
  return projection->rule->expected(experiment, projection) / experiment->populations[projection->target].size;
}

/* The receptor that weights of this mean go to. */
static int receptor_of(const volley_population *target, int receptor, double weight) {
  return receptor != VOLLEY_RECEPTOR_BY_SIGN ? receptor : target->model->receptor_of_sign[weight < 0];
}

/* Adds the current that makes up for an input of `rate` spikes per second in the full network, of which the share k is
 * left with weights greater by 1 / sqrt(k): the mean input is then sqrt(k) of what it was. */
static void compensate(volley_population *target, int receptor, double weight, double rate, double k) {
  target->background_current += (1.0 - sqrt(k)) * rate * volley_receptor_weight(target->model, receptor, weight) *
                                volley_mean_current(target, receptor);
}

static void scale_weight(volley_distribution *weight, double factor) {
  weight->a *= factor;
  weight->b *= factor;
  weight->min *= factor;
  weight->max *= factor;
}

/* Bounds and changes of weights grow with them. */
static void scale_plasticity(volley_plasticity_plan *plan, double factor) {
  for (int i = 0; plan->model && i < plan->model->n_parameters; i++)
    if (strcmp(plan->model->parameters[i].unit, "weight") == 0) plan->parameters[i] *= factor;
}

static void cut_selection(volley_selection *selection, uint32_t size, const volley_place *place) {
  int n = 0;
  for (int r = 0; r < selection->n_ranges && selection->ranges[r].first < size; r++) {
    volley_range *range = &selection->ranges[r];
    if (range->count > size - range->first) range->count = size - range->first;
    n++;
  }
  selection->n_ranges = n;
  volley_selection_finish(selection);
  if (selection->count == 0)
    volley_fault(VOLLEY_USAGE, place,
                 "none of the selected neurons is left: network.scale.neurons leaves the population "
                 "%s",
                 volley_count(size, "neuron").text);
}

static void scale_sizes(volley_experiment *experiment) {
  volley_gid first = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    volley_population *population = &experiment->populations[p];
    population->size = (uint32_t)fmax(1.0, nearbyint(population->size * experiment->scale_neurons));
    population->first_gid = first;
    first += population->size;
  }
  experiment->neurons = first;
  for (int r = 0; r < experiment->n_readouts; r++) {
    volley_readout *readout = &experiment->readouts[r];
    volley_pool *const pools[] = {&readout->reads, &readout->fed};
    for (int k = 0; k < 2; k++) {
      pools[k]->size = 0;
      for (int i = 0; i < pools[k]->n; i++) pools[k]->size += experiment->populations[pools[k]->populations[i]].size;
    }
    if (readout->eigenvalues > 0 && (uint32_t)readout->eigenvalues > readout->reads.size) readout->eigenvalues = -1;
  }
}

static void cut_selections(volley_experiment *experiment) {
  for (int s = 0; s < experiment->n_stimuli; s++) {
    volley_stimulus *stimulus = &experiment->stimuli[s];
    cut_selection(&stimulus->neurons, experiment->populations[stimulus->target].size, &stimulus->place);
  }
  for (int a = 0; a < experiment->n_ablations; a++) {
    volley_ablation *ablation = &experiment->ablations[a];
    if (ablation->population >= 0)
      cut_selection(&ablation->neurons, experiment->populations[ablation->population].size, &ablation->place);
  }
  for (int c = 0; c < experiment->n_changes; c++) {
    volley_change *change = &experiment->changes[c];
    if (change->population >= 0)
      cut_selection(&change->neurons, experiment->populations[change->population].size, &change->place);
  }
  for (int p = 0; p < experiment->n_projections; p++) {
    volley_plasticity_plan *plan = &experiment->projections[p].plasticity;
    if (plan->model && plan->dopamine >= 0)
      cut_selection(&plan->dopamine_neurons, experiment->populations[plan->dopamine].size,
                    &experiment->projections[p].place);
  }
  for (int r = 0; r < experiment->n_recorders; r++) {
    volley_recorder *recorder = &experiment->recorders[r];
    const bool of_readout = recorder->kind->of == VOLLEY_OF_READOUT;
    if (of_readout && recorder->state != VOLLEY_READOUT_DECODERS) continue; /* has no selection */
    if (recorder->kind->of == VOLLEY_OF_PROJECTION) {
      const volley_projection *projection = &experiment->projections[recorder->projection];
      cut_selection(&recorder->sources, experiment->populations[projection->source].size, &recorder->place);
      cut_selection(&recorder->neurons, experiment->populations[projection->target].size, &recorder->place);
      continue;
    }
    const uint32_t size = of_readout ? experiment->readouts[recorder->readout].reads.size
                                     : experiment->populations[recorder->population].size;
    if (recorder->of_nodes) continue; /* their number stays */
    cut_selection(&recorder->neurons, size, &recorder->place);
  }
}

/* Scales what the rule draws; sizes are scaled already. Returns the factor of the indegree. */
static double scale_number(volley_experiment *experiment, volley_projection *projection, double full_indegree) {
  const double neurons = experiment->scale_neurons, k = experiment->scale_indegree;
  const volley_rule *rule = projection->rule;
  if (!rule->random) return full_indegree > 0 ? indegree(experiment, projection) / full_indegree : 1.0;
  if (rule->number_key) {
    const double factor = rule->takes_probability ? neurons * k : k; /* a total number, or a degree */
    projection->number = (uint64_t)nearbyint((double)projection->number * factor);
    return k;
  }
  projection->probability *= k / neurons;
  if (projection->probability > 1.0)
    volley_fault(VOLLEY_USAGE, &projection->place,
                 "%s: scaled, its probability would be %g; network.scale.indegree can "
                 "be at most %g times as large",
                 projection->name, projection->probability, 1.0 / projection->probability);
  return k;
}

static void scale_projection(volley_experiment *experiment, volley_projection *projection, double full_indegree) {
  volley_population *target = &experiment->populations[projection->target];
  const volley_population *source = &experiment->populations[projection->source];
  if (volley_projection_is_empty(projection)) return;
  if (projection->rule->takes_file) {
    volley_fault(VOLLEY_USAGE, &projection->place, "%s: edges from a file cannot be scaled; leave network.scale out",
                 projection->name);
    return;
  }
  const double k = scale_number(experiment, projection, full_indegree);
  const double weight = volley_distribution_mean(&projection->weight);
  const int receptor = receptor_of(target, projection->receptor, weight);
  if (k == 1.0 || k == 0 || target->model->receptors[receptor].weights == VOLLEY_COUNTS) return;
  scale_weight(&projection->weight, 1.0 / sqrt(k));
  scale_plasticity(&projection->plasticity, 1.0 / sqrt(k));
  if (isnan(source->mean_rate))
    volley_fault(VOLLEY_USAGE, &source->place,
                 "'mean_rate' is missing: scaling indegrees needs the rate in Hz of population "
                 "%s in the full network",
                 source->name);
  else
    compensate(target, receptor, weight, full_indegree * source->mean_rate, k);
}

/* Whether a stimulus stands for sources outside the network that the scaled network has fewer of. */
static bool is_input(const volley_experiment *experiment, const volley_stimulus *stimulus) {
  const double end = (double)experiment->simulation.steps * experiment->simulation.dt;
  return stimulus->kind->scale_sources && stimulus->start <= 0 && stimulus->stop >= end &&
         stimulus->neurons.count == experiment->populations[stimulus->target].size;
}

static void scale_stimulus(volley_experiment *experiment, volley_stimulus *stimulus) {
  volley_population *target = &experiment->populations[stimulus->target];
  const double k = experiment->scale_indegree;
  if (k == 1.0 || !is_input(experiment, stimulus)) return;
  for (int i = 0; i < stimulus->n_own; i++)
    if (stimulus->own[i].value.kind == VOLLEY_DATASET) {
      volley_fault(VOLLEY_USAGE, &stimulus->place,
                   "%s: a '%s' of each neuron, from a file or list, cannot be scaled; leave network.scale.indegree out",
                   stimulus->name, stimulus->own[i].key);
      return;
    }
  const int receptor = receptor_of(target, stimulus->receptor, stimulus->weight);
  if (target->model->receptors[receptor].weights == VOLLEY_COUNTS) return;
  compensate(target, receptor, stimulus->weight, stimulus->kind->scale_sources(stimulus, k), k);
  stimulus->weight /= sqrt(k);
  for (int i = 0; i < stimulus->n_own; i++)
    if (strcmp(stimulus->own[i].key, "weight") == 0) stimulus->own[i].factor /= sqrt(k);
}

volley_status volley_experiment_scale(volley_experiment *experiment) {
  if (experiment->scale_neurons == 1.0 && experiment->scale_indegree == 1.0) return VOLLEY_OK;
  for (int p = 0; p < experiment->n_populations; p++)
    if (experiment->populations[p].positions)
      return volley_fault(VOLLEY_USAGE, &experiment->populations[p].place,
                          "%s has positions: a network in space cannot be scaled; leave network.scale out",
                          experiment->populations[p].name);
  for (int c = 0; c < experiment->n_changes && experiment->scale_indegree != 1.0; c++)
    if (experiment->changes[c].population < 0)
      return volley_fault(VOLLEY_USAGE, &experiment->changes[c].place,
                          "changes of projections and stimuli cannot be scaled; leave network.scale.indegree out");
  const size_t n = (size_t)experiment->n_projections;
  double *full = volley_arena_alloc(experiment->arena, n + 1, sizeof *full);
  for (size_t p = 0; p < n; p++) full[p] = indegree(experiment, &experiment->projections[p]);
  for (int s = 0; s < experiment->n_stimuli; s++) scale_stimulus(experiment, &experiment->stimuli[s]);
  scale_sizes(experiment);
  cut_selections(experiment);
  for (size_t p = 0; p < n; p++) scale_projection(experiment, &experiment->projections[p], full[p]);
  return volley_local_status();
}
