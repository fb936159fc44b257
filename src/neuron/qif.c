/* Quadratic integrate-and-fire neuron with exponential synaptic currents.
 * Ermentrout & Kopell (1986), SIAM J. Appl. Math. 46: 233-253; Latham, Richmond, Nelson & Nirenberg (2000), J.
 * Neurophysiol. 83: 808-827.
 *
 *   C_m dV/dt = k (V - E_L) (V - V_c) + I_syn_ex + I_syn_in + I_e + I,   dI_syn_x/dt = -I_syn_x / tau_syn_x
 *   V >= V_peak: a spike, V = V_reset
 *
 * A spike that arrives at the end of a step makes I_syn jump there. Synaptic currents are exact, V takes split
 * steps, and steps with error control about a spike (rising.h). A spike resets V where V reaches the peak within the step, and V goes on from there; a
 * refractory period lasts from there to t_ref after the end of the step. */
#include "neuron/rising.h"

#include <stddef.h>

enum { C_m, E_L, I_e, V_c, V_peak, V_reset, k, t_ref, tau_syn_ex, tau_syn_in, tolerance, N_PARAMETERS };
enum { V_m, I_syn_ex, I_syn_in, refractory };
enum { EX, IN };
enum { inverse_capacitance = N_PARAMETERS, refractory_steps, courses, N_COEFFICIENTS = courses + VOLLEY_N_COURSES };

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 100, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -60, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [V_c] = {"V_c", "mV", -40, VOLLEY_VOLTAGES, .doc = "critical potential, above which V rises by itself"},
    [V_peak] = {"V_peak", "mV", 35, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [V_reset] = {"V_reset", "mV", -50, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [k] = {"k", "nS/mV", 0.7, 0, INFINITY, .positive = true, .doc = "gain of the current that makes a spike"},
    [t_ref] = {"t_ref", "ms", 0, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 2, VOLLEY_TIMES, .doc = "decay time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of inhibitory currents"},
    [tolerance] =
        {"tolerance", "mV", 1e-6, 1e-12, 1,
         .doc = "estimated error of a step above which it is halved, about spikes and with integration: adaptive"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [I_syn_ex] = {"I_syn_ex", "pA", -1, 0, VOLLEY_CURRENTS, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "pA", -1, 0, VOLLEY_CURRENTS, "inhibitory synaptic current"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static const char *check(const double *p) {
  if (!(p[V_reset] < p[V_peak])) return "V_reset must be below V_peak";
  return p[V_c] < p[V_peak] ? NULL : "V_c must be below V_peak";
}

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  volley_courses_prepare((const double[]){p[tau_syn_ex], p[tau_syn_in]}, 2, p[tolerance], dt, &c[courses]);
}

static double mean_current(const double *p, int receptor) {
  return 0.001 * (receptor == EX ? p[tau_syn_ex] : p[tau_syn_in]);
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

/* V stays below the peak here so that the stages of a step that passes it do not run away. */
VOLLEY_INLINE void slopes(const volley_cell *cell, int stage, const double *y, double *slope) {
  const double v = y[V_m] < C(V_peak) ? y[V_m] : C(V_peak);
  const double rising = C(k) * (v - C(E_L)) * (v - C(V_c)), current = C(I_e) + cell->current;
  const double moved = (rising + cell->x[EX][stage] + cell->x[IN][stage] + current) * C(inverse_capacitance);
  slope[V_m] = cell->refractory > 0 ? 0 : moved;
}

/* The two parts of k (V - E_L) (V - V_c): k (V_c - E_L) (E_L - V), with the currents, and k (V - E_L)^2. */
VOLLEY_INLINE void membrane(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  (void)y;
  const double conductance = C(k) * (C(V_c) - C(E_L)), current = C(I_e) + cell->current;
  *rate = conductance * C(inverse_capacitance);
  *drive = (conductance * C(E_L) + cell->x[EX][stage] + cell->x[IN][stage] + current) * C(inverse_capacitance);
}

VOLLEY_INLINE double rise(const volley_cell *cell, double h, double v, double *part, double *bend) {
  const double gain = C(k) * C(inverse_capacitance) * h, above = v - C(E_L), z = gain * above;
  *part = z;
  *bend = 2 * gain;
  return v + above * z / (1 - z);
}

static void spike(const volley_cell *cell, double *y) { y[V_m] = C(V_reset); }

static const volley_equations equations = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS,
    .synapses = 2,
    .x = {I_syn_ex, I_syn_in},
    .rise = {-1, -1},
    .refractory = refractory,
    .slopes = slopes,
    .membrane = membrane,
    .spike = spike,
    .peak = V_peak,
    .refractory_steps = refractory_steps,
};

static const volley_rising rising = {&equations, rise, NULL, NULL, V_reset};

VOLLEY_INLINE void take(const volley_chunk *chunk) { volley_rise(&rising, chunk); }

VOLLEY_FOR_PROCESSORS static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_qif = {
    .name = "qif",
    .doc =
        "quadratic integrate-and-fire neuron with exponentially decaying synaptic currents, which are exact; V takes "
        "split steps of second order, and Runge-Kutta steps of fifth with error control about a spike",
    .reference = "Ermentrout & Kopell (1986); Latham et al. (2000); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
