/* Hodgkin-Huxley neuron after Traub and Miles, with synaptic conductances that decay exponentially.
 * Traub & Miles (1991), Neuronal Networks of the Hippocampus, Cambridge University Press, in the form of Brette et al.
 * (2007), J. Comput. Neurosci. 23: 349-398, benchmark 3; NEST hh_cond_exp_traub.
 *
 *   C_m dV/dt = -g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e + I
 *   dx/dt = alpha_x(V) (1 - x) - beta_x(V) x   for x = m (Act_m), h (Inact_h), n (Act_n), per ms, with W = V - V_T in mV:
 *     alpha_m = 0.32 (13 - W) / (exp((13 - W) / 4) - 1),     beta_m = 0.28 (W - 40) / (exp((W - 40) / 5) - 1)
 *     alpha_h = 0.128 exp((17 - W) / 18),                    beta_h = 4 / (1 + exp((40 - W) / 5))
 *     alpha_n = 0.032 (15 - W) / (exp((15 - W) / 5) - 1),    beta_n = 0.5 exp((10 - W) / 40)
 *   dg_x/dt = -g_x / tau_syn_x
 *
 * A spike that arrives at the end of a step makes g_x jump there by the size of its weight. Conductances are exact; V, m, h
 * and n take steps with error control (cash_karp.h). The neuron spikes at the end of the first step in which V, at V_T +
 * 30 mV or more, has fallen, once for each time that V comes from below (action_potential.h), and then not for t_ref; V is
 * never reset. */
#include "neuron/cash_karp.h"

#include <stddef.h>

enum {
  C_m,
  E_K,
  E_L,
  E_Na,
  E_ex,
  E_in,
  I_e,
  V_T,
  g_K,
  g_L,
  g_Na,
  t_ref,
  tau_syn_ex,
  tau_syn_in,
  tolerance,
  N_PARAMETERS
};
enum { V_m, Act_m, Inact_h, Act_n, g_ex, g_in, refractory, fired };
enum { EX, IN };
enum {
  inverse_capacitance = N_PARAMETERS,
  threshold, /* mV: the potential that a spike passes */
  refractory_steps,
  courses,
  N_COEFFICIENTS = courses + VOLLEY_N_COURSES
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 200, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_K] = {"E_K", "mV", -90, VOLLEY_VOLTAGES, .doc = "reversal potential of potassium"},
    [E_L] = {"E_L", "mV", -60, VOLLEY_VOLTAGES, .doc = "reversal potential of the leak"},
    [E_Na] = {"E_Na", "mV", 50, VOLLEY_VOLTAGES, .doc = "reversal potential of sodium"},
    [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},
    [E_in] = {"E_in", "mV", -80, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [V_T] = {"V_T", "mV", -63, VOLLEY_VOLTAGES, .doc = "shifts the rates; the threshold is about 13 mV above"},
    [g_K] = {"g_K", "nS", 6000, VOLLEY_CONDUCTANCES, .doc = "peak conductance of potassium"},
    [g_L] = {"g_L", "nS", 10, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [g_Na] = {"g_Na", "nS", 20000, VOLLEY_CONDUCTANCES, .doc = "peak conductance of sodium"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "time without a second spike, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 5, VOLLEY_TIMES, .doc = "decay time of the excitatory conductance"},
    [tau_syn_in] = {"tau_syn_in", "ms", 10, VOLLEY_TIMES, .doc = "decay time of the inhibitory conductance"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"},
};

/* The start values of m, h and n are their equilibrium at -60 mV with V_T = -63 mV. */
static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [Act_m] = {"Act_m", "", -1, 0.026863329798445447, 0, 1, "activation m of sodium"},
    [Inact_h] = {"Inact_h", "", -1, 0.9913058218943975, 0, 1, "inactivation h of sodium"},
    [Act_n] = {"Act_n", "", -1, 0.06043403467863595, 0, 1, "activation n of potassium"},
    [g_ex] = {"g_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "excitatory conductance"},
    [g_in] = {"g_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "inhibitory conductance"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left without a second spike"},
    [fired] = {"fired", "", -1, 0, 0, 1, "1 from a spike until V is below where spikes are looked for"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, g_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, decays with tau_syn_in"},
};

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[threshold] = p[V_T] + 30;
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  volley_courses_prepare((const double[]){p[tau_syn_ex], p[tau_syn_in]}, 2, p[tolerance], dt, &c[courses]);
}

/* At a potential halfway from rest to threshold. */
static double mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_T] + 13);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

VOLLEY_INLINE void slopes(const volley_cell *cell, int stage, const double *y, double *slope) {
  const double v = y[V_m], m = y[Act_m], h = y[Inact_h], n = y[Act_n], u = v - C(V_T);
  const double w = u < -1000 ? -1000 : u > 1000 ? 1000 : u; /* rates beyond are finite, too */
  const double by_40 = volley_exponential(w * (-1.0 / 40)), by_20 = by_40 * by_40, by_10 = by_20 * by_20;
  const double by_5 = by_10 * by_10, by_4 = by_5 * by_20; /* exp(-W / 4); the rates' differ by constant factors */
  const double alpha_m = 1.28 * volley_rise_rate((w - 13) * 0.25, by_4 * 25.790339917193062),
               beta_m = 1.4 * volley_rise_rate((40 - w) * 0.2, 1 / (by_5 * 2980.9579870417283)),
               alpha_h = 0.128 * volley_exponential((17 - w) * (1.0 / 18)),
               beta_h = 4 / (1 + by_5 * 2980.9579870417283),
               alpha_n = 0.16 * volley_rise_rate((w - 15) * 0.2, by_5 * 20.085536923187668),
               beta_n = 0.5 * 1.2840254166877414 * by_40;
  const double ionic =
      C(g_Na) * (m * m * m) * h * (v - C(E_Na)) + C(g_K) * (n * n) * (n * n) * (v - C(E_K)) + C(g_L) * (v - C(E_L));
  const double synaptic = cell->x[EX][stage] * (v - C(E_ex)) + cell->x[IN][stage] * (v - C(E_in));
  slope[V_m] = (C(I_e) + cell->current - synaptic - ionic) * C(inverse_capacitance);
  slope[Act_m] = alpha_m * (1 - m) - beta_m * m;
  slope[Inact_h] = alpha_h * (1 - h) - beta_h * h;
  slope[Act_n] = alpha_n * (1 - n) - beta_n * n;
}

static const volley_shape shape = {V_m, refractory, fired, refractory_steps, threshold};

static const volley_equations equations = {
    .n = Act_n + 1, /* V, m, h, n */
    .n_coefficients = N_COEFFICIENTS,
    .synapses = 2,
    .x = {g_ex, g_in},
    .rise = {-1, -1},
    .adds_input = true,
    .refractory = -1,
    .shape = &shape,
    .slopes = slopes,
};

VOLLEY_INLINE void take(const volley_chunk *k) { volley_integrate(&equations, k); }

VOLLEY_FOR_PROCESSORS static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_hh_cond_exp_traub = {
    .name = "hh_cond_exp_traub",
    .doc =
        "Hodgkin-Huxley neuron after Traub and Miles with exponentially decaying conductances, which are exact; V and "
        "the gates take Runge-Kutta steps of fifth order with error control",
    .reference = "Traub & Miles (1991); Brette et al. (2007); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
