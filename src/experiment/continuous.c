/* What an engine that takes no steps cannot do is refused, with the engines that can. */
#include "experiment/reading.h"

#include "engine/engine.h"
#include "neuron/events.h"
#include "record/kind.h"
#include "stimulus/stimulus.h"
#include "synapse/synapse.h"

/* The engines that take steps: "clock". */
static const char *others(volley_reading *reading) {
  const char *names = NULL;
  for (const volley_engine_kind *const *kind = volley_engine_kinds(); *kind; kind++) {
    if ((*kind)->is_continuous) continue;
    names = names ? volley_arena_format(reading->arena, "%s or %s", names, (*kind)->name) : (*kind)->name;
  }
  return names;
}

/* what: "the model X, which has no solution in closed form" */
static void refuse(volley_reading *reading, const volley_place *place, const char *what) {
  const volley_experiment *experiment = reading->experiment;
  volley_entry_fault(reading, place, "the engine %s cannot take %s; the engine %s can",
                     experiment->simulation.engine->name, what, others(reading));
}

/* What the parameters of a population ask for, where all of its neurons have the same; the rest is checked when they are
 * drawn (network/values.c). */
static void check_values(volley_reading *reading, const volley_population *population) {
  double values[VOLLEY_MAX_PARAMETERS];
  const volley_neuron_model *model = population->model;
  for (int k = 0; k < model->n_parameters; k++)
    values[k] = volley_distribution_is_constant(&population->parameters[k])
                    ? volley_distribution_mean(&population->parameters[k])
                    : model->parameters[k].fallback;
  const char *wrong = model->events->check ? model->events->check(values) : NULL;
  if (wrong) refuse(reading, &population->place, wrong);
}

static void check_populations(volley_reading *reading) {
  const volley_experiment *experiment = reading->experiment;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    if (!population->model) continue;
    if (!population->model->events)
      refuse(reading, &population->place,
             volley_arena_format(reading->arena, "the model %s, of which no solution in closed form is known",
                                 population->model->name));
    else
      check_values(reading, population);
  }
}

static void check_projections(volley_reading *reading) {
  const volley_experiment *experiment = reading->experiment;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    if (projection->plasticity.model && !projection->plasticity.model->events)
      refuse(reading, &projection->place,
             volley_arena_format(reading->arena, "synapses of the model %s", projection->plasticity.model->name));
  }
}

void volley_check_continuous(volley_reading *reading) {
  const volley_experiment *experiment = reading->experiment;
  check_populations(reading);
  check_projections(reading);
  for (int s = 0; s < experiment->n_stimuli; s++)
    if (!experiment->stimuli[s].kind->events)
      refuse(reading, &experiment->stimuli[s].place,
             volley_arena_format(reading->arena, "stimuli of the type %s", experiment->stimuli[s].kind->name));
  for (int r = 0; r < experiment->n_readouts; r++)
    refuse(reading, &experiment->readouts[r].place, "readouts, which look at the spikes of every step");
  for (int c = 0; c < experiment->n_changes; c++) {
    const volley_change *change = &experiment->changes[c];
    if (change->stimulus >= 0) refuse(reading, &change->place, "changes of stimuli");
    if (change->projection >= 0 && !experiment->projections[change->projection].plasticity.model)
      refuse(reading, &change->place, "changes of the weights of static synapses");
  }
  for (int a = 0; a < experiment->n_ablations; a++) refuse(reading, &experiment->ablations[a].place, "ablations");
}
