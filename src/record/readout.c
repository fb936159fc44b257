/* Values of a readout. Every rank knows them; rank 0 has the columns. */
#include "record/kind.h"

#include "base/memory.h"
#include "signal/signal.h"

#include <stdlib.h>

typedef struct values {
  const volley_readouts *readouts;
  const volley_recorder *recorder;
  bool has_columns; /* of this rank */
} values;

static volley_choices choices(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment, (void)recorder;
  return (volley_choices){volley_readout_value_names, VOLLEY_READOUT_VALUES, sizeof *volley_readout_value_names,
                          "value of a readout", NULL};
}

static uint64_t width(const volley_experiment *experiment, const volley_recorder *recorder) {
  const uint64_t dimension = (uint64_t)experiment->readouts[recorder->readout].supervisor->dimension;
  if (recorder->state == VOLLEY_READOUT_NORM) return 1;
  return recorder->state == VOLLEY_READOUT_DECODERS ? recorder->neurons.count * dimension : dimension;
}

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  values *v = volley_alloc(1, sizeof *v, "a recorder of a readout");
  *columns = volley_columns_on_first(network, width(network->experiment, recorder));
  *v = (values){readouts, recorder, columns->count > 0};
  return v;
}

static void advance(void *own, double *row) {
  const values *v = own;
  if (v->has_columns) volley_readouts_get(v->readouts, v->recorder, row);
}

static volley_state_info value(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment;
  return (volley_state_info){.name = volley_readout_value_names[recorder->state], .unit = ""};
}

/* Whether errors of the output after learning, shifted in time as is best, say whether it was learned. */
static bool is_comparable(const volley_experiment *experiment, const volley_readout *readout) {
  const volley_signal *supervisor = readout->supervisor;
  const double stop = (double)readout->stop * experiment->simulation.dt;
  bool comparable = !supervisor->kind->is_chaotic;
  for (int k = 0; k < supervisor->speed_times.n; k++) comparable &= supervisor->speed_times.values[k] < stop;
  return comparable;
}

static int attributes(const volley_experiment *experiment, const volley_recorder *recorder,
                      volley_attribute list[VOLLEY_MAX_ATTRIBUTES]) {
  const volley_readout *readout = &experiment->readouts[recorder->readout];
  const double dt = experiment->simulation.dt;
  list[0] = (volley_attribute){"readout", .text = readout->name};
  list[1] = (volley_attribute){"learning_start_ms", VOLLEY_IS_NUMBER, .number = (double)readout->start * dt};
  list[2] = (volley_attribute){"learning_stop_ms", VOLLEY_IS_NUMBER, .number = (double)readout->stop * dt};
  list[3] = (volley_attribute){"comparable", VOLLEY_IS_COUNT, .count = is_comparable(experiment, readout)};
  if (!readout->supervisor->kind->is_chaotic) return 4;
  list[4] = (volley_attribute){"chaotic", VOLLEY_IS_COUNT, .count = 1};
  return 5;
}

const volley_recorder_kind volley_record_readout = {.name = "readout",
                                                    .plural = "readouts",
                                                    .of = VOLLEY_OF_READOUT,
                                                    .needs = "readout|values",
                                                    .takes = "neurons|interval",
                                                    .choice_key = "values",
                                                    .choices = choices,
                                                    .width = width,
                                                    .create = create,
                                                    .destroy = free,
                                                    .advance = advance,
                                                    .group = "readout",
                                                    .maps = VOLLEY_MAPS_NEURONS,
                                                    .value = value,
                                                    .attributes = attributes,
                                                    .column_bytes = 40,
                                                    .mapping_bytes = 24};
