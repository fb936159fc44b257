/* Leaky integrate-and-fire neurons with synaptic conductances that decay exponentially (iaf_cond_exp), are alpha functions
 * (iaf_cond_alpha), or beta functions, differences of two exponentials (iaf_cond_beta).
 * Meffin, Burkitt & Grayden (2004), J. Comput. Neurosci. 16: 159-175; NEST iaf_cond_exp, iaf_cond_alpha, iaf_cond_beta.
 *
 *   C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e + I
 *   dg_x/dt = rise_x e / tau_syn_x - g_x / tau_syn_x,   drise_x/dt = -rise_x / tau_syn_x
 *   of beta functions dg_x/dt = rise_x k - g_x / tau_rise_x,   drise_x/dt = -rise_x / tau_decay_x
 *
 * A spike that arrives at the end of a step makes rise_x jump there by the size of its weight (an alpha or beta function
 * with that peak) or, in models without a rise, g_x. Conductances are exact, V is exponential with their means over a step
 * (splitting.h); the threshold is looked at when a step ends. */
#include "neuron/splitting.h"

#include <stddef.h>

enum { C_m, E_L, E_ex, E_in, g_L, I_e, t_ref, tau_syn_ex, tau_syn_in, V_reset, V_th, tolerance, N_PARAMETERS };
enum { V_m, g_ex, g_in, refractory, rise_ex, rise_in, N_STATES, N_STATES_EXP = rise_ex /* which do not rise */ };
enum { EX, IN };
enum { tau_rise_ex = tau_syn_ex, tau_rise_in, tau_decay_ex = N_PARAMETERS, tau_decay_in, N_PARAMETERS_BETA };
enum {
  inverse_capacitance = N_PARAMETERS,
  refractory_steps,
  courses,
  N_COEFFICIENTS = courses + VOLLEY_N_COURSES,
  N_COEFFICIENTS_BETA = courses + VOLLEY_N_BETA_COURSES
};

/* clang-format off */
/* Their parameters; tau: "tau_syn", shape: of conductances, what tau is the time of. */
#define PARAMETERS(tau, shape)                                                                                         \
  [C_m] = {"C_m", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},                                        \
  [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},                                             \
  [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},                                 \
  [E_in] = {"E_in", "mV", -85, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"},                               \
  [g_L] = {"g_L", "nS", 16.6667, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},                                      \
  [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},                                          \
  [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},                                  \
  [tau_syn_ex] = {tau "_ex", "ms", 0.2, VOLLEY_TIMES, .doc = shape " time of the excitatory conductance"},             \
  [tau_syn_in] = {tau "_in", "ms", 2, VOLLEY_TIMES, .doc = shape " time of the inhibitory conductance"},               \
  [V_reset] = {"V_reset", "mV", -60, VOLLEY_VOLTAGES, .doc = "potential after a spike"},                               \
  [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},                                                   \
  [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "with integration: adaptive, estimated error of a step above which it is halved"},
/* clang-format on */

static const volley_key_info parameters_exp[N_PARAMETERS] = {PARAMETERS("tau_syn", "decay")};
static const volley_key_info parameters_alpha[N_PARAMETERS] = {PARAMETERS("tau_syn", "rise")};
static const volley_key_info parameters_beta[N_PARAMETERS_BETA] = {
    PARAMETERS("tau_rise", "rise")[tau_decay_ex] = {"tau_decay_ex", "ms", 0.2, VOLLEY_TIMES,
                                                    .doc = "decay time of the excitatory conductance"},
    [tau_decay_in] = {"tau_decay_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of the inhibitory conductance"},
};

/* clang-format off */
/* rate: of the rise of a conductance, by what makes it rise */
#define STATES(rate)                                                                                                   \
  [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},                                                \
  [g_ex] = {"g_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "excitatory conductance"},                                       \
  [g_in] = {"g_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "inhibitory conductance"},                                       \
  [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},                             \
  [rise_ex] = {"rise_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "what makes g_ex rise, at a rate of rise_ex " rate("ex")}, \
  [rise_in] = {"rise_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "what makes g_in rise, at a rate of rise_in " rate("in")}
/* clang-format on */

#define RATE_ALPHA(x) "e / tau_syn_" x
#define RATE_BETA(x) "k, where k makes the peak after a spike its weight"
static const volley_state_info states[N_STATES] = {STATES(RATE_ALPHA)};
static const volley_state_info states_beta[N_STATES] = {STATES(RATE_BETA)};

static const volley_receptor_info receptors_exp[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, g_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, decays with tau_syn_in"},
};

static const volley_receptor_info receptors_alpha[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, rise_ex,
            "excitatory conductance, an alpha function of tau_syn_ex; its peak"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1, "inhibitory conductance, an alpha function of tau_syn_in; its peak"},
};

static const volley_receptor_info receptors_beta[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, rise_ex,
            "excitatory conductance, a beta function of tau_rise_ex and tau_decay_ex; its peak"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, -1,
            "inhibitory conductance, a beta function of tau_rise_in and tau_decay_in; its peak"},
};

static const char *check(const double *p) { return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th"; }

static void prepare_membrane(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
}

static void prepare(const double *p, double dt, double *c) {
  prepare_membrane(p, dt, c);
  volley_courses_prepare((const double[]){p[tau_syn_ex], p[tau_syn_in]}, 2, p[tolerance], dt, &c[courses]);
}

static void prepare_beta(const double *p, double dt, double *c) {
  prepare_membrane(p, dt, c);
  volley_beta_courses_prepare(&p[tau_rise_ex], &p[tau_decay_ex], 2, p[tolerance], dt, &c[courses]);
}

/* Mean current in pA by spikes of 1 Hz with weight 1 at a potential halfway from rest to threshold, without a rise. */
static double mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_th]);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

static double mean_current_alpha(const double *p, int receptor) { return exp(1) * mean_current(p, receptor); }

static double mean_current_beta(const double *p, int receptor) {
  const double rise = p[tau_rise_ex + receptor], decay = p[tau_decay_ex + receptor];
  const double v = 0.5 * (p[E_L] + p[V_th]),
               area = rise * decay / volley_beta(rise, decay, volley_beta_peak(rise, decay));
  return 0.001 * area * (p[receptor == EX ? E_ex : E_in] - v);
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

VOLLEY_INLINE void membrane(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  (void)y;
  const double ex = cell->x[EX][stage], in = cell->x[IN][stage], current = C(I_e) + cell->current;
  *rate = (C(g_L) + ex + in) * C(inverse_capacitance);
  *drive = (C(g_L) * C(E_L) + ex * C(E_ex) + in * C(E_in) + current) * C(inverse_capacitance);
}

/* Whether neuron i has reached the threshold. */
VOLLEY_INLINE int reaches(const volley_chunk *k, uint32_t i, double current) {
  (void)current;
  return k->slice->states[V_m][i] >= volley_at(k->c[V_th], k->cs, i);
}

VOLLEY_INLINE void take(const volley_equations *of, const volley_chunk *k) {
  static const volley_firing firing = {V_m, refractory, V_th, V_reset, refractory_steps};
  volley_split(of, k);
  if (volley_advance(k, reaches)) volley_fire(k, &firing);
}

static const volley_equations equations_exp = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS,
    .synapses = 2,
    .x = {g_ex, g_in},
    .rise = {-1, -1},
    .adds_input = true,
    .refractory = refractory,
    .membrane = membrane,
};

VOLLEY_INLINE void take_exp(const volley_chunk *k) { take(&equations_exp, k); }

VOLLEY_FOR_PROCESSORS static void update_exp(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take_exp, N_COEFFICIENTS);
}

const volley_neuron_model volley_iaf_cond_exp = {
    .name = "iaf_cond_exp",
    .doc = "leaky integrate-and-fire neuron with exponentially decaying conductances, which are exact; V is "
           "exponential with their "
           "means over a step",
    .reference = "Meffin, Burkitt & Grayden (2004); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters_exp),
    .states = states,
    .n_states = N_STATES_EXP,
    VOLLEY_RECEPTORS(receptors_exp),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update_exp,
};

static const volley_equations equations_alpha = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS,
    .synapses = 2,
    .x = {g_ex, g_in},
    .rise = {rise_ex, rise_in},
    .adds_input = true,
    .refractory = refractory,
    .membrane = membrane,
};

VOLLEY_INLINE void take_alpha(const volley_chunk *k) { take(&equations_alpha, k); }

VOLLEY_FOR_PROCESSORS static void update_alpha(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take_alpha, N_COEFFICIENTS);
}

const volley_neuron_model volley_iaf_cond_alpha = {
    .name = "iaf_cond_alpha",
    .doc = "leaky integrate-and-fire neuron with alpha-shaped conductances, which are exact; V is exponential "
           "with their means over a step",
    .reference = "Meffin, Burkitt & Grayden (2004); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters_alpha),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors_alpha),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current_alpha,
    .update = update_alpha,
};

static const volley_equations equations_beta = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS_BETA,
    .synapses = 2,
    .x = {g_ex, g_in},
    .rise = {rise_ex, rise_in},
    .beta = true,
    .adds_input = true,
    .refractory = refractory,
    .membrane = membrane,
};

VOLLEY_INLINE void take_beta(const volley_chunk *k) { take(&equations_beta, k); }

VOLLEY_FOR_PROCESSORS static void update_beta(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take_beta, N_COEFFICIENTS_BETA);
}

const volley_neuron_model volley_iaf_cond_beta = {
    .name = "iaf_cond_beta",
    .doc =
        "leaky integrate-and-fire neuron with conductances that are beta functions, differences of two exponentials, "
        "and exact; V is exponential with their means over a step",
    .reference = "Meffin, Burkitt & Grayden (2004); Rotter & Diesmann (1999); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters_beta),
    VOLLEY_STATES(states_beta),
    VOLLEY_RECEPTORS(receptors_beta),
    .n_coefficients = N_COEFFICIENTS_BETA,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare_beta,
    .mean_current = mean_current_beta,
    .update = update_beta,
};
