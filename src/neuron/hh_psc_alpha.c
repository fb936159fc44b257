/* Hodgkin-Huxley neuron with alpha-shaped synaptic currents.
 * Hodgkin & Huxley (1952), J. Physiol. 117: 500-544; rates as in Dayan & Abbott (2001), Theoretical Neuroscience, MIT
 * Press, section 5.6; NEST hh_psc_alpha.
 *
 *   C_m dV/dt = -g_Na m^3 h (V - E_Na) - g_K n^4 (V - E_K) - g_L (V - E_L) + I_syn_ex + I_syn_in + I_e + I
 *   dx/dt = alpha_x(V) (1 - x) - beta_x(V) x   for x = m (Act_m), h (Inact_h), n (Act_n), per ms with V in mV:
 *     alpha_m = (V + 40) / 10 / (1 - exp(-(V + 40) / 10)),    beta_m = 4 exp(-(V + 65) / 18)
 *     alpha_h = 0.07 exp(-(V + 65) / 20),                     beta_h = 1 / (1 + exp(-(V + 35) / 10))
 *     alpha_n = (V + 55) / 100 / (1 - exp(-(V + 55) / 10)),   beta_n = exp(-(V + 65) / 80) / 8
 *   dI_syn_x/dt = rise_x e / tau_syn_x - I_syn_x / tau_syn_x,   drise_x/dt = -rise_x / tau_syn_x
 *
 * A spike that arrives at the end of a step makes rise jump there by its weight. Synaptic currents are exact; V, m, h
 * and n take steps of fourth order (gates.h). The neuron spikes at the end of the first step in which V, at 0 mV
 * or more, has fallen, once for each time that V comes from below (action_potential.h), and then not for t_ref; V is never
 * reset. */
#include "neuron/gates.h"

#include <stddef.h>

enum { C_m, E_K, E_L, E_Na, I_e, g_K, g_L, g_Na, t_ref, tau_syn_ex, tau_syn_in, tolerance, N_PARAMETERS };
enum { V_m, Act_m, Inact_h, Act_n, I_syn_ex, rise_ex, I_syn_in, rise_in, refractory, fired };
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
    [C_m] = {"C_m", "pF", 100, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_K] = {"E_K", "mV", -77, VOLLEY_VOLTAGES, .doc = "reversal potential of potassium"},
    [E_L] = {"E_L", "mV", -54.402, VOLLEY_VOLTAGES, .doc = "reversal potential of the leak"},
    [E_Na] = {"E_Na", "mV", 50, VOLLEY_VOLTAGES, .doc = "reversal potential of sodium"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [g_K] = {"g_K", "nS", 3600, VOLLEY_CONDUCTANCES, .doc = "peak conductance of potassium"},
    [g_L] = {"g_L", "nS", 30, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [g_Na] = {"g_Na", "nS", 12000, VOLLEY_CONDUCTANCES, .doc = "peak conductance of sodium"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "time without a second spike, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 0.2, VOLLEY_TIMES, .doc = "rise time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "rise time of inhibitory currents"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1,
                   .doc = "with integration: adaptive, estimated error of a step above which it is halved"},
};

/* The start values of m, h and n are their equilibrium at -65 mV. */
static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", -1, -65, VOLLEY_VOLTAGES, "membrane potential"},
    [Act_m] = {"Act_m", "", -1, 0.05293248525724958, 0, 1, "activation m of sodium"},
    [Inact_h] = {"Inact_h", "", -1, 0.5961207535084603, 0, 1, "inactivation h of sodium"},
    [Act_n] = {"Act_n", "", -1, 0.3176769140606974, 0, 1, "activation n of potassium"},
    [I_syn_ex] = {"I_syn_ex", "pA", -1, 0, VOLLEY_CURRENTS, "excitatory synaptic current"},
    [rise_ex] = {"rise_ex", "pA", -1, 0, VOLLEY_CURRENTS,
                 "what makes I_syn_ex rise, at a rate of rise_ex e / tau_syn_ex"},
    [I_syn_in] = {"I_syn_in", "pA", -1, 0, VOLLEY_CURRENTS, "inhibitory synaptic current"},
    [rise_in] = {"rise_in", "pA", -1, 0, VOLLEY_CURRENTS,
                 "what makes I_syn_in rise, at a rate of rise_in e / tau_syn_in"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left without a second spike"},
    [fired] = {"fired", "", -1, 0, 0, 1, "1 from a spike until V is below where spikes are looked for"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, rise_ex, "excitatory current, an alpha function of tau_syn_ex; its peak"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, rise_in, "inhibitory current, an alpha function of tau_syn_in; its peak"},
};

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[threshold] = 0;
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  volley_halves_prepare(&p[tau_syn_ex], 2, dt, &c[halves]);
  volley_courses_prepare(&p[tau_syn_ex], 2, p[tolerance], dt, &c[courses]);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * exp(1) * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

VOLLEY_INLINE void gates(const volley_cell *cell, double v, volley_rate *opening, volley_rate *closing) {
  (void)cell;
  const double u = v < -1000 ? -1000 : v > 1000 ? 1000 : v; /* rates beyond are finite, too */
  const double by_720 = volley_exponential((u + 65) * (-1.0 / 720)), by_360 = by_720 * by_720, by_180 = by_360 * by_360;
  const double by_80 = by_180 * by_180 * by_720, by_40 = by_80 * by_80, by_20 = by_40 * by_40, by_18 = by_20 * by_180;
  const double by_10 = by_20 * by_20; /* exp(-(V + 65) / 10), ...; the rates' differ by constant factors */
  const double opens_m = (u + 40) * 0.1, opens_n = (u + 55) * 0.1;
  const double e_opens_m = by_10 * 12.182493960703473, e_opens_n = by_10 * 2.718281828459045; /* exp(-x) of these */
  double under[3] = {volley_rise_denominator(opens_m, e_opens_m), volley_rise_denominator(opens_n, e_opens_n),
                     1 + by_10 * 20.085536923187668};
  volley_invert(under, 3);
  opening[0] = volley_scaled_rate(volley_rise(opens_m, e_opens_m, under[0]), 1, 0.1);
  closing[0] = volley_scaled_rate(volley_exponential_rate(by_18), 4, -1.0 / 18);
  opening[1] = volley_scaled_rate(volley_exponential_rate(by_20), 0.07, -1.0 / 20);
  closing[1] = volley_scaled_rate(volley_logistic_rate(under[2]), 1, 0.1);
  opening[2] = volley_scaled_rate(volley_rise(opens_n, e_opens_n, under[1]), 0.1, 0.1);
  closing[2] = volley_scaled_rate(volley_exponential_rate(by_80), 0.125, -1.0 / 80);
}

VOLLEY_INLINE void membrane(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  const double m = y[Act_m], h = y[Inact_h], n = y[Act_n], current = C(I_e) + cell->current;
  const double na = C(g_Na) * (m * m * m) * h, k = C(g_K) * (n * n) * (n * n);
  *rate = (na + k + C(g_L)) * C(inverse_capacitance);
  const double channels = volley_multiply_add(na, C(E_Na), volley_multiply_add(k, C(E_K), C(g_L) * C(E_L)));
  *drive = (channels + cell->x[EX][stage] + cell->x[IN][stage] + current) * C(inverse_capacitance);
}

static const volley_shape shape = {V_m, refractory, fired, refractory_steps, threshold};

VOLLEY_INLINE void slopes(const volley_cell *cell, int stage, const double *y, double *slope);

static const volley_equations equations = {
    .n = Act_n + 1, /* V, m, h, n */
    .n_coefficients = N_COEFFICIENTS,
    .synapses = 2,
    .x = {I_syn_ex, I_syn_in},
    .rise = {rise_ex, rise_in},
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

const volley_neuron_model volley_hh_psc_alpha = {
    .name = "hh_psc_alpha",
    .doc =
        "Hodgkin-Huxley neuron with alpha-shaped synaptic currents, which are exact; V and the gates take exponential "
        "steps of fourth order in turns, shorter ones in spikes",
    .reference = "Hodgkin & Huxley (1952); Dayan & Abbott (2001); Magnus (1954); Iserles & Norsett (1999)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
