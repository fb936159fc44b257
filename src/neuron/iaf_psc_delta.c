/* Leaky integrate-and-fire neuron whose potential jumps with each arriving spike, integrated exactly.
 * Rotter & Diesmann (1999), Biol. Cybern. 81: 381-402; Diesmann, Gewaltig, Rotter & Aertsen (2001), Neurocomputing 38: 565.
 *
 *   C_m dV/dt = -C_m (V - E_L) / tau_m + I_e + I,   V jumps by the weight of a spike at the end of the step it arrives in
 *
 * Spikes that arrive while the neuron is refractory are lost, or, with refractory_input 1, kept, decaying as V would, and
 * added when the period ends. */
#include "neuron/events.h"
#include "neuron/kernel.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { C_m, E_L, I_e, t_ref, tau_m, V_min, V_reset, V_th, refractory_input, V_refractory, N_PARAMETERS };
enum { V_m, refractory, kept };
enum { SPIKES };
enum { decay_m = N_PARAMETERS, gain_dc, refractory_steps, N_COEFFICIENTS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 250, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_m] = {"tau_m", "ms", 10, VOLLEY_TIMES, .doc = "membrane time constant"},
    [V_min] = {"V_min", "mV", -INFINITY, -INFINITY, 1e6, .doc = "lower bound of the potential"},
    [V_reset] = {"V_reset", "mV", -70, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},
    [refractory_input] =
        {"refractory_input", "", 0, 0, 1,
         .doc = "1: keep input that arrives while refractory, else it is lost; that at the very end of t_ref "
                "arrives while refractory, as in NEST"},
    [V_refractory] = VOLLEY_V_REFRACTORY,
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
    [kept] = {"kept", "mV", -1, 0, VOLLEY_VOLTAGES, "input kept for the end of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "mV", VOLLEY_SIGNED, -1, "jump of the potential"},
};

static const char *check(const double *p) {
  if (p[refractory_input] != 0 && p[refractory_input] != 1) return "refractory_input must be 0 or 1";
  if (p[V_refractory] >= p[V_th]) return "V_refractory must be below V_th";
  return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th";
}

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[decay_m] = exp(-dt / p[tau_m]);
  c[gain_dc] = -expm1(-dt / p[tau_m]) * p[tau_m] / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[V_reset] = volley_held_potential(p[V_reset], p[V_refractory], c[refractory_steps]);
}

static double mean_current(const double *p, int receptor) {
  (void)receptor;
  return 0.001 * p[C_m];
}

/* The coefficient of neuron i. */
#define C(name) volley_at(k->c[name], k->cs, i)

VOLLEY_INLINE int advance(const volley_chunk *k, uint32_t i, double current) {
  double *const *s = k->slice->states, *input = k->slice->inputs[SPIKES];
  const double v = s[V_m][i], left = s[refractory][i], held = s[kept][i], arriving = input[i];
  const double dc = C(I_e) + current;
  const double moved = C(E_L) + (v - C(E_L)) * C(decay_m) + dc * C(gain_dc) + arriving + held;
  const double bounded = moved < C(V_min) ? C(V_min) : moved;
  const double now = left > 0 ? v : bounded;
  s[V_m][i] = now;
  s[refractory][i] = left > 0 ? left - 1 : 0;
  s[kept][i] = left > 0 ? (held + C(refractory_input) * arriving) * C(decay_m) : 0;
  input[i] = 0;
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
enum { E_TAU, E_INVERSE, E_REST, E_RESISTANCE, E_THRESHOLD, E_LEAST, E_HELD, E_PERIOD, E_KEEPS, N_EVENT_COEFFICIENTS };

static void prepare_events(const double *p, double *c) {
  c[E_TAU] = p[tau_m];
  c[E_INVERSE] = 1 / p[tau_m];
  c[E_RESISTANCE] = p[tau_m] / p[C_m];
  c[E_REST] = p[E_L] + p[I_e] * c[E_RESISTANCE];
  c[E_THRESHOLD] = p[V_th];
  c[E_LEAST] = p[V_min];
  c[E_HELD] = volley_held_potential(p[V_reset], p[V_refractory], p[t_ref]);
  c[E_PERIOD] = p[t_ref];
  c[E_KEEPS] = p[refractory_input];
}

static void advance_to_event(const double *c, double *y, double h, double current, bool held) {
  const double rest = c[E_REST] + current * c[E_RESISTANCE], decay = exp(-h * c[E_INVERSE]);
  if (held)
    y[kept] *= decay;
  else
    y[V_m] = fmax(rest + (fmax(y[V_m], c[E_LEAST]) - rest) * decay, c[E_LEAST]);
}

/* V_min bounds what moves V by itself, and the sum of what arrives at one time. */
static double next_spike(const double *c, const double *y, double current, double horizon) {
  const double rest = c[E_REST] + current * c[E_RESISTANCE], missing = c[E_THRESHOLD] - fmax(y[V_m], c[E_LEAST]);
  (void)horizon;
  if (!(missing > 0)) return 0;
  return rest > c[E_THRESHOLD] ? c[E_TAU] * log1p(missing / (rest - c[E_THRESHOLD])) : INFINITY;
}

static bool arrive(const double *c, double *y, int receptor, double weight, double left) {
  (void)receptor;
  if (left >= 0) {
    y[kept] += c[E_KEEPS] * weight;
    return false;
  }
  y[V_m] += weight;
  return false;
}

static void bound(const double *c, double *y) { y[V_m] = fmax(y[V_m], c[E_LEAST]); }

static double fire(const double *c, double *y) {
  y[V_m] = c[E_HELD];
  return c[E_PERIOD];
}

static void release(const double *c, double *y) {
  (void)c;
  y[V_m] += y[kept];
  y[kept] = 0;
}

static const volley_neuron_events events = {.n_coefficients = N_EVENT_COEFFICIENTS,
                                            .refractory = refractory,
                                            .prepare = prepare_events,
                                            .advance = advance_to_event,
                                            .next = next_spike,
                                            .arrive = arrive,
                                            .fire = fire,
                                            .bound = bound,
                                            .release = release};

const volley_neuron_model volley_iaf_psc_delta = {
    .name = "iaf_psc_delta",
    .doc = "leaky integrate-and-fire neuron whose potential jumps with each arriving spike, integrated exactly",
    .reference = "Rotter & Diesmann (1999); Diesmann et al. (2001)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
    .events = &events,
};
