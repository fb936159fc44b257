/* The selected neurons of a stimulus within a slice, as ranges of neighbours, and the input they get. */
#ifndef VOLLEY_STIMULUS_SELECTED_H
#define VOLLEY_STIMULUS_SELECTED_H

#include "stimulus/stimulus.h"

#include <stdbool.h>

/* The receptor of the target model that the stimulus reaches. */
int volley_stimulus_receptor(const volley_experiment *experiment, const volley_stimulus *stimulus);

/* Steps from that of a spike to the one before whose update it is added: the delay, at least 1, and the receptor's lag. */
int64_t volley_stimulus_delay(const volley_experiment *experiment, const volley_stimulus *stimulus);

/* Steps until one of its times, in ms: see VOLLEY_VALUE_TIMES. */
int64_t volley_stimulus_steps(const volley_experiment *experiment, const volley_stimulus *stimulus, double time);

/* The steps in [start, stop) of the stimulus, shifted by `shift` steps. */
volley_window volley_stimulus_window(const volley_experiment *experiment, const volley_stimulus *stimulus,
                                     int64_t shift);

/* The same in time that has no steps. */
volley_span_of_time volley_stimulus_span(const volley_stimulus *stimulus);
static inline bool volley_is_in_span(const volley_span_of_time *span, double time) {
  return (time > span->start || (time == 0 && span->start == 0)) && time <= span->stop;
}

/* The number of each selected neuron of the slice among all that the stimulus selects: [selected->count], owned by the
 * caller. */
uint32_t *volley_selected_columns(const volley_experiment *experiment, const volley_stimulus *stimulus,
                                  const volley_slice *slice, const volley_selected *selected);

/* Adds a spike to each of the selected neurons. */
void volley_add_spikes(int receptor, const volley_each *weight, volley_slice *slice, const volley_selected *selected);

/* Adds a current in pA to the selected neurons, or to each its own, which has `factor` before it. */
void volley_add_current(volley_slice *slice, const volley_selected *selected, double current);
void volley_add_currents(volley_slice *slice, const volley_selected *selected, const volley_each *currents,
                         double factor);

#endif
