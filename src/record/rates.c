/* Rate of a population in bins of the recorder's interval: spikes of its selected neurons, per neuron and second. Every
 * rank counts all of them; rank 0 has the column. */
#include "record/kind.h"

#include "base/memory.h"

#include <stdlib.h>

typedef struct rates {
  const volley_recorder *recorder;
  double bin_s; /* of all neurons together: neurons times seconds */
  double count; /* spikes in the present bin */
} rates;

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  (void)readouts;
  rates *r = volley_alloc(1, sizeof *r, "a recorder of rates");
  const double bin_ms = (double)recorder->interval * network->experiment->simulation.dt;
  *r = (rates){.recorder = recorder, .bin_s = 1e-3 * bin_ms * recorder->neurons.count};
  *columns = volley_columns_on_first(network, 1);
  return r;
}

static volley_status spike(void *own, volley_record *record, int64_t step, uint32_t index) {
  (void)record, (void)step, (void)index;
  ((rates *)own)->count++;
  return VOLLEY_OK;
}

static volley_status end_step(void *own, volley_record *record, int64_t step) {
  rates *r = own;
  if ((step + 1 - r->recorder->start) % r->recorder->interval != 0) return VOLLEY_OK;
  volley_record_fill(record, r->count / r->bin_s);
  r->count = 0;
  return volley_record_end_row(record);
}

static double *state(void *own, uint64_t *n) {
  *n = 1;
  return &((rates *)own)->count;
}

static volley_state_info value(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment, (void)recorder;
  return (volley_state_info){.name = "rate", .unit = "Hz"};
}

const volley_recorder_kind volley_record_rates = {.name = "rates",
                                                  .plural = "rates",
                                                  .of = VOLLEY_OF_POPULATION,
                                                  .needs = "population",
                                                  .takes = "neurons|interval",
                                                  .width = volley_single_width,
                                                  .create = create,
                                                  .destroy = free,
                                                  .spike = spike,
                                                  .end_step = end_step,
                                                  .state = state,
                                                  .group = "rates",
                                                  .is_optional = true,
                                                  .value = value,
                                                  .attributes = volley_population_attributes,
                                                  .column_bytes = 40,
                                                  .mapping_bytes = 24};
