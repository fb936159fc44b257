/* Adaptive exponential integrate-and-fire neurons with synaptic conductances (aeif_cond_...) or currents (aeif_psc_...)
 * that decay exponentially (..._exp) or are alpha functions (..._alpha), or with any number of conductances that are beta
 * functions (aeif_cond_beta_multisynapse).
 * Brette & Gerstner (2005), J. Neurophysiol. 94: 3637-3642; NEST aeif_cond_exp, aeif_cond_alpha, aeif_psc_exp,
 * aeif_psc_alpha, aeif_cond_beta_multisynapse.
 *
 *   C_m dV/dt = -g_L (V - E_L) + g_L Delta_T exp((V - V_th) / Delta_T) + I_syn - w + I_e + I
 *   I_syn = -g_ex (V - E_ex) - g_in (V - E_in), or I_syn_ex + I_syn_in, or -sum_k g_k (V - E_rev_k)
 *   tau_w dw/dt = a (V - E_L) - w,   dx/dt = rise e / tau_syn - x / tau_syn,   drise/dt = -rise / tau_syn
 *   of beta functions dg_k/dt = rise_k c_k - g_k / tau_rise_k,   drise_k/dt = -rise_k / tau_decay_k
 *   V >= V_peak: a spike, V = V_reset, w = w + b
 *
 * x are the conductances or currents. A spike that arrives at the end of a step makes rise jump there by its weight (an
 * alpha or beta function with that peak) or, in models without a rise, x. x is exact, V and w take split steps, and steps with
 * error control about a spike (rising.h). A spike resets V where V reaches the peak within the step, and V goes on from there; a refractory period
 * lasts from there to t_ref after the end of the step. Without a slope (Delta_T 0) V_th is the peak. */
#include "neuron/rising.h"

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
enum { V_m, w, x_ex, x_in, refractory, rise_ex, rise_in, N_STATES, N_STATES_EXP = rise_ex /* which do not rise */ };
enum { EX, IN };
enum {
  inverse_capacitance = N_PARAMETERS,
  spike_current,
  inverse_width,
  peak,
  refractory_steps,
  rate_of_w,
  remains, /* of w after a step */
  growth,  /* g_L h / C_m; 0 where nothing rises */
  courses,
  N_COEFFICIENTS = courses + VOLLEY_N_COURSES
};

/* Parameters; gap, end: how many a model lacks before those in the middle and at the end; shape: of what synapses make, tau_syn
 * being its time. */
/* clang-format off */
#define PARAMETERS(gap, end)                                                                                           \
  [C_m] = {"C_m", "pF", 281, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},                                        \
  [Delta_T] = {"Delta_T", "mV", 2, 0, 1e6, .doc = "width of the rise to a spike; 0: V_th is a sharp threshold"},       \
  [E_L] = {"E_L", "mV", -70.6, VOLLEY_VOLTAGES, .doc = "resting potential"},                                           \
  [I_e - gap] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},                                    \
  [V_peak - gap] = {"V_peak", "mV", 0, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},                     \
  [V_reset - gap] = {"V_reset", "mV", -60, VOLLEY_VOLTAGES, .doc = "potential after a spike"},                         \
  [V_th - gap] = {"V_th", "mV", -50.4, VOLLEY_VOLTAGES, .doc = "potential at which a spike begins"},                   \
  [a - gap] = {"a", "nS", 4, -1e9, 1e9, .doc = "what the adaptation strives for, by potential above E_L"},             \
  [b - gap] = {"b", "pA", 80.5, VOLLEY_CURRENTS, .doc = "jump of the adaptation after a spike"},                       \
  [g_L - gap] = {"g_L", "nS", 30, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},                                     \
  [t_ref - gap] = {"t_ref", "ms", 0, 0, 1e9, .doc = "refractory period, rounded to steps"},                            \
  [tau_w - end] = {"tau_w", "ms", 144, VOLLEY_TIMES, .doc = "time constant of the adaptation"},                        \
  [tolerance - end] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"}

#define TIMES(shape, gap)                                                                                              \
  [tau_syn_ex - gap] = {"tau_syn_ex", "ms", 0.2, VOLLEY_TIMES, .doc = shape " time of excitatory input"},              \
  [tau_syn_in - gap] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = shape " time of inhibitory input"}

#define REVERSALS                                                                                                      \
  [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},                                 \
  [E_in] = {"E_in", "mV", -85, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"}

/* States; what: "conductance"; x: its symbol in names. */
#define STATES(x, unit, what, range)                                                                                   \
  [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},                                                \
  [w] = {"w", "pA", -1, 0, VOLLEY_CURRENTS, "adaptation current"},                                                     \
  [x_ex] = {x "ex", unit, -1, 0, range, "excitatory " what},                                                           \
  [x_in] = {x "in", unit, -1, 0, range, "inhibitory " what},                                                           \
  [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},                             \
  [rise_ex] = {"rise_ex", unit, -1, 0, range, "what makes " x "ex rise, at a rate of rise_ex e / tau_syn_ex"},         \
  [rise_in] = {"rise_in", unit, -1, 0, range, "what makes " x "in rise, at a rate of rise_in e / tau_syn_in"}
/* clang-format on */

enum { GAP = E_in + 1 - E_ex };

static const volley_key_info parameters_cond_exp[N_PARAMETERS] = {PARAMETERS(0, 0), TIMES("decay", 0), REVERSALS};
static const volley_key_info parameters_cond_alpha[N_PARAMETERS] = {PARAMETERS(0, 0), TIMES("rise", 0), REVERSALS};
static const volley_key_info parameters_psc_exp[N_PARAMETERS - GAP] = {PARAMETERS(GAP, GAP), TIMES("decay", GAP)};
static const volley_key_info parameters_psc_alpha[N_PARAMETERS - GAP] = {PARAMETERS(GAP, GAP), TIMES("rise", GAP)};

static const volley_state_info states_cond[N_STATES] = {STATES("g_", "nS", "conductance", VOLLEY_CONDUCTANCES)};
static const volley_state_info states_psc[N_STATES] = {STATES("I_syn_", "pA", "synaptic current", VOLLEY_CURRENTS)};

static const volley_receptor_info receptors_cond_exp[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, x_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, decays with tau_syn_in"},
};

static const volley_receptor_info receptors_cond_alpha[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, rise_ex,
            "excitatory conductance, an alpha function of tau_syn_ex; its peak"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, an alpha function of tau_syn_in; its peak"},
};

static const volley_receptor_info receptors_psc_exp[] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, x_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, -1, "inhibitory current, decays with tau_syn_in"},
};

static const volley_receptor_info receptors_psc_alpha[] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, rise_ex, "excitatory current, an alpha function of tau_syn_ex; its peak"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, -1, "inhibitory current, an alpha function of tau_syn_in; its peak"},
};

/* Parameters of a model with currents as those of one with conductances. */
static void widen(const double *p, double *out) {
  memcpy(out, p, E_ex * sizeof *out);
  out[E_ex] = out[E_in] = 0;
  memcpy(out + E_in + 1, p + E_ex, (N_PARAMETERS - E_in - 1) * sizeof *out);
}

static const char *check(const double *p) {
  if (!(p[V_th] <= p[V_peak])) return "V_peak must not be below V_th";
  if (!(p[V_reset] < (p[Delta_T] > 0 ? p[V_peak] : p[V_th])))
    return "V_reset must be below V_peak and, where Delta_T is 0, below V_th";
  if ((p[V_peak] - p[V_th]) > 600 * p[Delta_T] && p[Delta_T] > 0)
    return "V_peak must be at most 600 Delta_T above V_th";
  return NULL;
}

static const char *check_psc(const double *p) {
  double wide[N_PARAMETERS];
  widen(p, wide);
  return check(wide);
}

static void prepare_membrane(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[spike_current] = p[g_L] * p[Delta_T];
  c[inverse_width] = p[Delta_T] > 0 ? 1 / p[Delta_T] : 0;
  c[peak] = p[Delta_T] > 0 ? p[V_peak] : p[V_th];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[rate_of_w] = 1 / p[tau_w];
  c[remains] = exp(-dt / p[tau_w]);
  c[growth] = p[Delta_T] > 0 ? p[g_L] / p[C_m] * dt : 0;
}

static void prepare(const double *p, double dt, double *c) {
  prepare_membrane(p, dt, c);
  volley_courses_prepare((const double[]){p[tau_syn_ex], p[tau_syn_in]}, 2, p[tolerance], dt, &c[courses]);
}

static void prepare_psc(const double *p, double dt, double *c) {
  double wide[N_PARAMETERS];
  widen(p, wide);
  prepare(wide, dt, c);
}

/* At a potential halfway from rest to V_th, without a rise. */
static double mean_current_cond(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_th]);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

static double mean_current_cond_alpha(const double *p, int receptor) { return exp(1) * mean_current_cond(p, receptor); }

static double mean_current_psc(const double *p, int receptor) {
  return 0.001 * p[(receptor == EX ? tau_syn_ex : tau_syn_in) - GAP];
}

static double mean_current_psc_alpha(const double *p, int receptor) { return exp(1) * mean_current_psc(p, receptor); }

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

/* The potential that currents flow at. */
VOLLEY_INLINE double bounded(const volley_cell *cell, const double *y) {
  return cell->refractory > 0 ? C(V_reset) : y[V_m] < C(V_peak) ? y[V_m] : C(V_peak);
}

/* The part of dV/dt that is linear in V; in, out: conductances, and currents that flow into the neuron. */
VOLLEY_INLINE void membrane_at(const volley_cell *cell, const double *y, double conductance, double in, double *rate,
                               double *drive) {
  *rate = (C(g_L) + conductance) * C(inverse_capacitance);
  *drive = (C(g_L) * C(E_L) + in - y[w] + (C(I_e) + cell->current)) * C(inverse_capacitance);
}

VOLLEY_INLINE void membrane_cond(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  const double ex = cell->x[EX][stage], in = cell->x[IN][stage];
  membrane_at(cell, y, ex + in, ex * C(E_ex) + in * C(E_in), rate, drive);
}

VOLLEY_INLINE void membrane_psc(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  membrane_at(cell, y, 0, cell->x[EX][stage] + cell->x[IN][stage], rate, drive);
}

/* Slopes, with this linear part. */
VOLLEY_INLINE void slopes_at(const volley_cell *cell, const double *y, double rate, double drive, double *slope) {
  const double v = bounded(cell, y);
  const double spike = C(spike_current) * volley_exponential((v - C(V_th)) * C(inverse_width));
  const double moved = drive - rate * v + spike * C(inverse_capacitance);
  slope[V_m] = cell->refractory > 0 ? 0 : moved;
  slope[w] = (C(a) * (v - C(E_L)) - y[w]) * C(rate_of_w);
}

#define SLOPES(what)                                                                                                   \
  VOLLEY_INLINE void slopes_##what(const volley_cell *cell, int stage, const double *y, double *slope) {               \
    double rate, drive;                                                                                                \
    membrane_##what(cell, stage, y, &rate, &drive);                                                                    \
    slopes_at(cell, y, rate, drive, slope);                                                                            \
  }

SLOPES(cond)
SLOPES(psc)

/* The other: with z = exp((V - V_th) / Delta_T) g_L h / C_m V rises by -Delta_T log(1 - z), a series in s = z / (2 - z). */
VOLLEY_INLINE double rise(const volley_cell *cell, double h, double v, double *part, double *bend) {
  (void)h;
  const double z = C(growth) * volley_exponential((v - C(V_th)) * C(inverse_width));
  const double s = z / (2 - z), t = s * s;
  double sum = volley_multiply_add(t, 1.0 / 13, 1.0 / 11);
  sum = volley_multiply_add(t, sum, 1.0 / 9);
  sum = volley_multiply_add(t, sum, 1.0 / 7);
  sum = volley_multiply_add(t, sum, 1.0 / 5);
  sum = volley_multiply_add(t, sum, 1.0 / 3);
  *part = z;
  *bend = z * C(inverse_width);
  return v + 2 * C(Delta_T) * volley_multiply_add(s * t, sum, s);
}

VOLLEY_INLINE void adapt(const volley_cell *cell, double v, double *y) {
  const double goal = C(a) * (v - C(E_L));
  y[w] = goal + (y[w] - goal) * C(remains);
}

static void spike(const volley_cell *cell, double *y) {
  y[V_m] = C(V_reset);
  y[w] += C(b);
}

/* Their equations and updates: of conductances or currents (what), with or without a rise. */
#define UPDATE(name, what, rise_of_ex, rise_of_in)                                                                     \
  static const volley_equations equations_##name = {                                                                   \
      .n = 2,                                                                                                          \
      .n_coefficients = N_COEFFICIENTS,                                                                                \
      .synapses = 2,                                                                                                   \
      .x = {x_ex, x_in},                                                                                               \
      .rise = {rise_of_ex, rise_of_in},                                                                                \
      .adds_input = true,                                                                                              \
      .refractory = refractory,                                                                                        \
      .slopes = slopes_##what,                                                                                         \
      .membrane = membrane_##what,                                                                                     \
      .spike = spike,                                                                                                  \
      .peak = peak,                                                                                                    \
      .refractory_steps = refractory_steps,                                                                            \
  };                                                                                                                   \
  static const volley_rising rising_##name = {&equations_##name, rise, adapt, V_reset};                                \
  VOLLEY_INLINE void take_##name(const volley_chunk *k) { volley_rise(&rising_##name, k); }                            \
  VOLLEY_FOR_PROCESSORS static void update_##name(volley_slice *slice, volley_spike_list *spikes) {                    \
    volley_update(slice, spikes, take_##name, N_COEFFICIENTS);                                                         \
  }

UPDATE(cond_exp, cond, -1, -1)
UPDATE(cond_alpha, cond, rise_ex, rise_in)
UPDATE(psc_exp, psc, -1, -1)
UPDATE(psc_alpha, psc, rise_ex, rise_in)

#define DOC(kind)                                                                                                      \
  "adaptive exponential integrate-and-fire neuron with " kind                                                          \
  ", which are exact; V and w take split steps of second order, and Runge-Kutta steps of fifth with error control "    \
  "about a spike"

/* What all of them have alike. */
#define COMMON(name, kind)                                                                                             \
  .doc = DOC(kind), .reference = "Brette & Gerstner (2005); Cash & Karp (1990)", VOLLEY_PARAMETERS(parameters_##name), \
  VOLLEY_RECEPTORS(receptors_##name), .n_coefficients = N_COEFFICIENTS, .receptor_of_sign = {EX, IN},                  \
  .update = update_##name

const volley_neuron_model volley_aeif_cond_exp = {
    .name = "aeif_cond_exp",
    COMMON(cond_exp, "exponentially decaying conductances"),
    .states = states_cond,
    .n_states = N_STATES_EXP,
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current_cond,
};

const volley_neuron_model volley_aeif_cond_alpha = {
    .name = "aeif_cond_alpha",
    COMMON(cond_alpha, "alpha-shaped conductances"),
    VOLLEY_STATES(states_cond),
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current_cond_alpha,
};

const volley_neuron_model volley_aeif_psc_exp = {
    .name = "aeif_psc_exp",
    COMMON(psc_exp, "exponentially decaying synaptic currents"),
    .states = states_psc,
    .n_states = N_STATES_EXP,
    .check = check_psc,
    .prepare = prepare_psc,
    .mean_current = mean_current_psc,
};

const volley_neuron_model volley_aeif_psc_alpha = {
    .name = "aeif_psc_alpha",
    COMMON(psc_alpha, "alpha-shaped synaptic currents"),
    VOLLEY_STATES(states_psc),
    .check = check_psc,
    .prepare = prepare_psc,
    .mean_current = mean_current_psc_alpha,
};

/* ---- Any number of receptors. */

enum { MOST = VOLLEY_MAX_RECEPTORS, END = GAP + tau_syn_in + 1 - tau_syn_ex };
enum { OF_PORTS = N_PARAMETERS - END, E_REV = 0, TAU_RISE, TAU_DECAY, N_OF_PORT }; /* parameters */
enum { still = w + 1, ports, N_STATES_BETA = ports + 2 * MOST };                   /* states: V_m, w, these */

#define PORT_KEYS(k)                                                                                                   \
  {"E_rev_" #k, "mV", 0, VOLLEY_VOLTAGES, .doc = "reversal potential of receptor " #k},                                \
      {"tau_rise_" #k, "ms", 2, VOLLEY_TIMES, .doc = "rise time of its conductance"},                                  \
      {"tau_decay_" #k, "ms", 20, VOLLEY_TIMES, .doc = "decay time of its conductance"},
#define PORT_STATES(k)                                                                                                 \
  {"g_" #k, "nS", -1, 0, VOLLEY_CONDUCTANCES, "conductance of receptor " #k},                                          \
      {"rise_" #k,                                                                                                     \
       "nS",                                                                                                           \
       -1,                                                                                                             \
       0,                                                                                                              \
       VOLLEY_CONDUCTANCES,                                                                                            \
       "what makes g_" #k " rise, at a rate of rise_" #k " c, where c makes the peak after a spike its weight"},
#define PORT_RECEPTORS(k)                                                                                              \
  {#k, "nS", VOLLEY_CONDUCTANCE, ports + 2 * k - 1,                                                                    \
   "conductance, a beta function of tau_rise_" #k " and tau_decay_" #k "; its peak"},

static const volley_key_info parameters_beta[OF_PORTS + N_OF_PORT * MOST] = {PARAMETERS(GAP, END),
                                                                             VOLLEY_FOR_SIZES(PORT_KEYS)};
static const volley_state_info states_beta[N_STATES_BETA] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [w] = {"w", "pA", -1, 0, VOLLEY_CURRENTS, "adaptation current"},
    [still] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
    VOLLEY_FOR_SIZES(PORT_STATES)};
static const volley_receptor_info receptors_beta[MOST] = {VOLLEY_FOR_SIZES(PORT_RECEPTORS)};

/* Its parameters as those of a model with two conductances. */
static void widen_beta(const double *p, double *out) {
  double narrow[N_PARAMETERS - GAP] = {0};
  memcpy(narrow, p, (OF_PORTS - 2) * sizeof *out);
  memcpy(narrow + N_PARAMETERS - GAP - 2, p + OF_PORTS - 2, 2 * sizeof *out); /* tau_w, tolerance */
  widen(narrow, out);
}

static const char *check_beta(const double *p) {
  double wide[N_PARAMETERS];
  widen_beta(p, wide);
  return check(wide);
}

/* Coefficients: those of the membrane, reversal potentials, courses. */
static void prepare_beta(int n, const double *p, double dt, double *c) {
  double wide[N_PARAMETERS], rises[MOST], decays[MOST];
  widen_beta(p, wide);
  prepare_membrane(wide, dt, c);
  for (int k = 0; k < n; k++) {
    const double *of = p + OF_PORTS + k * N_OF_PORT;
    c[courses + k] = of[E_REV];
    rises[k] = of[TAU_RISE];
    decays[k] = of[TAU_DECAY];
  }
  volley_beta_courses_prepare(rises, decays, n, wide[tolerance], dt, &c[courses + n]);
}

static double mean_current_beta(const double *p, int receptor) {
  double wide[N_PARAMETERS];
  widen_beta(p, wide);
  const double *of = p + OF_PORTS + receptor * N_OF_PORT, rise = of[TAU_RISE], decay = of[TAU_DECAY];
  const double area = rise * decay / volley_beta(rise, decay, volley_beta_peak(rise, decay));
  return 0.001 * area * (of[E_REV] - 0.5 * (wide[E_L] + wide[V_th]));
}

VOLLEY_INLINE void membrane_beta(const volley_cell *cell, int stage, const double *y, double *rate, double *drive,
                                 const int n) {
  double conductance = 0, in = 0;
  for (int k = 0; k < n; k++) {
    conductance += cell->x[k][stage];
    in += cell->x[k][stage] * C(courses + k);
  }
  membrane_at(cell, y, conductance, in, rate, drive);
}

#define N_BETA(n) (courses + (n) + VOLLEY_COURSES_OF(2 * (n)))
#define MODEL_BETA(n)                                                                                                  \
  {                                                                                                                    \
    .name = "aeif_cond_beta_multisynapse", .doc = DOC("conductances of several receptors that are beta functions"),    \
    .reference = "Brette & Gerstner (2005); Rotter & Diesmann (1999); Cash & Karp (1990)",                             \
    .parameters = parameters_beta, .n_parameters = OF_PORTS + (n)*N_OF_PORT, .states = states_beta,                    \
    .n_states = ports + 2 * (n), .receptors = receptors_beta, .n_receptors = (n), .n_coefficients = N_BETA(n),         \
    .names_receptors = true, .lists = "E_rev|tau_rise|tau_decay", .sizes = sizes_beta, .check = check_beta,            \
    .prepare = prepare_beta_##n, .mean_current = mean_current_beta, .update = update_beta_##n,                         \
  }

static const volley_neuron_model *const sizes_beta[MOST];

#define AT(k) ports + 2 * (k)
#define SIZED(number)                                                                                                  \
  VOLLEY_INLINE void membrane_beta_##number(const volley_cell *cell, int stage, const double *y, double *rate,         \
                                            double *drive) {                                                           \
    membrane_beta(cell, stage, y, rate, drive, number);                                                                \
  }                                                                                                                    \
  SLOPES(beta_##number)                                                                                                \
  static const volley_equations equations_beta_##number = {                                                            \
      .n = 2,                                                                                                          \
      .n_coefficients = N_BETA(number),                                                                                \
      .synapses = number,                                                                                              \
      .x = {AT(0), AT(1), AT(2), AT(3), AT(4), AT(5), AT(6), AT(7)},                                                   \
      .rise = {AT(0) + 1, AT(1) + 1, AT(2) + 1, AT(3) + 1, AT(4) + 1, AT(5) + 1, AT(6) + 1, AT(7) + 1},                \
      .beta = true,                                                                                                    \
      .refractory = still,                                                                                             \
      .slopes = slopes_beta_##number,                                                                                  \
      .membrane = membrane_beta_##number,                                                                              \
      .spike = spike,                                                                                                  \
      .peak = peak,                                                                                                    \
      .refractory_steps = refractory_steps,                                                                            \
  };                                                                                                                   \
  static const volley_rising rising_beta_##number = {&equations_beta_##number, rise, adapt, V_reset};                  \
  VOLLEY_INLINE void take_beta_##number(const volley_chunk *k) { volley_rise(&rising_beta_##number, k); }              \
  VOLLEY_FOR_PROCESSORS static void update_beta_##number(volley_slice *slice, volley_spike_list *spikes) {             \
    volley_update_any(slice, spikes, take_beta_##number, N_BETA(number));                                              \
  }                                                                                                                    \
  static void prepare_beta_##number(const double *p, double dt, double *c) { prepare_beta(number, p, dt, c); }         \
  static const volley_neuron_model beta_with_##number = MODEL_BETA(number);
VOLLEY_FOR_SIZES(SIZED)

#define LISTED(n) &beta_with_##n,
static const volley_neuron_model *const sizes_beta[MOST] = {VOLLEY_FOR_SIZES(LISTED)};

const volley_neuron_model volley_aeif_cond_beta_multisynapse = MODEL_BETA(1);
