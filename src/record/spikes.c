/* Spikes of a population. */
#include "record/kind.h"

static volley_status spike(void *own, volley_record *record, int64_t step, uint32_t index) {
  (void)own;
  return volley_record_spike(record, step, index);
}

const volley_recorder_kind volley_record_spikes = {.name = "spikes",
                                                   .plural = "spikes",
                                                   .of = VOLLEY_OF_POPULATION,
                                                   .needs = "population",
                                                   .takes = "neurons",
                                                   .takes_nodes = true,
                                                   .holds_spikes = true,
                                                   .spike = spike,
                                                   .group = "spikes",
                                                   .is_sonata = true,
                                                   .attributes = volley_population_attributes};
