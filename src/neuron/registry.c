#include "neuron/neuron.h"

#include "base/memory.h"
#include "model/experiment.h"

/* clang-format off */
#define MODELS(X) \
  X(iaf_psc_exp) \
  X(iaf_psc_alpha) \
  X(iaf_psc_delta) \
  X(iaf_psc_exp_multisynapse) \
  X(iaf_psc_alpha_multisynapse) \
  X(iaf_cond_exp) \
  X(iaf_cond_alpha) \
  X(iaf_cond_beta) \
  X(iaf_cond_exp_sfa_rr) \
  X(gif_cond_exp) \
  X(iaf_bw_2001) \
  X(aeif_cond_exp) \
  X(aeif_cond_alpha) \
  X(aeif_psc_exp) \
  X(aeif_psc_alpha) \
  X(aeif_cond_beta_multisynapse) \
  X(mat2_psc_exp) \
  X(glif_psc) \
  X(hh_psc_alpha) \
  X(hh_cond_exp_traub) \
  X(izhikevich) \
  X(izhikevich_psc_exp) \
  X(qif) \
  X(if) \
  X(lif_adaptive) \
  X(lif) \
  X(theta) \
  X(izhikevich_2007) \
  X(izhikevich_ring_2018) \
  X(qif_delta) \
  X(theta_delta) \
  X(parrot) \
  X(spike_source) \
  X(intfire1) \
  /* one line a model */
/* clang-format on */

#define DECLARED(name) extern const volley_neuron_model volley_##name;
#define LISTED(name) &volley_##name,
MODELS(DECLARED)

static const volley_neuron_model *const built_in[] = {MODELS(LISTED) NULL};

static volley_registry registry = VOLLEY_REGISTRY(built_in);

volley_registry *volley_neuron_registry(void) { return &registry; }

const volley_neuron_model *const *volley_neuron_models(void) { return volley_registry_all(&registry); }

const volley_neuron_model *volley_neuron_model_find(const char *name) { return volley_registry_find(&registry, name); }

double volley_mean_current(const volley_population *population, int receptor) {
  double values[VOLLEY_MAX_PARAMETERS];
  for (int i = 0; i < population->model->n_parameters; i++) {
    values[i] = volley_distribution_mean(&population->parameters[i]);
    if (isnan(values[i])) values[i] = population->model->parameters[i].fallback;
  }
  return population->model->mean_current(values, receptor);
}

void volley_spike_push(volley_spike_list *list, uint32_t id) {
  if (list->n == list->capacity) {
    const uint32_t capacity = list->capacity ? 2 * list->capacity : 64;
    list->ids = volley_grow(list->ids, capacity, sizeof *list->ids, "the spikes of a step");
    list->capacity = capacity;
  }
  list->ids[list->n++] = id;
}
