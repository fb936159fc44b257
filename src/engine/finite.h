/* Whether all states are finite numbers. */
#ifndef VOLLEY_ENGINE_FINITE_H
#define VOLLEY_ENGINE_FINITE_H

#include "network/network.h"

/* Neurons of all ranks with a state that is NaN or infinite, and the first of these by gid. */
typedef struct volley_not_finite {
  uint64_t neurons; /* 0: there is none, and nothing below means anything */
  int population, state;
  uint32_t neuron;   /* index within the population */
  const char *value; /* "nan", "inf" or "-inf" */
} volley_not_finite;

/* Looks at all states of all neurons. Collective over the network's communicator; the same on every rank. */
volley_not_finite volley_find_not_finite(const volley_network *network);

/* Plastic synapses of all ranks with a state that is NaN or infinite, and the first projection and state of these. */
typedef struct volley_not_finite_synapses {
  uint64_t synapses; /* 0: there is none, and nothing below means anything */
  int projection, state;
} volley_not_finite_synapses;

/* As above, of the states that synapses had when they were last brought up to date. */
volley_not_finite_synapses volley_find_not_finite_synapses(const volley_network *network);

#endif
