#include "support/experiments.h"

#include "neuron/neuron.h"
#include "partition/partition.h"
#include "rule/rule.h"
#include "stimulus/stimulus.h"

#include <math.h>
#include <string.h>

volley_experiment *experiment_make(uint32_t seed) {
  volley_arena *arena = volley_arena_create();
  volley_experiment *e = volley_arena_alloc(arena, 1, sizeof *e);
  *e = (volley_experiment){.arena = arena, .file = "test", .title = "", .scale_neurons = 1, .scale_indegree = 1};
  e->simulation = (volley_simulation){
      .dt = 0.1, .steps = 1000, .seed = seed, .noise_seed = seed, .partitioner = volley_partitioners()[0]};
  e->populations = volley_arena_alloc(arena, EXPERIMENT_ROOM, sizeof *e->populations);
  e->projections = volley_arena_alloc(arena, EXPERIMENT_ROOM, sizeof *e->projections);
  e->stimuli = volley_arena_alloc(arena, EXPERIMENT_ROOM, sizeof *e->stimuli);
  return e;
}

volley_population *experiment_add_population(volley_experiment *e, const char *name, const char *model_name,
                                             uint32_t size) {
  const volley_neuron_model *model = volley_neuron_model_find(model_name);
  volley_population *population = &e->populations[e->n_populations++];
  *population =
      (volley_population){.name = name, .model = model, .size = size, .first_gid = e->neurons, .mean_rate = NAN};
  population->parameters = volley_arena_alloc(e->arena, VOLLEY_MAX_PARAMETERS, sizeof *population->parameters);
  population->initial = volley_arena_alloc(e->arena, VOLLEY_MAX_STATES, sizeof *population->initial);
  for (int k = 0; k < model->n_parameters; k++) {
    population->parameters[k] = volley_constant(model->parameters[k].fallback);
  }
  for (int s = 0; s < model->n_states; s++) {
    const int from = model->states[s].from_parameter;
    population->initial[s] = volley_constant(from >= 0 ? from : model->states[s].fallback);
    if (from >= 0) population->initial[s].kind = VOLLEY_PARAMETER;
  }
  e->neurons += size;
  return population;
}

volley_projection *experiment_add_projection(volley_experiment *e, int source, int target, const char *rule) {
  volley_projection *projection = &e->projections[e->n_projections++];
  *projection = (volley_projection){.name = rule,
                                    .source = source,
                                    .target = target,
                                    .rule = volley_rule_find(rule),
                                    .autapses = true,
                                    .multapses = true,
                                    .weight = volley_constant(1),
                                    .delay = volley_constant(1.5),
                                    .receptor = VOLLEY_RECEPTOR_BY_SIGN};
  return projection;
}

volley_stimulus *experiment_add_stimulus(volley_experiment *e, int target, const char *kind) {
  volley_stimulus *stimulus = &e->stimuli[e->n_stimuli++];
  const uint32_t size = e->populations[target].size;
  volley_range *range = volley_arena_alloc(e->arena, 1, sizeof *range);
  *range = (volley_range){.count = size};
  *stimulus = (volley_stimulus){.name = kind,
                                .kind = volley_stimulus_kind_find(kind),
                                .target = target,
                                .neurons = {range, 1, size},
                                .receptor = VOLLEY_RECEPTOR_BY_SIGN,
                                .stop = INFINITY};
  volley_stimulus_set_defaults(stimulus, e->arena);
  return stimulus;
}

void experiment_set(volley_population *population, const char *parameter, double value) {
  for (int k = 0; k < population->model->n_parameters; k++) {
    if (strcmp(population->model->parameters[k].name, parameter) == 0) {
      population->parameters[k] = volley_constant(value);
      return;
    }
  }
  volley_die("the test names an unknown parameter %s", parameter);
}
