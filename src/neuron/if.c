/* Integrate-and-fire neuron without a leak, with exponential synaptic currents, integrated exactly.
 * Gerstein & Mandelbrot (1964), Biophys. J. 4: 41-68.
 *
 *   C_m dV/dt = I_syn_ex + I_syn_in + I_e + I,   dI_syn_x/dt = -I_syn_x / tau_syn_x
 *
 * A spike that arrives at the end of a step makes I_syn jump there; V feels it from the next step on. */
#include "neuron/propagator.h"
#include "neuron/psc.h"

#include <stddef.h>
#include <string.h>

enum { C_m, I_e, t_ref, tau_syn_ex, tau_syn_in, V_min, V_reset, V_th, V_refractory, N_PARAMETERS };
enum { V_m, I_syn_ex, I_syn_in, refractory };
enum { EX, IN };
enum { decay_ex = N_PARAMETERS, decay_in, gain_ex, gain_in, gain_dc, refractory_steps, N_COEFFICIENTS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 2, VOLLEY_TIMES, .doc = "decay time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of inhibitory currents"},
    [V_min] = {"V_min", "mV", -INFINITY, -INFINITY, 1e6, .doc = "lower bound of the potential"},
    [V_reset] = {"V_reset", "mV", -70, VOLLEY_VOLTAGES, .doc = "potential at the start and after a spike"},
    [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},
    [V_refractory] = VOLLEY_V_REFRACTORY,
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", V_reset, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [I_syn_ex] = {"I_syn_ex", "pA", -1, 0, VOLLEY_CURRENTS, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "pA", -1, 0, VOLLEY_CURRENTS, "inhibitory synaptic current"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static const char *check(const double *p) {
  if (p[V_refractory] >= p[V_th]) return "V_refractory must be below V_th";
  return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th";
}

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[decay_ex] = exp(-dt / p[tau_syn_ex]);
  c[decay_in] = exp(-dt / p[tau_syn_in]);
  c[gain_ex] = volley_decay_gain(p[tau_syn_ex], INFINITY, p[C_m], dt);
  c[gain_in] = volley_decay_gain(p[tau_syn_in], INFINITY, p[C_m], dt);
  c[gain_dc] = dt / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[V_reset] = volley_held_potential(p[V_reset], p[V_refractory], c[refractory_steps]);
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
  const double moved = v + ex * C(gain_ex) + in * C(gain_in) + dc * C(gain_dc);
  const double bounded = moved < C(V_min) ? C(V_min) : moved;
  const double now = left > 0 ? v : bounded;
  s[V_m][i] = now;
  s[refractory][i] = left > 0 ? left - 1 : 0;
  s[I_syn_ex][i] = ex * C(decay_ex);
  s[I_syn_in][i] = in * C(decay_in);
  return now >= C(V_th);
}

static const volley_firing firing = {V_m, refractory, V_th, V_reset, refractory_steps};

VOLLEY_INLINE void take(const volley_chunk *k) {
  if (volley_advance(k, advance)) volley_fire(k, &firing);
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

/* From event to event. */
static const volley_psc places = {V_m, {I_syn_ex, I_syn_in}, {-1, -1}, I_syn_in};

static const char *check_events(const double *p) { return volley_psc_check(p[V_min]); }

static void prepare_events(const double *p, double *c) {
  const volley_psc_parameters values = {.C_m = p[C_m],
                                        .tau_m = INFINITY,
                                        .tau = {p[tau_syn_ex], p[tau_syn_in]},
                                        .E_L = 0,
                                        .I_e = p[I_e],
                                        .V_th = p[V_th],
                                        .V_reset = p[V_reset],
                                        .V_refractory = p[V_refractory],
                                        .t_ref = p[t_ref]};
  volley_psc_prepare(&values, c);
}

VOLLEY_PSC_EVENTS(places, refractory, check_events, prepare_events)

const volley_neuron_model volley_if = {
    .name = "if",
    .doc =
        "integrate-and-fire neuron without a leak, with exponentially decaying synaptic currents, integrated exactly",
    .reference = "Gerstein & Mandelbrot (1964); Rotter & Diesmann (1999)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
    .events = &events,
};
