/* Leaky integrate-and-fire neuron with exponential synaptic conductances, and two more that its own spikes set off: one
 * adapts its rate, the other is a relative refractory period.
 * Muller, Buesing, Schemmel & Meier (2007), Neural Comput. 19: 2958-3010; NEST iaf_cond_exp_sfa_rr.
 *
 *   C_m dV/dt = -g_L (V - E_L) - sum_x g_x (V - E_x) + I_e + I,   dg_x/dt = -g_x / tau_x,   x = ex, in, sfa, rr
 *   V >= V_th: a spike, V = V_reset, g_sfa = g_sfa + q_sfa, g_rr = g_rr + q_rr
 *
 * A spike that arrives at the end of a step makes g_ex or g_in jump there by the size of its weight. Conductances are exact,
 * V is exponential with their means over a step (splitting.h); the threshold is looked at when a step ends. */
#include "neuron/splitting.h"

#include <stddef.h>

enum {
  C_m,
  E_L,
  E_ex,
  E_in,
  E_sfa,
  E_rr,
  g_L,
  I_e,
  q_sfa,
  q_rr,
  t_ref,
  tau_syn_ex,
  tau_syn_in,
  tau_sfa,
  tau_rr,
  V_reset,
  V_th,
  tolerance,
  N_PARAMETERS
};
enum { V_m, g_ex, g_in, g_sfa, g_rr, refractory };
enum { EX, IN, SFA, RR, N_CONDUCTANCES };
enum {
  inverse_capacitance = N_PARAMETERS,
  refractory_steps,
  courses,
  N_COEFFICIENTS = courses + VOLLEY_COURSES_OF(N_CONDUCTANCES)
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 289.5, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},
    [E_in] = {"E_in", "mV", -75, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"},
    [E_sfa] = {"E_sfa", "mV", -70, VOLLEY_VOLTAGES, .doc = "reversal potential of the adaptation"},
    [E_rr] = {"E_rr", "mV", -70, VOLLEY_VOLTAGES, .doc = "reversal potential of the relative refractory period"},
    [g_L] = {"g_L", "nS", 28.95, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [q_sfa] = {"q_sfa", "nS", 14.48, VOLLEY_CONDUCTANCES, .doc = "jump of the adaptation at a spike"},
    [q_rr] = {"q_rr", "nS", 3214, VOLLEY_CONDUCTANCES, .doc = "jump of the relative refractory period at a spike"},
    [t_ref] = {"t_ref", "ms", 0.5, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 1.5, VOLLEY_TIMES, .doc = "decay time of the excitatory conductance"},
    [tau_syn_in] = {"tau_syn_in", "ms", 10, VOLLEY_TIMES, .doc = "decay time of the inhibitory conductance"},
    [tau_sfa] = {"tau_sfa", "ms", 110, VOLLEY_TIMES, .doc = "decay time of the adaptation"},
    [tau_rr] = {"tau_rr", "ms", 1.97, VOLLEY_TIMES, .doc = "decay time of the relative refractory period"},
    [V_reset] = {"V_reset", "mV", -70, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -57, VOLLEY_VOLTAGES, .doc = "threshold"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1,
                   .doc = "with integration: adaptive, estimated error of a step above which it is halved"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [g_ex] = {"g_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "excitatory conductance"},
    [g_in] = {"g_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "inhibitory conductance"},
    [g_sfa] = {"g_sfa", "nS", -1, 0, VOLLEY_CONDUCTANCES, "conductance that adapts the rate"},
    [g_rr] = {"g_rr", "nS", -1, 0, VOLLEY_CONDUCTANCES, "conductance of the relative refractory period"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, g_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, g_in, "inhibitory conductance, decays with tau_syn_in"},
};

static const char *check(const double *p) { return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th"; }

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  volley_courses_prepare(&p[tau_syn_ex], N_CONDUCTANCES, p[tolerance], dt, &c[courses]);
}

/* At a potential halfway from rest to threshold. */
static double mean_current(const double *p, int receptor) {
  return 0.001 * p[tau_syn_ex + receptor] * (p[E_ex + receptor] - 0.5 * (p[E_L] + p[V_th]));
}

VOLLEY_INLINE void membrane(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  (void)y;
  double g = volley_cell_at(cell, g_L);
  double sum = volley_cell_at(cell, I_e) + cell->current + g * volley_cell_at(cell, E_L);
  for (int x = 0; x < N_CONDUCTANCES; x++) {
    g += cell->x[x][stage];
    sum += cell->x[x][stage] * volley_cell_at(cell, E_ex + x);
  }
  *rate = g * volley_cell_at(cell, inverse_capacitance);
  *drive = sum * volley_cell_at(cell, inverse_capacitance);
}

static const volley_equations equations = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS,
    .synapses = N_CONDUCTANCES,
    .x = {g_ex, g_in, g_sfa, g_rr},
    .rise = {-1, -1, -1, -1},
    .refractory = refractory,
    .membrane = membrane,
};

VOLLEY_INLINE void take(const volley_chunk *k) {
  double *const *s = k->slice->states;
  volley_split(&equations, k);
  for (uint32_t i = k->first; i < k->end; i++) {
    if (s[V_m][i] < volley_at(k->c[V_th], k->cs, i)) continue;
    s[V_m][i] = volley_at(k->c[V_reset], k->cs, i);
    s[refractory][i] = volley_at(k->c[refractory_steps], k->cs, i);
    s[g_sfa][i] += volley_at(k->c[q_sfa], k->cs, i);
    s[g_rr][i] += volley_at(k->c[q_rr], k->cs, i);
    volley_spike_push(k->spikes, k->slice->offset + i);
  }
}

VOLLEY_FOR_PROCESSORS static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update_long(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_iaf_cond_exp_sfa_rr = {
    .name = "iaf_cond_exp_sfa_rr",
    .doc = "leaky integrate-and-fire neuron with exponentially decaying conductances of its synapses, of an adaptation "
           "and of a relative refractory period, which are exact; V is exponential with their means over a step",
    .reference = "Muller, Buesing, Schemmel & Meier (2007); Cash & Karp (1990)",
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
