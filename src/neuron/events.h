/* What engines that take no steps need of a neuron model: its solution in closed form from one event to the next, and the
 * time at which it would fire without another. Times are in ms, states in the order of the model's table; none of these
 * functions keeps anything, and what they give depends on their arguments alone, to the last bit. */
#ifndef VOLLEY_NEURON_EVENTS_H
#define VOLLEY_NEURON_EVENTS_H

#include "neuron/neuron.h"

/* A neuron: c: [n_coefficients] of it, y: [n_states]. */
typedef struct volley_neuron_events {
  int n_coefficients;
  int refractory; /* state that is the time left of the refractory period; the engine keeps it. -1: there is none */
  /* What of the parameters' values no closed form is known for, or NULL. values: [n_parameters]. May be NULL. */
  const char *(*check)(const double *values);
  void (*prepare)(const double *values, double *c);
  /* Takes the states `h` on while `current` flows; held: within the refractory period. */
  void (*advance)(const double *c, double *y, double h, double current, bool held);
  /* When the threshold will be reached if nothing arrives, from now, which is no refractory time: 0 where it has been. May be
   * any lower bound instead, if that lies beyond `horizon`. INFINITY: never. NULL: never. */
  double (*next)(const double *c, const double *y, double current, double horizon);
  /* A spike arrives at a receptor. left: of the refractory period; -1 outside of it. Returns whether it is sent on at once,
   * whatever else arrives. */
  bool (*arrive)(const double *c, double *y, int receptor, double weight, double left);
  /* The neuron has fired. Returns its refractory period. */
  double (*fire)(const double *c, double *y);
  /* Bounds states as they are seen just after events; advance() does so by itself. NULL: there are no bounds. */
  void (*bound)(const double *c, double *y);
  /* The refractory period ends. NULL: nothing happens. */
  void (*release)(const double *c, double *y);
} volley_neuron_events;

#endif
