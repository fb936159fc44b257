/* Three neurons after Izhikevich in a ring, reproduced as a published program runs them, its quirks included: blog
 * "Seiko udoku online" (29 July 2018), "Spiking neural networks in Python". Izhikevich's own equations: izhikevich.c.
 *
 *   dV/dt = (0.04 V^2 + 5 V + 140 - U + I) / 20,   dU/dt = 0.02 + (0.2 V - U)
 *
 * V, divided by a time constant of 20, is slow, and 0.02 is added where Izhikevich multiplies. One step of Volley is one
 * step of the program, whatever dt is. The program takes its cells n = 0, 1, 2 one after the other through each step:
 *
 *   a classical Runge-Kutta step of length 1 for V and U, with I held;
 *   if V > 30 now: a spike, V = -65, U = U + 2, s_n = (amp - s_n) / 10;
 *   if not: s_m = -s_m / 10 for all three m, so that s shrinks and changes its sign once for each silent cell;
 *   I_n = I_n + s_(n-1), for good; cell 0 hears cell 2.
 *
 * So a cell acts on the next one within the step. Neurons that meet through spikes alone cannot do that: each neuron of
 * this model carries the whole ring, starts it alike, and fires the spikes of one cell of it. Three of them with cells 0, 1
 * and 2 are the ring, on any number of ranks. With amp 0 the cells do not act on each other. */
#include "neuron/kernel.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

enum { cell, amp, N_PARAMETERS };
enum { V, U, S, I, N_VARIABLES };
enum { OWN, NEXT, PREVIOUS, N_CELLS }; /* by how far they are along the ring */
enum { N_STATES = N_CELLS * N_VARIABLES };
enum { SPIKES };

static const volley_key_info parameters[N_PARAMETERS] = {
    [cell] = {"cell", "", 0, 0, 2, .doc = "which cell of the ring the neuron is"},
    [amp] = {"amp", "mV", 0, VOLLEY_VOLTAGES, .doc = "what a spike does to s: 5 excites, -5 inhibits, 0: no ring"},
};

#define CELL(which, suffix, of)                                                                                        \
  [which * N_VARIABLES + V] = {"V_m" suffix, "mV", -1, -65, VOLLEY_VOLTAGES, "potential" of},                          \
                         [which * N_VARIABLES + U] = {"U_m" suffix, "mV", -1, 5, VOLLEY_VOLTAGES, "recovery" of},      \
                         [which * N_VARIABLES +                                                                        \
                             S] = {"s" suffix, "mV", -1, 0, VOLLEY_VOLTAGES, "synaptic variable" of},                  \
                         [which * N_VARIABLES + I] = {"I" suffix, "mV", -1, 10, VOLLEY_VOLTAGES, "input" of}

static const volley_state_info states[] = {
    CELL(OWN, "", ""),
    CELL(NEXT, "_next", " of the cell that hears this one"),
    CELL(PREVIOUS, "_previous", " of the cell that this one hears"),
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "mV", VOLLEY_SIGNED, I,
                "adds to I for good; with amp 0 only: the other cells' rings do not see it"},
};

static const char *check(const double *p) { return p[cell] == round(p[cell]) ? NULL : "cell must be 0, 1 or 2"; }

static void prepare(const double *p, double dt, double *c) {
  (void)dt;
  memcpy(c, p, N_PARAMETERS * sizeof *c);
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 0;
}

static double slope_v(double v, double u, double input) { return (0.04 * v * v + 5 * v + 140 - u + input) / 20; }
static double slope_u(double v, double u) { return 0.02 + (0.2 * v - u); }
static double slope_s(double s, double aim) { return (-s + aim) / 10; }

static void runge_kutta(double *x, double input) {
  const double v = x[V], u = x[U];
  const double v1 = slope_v(v, u, input), u1 = slope_u(v, u);
  const double v2 = slope_v(v + v1 * 0.5, u + u1 * 0.5, input), u2 = slope_u(v + v1 * 0.5, u + u1 * 0.5);
  const double v3 = slope_v(v + v2 * 0.5, u + u2 * 0.5, input), u3 = slope_u(v + v2 * 0.5, u + u2 * 0.5);
  const double v4 = slope_v(v + v3, u + u3, input), u4 = slope_u(v + v3, u + u3);
  x[V] = v + (v1 + 2 * v2 + 2 * v3 + v4) / 6;
  x[U] = u + (u1 + 2 * u2 + 2 * u3 + u4) / 6;
}

/* Takes a ring through one step. own: which cell ring[OWN] is; injected: current into that cell. Returns whether it
 * fired. */
static bool advance(double ring[N_CELLS][N_VARIABLES], int own, double aim, double injected) {
  bool fired = false;
  for (int n = 0; n < N_CELLS; n++) {
    const int which = (n - own + N_CELLS) % N_CELLS;
    double *x = ring[which];
    runge_kutta(x, which == OWN ? x[I] + injected : x[I]);
    if (x[V] > 30) {
      x[V] = -65;
      x[U] += 2;
      x[S] = slope_s(x[S], aim);
      fired |= which == OWN;
    } else {
      for (int m = 0; m < N_CELLS; m++) ring[m][S] = slope_s(ring[m][S], 0);
    }
    x[I] += ring[(which + PREVIOUS) % N_CELLS][S];
  }
  return fired;
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  const uint32_t cs = (uint32_t)slice->coefficient_stride, is = (uint32_t)slice->current_stride;
  for (uint32_t i = 0; i < slice->count; i++) {
    double ring[N_CELLS][N_VARIABLES];
    for (int s = 0; s < N_STATES; s++) ring[s / N_VARIABLES][s % N_VARIABLES] = slice->states[s][i];
    const int own = (int)volley_coefficient(slice, cell)[i * cs];
    const double aim = volley_coefficient(slice, amp)[i * cs];
    if (advance(ring, own, aim, slice->current[i * is])) volley_spike_push(spikes, slice->offset + i);
    for (int s = 0; s < N_STATES; s++) slice->states[s][i] = ring[s / N_VARIABLES][s % N_VARIABLES];
  }
}

const volley_neuron_model volley_izhikevich_ring_2018 = {
    .name = "izhikevich_ring_2018",
    .doc = "a cell of a ring of three, reproduced as a published program runs it, with equations that differ from "
           "Izhikevich's, by Runge-Kutta steps of one step each",
    .reference = "blog \"Seiko udoku online\" (2018), after Izhikevich (2003)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_PARAMETERS,
    .receptor_of_sign = {SPIKES, SPIKES},
    .check = check,
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
};
