/* What an experiment's changes have made of it so far: of its changes, which are sorted by time, the first n_changed are made. */
#ifndef VOLLEY_MODEL_CHANGE_H
#define VOLLEY_MODEL_CHANGE_H

#include "model/experiment.h"

/* What the weights of static synapses of a projection are drawn from, and then multiplied by. Sets *is_set if a change has
 * put it in the place of weights that a file has. */
const volley_distribution *volley_changed_weight(const volley_experiment *experiment,
                                                 const volley_projection *projection, double *factor, bool *is_set);

/* The stimuli as changes that are made have left them: experiment->stimuli becomes another array. */
void volley_change_stimulus(volley_experiment *experiment, const volley_change *change);

/* Whether weights of a projection that learns change at a step; the last such step before one (0: none), and the first from one on
 * (INT64_MAX: none). */
bool volley_weights_change(const volley_plasticity_plan *plan, int64_t step);
int64_t volley_weights_changed(const volley_plasticity_plan *plan, int64_t before);
int64_t volley_weights_will_change(const volley_plasticity_plan *plan, int64_t from);

#endif
