/* A step of neurons that have a solution in closed form, as a series of events: what they do by themselves within it, and then
 * what arrives at its end. For models whose update loop need not be the fastest. */
#ifndef VOLLEY_NEURON_BY_EVENTS_H
#define VOLLEY_NEURON_BY_EVENTS_H

#include "neuron/events.h"
#include "neuron/kernel.h"

/* Coefficients of a step, behind those of the events. */
enum { VOLLEY_STEP_LENGTH, VOLLEY_STEP_REFRACTORY, VOLLEY_N_STEP };

/* Takes neuron i with states y through a step at whose end `input` arrives at receptor 0; *left: steps left of the refractory
 * period. Returns the number of its spikes. */
static inline uint32_t volley_step_by_events(const volley_neuron_events *model, const double *c, double *y,
                                             double current, double input, double *left) {
  const double *step = c + model->n_coefficients;
  double rest = step[VOLLEY_STEP_LENGTH];
  uint32_t spikes = 0;
  for (double h; *left == 0 && (h = model->next(c, y, current, rest)) <= rest; spikes++) {
    if (h > 0) model->advance(c, y, h, current, false);
    model->fire(c, y);
    *left = step[VOLLEY_STEP_REFRACTORY] + 1; /* this step is none of the period */
    rest -= h;
  }
  const bool held = *left > 0;
  model->advance(c, y, rest, current, held);
  if (held) *left -= 1;
  model->arrive(c, y, 0, input, held ? *left : -1);
  return spikes;
}

/* update() of such a model; n_states: those before `refractory`, which is the last, or -1. */
static inline void volley_update_by_events(volley_slice *slice, volley_spike_list *list,
                                           const volley_neuron_events *model, int n_states) {
  double c[VOLLEY_MAX_COEFFICIENTS], y[VOLLEY_MAX_STATES], none = 0;
  for (uint32_t i = 0; i < slice->count; i++) {
    for (int k = 0; k < model->n_coefficients + VOLLEY_N_STEP; k++)
      c[k] = volley_coefficient(slice, k)[slice->coefficient_stride ? i : 0];
    for (int k = 0; k < n_states; k++) y[k] = slice->states[k][i];
    double *left = model->refractory >= 0 ? &slice->states[model->refractory][i] : &none;
    none = 0;
    const double current = slice->current[slice->current_stride ? i : 0];
    uint32_t spikes = volley_step_by_events(model, c, y, current, slice->inputs[0][i], left);
    for (int k = 0; k < n_states; k++) slice->states[k][i] = y[k];
    for (; spikes > 0; spikes--) volley_spike_push(list, slice->offset + i);
    slice->inputs[0][i] = 0;
  }
}

#endif
