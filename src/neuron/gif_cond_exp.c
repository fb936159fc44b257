/* Generalized integrate-and-fire neuron: it fires by chance, the more likely the closer V is to a threshold; its spikes set off currents and move
 * the threshold, each a sum of three exponentials. Exponential synaptic conductances.
 * Mensi et al. (2012), J. Neurophysiol. 107: 1756-1775; Pozzorini et al. (2015), PLoS Comput. Biol. 11: e1004275; NEST gif_cond_exp.
 *
 *   C_m dV/dt = -g_L (V - E_L) - sum_x g_x (V - E_x) - sum_k stc_k + I_e + I,   dg_x/dt = -g_x / tau_syn_x,   x = ex, in
 *   dstc_k/dt = -stc_k / tau_stc_k,   dsfa_k/dt = -sfa_k / tau_sfa_k,   k = 1, 2, 3
 *   a spike with the intensity lambda_0 exp((V - V_T_star - sum_k sfa_k) / Delta_V):
 *   V = V_reset for t_ref, stc_k = stc_k + q_stc_k, sfa_k = sfa_k + q_sfa_k
 *
 * A spike that arrives at the end of a step makes g_ex or g_in jump there by the size of its weight. Conductances and currents are exact, V is
 * exponential with their means over a step (splitting.h); whether it fires is drawn when a step ends, with the intensity at that time, by
 * a number that is a function of the seed, the neuron and the step; in steps of the refractory period it does not. */
#include "neuron/splitting.h"

#include <stddef.h>

enum { TERMS = 3 };
enum {
  C_m,
  E_L,
  E_ex,
  E_in,
  g_L,
  I_e,
  t_ref,
  V_reset,
  tau_syn_ex, /* time constants of what courses are of */
  tau_syn_in,
  tau_stc,
  q_stc = tau_stc + TERMS,
  tau_sfa = q_stc + TERMS,
  q_sfa = tau_sfa + TERMS,
  Delta_V = q_sfa + TERMS,
  V_T_star,
  lambda_0,
  tolerance,
  N_PARAMETERS
};
enum { V_m, g_ex, g_in, stc, sfa = stc + TERMS, I_stc = sfa + TERMS, E_sfa, refractory };
enum { EX, IN, N_CONDUCTANCES, N_COURSES = N_CONDUCTANCES + TERMS };
enum {
  inverse_capacitance = N_PARAMETERS,
  inverse_width,
  intensity, /* at threshold, of a step */
  refractory_steps,
  decays,
  courses = decays + TERMS,
  N_COEFFICIENTS = courses + VOLLEY_COURSES_OF(N_COURSES)
};

#define TERM(table, name, unit, value, range, text)                                                                    \
  [table] = {name "_1", unit, value, range, .doc = text " first term"},                                                \
  [table + 1] = {name "_2", unit, 10 * (value), range, .doc = text " second term"},                                    \
  [table + 2] = {name "_3", unit, 100 * (value), range, .doc = text " third term"}

static const volley_key_info parameters[N_PARAMETERS] = {
    [C_m] = {"C_m", "pF", 80, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},
    [E_L] = {"E_L", "mV", -70, VOLLEY_VOLTAGES, .doc = "resting potential"},
    [E_ex] = {"E_ex", "mV", 0, VOLLEY_VOLTAGES, .doc = "excitatory reversal potential"},
    [E_in] = {"E_in", "mV", -85, VOLLEY_VOLTAGES, .doc = "inhibitory reversal potential"},
    [g_L] = {"g_L", "nS", 4, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},
    [t_ref] = {"t_ref", "ms", 4, 0, 1e9, .doc = "refractory period, rounded to steps"},
    [V_reset] = {"V_reset", "mV", -55, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [tau_syn_ex] = {"tau_syn_ex", "ms", 2, VOLLEY_TIMES, .doc = "decay time of the excitatory conductance"},
    [tau_syn_in] = {"tau_syn_in", "ms", 2, VOLLEY_TIMES, .doc = "decay time of the inhibitory conductance"},
    TERM(tau_stc, "tau_stc", "ms", 1, VOLLEY_TIMES, "decay time of the current that spikes set off,"),
    TERM(q_stc, "q_stc", "pA", 0, VOLLEY_CURRENTS, "jump of this current at a spike,"),
    TERM(tau_sfa, "tau_sfa", "ms", 1, VOLLEY_TIMES, "decay time of the threshold's move,"),
    TERM(q_sfa, "q_sfa", "mV", 0, VOLLEY_VOLTAGES, "jump of the threshold at a spike,"),
    [Delta_V] = {"Delta_V", "mV", 0.5, 1e-6, 1e6, .doc = "width of the threshold"},
    [V_T_star] = {"V_T_star", "mV", -35, VOLLEY_VOLTAGES, .doc = "threshold at rest"},
    [lambda_0] = {"lambda_0", "Hz", 1, 0, 1e9, .doc = "intensity at threshold"},
    [tolerance] = {"tolerance", "mV", 1e-6, 1e-12, 1,
                   .doc = "with integration: adaptive, estimated error of a step above which it is halved"},
};

#define STATES(table, name, unit, range, text)                                                                         \
  [table] = {name "_1", unit, -1, 0, range, text " first term"},                                                       \
  [table + 1] = {name "_2", unit, -1, 0, range, text " second term"},                                                  \
  [table + 2] = {name "_3", unit, -1, 0, range, text " third term"}

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", E_L, 0, VOLLEY_VOLTAGES, "membrane potential"},
    [g_ex] = {"g_ex", "nS", -1, 0, VOLLEY_CONDUCTANCES, "excitatory conductance"},
    [g_in] = {"g_in", "nS", -1, 0, VOLLEY_CONDUCTANCES, "inhibitory conductance"},
    STATES(stc, "stc", "pA", VOLLEY_CURRENTS, "current that spikes set off, out of the neuron,"),
    STATES(sfa, "sfa", "mV", VOLLEY_VOLTAGES, "move of the threshold,"),
    [I_stc] = {"I_stc", "pA", -1, 0, VOLLEY_CURRENTS,
               "sum of the currents that spikes set off, after each step; what it begins with counts for nothing"},
    [E_sfa] = {"E_sfa", "mV", V_T_star, 0, VOLLEY_VOLTAGES,
               "threshold, after each step; what it begins with counts for nothing"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [EX] = {"ex", "nS", VOLLEY_CONDUCTANCE, g_ex, "excitatory conductance, decays with tau_syn_ex"},
    [IN] = {"in", "nS", VOLLEY_CONDUCTANCE, g_in, "inhibitory conductance, decays with tau_syn_in"},
};

static void prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[inverse_width] = 1 / p[Delta_V];
  c[intensity] = 1e-3 * p[lambda_0] * dt;
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  for (int k = 0; k < TERMS; k++) c[decays + k] = exp(-dt / p[tau_sfa + k]);
  volley_courses_prepare(&p[tau_syn_ex], N_COURSES, p[tolerance], dt, &c[courses]);
}

/* At a potential halfway from rest to threshold. */
static double mean_current(const double *p, int receptor) {
  return 0.001 * p[tau_syn_ex + receptor] * (p[E_ex + receptor] - 0.5 * (p[E_L] + p[V_T_star]));
}

VOLLEY_INLINE void membrane(const volley_cell *cell, int stage, const double *y, double *rate, double *drive) {
  (void)y;
  double g = volley_cell_at(cell, g_L);
  double sum = volley_cell_at(cell, I_e) + cell->current + g * volley_cell_at(cell, E_L);
  for (int x = 0; x < N_CONDUCTANCES; x++) {
    g += cell->x[x][stage];
    sum += cell->x[x][stage] * volley_cell_at(cell, E_ex + x);
  }
  for (int x = N_CONDUCTANCES; x < N_COURSES; x++) sum -= cell->x[x][stage];
  *rate = g * volley_cell_at(cell, inverse_capacitance);
  *drive = sum * volley_cell_at(cell, inverse_capacitance);
}

static const volley_equations equations = {
    .n = 1,
    .n_coefficients = N_COEFFICIENTS,
    .synapses = N_COURSES,
    .x = {g_ex, g_in, stc, stc + 1, stc + 2},
    .rise = {-1, -1, -1, -1, -1},
    .refractory = refractory,
    .membrane = membrane,
};

/* The coefficient of neuron i. */
#define C(name) volley_at(k->c[name], k->cs, i)

/* Moves the thresholds of a chunk, and sets the probabilities not to fire: stays [VOLLEY_CHUNK], at first the steps of the refractory
 * period that were left when the step began. */
VOLLEY_INLINE void look(const volley_chunk *k, double *restrict stays) {
  const volley_slice slice = *k->slice; /* as in volley_advance() */
  double *const *s = slice.states;
#pragma omp simd
  for (uint32_t i = k->first; i < k->end; i++) {
    double threshold = C(V_T_star), current = 0;
    for (int n = 0; n < TERMS; n++) {
      const double moved = s[sfa + n][i] * C(decays + n);
      s[sfa + n][i] = moved;
      threshold += moved;
      current += s[stc + n][i];
    }
    s[E_sfa][i] = threshold;
    s[I_stc][i] = current;
    const double expected = C(intensity) * volley_exponential((s[V_m][i] - threshold) * C(inverse_width));
    stays[i - k->first] = stays[i - k->first] > 0 ? 1 : volley_exponential(-expected);
  }
}

VOLLEY_INLINE void fire(const volley_chunk *k, uint32_t i) {
  double *const *s = k->slice->states;
  s[V_m][i] = C(V_reset);
  s[refractory][i] = C(refractory_steps);
  s[I_stc][i] = 0;
  s[E_sfa][i] = C(V_T_star);
  for (int n = 0; n < TERMS; n++) {
    s[I_stc][i] += s[stc + n][i] += C(q_stc + n);
    s[E_sfa][i] += s[sfa + n][i] += C(q_sfa + n);
  }
  volley_spike_push(k->spikes, k->slice->offset + i);
}

/* A number from 0 to 1 of 53 bits. */
static inline double uniform(uint32_t high, uint32_t low) {
  return ((double)(((uint64_t)high << 32 | low) >> 11) + 0.5) * 0x1p-53;
}

VOLLEY_INLINE void take(const volley_chunk *k) {
  double stays[VOLLEY_CHUNK];
  uint32_t words[4][VOLLEY_CHUNK];
  const uint64_t step = (uint64_t)k->slice->step;
  memcpy(stays, k->slice->states[refractory] + k->first, (k->end - k->first) * sizeof *stays);
  volley_split(&equations, k);
  look(k, stays);
  volley_random_blocks(k->slice->noise, k->slice->gids + k->first, k->end - k->first, (uint32_t)step,
                       (uint32_t)(step >> 32), words[0], VOLLEY_CHUNK);
  for (uint32_t i = k->first, n = 0; i < k->end; i++, n++)
    if (uniform(words[0][n], words[1][n]) > stays[n]) fire(k, i);
}

VOLLEY_FOR_PROCESSORS static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update_long(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_gif_cond_exp = {
    .name = "gif_cond_exp",
    .doc = "leaky integrate-and-fire neuron that fires by chance, whose spikes set off currents and move its "
           "threshold, with exponentially "
           "decaying conductances of its synapses, which are exact; V is exponential with their means over a step",
    .reference = "Mensi et al. (2012); Pozzorini et al. (2015); NEST's gif_cond_exp",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {EX, IN},
    .lists = "tau_stc|q_stc|tau_sfa|q_sfa",
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
