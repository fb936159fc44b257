/* Experiments made by hand, as the reader of experiment files would make them. */
#ifndef VOLLEY_TESTS_EXPERIMENTS_H
#define VOLLEY_TESTS_EXPERIMENTS_H

#include "model/experiment.h"

/* Things of one kind that an experiment made here can hold. */
enum { EXPERIMENT_ROOM = 32 };

/* An empty experiment: dt 0.1 ms, block partitioner. Owned by the caller: volley_experiment_destroy(). */
volley_experiment *experiment_make(uint32_t seed);

/* Adds a population with default parameters. Owned by the experiment, as is what the others return. */
volley_population *experiment_add_population(volley_experiment *experiment, const char *name, const char *model,
                                             uint32_t size);

/* Adds a projection: weight 1, delay 1.5 ms, receptor by sign, autapses and multapses on. */
volley_projection *experiment_add_projection(volley_experiment *experiment, int source, int target, const char *rule);

/* Adds a stimulus onto all neurons of a population: weight 1, delay one step, the whole run. */
volley_stimulus *experiment_add_stimulus(volley_experiment *experiment, int target, const char *kind);

/* Sets a parameter of a population to a constant. */
void experiment_set(volley_population *population, const char *parameter, double value);

#endif
