#include "support/neurons.h"

#include "base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int neurons_parameter(const neurons *these, const char *parameter) {
  for (int k = 0; k < these->model->n_parameters; k++) {
    if (strcmp(these->model->parameters[k].name, parameter) == 0) return k;
  }
  fail_msg("%s has no parameter %s", these->model->name, parameter);
  return -1;
}

double *neurons_state(neurons *these, const char *state) {
  for (int s = 0; s < these->model->n_states; s++) {
    if (strcmp(these->model->states[s].name, state) == 0) return these->slice.states[s];
  }
  fail_msg("%s has no state %s", these->model->name, state);
  return NULL;
}

neurons neurons_of(const char *model) {
  neurons these = {.model = volley_neuron_model_find(model)};
  assert_non_null(these.model);
  assert_true(these.model->n_coefficients <= VOLLEY_MAX_COEFFICIENTS);
  for (int k = 0; k < these.model->n_parameters; k++) these.values[k] = these.model->parameters[k].fallback;
  return these;
}

void neurons_set(neurons *these, const char *parameter, double value) {
  these->values[neurons_parameter(these, parameter)] = value;
}

static void make_states(neurons *these, uint32_t i, const double *values) {
  const volley_neuron_model *model = these->model;
  for (int s = 0; s < model->n_states; s++) {
    const volley_state_info *info = &model->states[s];
    these->slice.states[s][i] = info->from_parameter >= 0 ? values[info->from_parameter] : info->fallback;
  }
}

void neurons_make(neurons *these, uint32_t n, double dt, neurons_own *own, bool own_current) {
  const volley_neuron_model *model = these->model;
  volley_slice *slice = &these->slice;
  *slice = (volley_slice){.count = n,
                          .offset = 100,
                          .coefficient_stride = own != NULL,
                          .current_stride = own_current,
                          .is_adaptive = these->adaptive};
  const uint32_t sets = own ? n : 1;
  slice->gids = volley_alloc(n, sizeof *slice->gids, "test");
  for (uint32_t i = 0; i < n; i++) slice->gids[i] = i;
  slice->coefficients = volley_alloc((size_t)model->n_coefficients * sets, sizeof(double), "test");
  slice->current = volley_alloc(own_current ? n : 1, sizeof(double), "test");
  for (int s = 0; s < model->n_states; s++) slice->states[s] = volley_alloc(n, sizeof(double), "test");
  for (int r = 0; r < model->n_receptors; r++) {
    const int state = model->receptors[r].state;
    slice->inputs[r] = state >= 0 ? slice->states[state] : volley_alloc(n, sizeof(double), "test");
  }
  for (uint32_t i = 0; i < n; i++) {
    double values[VOLLEY_MAX_PARAMETERS], out[VOLLEY_MAX_COEFFICIENTS];
    memcpy(values, these->values, sizeof values);
    if (own) own(these, these->first + i, values);
    if (model->check && model->check(values)) fail_msg("%s: %s", model->name, model->check(values));
    make_states(these, i, values);
    if (i >= sets) continue;
    model->prepare(values, dt, out);
    for (int c = 0; c < model->n_coefficients; c++) slice->coefficients[(size_t)c * sets + i] = out[c];
  }
}

uint32_t neurons_step(neurons *these) {
  these->spikes.n = 0;
  these->model->update(&these->slice, &these->spikes);
  these->slice.step++;
  return these->spikes.n;
}

void neurons_drop(neurons *these) {
  for (int r = 0; r < these->model->n_receptors; r++) {
    if (these->model->receptors[r].state < 0) free(these->slice.inputs[r]);
  }
  for (int s = 0; s < these->model->n_states; s++) free(these->slice.states[s]);
  free(these->slice.gids);
  free(these->slice.coefficients);
  free(these->slice.current);
  free(these->spikes.ids);
  these->spikes = (volley_spike_list){0};
}

void expect_near(double value, double expected, double tolerance) {
  if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", value, tolerance, expected);
}
