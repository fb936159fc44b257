/* Signals made by hand, as the reader of experiment files would make them. */
#ifndef VOLLEY_TESTS_SIGNALS_H
#define VOLLEY_TESTS_SIGNALS_H

#include "model/experiment.h"

/* A signal of a kind with the default values of its keys, owned by the experiment. */
volley_signal *signals_make(volley_experiment *experiment, const char *kind);

/* A copy of n numbers, owned by the experiment. */
double *signals_list(volley_experiment *experiment, int n, const double *values);

#endif
