/* Parameters of stimuli of kind `poisson`, for who makes such stimuli. */
#ifndef VOLLEY_STIMULUS_POISSON_H
#define VOLLEY_STIMULUS_POISSON_H

typedef struct volley_poisson {
  double rate;    /* Hz, of one source */
  double sources; /* number of independent sources a neuron */
} volley_poisson;

#endif
