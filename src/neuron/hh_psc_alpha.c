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
 * and n take steps with error control (cash_karp.h). The neuron spikes at the end of the first step in which V, at 0 mV
 * or more, has fallen, once for each time that V comes from below (action_potential.h), and then not for t_ref; V is never
 * reset. */
#include "neuron/action_potential.h"

#include <stddef.h>
#include <string.h>

enum { C_m, E_K, E_L, E_Na, I_e, g_K, g_L, g_Na, t_ref, tau_syn_ex, tau_syn_in, tolerance, N_PARAMETERS };
enum { V_m, Act_m, Inact_h, Act_n, I_syn_ex, rise_ex, I_syn_in, rise_in, refractory, fired, N_STATES };
enum { N_INTEGRATED = Act_n + 1 }; /* V, m, h, n */
enum { EX, IN, N_RECEPTORS };
enum {
  step,
  inverse_capacitance,
  sodium,
  potassium,
  leak,
  reversal_sodium,
  reversal_potassium,
  rest,
  current_e,
  time_ex,
  time_in,
  slope_ex,
  slope_in,
  refractory_steps,
  error_allowed,
  decays_ex,
  decays_in = decays_ex + VOLLEY_N_STAGE_DECAYS,
  N_COEFFICIENTS = decays_in + VOLLEY_N_STAGE_DECAYS
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
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"},
};

/* The start values of m, h and n are their equilibrium at -65 mV. */
static const volley_state_info states[N_STATES] = {
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

static const volley_receptor_info receptors[N_RECEPTORS] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, rise_ex, "excitatory current, an alpha function of tau_syn_ex; its peak"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, rise_in, "inhibitory current, an alpha function of tau_syn_in; its peak"},
};

static void prepare(const double *p, double dt, double *c) {
  c[step] = dt;
  c[inverse_capacitance] = 1 / p[C_m];
  c[sodium] = p[g_Na];
  c[potassium] = p[g_K];
  c[leak] = p[g_L];
  c[reversal_sodium] = p[E_Na];
  c[reversal_potassium] = p[E_K];
  c[rest] = p[E_L];
  c[current_e] = p[I_e];
  c[time_ex] = p[tau_syn_ex];
  c[time_in] = p[tau_syn_in];
  c[slope_ex] = exp(1) / p[tau_syn_ex];
  c[slope_in] = exp(1) / p[tau_syn_in];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[error_allowed] = p[tolerance];
  volley_stage_decays(p[tau_syn_ex], dt, &c[decays_ex]);
  volley_stage_decays(p[tau_syn_in], dt, &c[decays_in]);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * exp(1) * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

/* One neuron; ex and in: synaptic currents at the stages of a step. */
typedef struct cell {
  double ex[VOLLEY_STAGES], in[VOLLEY_STAGES];
  double inverse_capacitance, sodium, potassium, leak, reversal_sodium, reversal_potassium, rest, current;
  double start_ex, slope_ex, time_ex, start_in, slope_in, time_in; /* when the whole step begins */
  volley_action_potential shape;
} cell;

/* x / (1 - exp(-x)), given exp(-x) too; near 0 by its series. */
VOLLEY_INLINE double rise_rate(double x, double exp_of_minus_x) {
  const double t = x * x, series = 1 + 0.5 * x + t * (1.0 / 12 - t * (1.0 / 720 - t * (1.0 / 30240)));
  const bool is_near = fabs(x) < 0.05;
  return is_near ? series : x / (is_near ? 1 : 1 - exp_of_minus_x);
}

VOLLEY_INLINE void slopes(const void *of, int stage, const double *y, double *slope) {
  const cell *it = of;
  const double v = y[V_m], m = y[Act_m], h = y[Inact_h], n = y[Act_n];
  const double u = v < -1000 ? -1000 : v > 1000 ? 1000 : v; /* rates beyond are finite, too */
  const double by_80 = volley_exponential((u + 65) * (-1.0 / 80)), by_40 = by_80 * by_80, by_20 = by_40 * by_40;
  const double by_10 = by_20 * by_20; /* exp(-(V + 65) / 10), from which the others differ by constant factors */
  const double alpha_m = rise_rate((u + 40) * 0.1, by_10 * 12.182493960703473),
               alpha_n = 0.1 * rise_rate((u + 55) * 0.1, by_10 * 2.7182818284590452),
               beta_m = 4 * volley_exponential((u + 65) * (-1.0 / 18)), beta_n = 0.125 * by_80, alpha_h = 0.07 * by_20,
               beta_h = 1 / (1 + by_10 * 20.085536923187668);
  const double ionic = it->sodium * (m * m * m) * h * (v - it->reversal_sodium) +
                       it->potassium * (n * n) * (n * n) * (v - it->reversal_potassium) + it->leak * (v - it->rest);
  slope[V_m] = (it->current + it->ex[stage] + it->in[stage] - ionic) * it->inverse_capacitance;
  slope[Act_m] = alpha_m * (1 - m) - beta_m * m;
  slope[Inact_h] = alpha_h * (1 - h) - beta_h * h;
  slope[Act_n] = alpha_n * (1 - n) - beta_n * n;
}

static void prepare_part(void *of, double start, double h) {
  cell *it = of;
  volley_course_of_part(it->start_ex, it->slope_ex, it->time_ex, start, h, it->ex);
  volley_course_of_part(it->start_in, it->slope_in, it->time_in, start, h, it->in);
}

static void look(void *of, const double *y) { volley_action_potential_look(&((cell *)of)->shape, y[V_m]); }

static const volley_equations equations = {N_INTEGRATED, slopes, prepare_part, NULL, NULL, look};

/* The coefficient of neuron i within a loop. */
#define C(name) volley_at(c[name], cs, i)

/* The potential in mV that a spike passes. */
VOLLEY_INLINE double threshold(const volley_column *c, uint32_t cs, uint32_t i) {
  (void)c, (void)cs, (void)i;
  return 0;
}

VOLLEY_INLINE void set_cell(cell *it, const volley_slice *slice, const volley_column *c, uint32_t i, uint32_t cs,
                            uint32_t is) {
  it->inverse_capacitance = C(inverse_capacitance);
  it->sodium = C(sodium);
  it->potassium = C(potassium);
  it->leak = C(leak);
  it->reversal_sodium = C(reversal_sodium);
  it->reversal_potassium = C(reversal_potassium);
  it->rest = C(rest);
  it->current = C(current_e) + slice->current[is * i];
  it->start_ex = slice->states[I_syn_ex][i];
  it->slope_ex = slice->states[rise_ex][i] * C(slope_ex);
  it->time_ex = C(time_ex);
  it->start_in = slice->states[I_syn_in][i];
  it->slope_in = slice->states[rise_in][i] * C(slope_in);
  it->time_in = C(time_in);
}

VOLLEY_INLINE int whole(const volley_slice *slice, const volley_column *c, uint32_t i, const double *y, double *end,
                        uint32_t cs, uint32_t is) {
  cell it;
  set_cell(&it, slice, c, i, cs, is);
  volley_course_of_step(&c[decays_ex], cs, i, it.start_ex, it.slope_ex, true, C(step), it.ex);
  volley_course_of_step(&c[decays_in], cs, i, it.start_in, it.slope_in, true, C(step), it.in);
  return !(volley_cash_karp(&equations, &it, C(step), y, end) <= C(error_allowed));
}

/* passed: spikes that are over when the step ends, by place within the chunk */
VOLLEY_INLINE bool parts(volley_slice *slice, const volley_column *c, uint32_t i, double *y, void *passed, uint32_t cs,
                         uint32_t is) {
  double *over = (double *)passed + i % VOLLEY_CHUNK;
  cell it;
  set_cell(&it, slice, c, i, cs, is);
  *over = 0;
  it.shape = volley_action_potential_at(y[V_m], threshold(c, cs, i), slice->states[fired][i]);
  if (!volley_substeps(&equations, &it, C(step), C(error_allowed), y)) return false;
  slice->states[fired][i] = it.shape.fired;
  *over = it.shape.passed;
  return true;
}

static const volley_steps steps = {N_INTEGRATED, whole, parts};

VOLLEY_INLINE void decay(const volley_slice *slice, const volley_column *c, uint32_t first, uint32_t end, uint32_t cs) {
  double *restrict ex = slice->states[I_syn_ex], *restrict ex_rise = slice->states[rise_ex];
  double *restrict in = slice->states[I_syn_in], *restrict in_rise = slice->states[rise_in];
#pragma omp simd
  for (uint32_t i = first; i < end; i++) {
    const double decay_ex = C(decays_ex + VOLLEY_LAST_STAGE_DECAY), decay_in = C(decays_in + VOLLEY_LAST_STAGE_DECAY);
    ex[i] = (ex[i] + ex_rise[i] * (C(slope_ex) * C(step))) * decay_ex;
    in[i] = (in[i] + in_rise[i] * (C(slope_in) * C(step))) * decay_in;
    ex_rise[i] *= decay_ex;
    in_rise[i] *= decay_in;
  }
}

static const volley_shape shape = {V_m, refractory, fired, refractory_steps, threshold};

VOLLEY_INLINE void loop(volley_slice *slice, volley_spike_list *spikes, const uint32_t cs, const uint32_t is) {
  volley_column c[N_COEFFICIENTS];
  double failed[VOLLEY_CHUNK], before[VOLLEY_CHUNK], passed[VOLLEY_CHUNK];
  for (int n = 0; n < N_COEFFICIENTS; n++) c[n] = volley_column_of(slice, n);
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    memcpy(before, slice->states[V_m] + first, (end - first) * sizeof *before);
    if (volley_attempt(&steps, slice, c, first, end, failed, cs, is))
      volley_mend(&steps, slice, c, first, end, failed, passed, cs, is);
    decay(slice, c, first, end, cs);
    volley_action_potential_fire(&shape, slice, c, spikes, first, end, before, failed, passed, cs);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) { volley_with_strides(loop, slice, spikes); }

const volley_neuron_model volley_hh_psc_alpha = {
    .name = "hh_psc_alpha",
    .doc =
        "Hodgkin-Huxley neuron with alpha-shaped synaptic currents, which are exact; V and the gates take Runge-Kutta "
        "steps of fifth order with error control",
    .reference = "Hodgkin & Huxley (1952); Dayan & Abbott (2001); Cash & Karp (1990)",
    .parameters = parameters,
    .states = states,
    .receptors = receptors,
    .n_parameters = N_PARAMETERS,
    .n_states = N_STATES,
    .n_receptors = N_RECEPTORS,
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
