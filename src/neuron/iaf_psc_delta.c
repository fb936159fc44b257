/* Leaky integrate-and-fire neuron whose potential jumps with each arriving spike, integrated exactly.
 * Rotter & Diesmann (1999), Biol. Cybern. 81: 381-402; Diesmann, Gewaltig, Rotter & Aertsen (2001), Neurocomputing 38: 565.
 *
 *   C_m dV/dt = -C_m (V - E_L) / tau_m + I_e + I,   V jumps by the weight of a spike at the end of the step it arrives in
 *
 * Spikes that arrive while the neuron is refractory are lost, or, with refractory_input 1, kept, decaying as V would, and
 * added when the period ends. */
#include "neuron/kernel.h"

#include <math.h>
#include <stddef.h>

enum { C_m, E_L, I_e, t_ref, tau_m, V_min, V_reset, V_th, refractory_input, N_PARAMETERS };
enum { V_m, refractory, kept, N_STATES };
enum { SPIKES, N_RECEPTORS };
enum { decay_m, gain_dc, rest, current_e, lowest, threshold, reset, refractory_steps, keep, N_COEFFICIENTS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_m] = {"tau_m", "ms", 10, VOLLEY_TIMES, .doc = "membrane time constant"},
    [V_min] = {"V_min", "mV", -INFINITY, -INFINITY, 1e6, .doc = "lower bound of the potential"},
    [V_reset] = {"V_reset", "mV", -70, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},
    [refractory_input] =
        {"refractory_input", "", 0, 0, 1,
         .doc = "1: keep input that arrives while refractory, else it is lost; that at the very end of t_ref "
                "arrives while refractory, as in NEST"},
};

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
    [kept] = {"kept", "mV", -1, 0, VOLLEY_VOLTAGES, "input kept for the end of the refractory period"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [SPIKES] = {"spikes", "mV", VOLLEY_SIGNED, -1, "jump of the potential"},
};

static const char *check(const double *p) {
  if (p[refractory_input] != 0 && p[refractory_input] != 1) return "refractory_input must be 0 or 1";
  return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th";
}

static void prepare(const double *p, double dt, double *c) {
  c[decay_m] = exp(-dt / p[tau_m]);
  c[gain_dc] = -expm1(-dt / p[tau_m]) * p[tau_m] / p[C_m];
  c[rest] = p[E_L];
  c[current_e] = p[I_e];
  c[lowest] = p[V_min];
  c[threshold] = p[V_th];
  c[reset] = p[V_reset];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[keep] = p[refractory_input];
}

static double mean_current(const double *p, int receptor) {
  (void)receptor;
  return 0.001 * p[C_m];
}

static const volley_firing firing = {V_m, refractory, threshold, reset, refractory_steps};

/* The coefficient of neuron i within the loop. */
#define C(name) volley_at(c[name], cs, i)

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  double *restrict v = slice->states[V_m], *restrict r = slice->states[refractory];
  double *restrict k = slice->states[kept], *restrict input = slice->inputs[SPIKES];
  volley_column c[N_COEFFICIENTS];
  for (int n = 0; n < N_COEFFICIENTS; n++) c[n] = volley_column_of(slice, n);
  const volley_column current = {slice->current, slice->current[0]};
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    int crossed = 0;
#pragma omp simd reduction(| : crossed)
    for (uint32_t i = first; i < end; i++) {
      const double dc = C(current_e) + volley_at(current, is, i);
      const double moved = C(rest) + (v[i] - C(rest)) * C(decay_m) + dc * C(gain_dc) + input[i] + k[i];
      const double bounded = moved < C(lowest) ? C(lowest) : moved;
      const double now = r[i] > 0 ? v[i] : bounded;
      k[i] = r[i] > 0 ? (k[i] + C(keep) * input[i]) * C(decay_m) : 0;
      r[i] = r[i] > 0 ? r[i] - 1 : 0;
      v[i] = now;
      input[i] = 0;
      crossed |= now >= C(threshold);
    }
    if (crossed) volley_fire(slice, spikes, &firing, first, end);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_iaf_psc_delta = {
    .name = "iaf_psc_delta",
    .doc = "leaky integrate-and-fire neuron whose potential jumps with each arriving spike, integrated exactly",
    .reference = "Rotter & Diesmann (1999); Diesmann et al. (2001)",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
