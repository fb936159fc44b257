/* Quadratic integrate-and-fire neuron whose potential jumps with each arriving spike, in closed form.
 * Ermentrout & Kopell (1986), SIAM J. Appl. Math. 46: 233-253; Latham, Richmond, Nelson & Nirenberg (2000), J.
 * Neurophysiol. 83: 808-827.
 *
 *   C_m dV/dt = k (V - E_L) (V - V_c) + I_e + I;   V >= V_peak: a spike, V = V_reset
 *
 * Spikes that arrive while the neuron is refractory are lost. */
#include "neuron/by_events.h"
#include "neuron/riccati.h"

#include <stddef.h>

enum { C_m, E_L, I_e, V_c, V_peak, V_reset, k, t_ref, N_PARAMETERS };
enum { V_m, refractory };
enum { SPIKES };

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 100, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -60, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [V_c] = {"V_c", "mV", -40, VOLLEY_VOLTAGES, .doc = "critical potential, above which V rises by itself"},
    [V_peak] = {"V_peak", "mV", 35, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [V_reset] = {"V_reset", "mV", -50, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [k] = {"k", "nS/mV", 0.7, 0, INFINITY, .positive = true, .doc = "gain of the current that makes a spike"},
    [t_ref] = {"t_ref", "ms", 0, 0, 1e9, .doc = "refractory period, rounded to steps by an engine that takes some"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "mV", VOLLEY_SIGNED, -1, "jump of the potential"},
};

static const char *check(const double *p) {
  if (!(p[V_reset] < p[V_peak])) return "V_reset must be below V_peak";
  return p[V_c] < p[V_peak] ? NULL : "V_c must be below V_peak";
}

/* With u = V - middle: u' = rate (u^2 + gain (I_e + I) - shape). */
enum { MIDDLE, RATE, GAIN, SHAPE, DRIVE, PEAK, RESET, PERIOD, N_EVENT_COEFFICIENTS };

static void prepare_events(const double *p, double *c) {
  const double half = (p[V_c] - p[E_L]) / 2;
  c[MIDDLE] = p[E_L] + half;
  c[RATE] = p[k] / p[C_m];
  c[GAIN] = 1 / p[k];
  c[SHAPE] = half * half;
  c[DRIVE] = p[I_e];
  c[PEAK] = p[V_peak];
  c[RESET] = p[V_reset];
  c[PERIOD] = p[t_ref];
}

static void prepare(const double *p, double dt, double *c) {
  prepare_events(p, c);
  c[N_EVENT_COEFFICIENTS + VOLLEY_STEP_LENGTH] = dt;
  c[N_EVENT_COEFFICIENTS + VOLLEY_STEP_REFRACTORY] = volley_round_steps(p[t_ref], dt);
}

static double mean_current(const double *p, int receptor) {
  (void)receptor;
  return 0.001 * p[C_m];
}

static double drive(const double *c, double current) { return c[GAIN] * (c[DRIVE] + current) - c[SHAPE]; }

static void advance(const double *c, double *y, double h, double current, bool held) {
  if (!held) y[V_m] = c[MIDDLE] + volley_riccati_at(y[V_m] - c[MIDDLE], c[RATE], drive(c, current), h);
}

static double next(const double *c, const double *y, double current, double horizon) {
  (void)horizon;
  if (y[V_m] >= c[PEAK]) return 0;
  return volley_riccati_time(y[V_m] - c[MIDDLE], c[RATE], drive(c, current), c[PEAK] - c[MIDDLE]);
}

static bool arrive(const double *c, double *y, int receptor, double weight, double left) {
  (void)c, (void)receptor;
  if (left < 0) y[V_m] += weight;
  return false;
}

static double fire(const double *c, double *y) {
  y[V_m] = c[RESET];
  return c[PERIOD];
}

static const volley_neuron_events events = {.n_coefficients = N_EVENT_COEFFICIENTS,
                                            .refractory = refractory,
                                            .prepare = prepare_events,
                                            .advance = advance,
                                            .next = next,
                                            .arrive = arrive,
                                            .fire = fire};

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update_by_events(slice, spikes, &events, refractory);
}

const volley_neuron_model volley_qif_delta = {
    .name = "qif_delta",
    .doc = "quadratic integrate-and-fire neuron whose potential jumps with each arriving spike, in closed form",
    .reference = "Ermentrout & Kopell (1986); Latham et al. (2000)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_EVENT_COEFFICIENTS + VOLLEY_N_STEP,
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
    .events = &events,
};
