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
 * and n take steps of fourth order (gates.h). The neuron spikes at the end of the first step in which V, at V_T +
 * 30 mV or more, has fallen, once for each time that V comes from below (action_potential.h), and then not for t_ref; V is
 * never reset. */
#include "neuron/gates.h"

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
  halves,
  courses = halves + 2 * VOLLEY_LEVELS,
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
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1,
                   .doc = "with integration: adaptive, estimated error of a step above which it is halved"},
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
  volley_halves_prepare(&p[tau_syn_ex], 2, dt, &c[halves]);
  volley_courses_prepare(&p[tau_syn_ex], 2, p[tolerance], dt, &c[courses]);
}

/* At a potential halfway from rest to threshold. */
static double mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_T] + 13);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

VOLLEY_INLINE void gates(const volley_cell *cell, double v, volley_rate *opening, volley_rate *closing) {
  const double u = v - C(V_T), w = u < -700 ? -700 : u > 700 ? 700 : u; /* rates beyond are finite, too */
  const double by_360 = volley_exponential(w * (-1.0 / 360)), by_180 = by_360 * by_360, by_90 = by_180 * by_180;
  const double by_40 = by_90 * by_90 * by_360, by_20 = by_40 * by_40, by_10 = by_20 * by_20, by_5 = by_10 * by_10;
  const double by_4 = by_5 * by_20,
               by_18 = by_20 * by_180; /* exp(-W / 4), ...; the rates' differ by constant factors */
  const double opens_m = (w - 13) * 0.25, closes_m = (w - 40) * 0.2, opens_n = (w - 15) * 0.2;
  const double e_opens_m = by_4 * 25.790339917193062, e_closes_m = by_5 * 2980.9579870417283,
               e_opens_n = by_5 * 20.085536923187668; /* exp(-x) of these */
  double under[4] = {volley_rise_denominator(opens_m, e_opens_m), volley_rise_denominator(closes_m, e_closes_m),
                     volley_rise_denominator(opens_n, e_opens_n), 1 + e_closes_m};
  volley_invert(under, 4);
  opening[0] = volley_scaled_rate(volley_rise(opens_m, e_opens_m, under[0]), 1.28, 0.25);
  closing[0] =
      volley_scaled_rate(volley_falling_rate(volley_rise(closes_m, e_closes_m, under[1]), e_closes_m), 1.4, 0.2);
  opening[1] = volley_scaled_rate(volley_exponential_rate(by_18), 0.128 * 2.5713844347880297, -1.0 / 18);
  closing[1] = volley_scaled_rate(volley_logistic_rate(under[3]), 4, 0.2);
  opening[2] = volley_scaled_rate(volley_rise(opens_n, e_opens_n, under[2]), 0.16, 0.2);
  closing[2] = volley_scaled_rate(volley_exponential_rate(by_40), 0.5 * 1.2840254166877414, -1.0 / 40);
}

VOLLEY_INLINE void membrane(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  const double m = y[Act_m], h = y[Inact_h], n = y[Act_n], current = C(I_e) + cell->current;
  const double na = C(g_Na) * (m * m * m) * h, k = C(g_K) * (n * n) * (n * n);
  const double ex = cell->x[EX][stage], in = cell->x[IN][stage];
  *rate = (na + k + C(g_L) + ex + in) * C(inverse_capacitance);
  const double channels = volley_multiply_add(na, C(E_Na), volley_multiply_add(k, C(E_K), C(g_L) * C(E_L)));
  const double synapses = volley_multiply_add(ex, C(E_ex), volley_multiply_add(in, C(E_in), current));
  *drive = (channels + synapses) * C(inverse_capacitance);
}

static const volley_shape shape = {V_m, refractory, fired, refractory_steps, threshold};

VOLLEY_INLINE void slopes(const volley_cell *cell, int stage, const double *y, double *slope);

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

static void take_part(const volley_chunk *k, int level, double *differences);

static const volley_gated gated = {&equations, membrane, gates, halves, take_part};

VOLLEY_INLINE void slopes(const volley_cell *cell, int stage, const double *y, double *slope) {
  volley_gated_slopes(&gated, cell, stage, y, slope);
}

VOLLEY_FOR_PROCESSORS static void take_part(const volley_chunk *k, int level, double *differences) {
  volley_column c[N_COEFFICIENTS]; /* a copy that no store to a state can change */
  memcpy(c, k->c, sizeof c);
  if (k->cs)
    volley_take_parts(&gated, &(volley_chunk){k->slice, k->spikes, c, k->current, 0, k->end, 1, 1}, false, level,
                      differences);
  else
    volley_take_parts(&gated, &(volley_chunk){k->slice, k->spikes, c, k->current, 0, k->end, 0, 1}, false, level,
                      differences);
}

VOLLEY_INLINE void take(const volley_chunk *k) { volley_split_gates(&gated, k); }

VOLLEY_FOR_PROCESSORS static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update_long(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_hh_cond_exp_traub = {
    .name = "hh_cond_exp_traub",
    .doc =
        "Hodgkin-Huxley neuron after Traub and Miles with exponentially decaying conductances, which are exact; V and "
        "the gates take exponential steps of fourth order in turns, shorter ones in spikes",
    .reference = "Traub & Miles (1991); Brette et al. (2007); Magnus (1954); Iserles & Norsett (1999)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
