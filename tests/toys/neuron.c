/* A toy neuron: adds up what arrives and fires whenever the sum has reached its threshold. */
#include "neuron/kernel.h"

enum { threshold, N_PARAMETERS };
enum { sum, N_STATES };
enum { SPIKES, N_RECEPTORS };
enum { least, N_COEFFICIENTS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [threshold] = {"threshold", "", 3, VOLLEY_ABOVE_ZERO, .doc = "sum at which it fires"},
};

static const volley_state_info states[N_STATES] = {
    [sum] = {"sum", "", -1, 0, VOLLEY_ANY, "what has arrived, less the threshold for each spike"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [SPIKES] = {"spikes", "", VOLLEY_SIGNED, sum, "jump of the sum"},
};

static void prepare(const double *p, double dt, double *c) {
  (void)dt;
  c[least] = p[threshold];
}

static double mean_current(const double *p, int receptor) {
  (void)p, (void)receptor;
  return 0;
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  double *all = slice->states[sum];
  const volley_column at_least = volley_column_of(slice, least);
  for (uint32_t i = 0; i < slice->count; i++) {
    const double enough = volley_at(at_least, (uint32_t)slice->coefficient_stride, i);
    for (; all[i] >= enough; all[i] -= enough) volley_spike_push(spikes, slice->offset + i);
  }
}

const volley_neuron_model volley_counter = {
    .name = "counter",
    .doc = "adds up what arrives and fires whenever the sum has reached its threshold",
    .reference = "none",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {SPIKES, SPIKES},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
