/* Neurons whose equations have no solution in a step. */
#ifndef VOLLEY_ENGINE_UNSOLVED_H
#define VOLLEY_ENGINE_UNSOLVED_H

#include "model/experiment.h"
#include "neuron/neuron.h"

/* Adds a fault that says which neuron of the slice could not be taken through `step`, and its state: slice->given_up.
 * By the thread that owns the slice; not collective. */
void volley_report_unsolved(const volley_experiment *experiment, const volley_slice *slice, int64_t step);

#endif
