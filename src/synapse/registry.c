#include "synapse/pairing.h"

#include "base/memory.h"
#include "model/experiment.h"

#include <math.h>
#include <stdlib.h>

/* clang-format off */
#define MODELS(X) \
  X(bernoulli) \
  X(quantal_stp) \
  X(stdp) \
  X(stdp_nn_pre_centered) \
  X(stdp_nn_restr) \
  X(stdp_nn_symm) \
  X(stdp_pl) \
  X(stdp_dopamine) \
  X(stdp_switch) \
  X(stdp_triplet) \
  X(trace) \
  X(tsodyks) \
  X(tsodyks2) \
  X(vogels_sprekeler) \
  X(nmda_gating) \
  /* one line a model */
/* clang-format on */

#define DECLARED(name) extern const volley_synapse_model volley_synapse_##name;
#define LISTED(name) &volley_synapse_##name,
MODELS(DECLARED)

static const volley_synapse_model *const models[] = {MODELS(LISTED) NULL};

static volley_registry registry = VOLLEY_REGISTRY(models);

volley_registry *volley_synapse_registry(void) { return &registry; }

const volley_synapse_model *const *volley_synapse_models(void) { return volley_registry_all(&registry); }

const volley_synapse_model *volley_synapse_model_find(const char *name) {
  return volley_registry_find(&registry, name);
}

double volley_decay_beyond(const volley_trace *trace, int64_t steps) {
  return exp(-(double)steps * trace->dt / trace->tau);
}

static volley_trace make_trace(const double *parameters, const volley_trace_info *info, double dt) {
  volley_trace trace = {.dt = dt, .tau = parameters[info->tau]};
  trace.jump = info->jump >= 0 ? parameters[info->jump] : info->jump == VOLLEY_JUMP_RATE ? 1 / trace.tau : 1;
  trace.table = volley_alloc(VOLLEY_DECAY_STEPS, sizeof *trace.table, "plastic synapses");
  for (int64_t s = 0; s < VOLLEY_DECAY_STEPS; s++) trace.table[s] = volley_decay_beyond(&trace, s);
  return trace;
}

volley_synapse_constants volley_synapse_constants_make(const volley_plasticity_plan *plan, double dt) {
  const volley_synapse_model *model = plan->model;
  volley_synapse_constants constants = {.model = model,
                                        .parameters = plan->parameters,
                                        .dt = dt,
                                        .nearest = plan->nearest || model->nearest,
                                        .is_axonal = plan->is_axonal,
                                        .has_dopamine = plan->dopamine >= 0,
                                        .learning = plan->learning,
                                        .n_learning = plan->n_learning,
                                        .dopamine_on = plan->dopamine_on,
                                        .n_dopamine_on = plan->n_dopamine_on};
  int numbers[] = {0, 0, 0};
  for (int t = 0; t < model->n_traces; t++) {
    constants.traces[t] = make_trace(plan->parameters, &model->traces[t], dt);
    constants.traces[t].number = numbers[model->traces[t].of]++;
  }
  return constants;
}

void volley_synapse_constants_release(volley_synapse_constants *constants) {
  for (int t = 0; t < VOLLEY_MAX_TRACES; t++) free(constants->traces[t].table);
  *constants = (volley_synapse_constants){0};
}

void volley_source_traces_advance(const volley_synapse_constants *constants, double *row, int64_t steps) {
  for (int t = 0; t < constants->model->n_traces; t++) {
    if (constants->model->traces[t].of != VOLLEY_OF_SOURCE) continue;
    const volley_trace *trace = &constants->traces[t];
    double *without = &row[2 * trace->number], *with = without + 1;
    *without = *with * volley_decay_at(trace, steps);
    *with = constants->nearest ? trace->jump : *without + trace->jump;
  }
}

volley_past_spike volley_target_traces_at(const volley_synapse_constants *constants, const volley_past_spike *before,
                                          int64_t step) {
  volley_past_spike spike = {.step = step, .traces = {1}}; /* files have 1 where there is no trace */
  for (int t = 0; t < constants->model->n_traces; t++) {
    if (constants->model->traces[t].of != VOLLEY_OF_TARGET) continue;
    const volley_trace *trace = &constants->traces[t];
    double *with = &spike.traces[trace->number];
    *with = trace->jump;
    if (before && !constants->nearest)
      *with += before->traces[trace->number] * volley_decay_at(trace, step - before->step);
  }
  return spike;
}

volley_past_spike volley_dopamine_at(const volley_synapse_constants *constants, const volley_past_spike *before,
                                     int64_t step, uint32_t spikes) {
  volley_past_spike level = {.step = step};
  for (int t = 0; t < constants->model->n_traces; t++) {
    if (constants->model->traces[t].of != VOLLEY_OF_DOPAMINE) continue;
    const volley_trace *trace = &constants->traces[t];
    level.traces[0] = before->traces[0] * volley_decay_at(trace, step - before->step) + spikes * trace->jump;
  }
  return level;
}

/* The trace of a source just after what it has sent, or of dopamine: one for all synapses of a group. */
static double common_trace(const volley_synapse_view *b, int t) {
  const volley_trace *of = &b->constants->traces[t];
  if (b->constants->model->traces[t].of == VOLLEY_OF_SOURCE)
    return b->row[2 * of->number + 1] * volley_decay_at(of, b->now - b->last);
  return volley_dopamine_level(b, t, volley_dopamine_find(b, b->now), b->now);
}

void volley_look_at_traces(volley_synapse_view *b, int t, double *out) {
  const volley_trace *of = &b->constants->traces[t];
  const bool is_target = b->constants->model->traces[t].of == VOLLEY_OF_TARGET;
  const double common = is_target ? 0 : common_trace(b, t);
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_past_spikes *past = &b->past[b->ids[i]];
    uint32_t k = past->n;
    out[i] = common;
    while (k > 0 && past->spikes[k - 1].step > b->now - b->dendritic) k--;
    if (is_target && k > 0)
      out[i] = past->spikes[k - 1].traces[of->number] *
               volley_decay_at(of, b->now - b->dendritic - past->spikes[k - 1].step);
  }
}
