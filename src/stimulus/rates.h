/* Poisson spikes for the selected neurons of a slice, each with a rate of its own that changes now and then. */
#ifndef VOLLEY_STIMULUS_RATES_H
#define VOLLEY_STIMULUS_RATES_H

#include "base/ars.h"
#include "stimulus/selected.h"

/* Hz; greatest rate of a neuron */
static const double volley_max_rate = 1e7;

typedef struct volley_rates {
  volley_selected selected; /* not owned */
  uint32_t *columns;        /* [selected.count] number of each among all neurons that the stimulus selects */
  volley_ars ars;
  int receptor;
  volley_each weight; /* not owned */
  double dt;          /* ms */
  double *means;      /* [selected.count] expected spikes of a step */
  uint16_t *first;    /* [selected.count] the least half of a word that can mean a spike */
  uint32_t n_active;  /* neurons with a rate above 0 */
} volley_rates;

/* Prepares rates of 0 for what stimulus number `number` selects of a slice, which must outlive them. */
volley_rates volley_rates_begin(const volley_experiment *experiment, int number, const volley_slice *slice,
                                const volley_selected *selected, volley_each weight);
void volley_rates_end(volley_rates *rates);

/* Sets the rate of selected neuron i of the slice in Hz, from 0 to volley_max_rate, from now on. */
void volley_rates_set(volley_rates *rates, uint32_t i, double rate);

/* Adds the spikes of a step: for each neuron a number that is a function of its rate, the stimulus, gid and step. */
void volley_rates_apply(volley_rates *rates, volley_slice *slice, int64_t step);

#endif
