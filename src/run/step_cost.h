/* What a step costs, roughly and before anything is built. */
#ifndef VOLLEY_RUN_STEP_COST_H
#define VOLLEY_RUN_STEP_COST_H

#include "model/experiment.h"

/* Whether a rank of `ranks` takes a step of the clock engine in a time in which threads would do little but wait for each other. */
bool volley_steps_are_short(const volley_experiment *experiment, int ranks);

/* For reports, behind the number of threads: that one is enough; "" where it is not so. */
const char *volley_why_one_thread(const volley_experiment *experiment, int ranks, int threads);

#endif
