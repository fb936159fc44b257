/* A synapse model of a plugin: a weight grows at every spike that it transmits. */
#include <volley/plugin/plugin.h>

enum { STEP, WMAX, N_PARAMETERS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [STEP] = {"step", "weight", 1, VOLLEY_FROM_ZERO, .doc = "what a weight grows by at a spike"},
    [WMAX] = {"Wmax", "weight", 100, VOLLEY_ANY, .doc = "greatest weight"},
};

static const volley_state_info states[] = {{"weight", "weight", -1, 0, VOLLEY_ANY, "weight"}};

static void range(const double *values, double *low, double *high) {
  *low = -INFINITY;
  *high = values[WMAX];
}

static void spike(volley_synapse_view *view, double *input) {
  const double *p = view->constants->parameters;
  for (uint32_t i = 0; i < view->count; i++) {
    double *weight = &view->states[0][i];
    input[view->ids[i]] += view->sign * *weight;
    *weight = fmin(*weight + p[STEP], p[WMAX]);
  }
}

static const volley_synapse_model growth = {
    .name = "growth",
    .doc = "weights that grow with use",
    .equations = "at a spike weight <- weight + step, up to Wmax",
    .parameters = parameters,
    .n_parameters = N_PARAMETERS,
    .states = states,
    .n_states = 1,
    .range = range,
    .spike = spike,
};

VOLLEY_PLUGIN(.synapses = {&growth})
