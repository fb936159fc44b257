/* Neurons of one model with the engine's arrays but without an engine. */
#ifndef VOLLEY_TESTS_NEURONS_H
#define VOLLEY_TESTS_NEURONS_H

#include "neuron/neuron.h"

typedef struct neurons {
  const volley_neuron_model *model;
  double values[VOLLEY_MAX_PARAMETERS];
  bool adaptive;  /* as simulation.integration */
  uint32_t first; /* number of the first one, where these are a part of many */
  volley_slice slice;
  volley_spike_list spikes; /* of the last step */
} neurons;

/* The model of this name with default parameters and no neurons yet. */
neurons neurons_of(const char *model);

/* Sets a parameter, before neurons_make. */
void neurons_set(neurons *these, const char *parameter, double value);

/* Changes the values of neuron i of all, which are the common ones before. */
typedef void neurons_own(const neurons *these, uint32_t i, double *values);

/* Makes n neurons at their start values for steps of dt ms. own: gives each its own parameters; NULL: one set of
 * coefficients for all. own_current: a current for each. */
void neurons_make(neurons *these, uint32_t n, double dt, neurons_own *own, bool own_current);

/* Values of a state, one a neuron. */
double *neurons_state(neurons *these, const char *state);

/* Number of a parameter. */
int neurons_parameter(const neurons *these, const char *parameter);

/* Takes the next step; returns the number of spikes. */
uint32_t neurons_step(neurons *these);

/* Frees what neurons_make made. */
void neurons_drop(neurons *these);

/* Fails the test unless value is within tolerance of expected. */
void expect_near(double value, double expected, double tolerance);

#endif
