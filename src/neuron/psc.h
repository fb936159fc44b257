/* From event to event: neurons whose synaptic currents decay exponentially or are alpha functions, with a leak or without.
 *
 *   C_m dV/dt = -C_m (V - E_L) / tau_m + I_ex + I_in + I_e + I,   I_x(h) = (I_x + rise_x e / tau_x h) exp(-h / tau_x)
 *
 * A model says where its states are (volley_psc), a constant, and wraps these functions. */
#ifndef VOLLEY_NEURON_PSC_H
#define VOLLEY_NEURON_PSC_H

#include "neuron/course.h"
#include "neuron/events.h"
#include "neuron/kernel.h"
#include "neuron/propagator.h"

enum { VOLLEY_PSC_RECEPTORS = 2 };

/* States; rise: -1 of exponential currents. */
typedef struct volley_psc {
  int V, I[VOLLEY_PSC_RECEPTORS], rise[VOLLEY_PSC_RECEPTORS];
  int last; /* of these */
} volley_psc;

/* Coefficients. */
enum {
  PSC_LEAK,                     /* 1 / tau_m, or 0 */
  PSC_RATE,                     /* 1 / tau of each receptor */
  PSC_PART = PSC_RATE + 2,      /* 1 / (C_m (1 / tau_m - 1 / tau)), 0 where they are nearly equal */
  PSC_SPAN = PSC_PART + 2,      /* 1 / (1 / tau_m - 1 / tau), 0 likewise */
  PSC_RISE = PSC_SPAN + 2,      /* e / tau */
  PSC_NEAR = PSC_RISE + 2,      /* 1: tau is near tau_m, so that differences of exponentials would lose digits */
  PSC_ELASTANCE = PSC_NEAR + 2, /* 1 / C_m */
  PSC_REST,                     /* E_L */
  PSC_DRIVE,                    /* I_e */
  PSC_RESISTANCE,               /* tau_m / C_m */
  PSC_THRESHOLD,
  PSC_HELD,
  PSC_PERIOD,
  VOLLEY_N_PSC
};

/* What coefficients are made of; tau_m INFINITY: no leak. */
typedef struct volley_psc_parameters {
  double C_m, tau_m, tau[VOLLEY_PSC_RECEPTORS], E_L, I_e, V_th, V_reset, V_refractory, t_ref;
} volley_psc_parameters;

void volley_psc_prepare(const volley_psc_parameters *p, double *c);

/* The lower bound of a potential whose course bends at it. */
static inline const char *volley_psc_check(double V_min) {
  return isinf(V_min) ? NULL : "V_min, at which the course of V has no closed form";
}

/* V less `level`, if nothing arrives. */
VOLLEY_INLINE volley_course volley_psc_course(const volley_psc *of, const double *c, const double *y, double current,
                                              double level) {
  volley_course f = {0};
  const double drive = c[PSC_DRIVE] + current;
  if (c[PSC_LEAK] > 0) {
    const double rest = c[PSC_REST] + drive * c[PSC_RESISTANCE];
    volley_course_add(&f, 0, 0, rest - level);
    volley_course_add(&f, c[PSC_LEAK], 0, y[of->V] - rest);
  } else {
    volley_course_add(&f, 0, 0, y[of->V] - level);
    volley_course_add(&f, 0, 1, drive * c[PSC_ELASTANCE]);
  }
  for (int x = 0; x < VOLLEY_PSC_RECEPTORS; x++) {
    const double now = y[of->I[x]], rise = of->rise[x] >= 0 ? y[of->rise[x]] * c[PSC_RISE + x] : 0;
    if (c[PSC_SPAN + x] == 0) {
      const double begun = now * c[PSC_ELASTANCE], grown = rise * c[PSC_ELASTANCE];
      const double excess = c[PSC_RATE + x] - c[PSC_LEAK]; /* (1 - exp(-excess h)) / excess and its like, expanded */
      volley_course_add(&f, c[PSC_LEAK], 1, begun);
      volley_course_add(&f, c[PSC_LEAK], 2, 0.5 * (grown - excess * begun));
      volley_course_add(&f, c[PSC_LEAK], 3, excess * (excess * begun / 6 - grown / 3));
      volley_course_add(&f, c[PSC_LEAK], 4, excess * excess * grown / 8);
    } else if (now != 0 || rise != 0) {
      const double grown = rise * c[PSC_PART + x], begun = now * c[PSC_PART + x] - grown * c[PSC_SPAN + x];
      volley_course_add(&f, c[PSC_RATE + x], 0, begun);
      volley_course_add(&f, c[PSC_RATE + x], 1, grown);
      volley_course_add(&f, c[PSC_LEAK], 0, -begun);
    }
  }
  return f;
}

VOLLEY_INLINE void volley_psc_advance(const volley_psc *of, const double *c, double *y, double h, double current,
                                      bool held) {
  double decay[VOLLEY_PSC_RECEPTORS] = {exp(-h * c[PSC_RATE])};
  decay[1] = c[PSC_RATE + 1] == c[PSC_RATE] ? decay[0] : exp(-h * c[PSC_RATE + 1]);
  double v = y[of->V];
  const double leak = held || c[PSC_LEAK] == 0 ? 1 : exp(-h * c[PSC_LEAK]), drive = c[PSC_DRIVE] + current;
  const double rest = c[PSC_REST] + drive * c[PSC_RESISTANCE];
  v = c[PSC_LEAK] > 0 ? rest + (v - rest) * leak : v + drive * c[PSC_ELASTANCE] * h;
  for (int x = 0; x < VOLLEY_PSC_RECEPTORS; x++) {
    const double now = y[of->I[x]], rise = of->rise[x] >= 0 ? y[of->rise[x]] * c[PSC_RISE + x] : 0;
    const double grown = rise * c[PSC_PART + x], begun = now * c[PSC_PART + x] - grown * c[PSC_SPAN + x];
    if (c[PSC_NEAR + x] > 0) {
      const double excess = h * (c[PSC_RATE + x] - c[PSC_LEAK]);
      const double mean = now * volley_mean_decay(excess) + rise * h * volley_mean_alpha(excess);
      v += mean * h * c[PSC_ELASTANCE] * leak;
    } else {
      v += begun * (decay[x] - leak) + grown * h * decay[x];
    }
    y[of->I[x]] = (now + rise * h) * decay[x];
    if (of->rise[x] >= 0) y[of->rise[x]] *= decay[x];
  }
  if (!held) y[of->V] = v;
}

/* Since V was last where it is now it has risen, and no faster than at first by the currents that are positive. */
VOLLEY_INLINE double volley_psc_earliest(const volley_psc *of, const double *c, const double *y, double current) {
  double push = c[PSC_DRIVE] + current;
  for (int x = 0; x < VOLLEY_PSC_RECEPTORS; x++)
    push += fmax(y[of->I[x]], 0) + (of->rise[x] >= 0 ? fmax(y[of->rise[x]], 0) : 0);
  const double slope = (c[PSC_REST] - y[of->V]) * c[PSC_LEAK] + push * c[PSC_ELASTANCE];
  return slope > 0 ? (c[PSC_THRESHOLD] - y[of->V]) / slope * (1 - 1e-9) : INFINITY;
}

/* The time of the threshold where the course is not all there: by Newton's steps. */
VOLLEY_INLINE double volley_psc_improve(const volley_psc *of, const double *c, const double *y, double current,
                                        double h) {
  enum { STEPS = 4 };
  for (int i = 0; i < STEPS; i++) {
    double at[VOLLEY_MAX_STATES];
    for (int k = 0; k <= of->last; k++) at[k] = y[k];
    volley_psc_advance(of, c, at, h, current, false);
    const double currents = at[of->I[0]] + at[of->I[1]] + c[PSC_DRIVE] + current;
    const double slope = (c[PSC_REST] - at[of->V]) * c[PSC_LEAK] + currents * c[PSC_ELASTANCE];
    const double next = h - (at[of->V] - c[PSC_THRESHOLD]) / slope;
    if (!(slope > 0) || !(next > 0)) break;
    h = next;
  }
  return h;
}

VOLLEY_INLINE double volley_psc_next(const volley_psc *of, const double *c, const double *y, double current,
                                     double horizon) {
  if (y[of->V] >= c[PSC_THRESHOLD]) return 0;
  const double bound = volley_psc_earliest(of, c, y, current);
  if (bound > horizon) return bound;
  const volley_course f = volley_psc_course(of, c, y, current, c[PSC_THRESHOLD]);
  const double h = volley_course_crossing(&f);
  const bool is_exact = c[PSC_NEAR] == 0 && c[PSC_NEAR + 1] == 0;
  return is_exact || isinf(h) ? h : volley_psc_improve(of, c, y, current, h);
}

/* The functions of a model whose states `of`, a static const volley_psc, names. */
#define VOLLEY_PSC_EVENTS(of, last, check_values, prepare_values)                                                      \
  static void advance_to_event(const double *c, double *y, double h, double current, bool held) {                      \
    volley_psc_advance(&(of), c, y, h, current, held);                                                                 \
  }                                                                                                                    \
  static double next_spike(const double *c, const double *y, double current, double horizon) {                         \
    return volley_psc_next(&(of), c, y, current, horizon);                                                             \
  }                                                                                                                    \
  static bool arrive(const double *c, double *y, int receptor, double weight, double left) {                           \
    (void)c, (void)left;                                                                                               \
    y[(of).rise[receptor] >= 0 ? (of).rise[receptor] : (of).I[receptor]] += weight;                                    \
    return false;                                                                                                      \
  }                                                                                                                    \
  static double fire(const double *c, double *y) {                                                                     \
    y[(of).V] = c[PSC_HELD];                                                                                           \
    return c[PSC_PERIOD];                                                                                              \
  }                                                                                                                    \
  static const volley_neuron_events events = {.n_coefficients = VOLLEY_N_PSC,                                          \
                                              .refractory = (last),                                                    \
                                              .check = (check_values),                                                 \
                                              .prepare = (prepare_values),                                             \
                                              .advance = advance_to_event,                                             \
                                              .next = next_spike,                                                      \
                                              .arrive = arrive,                                                        \
                                              .fire = fire};

#endif
