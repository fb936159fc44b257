/* Leaky integrate-and-fire neuron without a reset, whose threshold jumps at its spikes and decays with two time constants;
 * exponential synaptic currents; integrated exactly.
 * Kobayashi, Tsubo & Shinomoto (2009), Front. Comput. Neurosci. 3: 9; NEST mat2_psc_exp.
 *
 *   C_m dV/dt = -C_m (V - E_L) / tau_m + I_syn_ex + I_syn_in + I_e + I,   dI_syn_x/dt = -I_syn_x / tau_syn_x
 *   V_th = omega + V_th_alpha_1 + V_th_alpha_2,   dV_th_alpha_k/dt = -V_th_alpha_k / tau_k
 *   V >= V_th: a spike, V_th_alpha_k = V_th_alpha_k + alpha_k, and none for t_ref
 *
 * A spike that arrives at the end of a step makes I_syn jump there; V feels it from the next step on. */
#include "neuron/kernel.h"
#include "neuron/propagator.h"

#include <stddef.h>
#include <string.h>

enum { C_m, E_L, I_e, alpha_1, alpha_2, omega, t_ref, tau_1, tau_2, tau_m, tau_syn_ex, tau_syn_in, N_PARAMETERS };
enum { V_m, V_th, V_th_alpha_1, V_th_alpha_2, I_syn_ex, I_syn_in, refractory };
enum { EX, IN };
enum {
  decay_m = N_PARAMETERS,
  decay_1,
  decay_2,
  decay_ex,
  decay_in,
  gain_ex,
  gain_in,
  gain_dc,
  refractory_steps,
  N_COEFFICIENTS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 100, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [alpha_1] = {"alpha_1", "mV", 37, VOLLEY_VOLTAGES, .doc = "jump of the first part of the threshold at a spike"},
    [alpha_2] = {"alpha_2", "mV", 2, VOLLEY_VOLTAGES, .doc = "jump of the second part"},
    [omega] = {"omega", "mV", -51, VOLLEY_VOLTAGES, .doc = "threshold at rest"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "time without spikes after one, rounded to steps; V goes on"},
    [tau_1] = {"tau_1", "ms", 10, VOLLEY_TIMES, .doc = "decay time of the first part of the threshold"},
    [tau_2] = {"tau_2", "ms", 200, VOLLEY_TIMES, .doc = "decay time of the second part"},
    [tau_m] = {"tau_m", "ms", 5, VOLLEY_TIMES, .doc = "membrane time constant"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 1, VOLLEY_TIMES, .doc = "decay time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 3, VOLLEY_TIMES, .doc = "decay time of inhibitory currents"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [V_th] = {"V_th", "mV", omega, 0, VOLLEY_VOLTAGES,
              "threshold, after each step; what it begins with counts for nothing"},
    [V_th_alpha_1] = {"V_th_alpha_1", "mV", -1, 0, VOLLEY_VOLTAGES, "first part of the threshold"},
    [V_th_alpha_2] = {"V_th_alpha_2", "mV", -1, 0, VOLLEY_VOLTAGES, "second part"},
    [I_syn_ex] = {"I_syn_ex", "pA", -1, 0, VOLLEY_CURRENTS, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "pA", -1, 0, VOLLEY_CURRENTS, "inhibitory synaptic current"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left without spikes"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[decay_m] = exp(-dt / p[tau_m]);
  c[decay_1] = exp(-dt / p[tau_1]);
  c[decay_2] = exp(-dt / p[tau_2]);
  c[decay_ex] = exp(-dt / p[tau_syn_ex]);
  c[decay_in] = exp(-dt / p[tau_syn_in]);
  c[gain_ex] = volley_decay_gain(p[tau_syn_ex], p[tau_m], p[C_m], dt);
  c[gain_in] = volley_decay_gain(p[tau_syn_in], p[tau_m], p[C_m], dt);
  c[gain_dc] = -expm1(-dt / p[tau_m]) * p[tau_m] / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

/* The coefficient of neuron i. */
#define C(name) volley_at(k->c[name], k->cs, i)

VOLLEY_INLINE int advance(const volley_chunk *k, uint32_t i, double current) {
  double *const *s = k->slice->states;
  const double v = s[V_m][i], ex = s[I_syn_ex][i], in = s[I_syn_in][i], left = s[refractory][i];
  const double dc = C(I_e) + current;
  const double moved = C(E_L) + (v - C(E_L)) * C(decay_m) + ex * C(gain_ex) + in * C(gain_in) + dc * C(gain_dc);
  const double first = s[V_th_alpha_1][i] * C(decay_1), second = s[V_th_alpha_2][i] * C(decay_2);
  const int may = left <= 0, is_high = moved >= C(omega) + second + first, is_spike = may & is_high;
  s[V_m][i] = moved;
  s[V_th_alpha_1][i] = is_spike ? first + C(alpha_1) : first;
  s[V_th_alpha_2][i] = is_spike ? second + C(alpha_2) : second;
  s[V_th][i] = C(omega) + s[V_th_alpha_1][i] + s[V_th_alpha_2][i];
  s[refractory][i] = is_spike ? C(refractory_steps) : left > 0 ? left - 1 : 0;
  s[I_syn_ex][i] = ex * C(decay_ex);
  s[I_syn_in][i] = in * C(decay_in);
  return is_spike;
}

VOLLEY_INLINE void take(const volley_chunk *k) { volley_advance_and_list(k, advance); }

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_mat2_psc_exp = {
    .name = "mat2_psc_exp",
    .doc = "leaky integrate-and-fire neuron that is never reset, with an adaptive threshold of two time constants and "
           "exponentially decaying synaptic currents, integrated exactly",
    .reference = "Kobayashi, Tsubo & Shinomoto (2009); Rotter & Diesmann (1999)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
