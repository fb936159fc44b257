/* NEURON's IntFire1: m decays, jumps by the weight of each spike, and a spike is fired when it exceeds 1; then m is 0 and
 * input is lost for the refractory period. Hines & Carnevale (2004), "Discrete event simulation in the NEURON
 * environment", Neurocomputing 58: 1117. What arrives in one step is added before it is compared with 1. */
#include "neuron/events.h"
#include "neuron/kernel.h"

#include <math.h>
#include <stddef.h>

enum { tau, refrac, N_PARAMETERS };
enum { m, refractory };
enum { SPIKES };
enum { decay, refractory_steps, N_COEFFICIENTS };

static const volley_key_info parameters[N_PARAMETERS] = {
    [tau] = {"tau", "ms", 10, VOLLEY_TIMES, .doc = "time constant of m"},
    [refrac] = {"refrac", "ms", 5, 0, 1e9, .doc = "refractory period, rounded to steps"},
};

static const volley_state_info states[] = {
    [m] = {"m", "", -1, 0, VOLLEY_VOLTAGES, "what a spike is fired for when it exceeds 1"},
    [refractory] = {"refractory", "", -1, 0, 0, 1e9, "steps left of the refractory period"},
};

static const volley_receptor_info receptors[] = {
    [SPIKES] = {"spikes", "", VOLLEY_SIGNED, -1, "jump of m"},
};

static void prepare(const double *p, double dt, double *c) {
  c[decay] = exp(-dt / p[tau]);
  c[refractory_steps] = volley_round_steps(p[refrac], dt);
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 0;
}

VOLLEY_INLINE int advance(const volley_chunk *k, uint32_t i, double current) {
  double *const *s = k->slice->states, *input = k->slice->inputs[SPIKES];
  (void)current;
  const double left = s[refractory][i], moved = s[m][i] * volley_at(k->c[decay], k->cs, i) + input[i];
  const double now = left > 0 ? 0 : moved;
  s[m][i] = now;
  s[refractory][i] = left > 0 ? left - 1 : 0;
  input[i] = 0;
  return now > 1;
}

VOLLEY_INLINE void take(const volley_chunk *k) {
  double *const *s = k->slice->states;
  if (!volley_advance(k, advance)) return;
  for (uint32_t i = k->first; i < k->end; i++) {
    if (!(s[m][i] > 1)) continue;
    s[m][i] = 0;
    s[refractory][i] = volley_at(k->c[refractory_steps], k->cs, i);
    volley_spike_push(k->spikes, k->slice->offset + i);
  }
}

static void update(volley_slice *slice, volley_spike_list *spikes) {
  volley_update(slice, spikes, take, N_COEFFICIENTS);
}

enum { E_INVERSE, E_PERIOD, N_EVENT_COEFFICIENTS };

static void prepare_events(const double *p, double *c) {
  c[E_INVERSE] = 1 / p[tau];
  c[E_PERIOD] = p[refrac];
}

static void advance_to_event(const double *c, double *y, double h, double current, bool held) {
  (void)current;
  if (!held) y[m] *= exp(-h * c[E_INVERSE]);
}

static double next_spike(const double *c, const double *y, double current, double horizon) {
  (void)c, (void)current, (void)horizon;
  return y[m] > 1 ? 0 : INFINITY;
}

static bool arrive(const double *c, double *y, int receptor, double weight, double left) {
  (void)c, (void)receptor;
  if (left < 0) y[m] += weight;
  return false;
}

static double fire(const double *c, double *y) {
  y[m] = 0;
  return c[E_PERIOD];
}

static const volley_neuron_events events = {.n_coefficients = N_EVENT_COEFFICIENTS,
                                            .refractory = refractory,
                                            .prepare = prepare_events,
                                            .advance = advance_to_event,
                                            .next = next_spike,
                                            .arrive = arrive,
                                            .fire = fire};

const volley_neuron_model volley_intfire1 = {
    .name = "intfire1",
    .doc = "leaky integrator m that fires when it exceeds 1, without a current",
    .reference = "NEURON IntFire1; Hines & Carnevale (2004)",
    VOLLEY_PARAMETERS(parameters),
    VOLLEY_STATES(states),
    VOLLEY_RECEPTORS(receptors),
    .n_coefficients = N_COEFFICIENTS,
    .receptor_of_sign = {SPIKES, SPIKES},
    .prepare = prepare,
    .mean_current = mean_current,
    .update = update,
    .events = &events,
};
