/* Izhikevich's neuron in its form of 2003, without dimensions, with synaptic currents that decay exponentially.
 * Izhikevich (2003), IEEE Trans. Neural Netw. 14: 1569-1572; izhikevich.c has spikes that move the potential itself.
 *
 *   dV/dt = 0.04 V^2 + 5 V + 140 - U + I_syn_ex + I_syn_in + I + I_e,   dU/dt = a (b V - U)
 *   dI_syn_x/dt = -I_syn_x / tau_syn_x;   V >= V_th: a spike, V = c, U = U + d
 *
 * A spike that arrives at the end of a step makes I_syn jump there by its weight. I_syn is exact, V and U take steps with
 * error control (cash_karp.h). A spike resets V where V reaches V_th within the step, and V goes on from there. */
#include "neuron/cash_karp.h"

#include <stddef.h>

enum { a, b, c, d, I_e, V_th, tau_syn_ex, tau_syn_in, tolerance, N_PARAMETERS };
enum { V_m, U_m, I_syn_ex, I_syn_in };
enum { EX, IN };
enum { refractory_steps = N_PARAMETERS, courses, N_COEFFICIENTS = courses + VOLLEY_N_COURSES };

static const volley_key_info parameters[N_PARAMETERS] = {
    [a] = {"a", "1/ms", 0.02, 0, 1e6, .doc = "rate of the recovery"},
    [b] = {"b", "", 0.2, -1e6, 1e6, .doc = "what the recovery strives for, by potential"},
    [c] = {"c", "mV", -65, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [d] = {"d", "mV", 8, VOLLEY_VOLTAGES, .doc = "jump of the recovery after a spike"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current; 1 pA counts as 1 mV/ms"},
    [V_th] = {"V_th", "mV", 30, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 10, VOLLEY_TIMES, .doc = "decay time of excitatory currents"},
    [tau_syn_in] = {"tau_syn_in", "ms", 10, VOLLEY_TIMES, .doc = "decay time of inhibitory currents"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", -1, -65, VOLLEY_VOLTAGES, "membrane potential"},
    [U_m] = {"U_m", "mV", -1, -13, VOLLEY_VOLTAGES, "recovery"},
    [I_syn_ex] = {"I_syn_ex", "pA", -1, 0, VOLLEY_CURRENTS, "excitatory synaptic current"},
    [I_syn_in] = {"I_syn_in", "pA", -1, 0, VOLLEY_CURRENTS, "inhibitory synaptic current"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "pA", VOLLEY_SIGNED, I_syn_ex, "excitatory current, decays with tau_syn_ex"},
    [IN] = {"in", "pA", VOLLEY_SIGNED, I_syn_in, "inhibitory current, decays with tau_syn_in"},
};

static const char *check(const double *p) { return p[c] < p[V_th] ? NULL : "c must be below V_th"; }

static void prepare(const double *p, double dt, double *out) {
  memcpy(out, p, N_PARAMETERS * sizeof *out);
  out[refractory_steps] = 0;
  volley_courses_prepare(&p[tau_syn_ex], 2, p[tolerance], dt, &out[courses]);
}

static double mean_current(const double *p, int receptor) { return 0.001 * p[tau_syn_ex + receptor]; }

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

VOLLEY_INLINE void slopes(const volley_cell *cell, int stage, const double *y, double *slope) {
  const double v = y[V_m] < C(V_th) ? y[V_m] : C(V_th), current = C(I_e) + cell->current;
  slope[V_m] = 0.04 * v * v + 5 * v + 140 - y[U_m] + current + cell->x[EX][stage] + cell->x[IN][stage];
  slope[U_m] = C(a) * (C(b) * v - y[U_m]);
}

static void spike(const volley_cell *cell, double *y) {
  y[V_m] = C(c);
  y[U_m] += C(d);
}

static const volley_equations equations = {
    .n = 2,
    .n_coefficients = N_COEFFICIENTS,
    .synapses = 2,
    .x = {I_syn_ex, I_syn_in},
    .rise = {-1, -1},
    .refractory = -1,
    .slopes = slopes,
    .spike = spike,
    .peak = V_th,
    .refractory_steps = refractory_steps,
};

VOLLEY_INLINE void take(const volley_chunk *k) { volley_integrate(&equations, k); }

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_izhikevich_psc_exp = {
    .name = "izhikevich_psc_exp",
    .doc = "Izhikevich's neuron of 2003 without dimensions, with exponentially decaying synaptic currents, which are "
           "exact; V and U take Runge-Kutta steps of fifth order with error control",
    .reference = "Izhikevich (2003); Cash & Karp (1990)",
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
