#include "neuron/neuron.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

extern const volley_neuron_model volley_iaf_psc_exp, volley_iaf_psc_alpha, volley_iaf_psc_delta, volley_iaf_cond_exp,
    volley_iaf_cond_alpha, volley_aeif_cond_exp, volley_hh_psc_alpha, volley_hh_cond_exp_traub, volley_izhikevich,
    volley_qif, volley_if, volley_lif_adaptive, volley_lif, volley_theta, volley_izhikevich_2007,
    volley_izhikevich_ring_2018, volley_parrot;

static const volley_neuron_model *const built_in[] = {&volley_iaf_psc_exp,
                                                      &volley_iaf_psc_alpha,
                                                      &volley_iaf_psc_delta,
                                                      &volley_iaf_cond_exp,
                                                      &volley_iaf_cond_alpha,
                                                      &volley_aeif_cond_exp,
                                                      &volley_hh_psc_alpha,
                                                      &volley_hh_cond_exp_traub,
                                                      &volley_izhikevich,
                                                      &volley_qif,
                                                      &volley_if,
                                                      &volley_lif_adaptive,
                                                      &volley_lif,
                                                      &volley_theta,
                                                      &volley_izhikevich_2007,
                                                      &volley_izhikevich_ring_2018,
                                                      &volley_parrot,
                                                      NULL};

static volley_registry registry = VOLLEY_REGISTRY(built_in);

volley_registry *volley_neuron_registry(void) { return &registry; }

const volley_neuron_model *const *volley_neuron_models(void) { return volley_registry_all(&registry); }

const volley_neuron_model *volley_neuron_model_find(const char *name) { return volley_registry_find(&registry, name); }

int volley_receptor_lag(const volley_neuron_model *model, int receptor) {
  return model->receptors[receptor].state >= 0 ? 1 : 0;
}

double volley_receptor_weight(const volley_neuron_model *model, int receptor, double weight) {
  return model->receptors[receptor].weights == VOLLEY_CONDUCTANCE ? fabs(weight) : weight;
}

void volley_spike_push(volley_spike_list *list, uint32_t id) {
  if (list->n == list->capacity) {
    list->capacity = list->capacity ? 2 * list->capacity : 64;
    list->ids = volley_grow(list->ids, list->capacity, sizeof *list->ids, "the spikes of a step");
  }
  list->ids[list->n++] = id;
}
