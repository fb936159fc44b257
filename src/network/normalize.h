/* Restoring the sums of the weights onto each target. */
#ifndef VOLLEY_NETWORK_NORMALIZE_H
#define VOLLEY_NETWORK_NORMALIZE_H

#include "network/plastic_table.h"

/* Multiplies the weights onto each target by what makes their sum plastic->sums. Weights that would leave the bounds of the rule
 * stay there, and the others make up for them. All synapses are up to date. What becomes of a target depends on its own synapses
 * alone, in their order, which no partition can change. */
void volley_plastic_table_normalize(volley_plastic_table *plastic);

/* Makes the changes of weights that the experiment has for a step, within the bounds of the rule. As above. */
void volley_plastic_table_change(volley_plastic_table *plastic, int64_t step);

#endif
