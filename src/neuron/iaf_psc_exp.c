/* Leaky integrate-and-fire neuron with exponential synaptic currents, integrated exactly.
 * Rotter & Diesmann (1999), Biol. Cybern. 81: 381-402; Tsodyks, Uziel & Markram (2000), J. Neurosci. 20: RC50.
 *
 *   C_m dV/dt = -C_m (V - E_L) / tau_m + I_syn_ex + I_syn_in + I_e + I,   dI_syn_x/dt = -I_syn_x / tau_syn_x
 *
 * A spike that arrives at the end of a step makes I_syn jump there; V feels it from the next step on. */
#include "neuron/kernel.h"
#include "neuron/propagator.h"

#include <stddef.h>

enum { C_m, E_L, I_e, t_ref, tau_m, tau_syn_ex, tau_syn_in, V_reset, V_th, N_PARAMETERS };
enum { V_m, I_syn_ex, I_syn_in, refractory, N_STATES };
enum { EX, IN, N_RECEPTORS };
enum {
  decay_m,
  decay_ex,
  decay_in,
  gain_ex,
  gain_in,
  gain_dc,
  rest,
  current_e,
  threshold,
  reset,
  refractory_steps,
  N_COEFFICIENTS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_m] = {"tau_m", "ms", 10, VOLLEY_TIMES, .doc = "membrane time constant"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 2, VOLLEY_TIMES, .doc = "decay time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of inhibitory currents"},
    [V_reset] = {"V_reset", "mV", -70, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},
};

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [I_syn_ex] = {"I_syn_ex", "pA", -1, 0, VOLLEY_CURRENTS, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "pA", -1, 0, VOLLEY_CURRENTS, "inhibitory synaptic current"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static const char *check(const double *p) { return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th"; }

static void prepare(const double *p, double dt, double *c) {
  c[decay_m] = exp(-dt / p[tau_m]);
  c[decay_ex] = exp(-dt / p[tau_syn_ex]);
  c[decay_in] = exp(-dt / p[tau_syn_in]);
  c[gain_ex] = volley_decay_gain(p[tau_syn_ex], p[tau_m], p[C_m], dt);
  c[gain_in] = volley_decay_gain(p[tau_syn_in], p[tau_m], p[C_m], dt);
  c[gain_dc] = -expm1(-dt / p[tau_m]) * p[tau_m] / p[C_m];
  c[rest] = p[E_L];
  c[current_e] = p[I_e];
  c[threshold] = p[V_th];
  c[reset] = p[V_reset];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

static const volley_firing firing = {V_m, refractory, threshold, reset, refractory_steps};

/* The coefficient of neuron i within the loop. */
#define C(name) volley_at(c[name], cs, i)

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  double *restrict v = slice->states[V_m], *restrict ex = slice->states[I_syn_ex];
  double *restrict in = slice->states[I_syn_in], *restrict r = slice->states[refractory];
  volley_column c[N_COEFFICIENTS];
  for (int n = 0; n < N_COEFFICIENTS; n++) c[n] = volley_column_of(slice, n);
  const volley_column current = {slice->current, slice->current[0]};
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    int crossed = 0;
#pragma omp simd reduction(| : crossed)
    for (uint32_t i = first; i < end; i++) {
      const double dc = C(current_e) + volley_at(current, is, i);
      const double moved =
          C(rest) + (v[i] - C(rest)) * C(decay_m) + ex[i] * C(gain_ex) + in[i] * C(gain_in) + dc * C(gain_dc);
      const double now = r[i] > 0 ? v[i] : moved;
      v[i] = now;
      r[i] = r[i] > 0 ? r[i] - 1 : 0;
      ex[i] *= C(decay_ex);
      in[i] *= C(decay_in);
      crossed |= now >= C(threshold);
    }
    if (crossed) volley_fire(slice, spikes, &firing, first, end);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_iaf_psc_exp = {
    .name = "iaf_psc_exp",
    .doc = "leaky integrate-and-fire neuron with exponentially decaying synaptic currents, integrated exactly",
    .reference = "Tsodyks, Uziel & Markram (2000); Rotter & Diesmann (1999)",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
