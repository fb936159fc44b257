/* What integrate-and-fire neurons with synaptic conductances share, all but the tables.
 *
 *   C_m dV/dt = -g_L (V - E_L) - g_ex (V - E_ex) - g_in (V - E_in) + I_e + I
 *   dg_x/dt = rise_x e / tau_syn_x - g_x / tau_syn_x,   drise_x/dt = -rise_x / tau_syn_x
 *
 * A spike that arrives at the end of a step makes rise_x jump there by the size of its weight (an alpha function with
 * that peak) or, in models without a rise, g_x. Conductances are exact, V takes steps with error control (cash_karp.h);
 * the threshold is looked at when a step ends. */
#ifndef VOLLEY_NEURON_CONDUCTANCE_H
#define VOLLEY_NEURON_CONDUCTANCE_H

#include "neuron/cash_karp.h"

#include <stddef.h>

/* Parameters, states (the first four where there is no rise), receptors and coefficients of such a model. */
enum { C_m, E_L, E_ex, E_in, g_L, I_e, t_ref, tau_syn_ex, tau_syn_in, V_reset, V_th, tolerance, N_PARAMETERS };
enum { V_m, g_ex, g_in, refractory, rise_ex, rise_in };
enum { EX, IN, N_RECEPTORS };
enum {
  step,
  inverse_capacitance,
  leak,
  rest,
  reversal_ex,
  reversal_in,
  current_e,
  time_ex,
  time_in,
  slope_ex, /* of the conductance, by rise */
  slope_in,
  threshold,
  reset,
  refractory_steps,
  error_allowed,
  decays_ex,
  decays_in = decays_ex + VOLLEY_N_STAGE_DECAYS,
  N_COEFFICIENTS = decays_in + VOLLEY_N_STAGE_DECAYS
};

static inline const char *volley_conductance_check(const double *p) {
  return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th";
}

static inline void volley_conductance_prepare(const double *p, double dt, double *c) {
  c[step] = dt;
  c[inverse_capacitance] = 1 / p[C_m];
  c[leak] = p[g_L];
  c[rest] = p[E_L];
  c[reversal_ex] = p[E_ex];
  c[reversal_in] = p[E_in];
  c[current_e] = p[I_e];
  c[time_ex] = p[tau_syn_ex];
  c[time_in] = p[tau_syn_in];
  c[slope_ex] = exp(1) / p[tau_syn_ex];
  c[slope_in] = exp(1) / p[tau_syn_in];
  c[threshold] = p[V_th];
  c[reset] = p[V_reset];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[error_allowed] = p[tolerance];
  volley_stage_decays(p[tau_syn_ex], dt, &c[decays_ex]);
  volley_stage_decays(p[tau_syn_in], dt, &c[decays_in]);
}

/* Mean current in pA by spikes of 1 Hz with weight 1 at a potential halfway from rest to threshold, without a rise. */
static inline double volley_conductance_mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_th]);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

/* One neuron; ex and in: conductances at the stages of a step. */
typedef struct volley_conductance_cell {
  double ex[VOLLEY_STAGES], in[VOLLEY_STAGES];
  double inverse_capacitance, leak, rest, reversal_ex, reversal_in, current;
  double start_ex, slope_ex, time_ex, start_in, slope_in, time_in; /* when the whole step begins */
} volley_conductance_cell;

VOLLEY_INLINE void volley_conductance_slopes(const void *of, int stage, const double *y, double *slopes) {
  const volley_conductance_cell *it = of;
  const double v = y[0], ex = it->ex[stage] * (v - it->reversal_ex), in = it->in[stage] * (v - it->reversal_in);
  slopes[0] = (it->current - it->leak * (v - it->rest) - ex - in) * it->inverse_capacitance;
}

static inline void volley_conductance_part(void *of, double start, double h) {
  volley_conductance_cell *it = of;
  volley_course_of_part(it->start_ex, it->slope_ex, it->time_ex, start, h, it->ex);
  volley_course_of_part(it->start_in, it->slope_in, it->time_in, start, h, it->in);
}

static const volley_equations volley_conductance_equations = {
    1, volley_conductance_slopes, volley_conductance_part, NULL, NULL, NULL};

/* The coefficient of neuron i within a loop. */
#define VOLLEY_C(name) volley_at(c[name], cs, i)

VOLLEY_INLINE void volley_conductance_set(volley_conductance_cell *it, const volley_slice *slice,
                                          const volley_column *c, uint32_t i, bool rises, uint32_t cs, uint32_t is) {
  it->inverse_capacitance = VOLLEY_C(inverse_capacitance);
  it->leak = VOLLEY_C(leak);
  it->rest = VOLLEY_C(rest);
  it->reversal_ex = VOLLEY_C(reversal_ex);
  it->reversal_in = VOLLEY_C(reversal_in);
  it->current = VOLLEY_C(current_e) + slice->current[is * i];
  it->start_ex = slice->states[g_ex][i];
  it->slope_ex = rises ? slice->states[rise_ex][i] * VOLLEY_C(slope_ex) : 0;
  it->time_ex = VOLLEY_C(time_ex);
  it->start_in = slice->states[g_in][i];
  it->slope_in = rises ? slice->states[rise_in][i] * VOLLEY_C(slope_in) : 0;
  it->time_in = VOLLEY_C(time_in);
}

/* Takes v, the potential of neuron i, through a whole step; not where that would not be accurate: then returns 1. */
VOLLEY_INLINE int volley_conductance_try(const volley_slice *slice, const volley_column *c, uint32_t i, double *v,
                                         bool rises, uint32_t cs, uint32_t is) {
  volley_conductance_cell it;
  volley_conductance_set(&it, slice, c, i, rises, cs, is);
  volley_course_of_step(&c[decays_ex], cs, i, it.start_ex, it.slope_ex, rises, VOLLEY_C(step), it.ex);
  volley_course_of_step(&c[decays_in], cs, i, it.start_in, it.slope_in, rises, VOLLEY_C(step), it.in);
  double after;
  const double error = volley_cash_karp(&volley_conductance_equations, &it, VOLLEY_C(step), v, &after);
  const int moves = slice->states[refractory][i] <= 0, is_wrong = !(error <= VOLLEY_C(error_allowed));
  const int fails = moves & is_wrong;
  *v = moves > fails ? after : *v;
  return fails;
}

/* Tries the whole step of the neurons first .. end - 1 and marks those that it is too long for. Returns whether there
 * are any. */
VOLLEY_INLINE int volley_conductance_attempt(const volley_slice *slice, const volley_column *c, uint32_t first,
                                             uint32_t end, double *restrict failed, bool rises, uint32_t cs,
                                             uint32_t is) {
  double *restrict v = slice->states[V_m];
  int any = 0;
#pragma omp simd reduction(| : any)
  for (uint32_t i = first; i < end; i++) {
    double now = v[i];
    const int fails = volley_conductance_try(slice, c, i, &now, rises, cs, is);
    v[i] = now;
    failed[i - first] = fails;
    any |= fails;
  }
  return any;
}

/* Takes the marked ones through the step by smaller ones. */
VOLLEY_INLINE void volley_conductance_mend(volley_slice *slice, const volley_column *c, uint32_t first, uint32_t end,
                                           const double *failed, bool rises, uint32_t cs, uint32_t is) {
  for (uint32_t i = first; i < end; i++) {
    if (failed[i - first] == 0) continue;
    volley_conductance_cell it;
    volley_conductance_set(&it, slice, c, i, rises, cs, is);
    if (!volley_substeps(&volley_conductance_equations, &it, VOLLEY_C(step), VOLLEY_C(error_allowed),
                         &slice->states[V_m][i]))
      volley_give_up(slice, i);
  }
}

/* The conductance and rise that a step ends with; arriving: weights of the spikes that arrive at its end. */
VOLLEY_INLINE void volley_conductance_decay(double *g, double *rise, bool rises, uint32_t i, double decay,
                                            double growth, double arriving) {
  if (rises) {
    g[i] = (g[i] + rise[i] * growth) * decay;
    rise[i] = rise[i] * decay + arriving;
  } else {
    g[i] = g[i] * decay + arriving;
  }
}

/* Conductances and refractoriness; returns whether a potential has reached the threshold. */
VOLLEY_INLINE int volley_conductance_finish(const volley_slice *slice, const volley_column *c, uint32_t first,
                                            uint32_t end, bool rises, uint32_t cs) {
  double *restrict ex = slice->states[g_ex], *restrict in = slice->states[g_in], *restrict input = slice->inputs[IN];
  double *restrict ex_rise = slice->states[rise_ex], *restrict in_rise = slice->states[rise_in];
  double *restrict r = slice->states[refractory];
  const double *restrict v = slice->states[V_m];
  int crossed = 0;
#pragma omp simd reduction(| : crossed)
  for (uint32_t i = first; i < end; i++) {
    const double decay_ex = VOLLEY_C(decays_ex + VOLLEY_LAST_STAGE_DECAY);
    const double decay_in = VOLLEY_C(decays_in + VOLLEY_LAST_STAGE_DECAY);
    volley_conductance_decay(ex, ex_rise, rises, i, decay_ex, VOLLEY_C(slope_ex) * VOLLEY_C(step), 0);
    volley_conductance_decay(in, in_rise, rises, i, decay_in, VOLLEY_C(slope_in) * VOLLEY_C(step), input[i]);
    input[i] = 0;
    r[i] = r[i] > 0 ? r[i] - 1 : 0;
    crossed |= v[i] >= VOLLEY_C(threshold);
  }
  return crossed;
}

/* rises, cs and is are constants of the loop. */
VOLLEY_INLINE void volley_conductance_loop(volley_slice *slice, volley_spike_list *spikes, bool rises,
                                           const uint32_t cs, const uint32_t is) {
  static const volley_firing firing = {V_m, refractory, threshold, reset, refractory_steps};
  volley_column c[N_COEFFICIENTS];
  double failed[VOLLEY_CHUNK];
  for (int n = 0; n < N_COEFFICIENTS; n++) c[n] = volley_column_of(slice, n);
  for (uint32_t first = 0; first < slice->count; first += VOLLEY_CHUNK) {
    const uint32_t end = slice->count - first < VOLLEY_CHUNK ? slice->count : first + VOLLEY_CHUNK;
    if (volley_conductance_attempt(slice, c, first, end, failed, rises, cs, is))
      volley_conductance_mend(slice, c, first, end, failed, rises, cs, is);
    if (volley_conductance_finish(slice, c, first, end, rises, cs)) volley_fire(slice, spikes, &firing, first, end);
  }
}

#undef VOLLEY_C

#endif
