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
enum { EX, IN };
enum { inverse_capacitance = N_PARAMETERS, refractory_steps, courses, N_COEFFICIENTS = courses + VOLLEY_N_COURSES };

static inline const char *volley_conductance_check(const double *p) {
  return p[V_reset] < p[V_th] ? NULL : "V_reset must be below V_th";
}

static inline void volley_conductance_prepare(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  volley_courses_prepare(p[tau_syn_ex], p[tau_syn_in], p[tolerance], dt, &c[courses]);
}

/* Mean current in pA by spikes of 1 Hz with weight 1 at a potential halfway from rest to threshold, without a rise. */
static inline double volley_conductance_mean_current(const double *p, int receptor) {
  const double v = 0.5 * (p[E_L] + p[V_th]);
  return 0.001 * (receptor == EX ? p[tau_syn_ex] * (p[E_ex] - v) : p[tau_syn_in] * (p[E_in] - v));
}

#define C(name) volley_at(cell->c[name], cell->cs, cell->i)
VOLLEY_INLINE void volley_conductance_slopes(const volley_cell *cell, int stage, const double *y, double *slopes) {
  const double v = y[V_m], ex = cell->x[EX][stage] * (v - C(E_ex)), in = cell->x[IN][stage] * (v - C(E_in));
  const double moved = (C(I_e) + cell->current - C(g_L) * (v - C(E_L)) - ex - in) * C(inverse_capacitance);
  slopes[V_m] = cell->refractory > 0 ? 0 : moved;
}
#undef C

/* Whether neuron i has reached the threshold. */
VOLLEY_INLINE int volley_conductance_reaches(const volley_chunk *k, uint32_t i, double current) {
  (void)current;
  return k->slice->states[V_m][i] >= volley_at(k->c[V_th], k->cs, i);
}

VOLLEY_INLINE void volley_conductance_take(const volley_equations *of, const volley_chunk *k) {
  static const volley_firing firing = {V_m, refractory, V_th, V_reset, refractory_steps};
  volley_integrate(of, k);
  if (volley_advance(k, volley_conductance_reaches)) volley_fire(k, &firing);
}

#endif
