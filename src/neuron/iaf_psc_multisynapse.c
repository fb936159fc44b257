/* Leaky integrate-and-fire neurons with any number of receptors, each with a time constant of its own, whose currents decay
 * exponentially (iaf_psc_exp_multisynapse) or are alpha functions (iaf_psc_alpha_multisynapse); integrated exactly.
 * Rotter & Diesmann (1999), Biol. Cybern. 81: 381-402; NEST iaf_psc_exp_multisynapse, iaf_psc_alpha_multisynapse.
 *
 *   C_m dV/dt = -C_m (V - E_L) / tau_m + sum_k I_syn_k + I_e + I
 *   exponential: dI_syn_k/dt = -I_syn_k / tau_syn_k
 *   alpha: dI_syn_k/dt = rise_k e / tau_syn_k - I_syn_k / tau_syn_k,   drise_k/dt = -rise_k / tau_syn_k
 *
 * A spike that arrives at the end of a step makes I_syn_k, or rise_k, jump there by its weight, which is the peak of its
 * current; V feels it from the next step on. */
#include "neuron/kernel.h"
#include "neuron/propagator.h"

#include <stddef.h>

enum { MOST = VOLLEY_MAX_RECEPTORS };
enum { C_m, E_L, I_e, t_ref, tau_m, V_min, V_reset, V_th, tau_syn, N_PARAMETERS = tau_syn + MOST };
enum { V_m, refractory, synapses, N_STATES_EXP = synapses + MOST, N_STATES_ALPHA = synapses + 2 * MOST };
enum { rest, input, bound, reset, threshold, decay_m, gain_dc, refractory_steps, courses };
enum { DECAY, GAIN, N_EXP, BY_RISE = N_EXP, GAIN_OF_RISE, N_ALPHA }; /* of each receptor, after `courses` */

#define TAU(k)                                                                                                         \
  [tau_syn + k - 1] = {"tau_syn_" #k, "ms", 2, VOLLEY_TIMES, .doc = "time constant of currents of receptor " #k},

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_m] = {"tau_m", "ms", 10, VOLLEY_TIMES, .doc = "membrane time constant"},
    [V_min] = {"V_min", "mV", -INFINITY, -INFINITY, 1e6, .doc = "lower bound of the potential"},
    [V_reset] = {"V_reset", "mV", -70, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},
    VOLLEY_FOR_SIZES(TAU)};

#define MEMBRANE                                                                                                       \
  [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"}, [refractory] = {                               \
                                                                            "refractory",                              \
                                                                            "",                                        \
                                                                            -1,                                        \
                                                                            0,                                         \
                                                                            0,                                         \
                                                                            1e9,                                       \
                                                                            "steps left of the refractory period"}
#define CURRENT(k) {"I_syn_" #k, "pA", -1, 0, VOLLEY_CURRENTS, "synaptic current of receptor " #k},
#define RISING(k)                                                                                                      \
  CURRENT(k){"rise_" #k,                                                                                               \
             "pA",                                                                                                     \
             -1,                                                                                                       \
             0,                                                                                                        \
             VOLLEY_CURRENTS,                                                                                          \
             "what makes I_syn_" #k " rise, at a rate of rise_" #k " e / tau_syn_" #k},

static const volley_state_info states_exp[N_STATES_EXP] = {MEMBRANE, VOLLEY_FOR_SIZES(CURRENT)};
static const volley_state_info states_alpha[N_STATES_ALPHA] = {MEMBRANE, VOLLEY_FOR_SIZES(RISING)};

#define RECEPTOR_EXP(k) {#k, "pA", VOLLEY_SIGNED, synapses + k - 1, "current that decays with tau_syn_" #k},
#define RECEPTOR_ALPHA(k)                                                                                              \
  {#k, "pA", VOLLEY_SIGNED, synapses + 2 * k - 1, "current, an alpha function of tau_syn_" #k "; its peak"},

static const volley_receptor_info receptors_exp[MOST] = {VOLLEY_FOR_SIZES(RECEPTOR_EXP)};
static const volley_receptor_info receptors_alpha[MOST] = {VOLLEY_FOR_SIZES(RECEPTOR_ALPHA)};

static const char *check(const double *p) { return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th"; }

static void prepare_membrane(const double *p, double dt, double *c) {
  c[rest] = p[E_L];
  c[input] = p[I_e];
  c[bound] = p[V_min];
  c[reset] = p[V_reset];
  c[threshold] = p[V_th];
  c[decay_m] = exp(-dt / p[tau_m]);
  c[gain_dc] = -expm1(-dt / p[tau_m]) * p[tau_m] / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
}

static void prepare_exp(int n, const double *p, double dt, double *c) {
  prepare_membrane(p, dt, c);
  c += courses;
  for (int k = 0; k < n; k++, c += N_EXP) {
    c[DECAY] = exp(-dt / p[tau_syn + k]);
    c[GAIN] = volley_decay_gain(p[tau_syn + k], p[tau_m], p[C_m], dt);
  }
}

static void prepare_alpha(int n, const double *p, double dt, double *c) {
  prepare_membrane(p, dt, c);
  c += courses;
  for (int k = 0; k < n; k++, c += N_ALPHA) {
    const double tau = p[tau_syn + k], slope = exp(1) / tau;
    c[DECAY] = exp(-dt / tau);
    c[GAIN] = volley_decay_gain(tau, p[tau_m], p[C_m], dt);
    c[BY_RISE] = slope * dt * c[DECAY];
    c[GAIN_OF_RISE] = slope * volley_alpha_gain(tau, p[tau_m], p[C_m], dt);
  }
}

static double mean_current_exp(const double *p, int receptor) { return 0.001 * p[tau_syn + receptor]; }

static double mean_current_alpha(const double *p, int receptor) { return exp(1) * mean_current_exp(p, receptor); }

/* The coefficient of neuron i, and that of a receptor. */
#define C(name) volley_at(k->c[name], k->cs, i)
#define OF(x, kind, name) volley_at(k->c[courses + (x) * (kind) + (name)], k->cs, i)

/* Moves the potential; by_synapses: what their currents add to it. Returns whether it has reached the threshold. */
VOLLEY_INLINE int move(const volley_chunk *k, uint32_t i, double current, double by_synapses) {
  double *const *s = k->slice->states;
  const double v = s[V_m][i], left = s[refractory][i];
  const double moved = C(rest) + (v - C(rest)) * C(decay_m) + by_synapses + (C(input) + current) * C(gain_dc);
  const double bounded = moved < C(bound) ? C(bound) : moved, now = left > 0 ? v : bounded;
  s[V_m][i] = now;
  s[refractory][i] = left > 0 ? left - 1 : 0;
  return now >= C(threshold);
}

VOLLEY_INLINE int advance_exp(const volley_chunk *k, uint32_t i, double current, const int n) {
  double *const *s = k->slice->states;
  double sum = 0;
  for (int x = 0; x < n; x++) {
    const double now = s[synapses + x][i];
    sum += now * OF(x, N_EXP, GAIN);
    s[synapses + x][i] = now * OF(x, N_EXP, DECAY);
  }
  return move(k, i, current, sum);
}

VOLLEY_INLINE int advance_alpha(const volley_chunk *k, uint32_t i, double current, const int n) {
  double *const *s = k->slice->states;
  double sum = 0;
  for (int x = 0; x < n; x++) {
    const double now = s[synapses + 2 * x][i], rise = s[synapses + 2 * x + 1][i];
    sum += now * OF(x, N_ALPHA, GAIN) + rise * OF(x, N_ALPHA, GAIN_OF_RISE);
    s[synapses + 2 * x][i] = now * OF(x, N_ALPHA, DECAY) + rise * OF(x, N_ALPHA, BY_RISE);
    s[synapses + 2 * x + 1][i] = rise * OF(x, N_ALPHA, DECAY);
  }
  return move(k, i, current, sum);
}

static const volley_firing firing = {V_m, refractory, threshold, reset, refractory_steps};

/* Both models with n receptors, whose synapses have so many states and coefficients. */
#define SIZED(kind, n, KIND, n_own)                                                                                    \
  VOLLEY_INLINE int advance_##kind##_##n(const volley_chunk *k, uint32_t i, double current) {                          \
    return advance_##kind(k, i, current, n);                                                                           \
  }                                                                                                                    \
  VOLLEY_INLINE void take_##kind##_##n(const volley_chunk *k) {                                                        \
    if (volley_advance(k, advance_##kind##_##n)) volley_fire(k, &firing);                                              \
  }                                                                                                                    \
  static void update_##kind##_##n(volley_slice *slice, volley_spike_list *spikes) {                                    \
    volley_update(slice, spikes, take_##kind##_##n, courses + n * KIND);                                               \
  }                                                                                                                    \
  static void prepare_##kind##_##n(const double *p, double dt, double *c) { prepare_##kind(n, p, dt, c); }             \
  static const volley_neuron_model kind##_with_##n = MODEL(kind, n, KIND, n_own);

#define MODEL(kind, n, KIND, n_own)                                                                                    \
  {                                                                                                                    \
    .name = "iaf_psc_" #kind "_multisynapse", .doc = DOC_##kind, .reference = "Rotter & Diesmann (1999)",              \
    .parameters = parameters, .n_parameters = tau_syn + n, .states = states_##kind, .n_states = synapses + n * n_own,  \
    .receptors = receptors_##kind, .n_receptors = n, .n_coefficients = courses + n * KIND, .names_receptors = true,    \
    .lists = "tau_syn", .sizes = sizes_##kind, .check = check, .prepare = prepare_##kind##_##n,                        \
    .mean_current = mean_current_##kind, .update = update_##kind##_##n,                                                \
  }

#define DOC_exp                                                                                                        \
  "leaky integrate-and-fire neuron with several receptors, whose currents decay exponentially, integrated exactly"
#define DOC_alpha                                                                                                      \
  "leaky integrate-and-fire neuron with several receptors, whose currents are alpha functions, integrated exactly"

static const volley_neuron_model *const sizes_exp[MOST], *const sizes_alpha[MOST];

#define EXP(n) SIZED(exp, n, N_EXP, 1)
#define ALPHA(n) SIZED(alpha, n, N_ALPHA, 2)
VOLLEY_FOR_SIZES(EXP)
VOLLEY_FOR_SIZES(ALPHA)

#define LISTED_EXP(n) &exp_with_##n,
#define LISTED_ALPHA(n) &alpha_with_##n,
static const volley_neuron_model *const sizes_exp[MOST] = {VOLLEY_FOR_SIZES(LISTED_EXP)};
static const volley_neuron_model *const sizes_alpha[MOST] = {VOLLEY_FOR_SIZES(LISTED_ALPHA)};

const volley_neuron_model volley_iaf_psc_exp_multisynapse = MODEL(exp, 1, N_EXP, 1);
const volley_neuron_model volley_iaf_psc_alpha_multisynapse = MODEL(alpha, 1, N_ALPHA, 2);
