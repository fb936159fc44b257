/* Exact propagators of linear neurons: what an exponential or an alpha-shaped synaptic current adds to a potential in
 * one step. Rotter & Diesmann (1999), Biol. Cybern. 81: 381-402, section 3; here in a form that stays accurate where
 * two time constants are equal or nearly so. */
#ifndef VOLLEY_NEURON_PROPAGATOR_H
#define VOLLEY_NEURON_PROPAGATOR_H

#include <math.h>

/* integral of exp(-x s) over s = 0 .. 1 */
static inline double volley_mean_decay(double x) { return x == 0 ? 1 : -expm1(-x) / x; }

/* integral of s exp(-x s) over s = 0 .. 1: by its series where the closed form would lose digits */
static inline double volley_mean_alpha(double x) {
  if (fabs(x) > 1) return (1 - exp(-x) * (1 + x)) / (x * x);
  double sum = 0, term = 1;
  for (int k = 0; k < 20; k++) {
    sum += term / (k + 2);
    term *= -x / (k + 1);
  }
  return sum;
}

/* Effect on the potential (mV) after dt (ms) of a current that is 1 pA at its start and decays with tau_syn (ms);
 * tau_m (ms, INFINITY: no leak) and C_m (pF) are the membrane's. */
static inline double volley_decay_gain(double tau_syn, double tau_m, double C_m, double dt) {
  return dt / C_m * exp(-dt / tau_m) * volley_mean_decay(dt * (1 / tau_syn - 1 / tau_m));
}

/* The same of a current t exp(-t / tau_syn), in pA with t in ms. */
static inline double volley_alpha_gain(double tau_syn, double tau_m, double C_m, double dt) {
  return dt * dt / C_m * exp(-dt / tau_m) * volley_mean_alpha(dt * (1 / tau_syn - 1 / tau_m));
}

/* The course of a beta function, t ms after its start with a slope of 1: (exp(-t / decay) - exp(-t / rise)) /
 * (1 / rise - 1 / decay), which is symmetric in the two, ms, and as accurate where they are equal or nearly so. */
static inline double volley_beta(double rise, double decay, double t) {
  const double slow = fmax(rise, decay), fast = fmin(rise, decay);
  return t * exp(-t / slow) * volley_mean_decay(t * (1 / fast - 1 / slow));
}

/* Its mean over the first t ms: by Gauss's rule of five nodes where closed forms would lose digits. */
static inline double volley_mean_beta(double rise, double decay, double t) {
  static const double node[] = {0, 0.53846931010568309104, 0.90617984593866399280};
  static const double share[] = {0.56888888888888888889, 0.47862867049936646804, 0.23692688505618908751};
  const double slow = fmax(rise, decay), fast = fmin(rise, decay);
  if (t > fast) return fast * (volley_mean_decay(t / slow) - volley_beta(rise, decay, t) / t);
  double sum = share[0] * volley_beta(rise, decay, 0.5 * t);
  for (int k = 1; k < 3; k++)
    sum += share[k] *
           (volley_beta(rise, decay, 0.5 * t * (1 - node[k])) + volley_beta(rise, decay, 0.5 * t * (1 + node[k])));
  return 0.5 * sum;
}

/* When it is at its peak. */
static inline double volley_beta_peak(double rise, double decay) {
  const double excess = (decay - rise) / rise;
  return excess == 0 ? rise : decay * log1p(excess) / excess;
}

#endif
