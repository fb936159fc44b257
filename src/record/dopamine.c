/* Concentration of the dopamine that a population releases to the synapses of a projection. All ranks that have some of
 * these know it; the first of them has the column. */
#include "record/kind.h"

#include "base/memory.h"
#include "network/synapse_order.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct dopamine {
  const volley_plastic_table *plastic; /* NULL on ranks without the column */
  int block, trace;
} dopamine;

/* The trace of dopamine of a model that has one; or -1. */
static int find_trace(const volley_synapse_model *model) {
  for (int t = 0; t < model->n_traces; t++)
    if (model->traces[t].of == VOLLEY_OF_DOPAMINE) return t;
  return -1;
}

static const char *check(const volley_experiment *experiment, const volley_recorder *recorder, char *buffer,
                         size_t size) {
  const volley_projection *projection = &experiment->projections[recorder->projection];
  if (projection->plasticity.dopamine >= 0) return NULL;
  snprintf(buffer, size, "no population releases dopamine to the synapses of '%s'", projection->name);
  return buffer;
}

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  (void)readouts;
  dopamine *d = volley_alloc(1, sizeof *d, "a recorder of dopamine");
  for (int b = network->n_blocks - 1; b >= 0; b--) {
    const volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], recorder->projection);
    if (plastic) *d = (dopamine){plastic, b, find_trace(plastic->model)};
  }
  int holder = d->plastic ? network->rank : network->ranks;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &holder, 1, MPI_INT, MPI_MIN, network->comm));
  if (holder == network->ranks) holder = 0;
  if (holder != network->rank) d->plastic = NULL;
  columns->count = holder == network->rank;
  columns->columns = volley_alloc_or_fault(columns->count, sizeof *columns->columns, "a recorder");
  return d;
}

/* What has arrived by the end of the step before. */
static void sample(void *own, int block, int slice, int64_t step, double *row) {
  const dopamine *d = own;
  if (!d->plastic || block != d->block || slice != 0) return;
  const volley_past_spike *level = &d->plastic->dopamine.levels[d->plastic->dopamine.n - 1];
  while (level->step > step - 1) level--;
  row[0] = level->traces[0] * volley_decay_at(&d->plastic->constants.traces[d->trace], step - 1 - level->step);
}

static volley_state_info value(const volley_experiment *experiment, const volley_recorder *recorder) {
  const volley_synapse_model *model = experiment->projections[recorder->projection].plasticity.model;
  const int found = model->n_states + find_trace(model); /* its entry among what recorders find */
  return (volley_state_info){.name = "dopamine",
                             .unit = found < volley_synapse_recordables(model) ? model->states[found].unit : ""};
}

static int attributes(const volley_experiment *experiment, const volley_recorder *recorder,
                      volley_attribute list[VOLLEY_MAX_ATTRIBUTES]) {
  const volley_projection *projection = &experiment->projections[recorder->projection];
  list[0] = (volley_attribute){"projection", .text = projection->name};
  list[1] = (volley_attribute){"population", .text = experiment->populations[projection->plasticity.dopamine].name};
  return 2;
}

const volley_recorder_kind volley_record_dopamine = {.name = "dopamine",
                                                     .plural = "dopamine",
                                                     .of = VOLLEY_OF_PROJECTION,
                                                     .needs = "projection",
                                                     .takes = "interval",
                                                     .check = check,
                                                     .width = volley_single_width,
                                                     .create = create,
                                                     .destroy = free,
                                                     .sample = sample,
                                                     .group = "dopamine",
                                                     .is_optional = true,
                                                     .value = value,
                                                     .attributes = attributes,
                                                     .column_bytes = 40,
                                                     .mapping_bytes = 24};
