/* Neurons whose spikes are given (network/sources.h): each is sent on in its step, as parrots do. */
#include "neuron/neuron.h"

#include <stddef.h>

static const volley_receptor_info receptors[] = {
    {"spikes", "", VOLLEY_COUNTS, -1, "the given spikes alone; no projection and no stimulus reaches it"},
};

static void prepare(const double *p, double dt, double *c) {
  (void)p;
  (void)dt;
  (void)c;
}

static double mean_current(const double *p, int receptor) {
  (void)p;
  (void)receptor;
  return 0;
}

const volley_neuron_model volley_spike_source = {
    .name = "spike_source",
    .doc = "spikes at times that are given under `spikes`: from files of spikes (SONATA, HDF5, text) or from lists",
    .reference = "NEST spike_generator",
    .is_source = true,
    VOLLEY_RECEPTORS(receptors),
    .prepare = prepare,
    .mean_current = mean_current,
    .update = volley_repeat_input,
    .events = &volley_repeat_events,
};
