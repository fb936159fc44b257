#include "synapse/synapse.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const volley_synapse_model volley_synapse_stdp, volley_synapse_stdp_pl, volley_synapse_stdp_dopamine,
    volley_synapse_stdp_switch, volley_synapse_trace, volley_synapse_tsodyks2;

static const volley_synapse_model *const models[] = {&volley_synapse_stdp,
                                                     &volley_synapse_stdp_pl,
                                                     &volley_synapse_stdp_dopamine,
                                                     &volley_synapse_stdp_switch,
                                                     &volley_synapse_trace,
                                                     &volley_synapse_tsodyks2,
                                                     NULL};

const volley_synapse_model *const *volley_synapse_models(void) { return models; }

const volley_synapse_model *volley_synapse_model_find(const char *name) {
  for (const volley_synapse_model *const *model = models; *model; model++) {
    if (strcmp((*model)->name, name) == 0) return *model;
  }
  return NULL;
}

double volley_decay_beyond(const volley_decay *decay, int64_t steps) {
  return exp(-(double)steps * decay->dt / decay->tau);
}

static volley_decay make_decay(const volley_plasticity_plan *plan, int parameter, double dt) {
  volley_decay decay = {.dt = dt};
  if (parameter < 0) return decay;
  decay.tau = plan->parameters[parameter];
  decay.table = volley_alloc(VOLLEY_DECAY_STEPS, sizeof *decay.table, "plastic synapses");
  for (int64_t s = 0; s < VOLLEY_DECAY_STEPS; s++) decay.table[s] = volley_decay_beyond(&decay, s);
  return decay;
}

volley_synapse_constants volley_synapse_constants_make(const volley_plasticity_plan *plan, double dt) {
  const volley_synapse_model *model = plan->model;
  const volley_decay second = make_decay(plan, model->tau_slow, dt);
  return (volley_synapse_constants){.plan = plan,
                                    .dt = dt,
                                    .source = make_decay(plan, model->tau_source, dt),
                                    .target = make_decay(plan, model->tau_target, dt),
                                    .second = second,
                                    .jump = model->jump >= 0 ? plan->parameters[model->jump]
                                            : second.tau > 0 ? 1 / second.tau
                                                             : 0};
}

void volley_synapse_constants_release(volley_synapse_constants *constants) {
  free(constants->source.table);
  free(constants->target.table);
  free(constants->second.table);
  *constants = (volley_synapse_constants){0};
}
