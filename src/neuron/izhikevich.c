/* Izhikevich's neuron in its form of 2003, without dimensions: V counts mV and time ms.
 * Izhikevich (2003), IEEE Trans. Neural Netw. 14: 1569-1572.
 *
 *   dV/dt = 0.04 V^2 + 5 V + 140 - U + I + I_e,   dU/dt = a (b V - U);   V >= V_th: a spike, V = c, U = U + d
 *
 * A spike that arrives makes V jump by its weight at the end of the step. integration chooses the scheme:
 *   0  Euler steps from the V and U that the step before left: NEST's, and its default;
 *   1  the classical Runge-Kutta method of fourth order, in `substeps` equal parts, each with a look at the threshold;
 *   2  as published (NEST's consistent_integration false): two Euler steps of dt / 2 for V, then one of dt for U with
 *      the new V; an arriving spike is a current of its weight during the step. */
#include "neuron/kernel.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { a, b, c, d, I_e, V_min, V_th, integration, substeps, N_PARAMETERS };
enum { V_m, U_m };
enum { SPIKES };
enum { EULER, RUNGE_KUTTA, PUBLISHED };
enum { step = N_PARAMETERS, N_COEFFICIENTS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [a] = {"a", "1/ms", 0.02, -INFINITY, INFINITY, .doc = "rate of the recovery"},
    [b] = {"b", "", 0.2, -INFINITY, INFINITY, .doc = "what the recovery strives for, by potential"},
    [c] = {"c", "mV", -65, VOLLEY_VOLTAGES, .doc = "potential after a spike"},
    [d] = {"d", "mV", 8, VOLLEY_VOLTAGES, .doc = "jump of the recovery after a spike"},
    [I_e] = {"I_e", "pA", 0, VOLLEY_CURRENTS, .doc = "constant input current; 1 pA counts as 1 mV/ms"},
    [V_min] = {"V_min", "mV", -INFINITY, -INFINITY, 1e6, .doc = "lower bound of the potential"},
    [V_th] = {"V_th", "mV", 30, VOLLEY_VOLTAGES, .doc = "potential at which a spike ends"},
    [integration] = {"integration", "", 0, 0, 2,
                     .doc = "0: Euler, 1: Runge-Kutta of fourth order, 2: half steps of 2003"},
    [substeps] = {"substeps", "", 1, 1, 1000, .doc = "Runge-Kutta steps in a step"},
};

static const volley_state_info states[] = {
    [V_m] = {"V_m", "mV", -1, -65, VOLLEY_VOLTAGES, "membrane potential"},
    [U_m] = {"U_m", "mV", -1, -13, VOLLEY_VOLTAGES, "recovery"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "mV", VOLLEY_SIGNED, -1, "jump of the potential"},
};

static const char *check(const double *p) {
  if (p[integration] != round(p[integration])) return "integration must be 0, 1 or 2";
  if (p[substeps] != round(p[substeps])) return "substeps must be a whole number";
  if (p[substeps] != 1 && p[integration] != RUNGE_KUTTA) return "substeps need integration 1";
  return p[c] < p[V_th] ? NULL : "c must be below V_th";
}

static void prepare(const double *p, double dt, double *out) {
  memcpy(out, p, N_PARAMETERS * sizeof *out);
  out[step] = dt / p[substeps];
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 0.001;
}

/* The coefficient of neuron i. */
#define AT(name) volley_at(k->c[name], k->cs, i)

VOLLEY_INLINE double slope(double v, double u, double current) { return 0.04 * v * v + 5.0 * v + 140.0 - u + current; }

VOLLEY_INLINE void euler(const volley_chunk *k, uint32_t i, double current, double arriving, double *v, double *u) {
  const double before = *v;
  *v += AT(step) * slope(before, *u, current) + arriving;
  *u += AT(step) * AT(a) * (AT(b) * before - *u);
}

VOLLEY_INLINE void published(const volley_chunk *k, uint32_t i, double current, double arriving, double *v, double *u) {
  *v += AT(step) * 0.5 * slope(*v, *u, current + arriving);
  *v += AT(step) * 0.5 * slope(*v, *u, current + arriving);
  *u += AT(step) * AT(a) * (AT(b) * *v - *u);
}

VOLLEY_INLINE void runge_kutta(const volley_chunk *k, uint32_t i, double current, double arriving, double *v,
                               double *u) {
  const double h = AT(step), half = 0.5 * h, r = AT(a), g = AT(b), x = *v, y = *u;
  const double v1 = slope(x, y, current), u1 = r * (g * x - y);
  const double x2 = x + half * v1, y2 = y + half * u1;
  const double v2 = slope(x2, y2, current), u2 = r * (g * x2 - y2);
  const double x3 = x + half * v2, y3 = y + half * u2;
  const double v3 = slope(x3, y3, current), u3 = r * (g * x3 - y3);
  const double x4 = x + h * v3, y4 = y + h * u3;
  const double v4 = slope(x4, y4, current), u4 = r * (g * x4 - y4);
  *v = x + h / 6 * (v1 + 2 * v2 + 2 * v3 + v4) + arriving;
  *u = y + h / 6 * (u1 + 2 * u2 + 2 * u3 + u4);
}

/* Takes those of the neurons that use this scheme and have a substep number s through it, and counts their spikes: fired
 * [VOLLEY_CHUNK]. Returns whether there were any. */
VOLLEY_INLINE int advance(const volley_chunk *k, int kind, double s, double *restrict fired) {
  double *restrict v = k->slice->states[V_m], *restrict u = k->slice->states[U_m];
  const double *restrict input = k->slice->inputs[SPIKES];
  int crossed = 0;
#pragma omp simd reduction(| : crossed)
  for (uint32_t i = k->first; i < k->end; i++) {
    const double current = AT(I_e) + volley_injected(k, i);
    const double arriving = s + 1 == AT(substeps) ? input[i] : 0;
    double x = v[i], y = u[i];
    if (kind == EULER) euler(k, i, current, arriving, &x, &y);
    if (kind == RUNGE_KUTTA) runge_kutta(k, i, current, arriving, &x, &y);
    if (kind == PUBLISHED) published(k, i, current, arriving, &x, &y);
    const double bounded = x < AT(V_min) ? AT(V_min) : x;
    const int is_kind = AT(integration) == kind, is_part = s < AT(substeps), is_mine = is_kind & is_part;
    const int is_high = bounded >= AT(V_th), is_spike = is_mine & is_high;
    v[i] = is_spike ? AT(c) : is_mine ? bounded : v[i];
    u[i] = is_spike ? y + AT(d) : is_mine ? y : u[i];
    fired[i - k->first] += is_spike;
    crossed |= is_spike;
  }
  return crossed;
}

/* The greatest number of substeps among those of the neurons that use this scheme; 0: none does. */
VOLLEY_INLINE double most_parts(const volley_chunk *k, int kind) {
  double most = 0;
  for (uint32_t i = k->first; i < (k->cs ? k->end : k->first + 1); i++) {
    if (AT(integration) == kind && AT(substeps) > most) most = AT(substeps);
  }
  return most;
}

VOLLEY_INLINE void take(const volley_chunk *k) {
  double fired[VOLLEY_CHUNK] = {0};
  int crossed = 0;
  if (most_parts(k, EULER) > 0) crossed |= advance(k, EULER, 0, fired);
  if (most_parts(k, PUBLISHED) > 0) crossed |= advance(k, PUBLISHED, 0, fired);
  const double most = most_parts(k, RUNGE_KUTTA);
  for (double s = 0; s < most; s++) crossed |= advance(k, RUNGE_KUTTA, s, fired);
  memset(k->slice->inputs[SPIKES] + k->first, 0, (k->end - k->first) * sizeof(double));
  for (uint32_t i = k->first; crossed && i < k->end; i++) {
    for (double left = fired[i - k->first]; left > 0; left--) volley_spike_push(k->spikes, k->slice->offset + i);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

const volley_neuron_model volley_izhikevich = {
    .name = "izhikevich",
    .doc = "Izhikevich's neuron of 2003 without dimensions, by Euler or fourth-order Runge-Kutta steps",
    .reference = "Izhikevich (2003)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
