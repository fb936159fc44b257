/* What the spikes of an output say of its populations. */
#ifndef VOLLEY_APP_ACTIVITY_H
#define VOLLEY_APP_ACTIVITY_H

#include "io/output/reader.h"

enum { VOLLEY_CV_SPIKES = 4 /* of a neuron whose intervals count */, VOLLEY_SYNCHRONY_MS = 3 /* counted together */ };

/* Of a population, or of what a recorder has of it, in a window. */
typedef struct volley_activity {
  const volley_population_info *population;
  const volley_recorder_info *recorder; /* NULL: not recorded */
  double start_ms, stop_ms;
  uint64_t spikes;
  double rate_hz, cv; /* NAN where there is none; cv: mean over `regular` neurons */
  uint64_t regular;
  double synchrony; /* variance over mean of the spikes in each 3 ms (Potjans and Diesmann 2014); NAN where none */
} volley_activity;

/* One for each spike recorder, in the order of the populations, and one for each population without, of start < t <= stop
 * (ms). activities: room for populations + recorders of the file, which must outlive them; *n is how many there are. One
 * process. Returns VOLLEY_USAGE with a fault if the file is damaged. */
volley_status volley_activity_measure(volley_output_file *file, double start, double stop, volley_activity *activities,
                                      int *n);

#endif
