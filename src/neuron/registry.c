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

static const volley_neuron_model **with_plugins; /* those and the ones that were added, ended by NULL; or NULL */

const volley_neuron_model *const *volley_neuron_models(void) { return with_plugins ? with_plugins : built_in; }

void volley_neuron_model_add(const volley_neuron_model *model) {
  size_t n = 0;
  while (volley_neuron_models()[n]) n++;
  const volley_neuron_model **models =
      volley_grow(with_plugins, n + 2, sizeof(volley_neuron_model *), "the neuron models");
  for (size_t m = 0; m < n && !with_plugins; m++) models[m] = built_in[m];
  models[n] = model;
  models[n + 1] = NULL;
  with_plugins = models;
}

const volley_neuron_model *volley_neuron_model_find(const char *name) {
  for (const volley_neuron_model *const *model = volley_neuron_models(); *model; model++) {
    if (strcmp((*model)->name, name) == 0) return *model;
  }
  return NULL;
}

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
