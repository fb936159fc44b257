/* A toy recorder: spikes of a population since the recorder's start, all neurons together. A checkpoint keeps the number. */
#include "record/kind.h"

#include "base/memory.h"

#include <stdlib.h>

typedef struct total {
  const volley_recorder *recorder;
  double spikes;
} total;

static uint64_t width(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment, (void)recorder;
  return 1;
}

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  (void)readouts;
  total *t = volley_alloc(1, sizeof *t, "a recorder");
  t->recorder = recorder;
  *columns = volley_columns_on_first(network, 1);
  return t;
}

static volley_status spike(void *own, volley_record *record, int64_t step, uint32_t index) {
  (void)record, (void)step, (void)index;
  ((total *)own)->spikes++;
  return VOLLEY_OK;
}

static volley_status end_step(void *own, volley_record *record, int64_t step) {
  const total *t = own;
  if ((step + 1 - t->recorder->start) % t->recorder->interval != 0) return VOLLEY_OK;
  volley_record_fill(record, t->spikes);
  return volley_record_end_row(record);
}

static double *state(void *own, uint64_t *n) {
  *n = 1;
  return &((total *)own)->spikes;
}

static volley_state_info value(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment, (void)recorder;
  return (volley_state_info){.name = "spikes", .unit = ""};
}

const volley_recorder_kind volley_record_total = {.name = "total",
                                                  .plural = "totals",
                                                  .of = VOLLEY_OF_POPULATION,
                                                  .needs = "population",
                                                  .takes = "neurons|interval",
                                                  .width = width,
                                                  .create = create,
                                                  .destroy = free,
                                                  .spike = spike,
                                                  .end_step = end_step,
                                                  .state = state,
                                                  .group = "totals",
                                                  .is_optional = true,
                                                  .value = value,
                                                  .attributes = volley_population_attributes,
                                                  .column_bytes = 40,
                                                  .mapping_bytes = 24};
