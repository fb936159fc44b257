/* The receptor of the models of FORCE training: a filter of spikes by one or two exponentials.
 * Nicola & Clopath (2017), Nat. Commun. 8: 2208.
 *
 *   tau_rise > 0:   dI/dt = -I / tau_rise + h,   dh/dt = -h / tau_decay + w sum_k delta(t - t_k) / tau_rise / tau_decay
 *   tau_rise = 0:   dI/dt = -I / tau_decay + w sum_k delta(t - t_k) / tau_decay
 *
 * The exponentials are exact, h enters I by Euler steps: I = I exp(-dt / tau_rise) + h dt, then
 * h = h exp(-dt / tau_decay) + w / (tau_rise tau_decay). A spike of weight w adds w to the integral of I over time (at
 * 50 us and 2 and 20 ms the Euler steps make it 1.0138 w: published so, and not normalised).
 *
 * A step begins with volley_filter_take, which adds the spikes that are due to the h (or, with tau_rise 0, the I) that
 * the step before left, and ends with volley_filter_decay. At the boundary between two steps the state thus lacks
 * the spikes that the next one begins with. Where they have a delay of one step, a spike of step n is taken at the
 * start of step n + 1 and changes I there if tau_rise is 0, else in step n + 2: the published order. */
#ifndef VOLLEY_NEURON_SPIKE_FILTER_H
#define VOLLEY_NEURON_SPIKE_FILTER_H

#include "neuron/arithmetic.h"

#include <math.h>

/* Coefficients of such a receptor, a piece of those of its model. */
enum {
  VOLLEY_FILTER_DECAY_I,
  VOLLEY_FILTER_DECAY_H,
  VOLLEY_FILTER_GAIN,    /* of h in I: dt, or 0 without a rise */
  VOLLEY_FILTER_DIVISOR, /* of a weight */
  VOLLEY_FILTER_INVERSE, /* of the divisor */
  VOLLEY_FILTER_RISES,   /* 1: input goes to h, 0: to I */
  VOLLEY_N_FILTER
};

/* NULL, or what is wrong with these time constants (ms). */
static inline const char *volley_filter_check(double tau_rise, double tau_decay) {
  return tau_rise != tau_decay ? NULL : "tau_rise must differ from tau_decay; 0 is a filter without a rise";
}

/* Coefficients for a step of dt; all times in the unit that weights count time in. out: [VOLLEY_N_FILTER] */
static inline void volley_filter_prepare(double tau_rise, double tau_decay, double dt, double *out) {
  const bool rises = tau_rise > 0;
  out[VOLLEY_FILTER_DECAY_I] = exp(-dt / (rises ? tau_rise : tau_decay));
  out[VOLLEY_FILTER_DECAY_H] = exp(-dt / tau_decay);
  out[VOLLEY_FILTER_GAIN] = rises ? dt : 0;
  out[VOLLEY_FILTER_DIVISOR] = rises ? tau_rise * tau_decay : tau_decay;
  out[VOLLEY_FILTER_INVERSE] = 1 / out[VOLLEY_FILTER_DIVISOR];
  out[VOLLEY_FILTER_RISES] = rises;
}

/* Adds the summed weights of the spikes that are due to the state (current, h) of neuron i. */
VOLLEY_INLINE void volley_filter_take(const volley_column *c, uint32_t stride, uint32_t i, double input,
                                      double *current, double *h) {
  const double jump = volley_divide(input, volley_at(c[VOLLEY_FILTER_DIVISOR], stride, i),
                                    volley_at(c[VOLLEY_FILTER_INVERSE], stride, i));
  const double risen = jump * volley_at(c[VOLLEY_FILTER_RISES], stride, i);
  *h += risen;
  *current += jump - risen;
}

/* Takes the state (current, h) of neuron i through one step. */
VOLLEY_INLINE void volley_filter_decay(const volley_column *c, uint32_t stride, uint32_t i, double *current,
                                       double *h) {
  *current =
      *current * volley_at(c[VOLLEY_FILTER_DECAY_I], stride, i) + *h * volley_at(c[VOLLEY_FILTER_GAIN], stride, i);
  *h *= volley_at(c[VOLLEY_FILTER_DECAY_H], stride, i);
}

#endif
