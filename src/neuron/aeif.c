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
#include "neuron/aeif.h"

enum { x_ex = w + 1, x_in, refractory, rise_ex, rise_in, N_STATES, N_STATES_EXP = rise_ex /* which do not rise */ };
enum { EX, IN };
enum { N_COEFFICIENTS = courses + VOLLEY_N_COURSES };

/* shape: of what synapses make, tau_syn being its time. */
/* clang-format off */
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

static const char *check_psc(const double *p) {
  double wide[N_PARAMETERS];
  widen(p, wide);
  return check(wide);
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

VOLLEY_INLINE void membrane_cond(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  const double ex = cell->x[EX][stage], in = cell->x[IN][stage];
  membrane_at(cell, y, ex + in, ex * C(E_ex) + in * C(E_in), rate, drive);
}

VOLLEY_INLINE void membrane_psc(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  membrane_at(cell, y, 0, cell->x[EX][stage] + cell->x[IN][stage], rate, drive);
}

SLOPES(cond)
SLOPES(psc)

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
  static const volley_rising rising_##name = {&equations_##name, rise, adapt, strain, V_reset};                        \
  VOLLEY_INLINE void take_##name(const volley_chunk *k) { volley_rise(&rising_##name, k); }                            \
  VOLLEY_FOR_PROCESSORS static void update_##name(volley_slice *slice, volley_spike_list *spikes) {                    \
    volley_update_long(slice, spikes, take_##name, N_COEFFICIENTS);                                                    \
  }

UPDATE(cond_exp, cond, -1, -1)
UPDATE(cond_alpha, cond, rise_ex, rise_in)
UPDATE(psc_exp, psc, -1, -1)
UPDATE(psc_alpha, psc, rise_ex, rise_in)

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
