/* Theta neuron of FORCE training: a phase, by Euler steps.
 * Ermentrout & Kopell (1986), SIAM J. Appl. Math. 46: 233-253; Nicola & Clopath (2017), Nat. Commun. 8: 2208.
 *
 *   dV/dt = 1 - cos V + pi^2 (1 + cos V) (I_syn + I + I_e),   t in seconds;   V >= pi: a spike, V = -pi
 *
 * A constant current I > 0 makes it fire at sqrt(I) Hz. Every operation has the published order, to give the published
 * bits; V is not confined to -pi .. pi from below. */
#include "neuron/spike_filter.h"

#include <stddef.h>

enum { I_e, tau_decay, tau_rise, N_PARAMETERS };
enum { V_m, I_syn, h, N_STATES };
enum { SPIKES, N_RECEPTORS };
enum { step = VOLLEY_N_FILTER, current_e, N_COEFFICIENTS };

static const double pi = 0x1.921fb54442d18p+1;

static const volley_key_info parameters[N_PARAMETERS] = {
    [I_e] = {"I_e", "", 0, -INFINITY, INFINITY, .doc = "constant input current; alone it gives sqrt(I_e) Hz"},
    [tau_decay] = {"tau_decay", "ms", 20, VOLLEY_TIMES, .doc = "decay time of synaptic currents"},
    [tau_rise] = {"tau_rise", "ms", 2, 0, 1e9, .doc = "rise time of synaptic currents; 0: none"},
};

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "", -1, 0, VOLLEY_ANY, "phase in radians"},
    [I_syn] = {"I_syn", "", -1, 0, VOLLEY_ANY,
               "synaptic current; with tau_rise 0 without the spikes that the next step takes"},
    [h] = {"h", "1/s", -1, 0, VOLLEY_ANY, "what makes I_syn rise, without the spikes that the next step takes"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [SPIKES] = {"spikes", "s", VOLLEY_SIGNED, -1, "current, rises with tau_rise and decays with tau_decay; its area"},
};

static const char *check(const double *p) { return volley_filter_check(p[tau_rise], p[tau_decay]); }

static void prepare(const double *p, double dt, double *c) {
  volley_filter_prepare(p[tau_rise] / 1000, p[tau_decay] / 1000, dt / 1000, c);
  c[step] = dt / 1000;
  c[current_e] = p[I_e];
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 1;
}

/* Resets and lists the neurons first .. end - 1 whose phase has reached pi. */
static void fire(volley_slice *slice, volley_spike_list *spikes, uint32_t first, uint32_t end) {
  double *phase = slice->states[V_m];
  for (uint32_t i = first; i < end; i++) {
    if (!(phase[i] >= pi)) continue;
    phase[i] = -pi;
    volley_spike_push(spikes, slice->offset + i);
  }
}

/* The coefficient of neuron i within the loop. */
#define C(name) volley_at(c[name], cs, i)

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  double *restrict v = slice->states[V_m], *restrict syn = slice->states[I_syn], *restrict rise = slice->states[h];
  double *restrict input = slice->inputs[SPIKES];
  volley_column c[N_COEFFICIENTS];
  for (int k = 0; k < N_COEFFICIENTS; k++) c[k] = volley_column_of(slice, k);
  const volley_column current = {slice->current, slice->current[0]};
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    int crossed = 0;
#pragma omp simd reduction(| : crossed)
    for (uint32_t i = first; i < end; i++) {
      double synaptic = syn[i], rising = rise[i];
      volley_filter_take(c, cs, i, input[i], &synaptic, &rising);
      const double total = synaptic + volley_at(current, is, i) + C(current_e);
      const double cosine = volley_cosine(v[i]);
      const double now = v[i] + C(step) * (1 - cosine + pi * pi * ((1 + cosine) * total));
      volley_filter_decay(c, cs, i, &synaptic, &rising);
      v[i] = now;
      syn[i] = synaptic;
      rise[i] = rising;
      input[i] = 0;
      crossed |= now >= pi;
    }
    if (crossed) fire(slice, spikes, first, end);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_theta = {
    .name = "theta",
    .doc = "theta neuron of FORCE training, by Euler steps: a phase, driven by currents without a unit",
    .reference = "Ermentrout & Kopell (1986); Nicola & Clopath (2017)",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "",
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
