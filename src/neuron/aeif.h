/* What adaptive exponential integrate-and-fire neurons have in common whatever their synapses are: aeif.c, aeif_beta.c. */
#ifndef VOLLEY_NEURON_AEIF_H
#define VOLLEY_NEURON_AEIF_H

#include "neuron/rising.h"

#include <stddef.h>

enum {
  C_m,
  Delta_T,
  E_L,
  E_ex,
  E_in,
  I_e,
  V_peak,
  V_reset,
  V_th,
  a,
  b,
  g_L,
  t_ref,
  tau_syn_ex,
  tau_syn_in,
  tau_w,
  tolerance,
  N_PARAMETERS
};
enum { V_m, w };
enum {
  inverse_capacitance = N_PARAMETERS,
  spike_current,
  inverse_width,
  peak,
  refractory_steps,
  rate_of_w,
  remains,  /* of w after a step */
  growth,   /* g_L h / C_m; 0 where nothing rises */
  coupling, /* a h^2 / (C_m tau_w), infinite where V and w turn about each other too fast for split steps */
  courses
};

/* Parameters; gap, end: how many a model lacks before those in the middle and at the end; shape: of what synapses make, tau_syn
 * being its time. */
/* clang-format off */
#define PARAMETERS(gap, end)                                                                                           \
  [C_m] = {"C_m", "pF", 281, VOLLEY_CAPACITIES, .doc = "membrane capacitance"},                                        \
  [Delta_T] = {"Delta_T", "mV", 2, 0, 1e6, .doc = "width of the rise to a spike; 0: V_th is a sharp threshold"},       \
  [E_L] = {"E_L", "mV", -70.6, VOLLEY_VOLTAGES, .doc = "resting potential"},                                           \
  [I_e - gap] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current"},                                    \
  [V_peak - gap] = {"V_peak", "mV", 0, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},                     \
  [V_reset - gap] = {"V_reset", "mV", -60, VOLLEY_VOLTAGES, .doc = "potential after a spike"},                         \
  [V_th - gap] = {"V_th", "mV", -50.4, VOLLEY_VOLTAGES, .doc = "potential at which a spike begins"},                   \
  [a - gap] = {"a", "nS", 4, -1e9, 1e9, .doc = "what the adaptation strives for, by potential above E_L"},             \
  [b - gap] = {"b", "pA", 80.5, VOLLEY_CURRENTS, .doc = "jump of the adaptation after a spike"},                       \
  [g_L - gap] = {"g_L", "nS", 30, VOLLEY_CONDUCTANCES, .doc = "leak conductance"},                                     \
  [t_ref - gap] = {"t_ref", "ms", 0, 0, 1e9, .doc = "refractory period, rounded to steps"},                            \
  [tau_w - end] = {"tau_w", "ms", 144, VOLLEY_TIMES, .doc = "time constant of the adaptation"},                        \
  [tolerance - end] = {"tolerance", "mV", 1e-6, 1e-12, 1, .doc = "estimated error of a step above which it is halved, about spikes and with integration: adaptive"}

/* clang-format on */

enum { GAP = E_in + 1 - E_ex };

/* Parameters of a model with currents as those of one with conductances. */
static inline void widen(const double *p, double *out) {
  memcpy(out, p, E_ex * sizeof *out);
  out[E_ex] = out[E_in] = 0;
  memcpy(out + E_in + 1, p + E_ex, (N_PARAMETERS - E_in - 1) * sizeof *out);
}

static inline const char *check(const double *p) {
  if (!(p[V_th] <= p[V_peak])) return "V_peak must not be below V_th";
  if (!(p[V_reset] < (p[Delta_T] > 0 ? p[V_peak] : p[V_th])))
    return "V_reset must be below V_peak and, where Delta_T is 0, below V_th";
  if ((p[V_peak] - p[V_th]) > 600 * p[Delta_T] && p[Delta_T] > 0)
    return "V_peak must be at most 600 Delta_T above V_th";
  return NULL;
}

static inline void prepare_membrane(const double *p, double dt, double *c) {
  memcpy(c, p, N_PARAMETERS * sizeof *c);
  c[inverse_capacitance] = 1 / p[C_m];
  c[spike_current] = p[g_L] * p[Delta_T];
  c[inverse_width] = p[Delta_T] > 0 ? 1 / p[Delta_T] : 0;
  c[peak] = p[Delta_T] > 0 ? p[V_peak] : p[V_th];
  c[refractory_steps] = volley_round_steps(p[t_ref], dt);
  c[rate_of_w] = 1 / p[tau_w];
  c[remains] = exp(-dt / p[tau_w]);
  c[growth] = p[Delta_T] > 0 ? p[g_L] / p[C_m] * dt : 0;
  c[coupling] = fabs(p[a]) * dt * dt / (p[C_m] * p[tau_w]);
  if (!(c[coupling] <= 1)) c[coupling] = INFINITY;
}

/* The coefficient of a neuron. */
#define C(name) volley_cell_at(cell, name)

/* The potential that currents flow at. */
VOLLEY_INLINE double bounded(const volley_cell *cell, const double *y) {
  return cell->refractory > 0 ? C(V_reset) : y[V_m] < C(V_peak) ? y[V_m] : C(V_peak);
}

/* The part of dV/dt that is linear in V; in, out: conductances, and currents that flow into the neuron. */
VOLLEY_INLINE void membrane_at(const volley_cell *cell, const double *y, double conductance, double in, double *rate,
                               double *drive) {
  *rate = (C(g_L) + conductance) * C(inverse_capacitance);
  *drive = (C(g_L) * C(E_L) + in - y[w] + (C(I_e) + cell->current)) * C(inverse_capacitance);
}

/* Slopes, with this linear part. */
VOLLEY_INLINE void slopes_at(const volley_cell *cell, const double *y, double rate, double drive, double *slope) {
  const double v = bounded(cell, y);
  const double spike = C(spike_current) * volley_exponential((v - C(V_th)) * C(inverse_width));
  const double moved = drive - rate * v + spike * C(inverse_capacitance);
  slope[V_m] = cell->refractory > 0 ? 0 : moved;
  slope[w] = (C(a) * (v - C(E_L)) - y[w]) * C(rate_of_w);
}

#define SLOPES(what)                                                                                                   \
  VOLLEY_INLINE void slopes_##what(const volley_cell *cell, int stage, const double *y, double *slope) {               \
    double rate, drive;                                                                                                \
    membrane_##what(cell, stage, y, &rate, &drive);                                                                    \
    slopes_at(cell, y, rate, drive, slope);                                                                            \
  }

/* The other: with z = exp((V - V_th) / Delta_T) g_L h / C_m V rises by -Delta_T log(1 - z), a series in s = z / (2 - z). */
VOLLEY_INLINE double rise(const volley_cell *cell, double h, double v, double *part, double *bend) {
  (void)h;
  const double z = C(growth) * volley_exponential((v - C(V_th)) * C(inverse_width));
  const double s = z / (2 - z), t = s * s;
  double sum = volley_multiply_add(t, 1.0 / 13, 1.0 / 11);
  sum = volley_multiply_add(t, sum, 1.0 / 9);
  sum = volley_multiply_add(t, sum, 1.0 / 7);
  sum = volley_multiply_add(t, sum, 1.0 / 5);
  sum = volley_multiply_add(t, sum, 1.0 / 3);
  *part = z;
  *bend = z * C(inverse_width);
  return v + 2 * C(Delta_T) * volley_multiply_add(s * t, sum, s);
}

VOLLEY_INLINE void adapt(const volley_cell *cell, double v, double *y) {
  const double goal = C(a) * (v - C(E_L));
  y[w] = goal + (y[w] - goal) * C(remains);
}

/* What turning V and w about each other adds to twelve times the error of the step from `start` to y. */
VOLLEY_INLINE double strain(const volley_cell *cell, double h, double rate, const double *start, const double *y) {
  const double pulled = fabs(y[w] - start[w]) * C(inverse_capacitance) * h;
  return C(coupling) * fabs(y[V_m] - start[V_m]) + pulled * (C(rate_of_w) + rate) * h;
}

static inline void spike(const volley_cell *cell, double *y) {
  y[V_m] = C(V_reset);
  y[w] += C(b);
}

#define DOC(kind)                                                                                                      \
  "adaptive exponential integrate-and-fire neuron with " kind                                                          \
  ", which are exact; V and w take split steps of second order, and Runge-Kutta steps of fifth with error control "    \
  "about a spike"

#endif
