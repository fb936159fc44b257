#ifndef VOLLEY_APP_CALIBRATE_PLASTIC_H
#define VOLLEY_APP_CALIBRATE_PLASTIC_H

#include "app/estimate.h"

/* Seconds that a plastic projection of so many synapses takes for one synaptic event in one of so many threads, timed here
 * with a sample for about a tenth of a second; 0 if its source is silent. */
double volley_time_plastic(const volley_experiment *experiment, const volley_estimate *estimate, int projection,
                           double synapses, int threads);

#endif
