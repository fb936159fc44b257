/* Leaky integrate-and-fire neuron with a threshold that jumps at each spike and decays, integrated exactly; without
 * units but for time. The neuron of the competing outputs that learn digits; its defaults.
 *
 *   tau_m dV/dt = E_L - V + I_syn_ex + I_syn_in + I_e + I,   dI_syn_x/dt = -I_syn_x / tau_syn_x
 *   tau_threshold dthreshold/dt = V_th - threshold
 *   V > threshold: a spike, V = V_reset, threshold = threshold + threshold_jump
 *
 * A spike that arrives at the end of a step makes I_syn jump there; V feels it from the next step on. Only V stands
 * still while the neuron is refractory. */
#include "neuron/kernel.h"
#include "neuron/propagator.h"

#include <stddef.h>
#include <string.h>

enum { E_L, I_e, V_reset, V_th, t_ref, tau_m, tau_syn_ex, tau_syn_in, tau_threshold, threshold_jump, N_PARAMETERS };
enum { V_m, I_syn_ex, I_syn_in, threshold, refractory };
enum { EX, IN };
enum {
  decay_m = N_PARAMETERS,
  decay_ex,
  decay_in,
  decay_threshold,
  gain_ex,
  gain_in,
  gain_dc,
  refractory_steps,
  N_COEFFICIENTS
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [E_L] = {"E_L", "", 0, -INFINITY, INFINITY, .doc = "resting potential"},
    [I_e] = {"I_e", "", 0, -INFINITY, INFINITY, .doc = "constant input current"},
    [V_reset] = {"V_reset", "", 0, -INFINITY, INFINITY, .doc = "potential after a spike"},
    [V_th] = {"V_th", "", 0, -INFINITY, INFINITY, .doc = "what the threshold decays to"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_m] = {"tau_m", "ms", 10, VOLLEY_TIMES, .doc = "membrane time constant"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 15, VOLLEY_TIMES, .doc = "decay time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 15, VOLLEY_TIMES, .doc = "decay time of inhibitory currents"},
    [tau_threshold] = {"tau_threshold", "ms", 50, VOLLEY_TIMES, .doc = "time constant of the threshold"},
    [threshold_jump] = {"threshold_jump", "", 0.2, 0, INFINITY, .doc = "jump of the threshold after a spike"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "", E_L, 0, VOLLEY_ANY, "membrane potential"},
    [I_syn_ex] = {"I_syn_ex", "", -1, 0, VOLLEY_ANY, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "", -1, 0, VOLLEY_ANY, "inhibitory synaptic current"},
    [threshold] = {"threshold", "", -1, 3, VOLLEY_ANY, "threshold"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static const char *check(const double *p) { return p[V_reset] <= p[V_th] ? NULL : "V_reset must not be above V_th"; }

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[decay_m] = exp(-dt / p[tau_m]);
  c[decay_ex] = exp(-dt / p[tau_syn_ex]);
  c[decay_in] = exp(-dt / p[tau_syn_in]);
  c[decay_threshold] = exp(-dt / p[tau_threshold]);
  c[gain_ex] = volley_decay_gain(p[tau_syn_ex], p[tau_m], p[tau_m], dt);
  c[gain_in] = volley_decay_gain(p[tau_syn_in], p[tau_m], p[tau_m], dt);
  c[gain_dc] = -expm1(-dt / p[tau_m]);
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

/* The coefficient of neuron i. */
#define C(name) volley_at(k->c[name], k->cs, i)

static const double spikes_now = -1; /* of `refractory`, until fire() has seen it */

VOLLEY_INLINE int advance(const volley_chunk *k, uint32_t i, double current) {
  double *const *s = k->slice->states;
  const double v = s[V_m][i], ex = s[I_syn_ex][i], in = s[I_syn_in][i], left = s[refractory][i];
  const double dc = C(I_e) + current;
  const double moved = C(E_L) + (v - C(E_L)) * C(decay_m) + ex * C(gain_ex) + in * C(gain_in) + dc * C(gain_dc);
  const double now = left > 0 ? v : moved, bar = C(V_th) + (s[threshold][i] - C(V_th)) * C(decay_threshold);
  const int moves = left <= 0, is_high = now > bar, spikes = moves & is_high;
  s[V_m][i] = now;
  s[threshold][i] = bar;
  s[refractory][i] = spikes ? spikes_now : left > 0 ? left - 1 : 0;
  s[I_syn_ex][i] = ex * C(decay_ex);
  s[I_syn_in][i] = in * C(decay_in);
  return spikes;
}

/* Resets and lists the neurons that have passed their threshold. */
VOLLEY_INLINE void fire(const volley_chunk *k) {
  double *const *s = k->slice->states;
  for (uint32_t i = k->first; i < k->end; i++) {
    if (s[refractory][i] != spikes_now) continue;
    s[V_m][i] = C(V_reset);
    s[threshold][i] += C(threshold_jump);
    s[refractory][i] = C(refractory_steps);
    volley_spike_push(k->spikes, k->slice->offset + i);
  }
}

VOLLEY_INLINE void take(const volley_chunk *k) {
  if (volley_advance(k, advance)) fire(k);
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_lif_adaptive = {
    .name = "lif_adaptive",
    .doc = "leaky integrate-and-fire neuron without units, whose threshold jumps at each spike and decays, with "
           "exponentially decaying synaptic currents, integrated exactly",
    .reference = "Rotter & Diesmann (1999) for the exact integration",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "",
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
