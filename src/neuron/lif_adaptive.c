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

enum { E_L, I_e, V_reset, V_th, t_ref, tau_m, tau_syn_ex, tau_syn_in, tau_threshold, threshold_jump, N_PARAMETERS };
enum { V_m, I_syn_ex, I_syn_in, threshold, refractory, N_STATES };
enum { EX, IN, N_RECEPTORS };
enum {
  decay_m,
  decay_ex,
  decay_in,
  decay_threshold,
  gain_ex,
  gain_in,
  gain_dc,
  rest,
  current_e,
  lowest,
  jump,
  reset,
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

static const volley_state_info states[N_STATES] = {
    [V_m] = {"V_m", "", E_L, 0, VOLLEY_ANY, "membrane potential"},
    [I_syn_ex] = {"I_syn_ex", "", -1, 0, VOLLEY_ANY, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "", -1, 0, VOLLEY_ANY, "inhibitory synaptic current"},
    [threshold] = {"threshold", "", -1, 3, VOLLEY_ANY, "threshold"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [EX] = {"ex", "", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static const char *check(const double *p) { return p[V_reset] <= p[V_th] ? NULL : "V_reset must not be above V_th"; }

static void prepare(const double *p, double dt, double *c) {
  c[decay_m] = exp(-dt / p[tau_m]);
  c[decay_ex] = exp(-dt / p[tau_syn_ex]);
  c[decay_in] = exp(-dt / p[tau_syn_in]);
  c[decay_threshold] = exp(-dt / p[tau_threshold]);
  c[gain_ex] = volley_decay_gain(p[tau_syn_ex], p[tau_m], p[tau_m], dt);
  c[gain_in] = volley_decay_gain(p[tau_syn_in], p[tau_m], p[tau_m], dt);
  c[gain_dc] = -expm1(-dt / p[tau_m]);
  c[rest] = p[E_L];
  c[current_e] = p[I_e];
  c[lowest] = p[V_th];
  c[jump] = p[threshold_jump];
  c[reset] = p[V_reset];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

/* The coefficient of neuron i within a loop. */
#define C(name) volley_at(c[name], cs, i)

/* Resets and lists those of the neurons first .. end - 1 that have passed their threshold. */
VOLLEY_INLINE void fire(volley_slice *slice, const volley_column *c, volley_spike_list *spikes, uint32_t first,
                        uint32_t end, const double *passed, uint32_t cs) {
  for (uint32_t i = first; i < end; i++) {
    if (passed[i - first] == 0) continue;
    slice->states[V_m][i] = C(reset);
    slice->states[threshold][i] += C(jump);
    slice->states[refractory][i] = C(refractory_steps);
    volley_spike_push(spikes, slice->offset + i);
  }
}

/* Takes the neurons first .. end - 1 through a step and marks those that spike. Returns whether there are any. */
VOLLEY_INLINE int advance(const volley_slice *slice, const volley_column *c, uint32_t first, uint32_t end,
                          double *restrict passed, uint32_t cs, uint32_t is) {
  double *restrict v = slice->states[V_m], *restrict ex = slice->states[I_syn_ex];
  double *restrict in = slice->states[I_syn_in], *restrict r = slice->states[refractory];
  double *restrict high = slice->states[threshold];
  const volley_column current = {slice->current, slice->current[0]};
  int any = 0;
#pragma omp simd reduction(| : any)
  for (uint32_t i = first; i < end; i++) {
    const double dc = C(current_e) + volley_at(current, is, i);
    const double moved =
        C(rest) + (v[i] - C(rest)) * C(decay_m) + ex[i] * C(gain_ex) + in[i] * C(gain_in) + dc * C(gain_dc);
    const double now = r[i] > 0 ? v[i] : moved, bar = C(lowest) + (high[i] - C(lowest)) * C(decay_threshold);
    const int moves = r[i] <= 0, is_high = now > bar, spikes = moves & is_high;
    v[i] = now;
    high[i] = bar;
    r[i] = r[i] > 0 ? r[i] - 1 : 0;
    ex[i] *= C(decay_ex);
    in[i] *= C(decay_in);
    passed[i - first] = spikes;
    any |= spikes;
  }
  return any;
}

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  volley_column c[N_COEFFICIENTS];
  double passed[VOLLEY_CHUNK];
  for (int n = 0; n < N_COEFFICIENTS; n++) c[n] = volley_column_of(slice, n);
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    if (advance(slice, c, first, end, passed, cs, is)) fire(slice, c, spikes, first, end, passed, cs);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_lif_adaptive = {
    .name = "lif_adaptive",
    .doc = "leaky integrate-and-fire neuron without units, whose threshold jumps at each spike and decays, with "
           "exponentially decaying synaptic currents, integrated exactly",
    .reference = "Rotter & Diesmann (1999) for the exact integration",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .current_unit = "",
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
