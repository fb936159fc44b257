#include "neuron/neuron.h"

#include <stdlib.h>
#include <string.h>

extern const volley_neuron_model volley_iaf_psc_exp, volley_iaf_psc_alpha, volley_iaf_psc_delta, volley_iaf_cond_exp,
    volley_iaf_cond_alpha, volley_aeif_cond_exp, volley_hh_psc_alpha, volley_izhikevich, volley_qif, volley_if,
    volley_lif_adaptive, volley_lif, volley_theta, volley_izhikevich_2007, volley_parrot;

static const volley_neuron_model *const models[] = {&volley_iaf_psc_exp,
                                                    &volley_iaf_psc_alpha,
                                                    &volley_iaf_psc_delta,
                                                    &volley_iaf_cond_exp,
                                                    &volley_iaf_cond_alpha,
                                                    &volley_aeif_cond_exp,
                                                    &volley_hh_psc_alpha,
                                                    &volley_izhikevich,
                                                    &volley_qif,
                                                    &volley_if,
                                                    &volley_lif_adaptive,
                                                    &volley_lif,
                                                    &volley_theta,
                                                    &volley_izhikevich_2007,
                                                    &volley_parrot,
                                                    NULL};

const volley_neuron_model *const *volley_neuron_models(void) { return models; }

const volley_neuron_model *volley_neuron_model_find(const char *name) {
  for (const volley_neuron_model *const *model = models; *model; model++) {
    if (strcmp((*model)->name, name) == 0) return *model;
  }
  return NULL;
}

int volley_receptor_lag(const volley_neuron_model *model, int receptor) {
  return model->receptors[receptor].state >= 0 ? 1 : 0;
}

void volley_spike_push(volley_spike_list *list, uint32_t id) {
  if (list->n == list->capacity) {
    list->capacity = list->capacity ? 2 * list->capacity : 64;
    list->ids = volley_grow(list->ids, list->capacity, sizeof *list->ids, "the spikes of a step");
  }
  list->ids[list->n++] = id;
}
