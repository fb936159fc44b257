/* Leaky integrate-and-fire neuron with AMPA, GABA and NMDA conductances, the last of which grows with the potential.
 * Brunel & Wang (2001), J. Comput. Neurosci. 11: 63-85; NEST iaf_bw_2001.
 *
 *   C_m dV/dt = -g_L (V - E_L) - s_AMPA (V - E_ex) - s_GABA (V - E_in) - s_NMDA (V - E_ex) / (1 + b(V)) + I
 *   b(V) = conc_Mg2 exp(-0.062 V) / 3.57,   ds_x/dt = -s_x / tau_x
 *
 * A spike that arrives at the end of a step makes s_x jump there by its weight. Synapses onto NMDA saturate by what their
 * source does, not by this neuron: the synapse model nmda_gating makes their jumps. s_x are exact, V is exponential with
 * their means over a step and the block of a V half a step ahead (splitting.h); the threshold is looked at when a step ends. */
#include "neuron/splitting.h"

#include <stddef.h>

enum {
  C_m,
  E_L,
  E_ex,
  E_in,
  V_reset,
  V_th,
  conc_Mg2,
  g_L,
  t_ref,
  tau_AMPA,
  tau_GABA,
  tau_NMDA,
  tolerance,
  N_PARAMETERS
};
enum { V_m, s_AMPA, s_GABA, s_NMDA, refractory };
enum { AMPA, GABA, NMDA, N_CONDUCTANCES };
enum {
  inverse_capacitance = N_PARAMETERS,
  block, /* conc_Mg2 / 3.57 */
  refractory_steps,
  courses,
  N_COEFFICIENTS = courses + VOLLEY_COURSES_OF(N_CONDUCTANCES)
};

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 500, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "reversal potential of AMPA and NMDA"},
    [E_in] = {"E_in", "mV", -70, VOLLEY_VOLTAGES, .doc = "reversal potential of GABA"},
    [V_reset] = {"V_reset", "mV", -60, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [V_th] = {"V_th", "mV", -55, VOLLEY_VOLTAGES, .doc = "threshold"},
    [conc_Mg2] = {"conc_Mg2", "", 1, 0, 1e6, .doc = "concentration of magnesium outside, in mM"},
    [g_L] = {"g_L", "nS", 25, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [t_ref] = {"t_ref", "ms", 2, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [tau_AMPA] = {"tau_AMPA", "ms", 2, VOLLEY_TIMES, .doc = "decay time of AMPA"},
    [tau_GABA] = {"tau_GABA", "ms", 5, VOLLEY_TIMES, .doc = "decay time of GABA"},
    [tau_NMDA] = {"tau_decay_NMDA", "ms", 100, VOLLEY_TIMES, .doc = "decay time of NMDA"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1,
                   .doc = "with integration: adaptive, estimated error of a step above which it is halved"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [s_AMPA] = {"s_AMPA", "nS", -1, 0, VOLLEY_CONDUCTANCES, "AMPA conductance"},
    [s_GABA] = {"s_GABA", "nS", -1, 0, VOLLEY_CONDUCTANCES, "GABA conductance"},
    [s_NMDA] = {"s_NMDA", "nS", -1, 0, VOLLEY_CONDUCTANCES, "NMDA conductance without its block"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [AMPA] = {"AMPA", "nS", VOLLEY_CONDUCTANCE, s_AMPA, "conductance that decays with tau_AMPA"},
    [GABA] = {"GABA", "nS", VOLLEY_CONDUCTANCE, s_GABA, "conductance that decays with tau_GABA"},
    [NMDA] = {"NMDA", "nS", VOLLEY_CONDUCTANCE, s_NMDA,
              "conductance that decays with tau_decay_NMDA; its synapses take the model nmda_gating"},
};

static const char *check(const double *p) { return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th"; }

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[block] = p[conc_Mg2] / 3.57;
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  volley_courses_prepare(&p[tau_AMPA], N_CONDUCTANCES, p[tolerance], dt, &c[courses]);
}

/* At a potential halfway from rest to threshold. */
static double mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_th]);
  const double open = receptor == NMDA ? 1 / (1 + p[conc_Mg2] / 3.57 * exp(-0.062 * v)) : 1;
  return 0.001 * p[tau_AMPA + receptor] * open * ((receptor == GABA ? p[E_in] : p[E_ex]) - v);
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

VOLLEY_INLINE void membrane(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  const double open = 1 / (1 + C(block) * volley_exponential(-0.062 * y[V_m]));
  const double ex = cell->x[AMPA][stage] + cell->x[NMDA][stage] * open, in = cell->x[GABA][stage];
  *rate = (C(g_L) + ex + in) * C(inverse_capacitance);
  *drive = (C(g_L) * C(E_L) + ex * C(E_ex) + in * C(E_in) + cell->current) * C(inverse_capacitance);
}

static const volley_equations equations = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS,
    .synapses = N_CONDUCTANCES,
    .x = {s_AMPA, s_GABA, s_NMDA},
    .rise = {-1, -1, -1},
    .refractory = refractory,
    .membrane = membrane,
    .is_curved = true,
};

/* Whether neuron i has reached the threshold. */
VOLLEY_INLINE int reaches(const volley_chunk *k, uint32_t i, double current) {
  (void)current;
  return k->slice->states[V_m][i] >= volley_at(k->c[V_th], k->cs, i);
}

VOLLEY_INLINE void take(const volley_chunk *k) {
  static const volley_firing firing = {V_m, refractory, V_th, V_reset, refractory_steps};
  volley_split(&equations, k);
  if (volley_advance(k, reaches)) volley_fire(k, &firing);
}

VOLLEY_FOR_PROCESSORS static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update_long(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_iaf_bw_2001 = {
    .name = "iaf_bw_2001",
    .doc = "leaky integrate-and-fire neuron with AMPA, GABA and NMDA conductances, which are exact; V is exponential "
           "with their means over a step",
    .reference = "Brunel & Wang (2001); Cash & Karp (1990)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .names_receptors = true,
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
