/* Downscaling a network so that it keeps its rates (van Albada, Helias & Diesmann 2015, "Scalability of asynchronous
 * networks is limited by one-to-one mapping between effective connectivity and correlations"). */
#ifndef VOLLEY_EXPERIMENT_SCALE_H
#define VOLLEY_EXPERIMENT_SCALE_H

#include "model/experiment.h"

/* Applies experiment->scale_neurons and scale_indegree to an experiment that was read at full size. Sizes and numbers of
 * synapses shrink, weights grow by 1 / sqrt(k) where the indegree shrinks by k, and a constant current restores the
 * mean input that full indegrees and mean rates give. A Poisson stimulus is a part of the network's input if it reaches
 * a whole population during the whole run: then its sources and weight scale like indegrees. Other stimuli and
 * receptors that count spikes stay as they are. Selections are cut to what is left. Not collective; returns VOLLEY_USAGE
 * after reporting what cannot be scaled. */
volley_status volley_experiment_scale(volley_experiment *experiment);

#endif
