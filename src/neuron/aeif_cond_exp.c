/* Adaptive exponential integrate-and-fire neuron with synaptic conductances that decay exponentially.
 * Brette & Gerstner (2005), J. Neurophysiol. 94: 3637-3642; NEST aeif_cond_exp.
 *
 *   C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) - g_ex (V - E_ex) - g_in (V - E_in)
 *               - w + I_e + I
 *   tau_w dw/dt = a (V - E_L) - w,   dg_x/dt = -g_x / tau_syn_x;   V >= V_peak: a spike, V = V_reset, w = w + b
 *
 * A spike that arrives at the end of a step makes g jump there by the size of its weight. g is exact, V and w take
 * steps with error control (cash_karp.h). A spike resets V where V reaches the peak within the step, and V goes on from
 * there; a refractory period lasts from there to t_ref after the end of the step. Without a slope (Delta_T 0) V_th is
 * the peak. */
#include "neuron/cash_karp.h"

#include <stddef.h>

enum {
  C_m,
  Delta_T,
  E_L,
  E_ex,
  E_in,
  I_e,
  V_peak,
  V_reset,
  V_th,
  a,
  b,
  g_L,
  t_ref,
  tau_syn_ex,
  tau_syn_in,
  tau_w,
  tolerance,
  N_PARAMETERS
};
enum { V_m, w, g_ex, g_in, refractory };
enum { EX, IN };
enum {
  inverse_capacitance = N_PARAMETERS,
  spike_current,
  inverse_width,
  peak,
  refractory_steps,
  rate,
  courses,
  N_COEFFICIENTS = courses + VOLLEY_N_COURSES
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 281, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [Delta_T] = {"Delta_T", "mV", 2, 0, 1e6, .doc = "width of the rise to a spike; 0: V_th is a sharp threshold"},
    [E_L] = {"E_L", "mV", -70.6, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},
    [E_in] = {"E_in", "mV", -85, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [V_peak] = {"V_peak", "mV", 0, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [V_reset] = {"V_reset", "mV", -60, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -50.4, VOLLEY_VOLTAGES, .doc = "potential at which a spike begins"},
    [a] = {"a", "nS", 4, -1e9, 1e9, .doc = "what the adaptation strives for, by potential above E_L"},
    [b] = {"b", "pA", 80.5, VOLLEY_CURRENTS, .doc = "jump of the adaptation after a spike"},
    [g_L] = {"g_L", "nS", 30, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [t_ref] = {"t_ref", "ms", 0, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 0.2, VOLLEY_TIMES, .doc = "decay time of the excitatory conductance"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of the inhibitory conductance"},
    [tau_w] = {"tau_w", "ms", 144, VOLLEY_TIMES, .doc = "time constant of the adaptation"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [w] = {"w", "pA", -1, 0, VOLLEY_CURRENTS, "adaptation current"},
    [g_ex] = {"g_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "excitatory conductance"},
    [g_in] = {"g_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "inhibitory conductance"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, g_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, decays with tau_syn_in"},
};

static const char *check(const double *p) {
  if (!(p[V_th] <= p[V_peak])) return "V_peak must not be below V_th";
  if (!(p[V_reset] < (p[Delta_T] > 0 ? p[V_peak] : p[V_th])))
    return "V_reset must be below V_peak and, where Delta_T is 0, below V_th";
  if ((p[V_peak] - p[V_th]) > 600 * p[Delta_T] && p[Delta_T] > 0)
    return "V_peak must be at most 600 Delta_T above V_th";
  return NULL;
}

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[spike_current] = p[g_L] * p[Delta_T];
  c[inverse_width] = p[Delta_T] > 0 ? 1 / p[Delta_T] : 0;
  c[peak] = p[Delta_T] > 0 ? p[V_peak] : p[V_th];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[rate] = 1 / p[tau_w];
  volley_courses_prepare(p[tau_syn_ex], p[tau_syn_in], p[tolerance], dt, &c[courses]);
}

/* At a potential halfway from rest to V_th. */
static double mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_th]);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

VOLLEY_INLINE void slopes(const volley_cell *cell, int stage, const double *y, double *slope) {
  const double v = cell->refractory > 0 ? C(V_reset) : y[V_m] < C(V_peak) ? y[V_m] : C(V_peak);
  const double spike = C(spike_current) * volley_exponential((v - C(V_th)) * C(inverse_width));
  const double ex = cell->x[EX][stage] * (v - C(E_ex)), in = cell->x[IN][stage] * (v - C(E_in));
  const double current = C(I_e) + cell->current;
  const double moved = (spike + current - C(g_L) * (v - C(E_L)) - ex - in - y[w]) * C(inverse_capacitance);
  slope[V_m] = cell->refractory > 0 ? 0 : moved;
  slope[w] = (C(a) * (v - C(E_L)) - y[w]) * C(rate);
}

static void spike(const volley_cell *cell, double *y) {
  y[V_m] = C(V_reset);
  y[w] += C(b);
}

static const volley_equations equations = {
    .n = 2,
    .n_coefficients = N_COEFFICIENTS,
    .x = {g_ex, g_in},
    .rise = {-1, -1},
    .adds_input = true,
    .refractory = refractory,
    .slopes = slopes,
    .spike = spike,
    .peak = peak,
    .refractory_steps = refractory_steps,
};

VOLLEY_INLINE void take(const volley_chunk *k) { volley_integrate(&equations, k); }

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_aeif_cond_exp = {
    .name = "aeif_cond_exp",
    .doc =
        "adaptive exponential integrate-and-fire neuron with exponentially decaying conductances, which are exact; V "
        "and w take Runge-Kutta steps of fifth order with error control",
    .reference = "Brette & Gerstner (2005); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
