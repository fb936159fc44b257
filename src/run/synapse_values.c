#include "run/synapse_values.h"

#include "base/memory.h"
#include "record/kind.h"

#include <stdlib.h>
#include <string.h>

/* The number of a state among those that can be recorded; a fault if there is none. */
static int find_state(const volley_experiment *experiment, const volley_recorder *recorder, const char *state) {
  const volley_projection *projection = &experiment->projections[recorder->projection];
  if (!projection->plasticity.model)
    return volley_fault(VOLLEY_USAGE, NULL, "synapses of '%s' do not learn: they have no states", projection->name), -1;
  const volley_choices choices = volley_record_weights.choices(experiment, recorder);
  for (int k = 0; k < choices.n; k++) {
    const char *const *name = (const void *)((const char *)choices.table + (size_t)k * choices.stride);
    if (strcmp(*name, state) == 0) return k;
  }
  volley_fault(VOLLEY_USAGE, NULL, "synapses of '%s' (%s) have no state '%s'", projection->name, choices.of, state);
  return -1;
}

/* Puts what this rank has into values that are 0 elsewhere, and adds up. Collective. */
static void gather(const volley_network *network, void *own, const volley_trace_columns *columns, int64_t step,
                   double *values, uint64_t n) {
  double *row = volley_alloc(columns->count, sizeof *row, "states of synapses");
  for (int b = 0; b < network->n_blocks; b++) {
    volley_record_weights.before(own, b, step, row);
    volley_record_weights.sample(own, b, 0, step, row);
  }
  for (uint64_t c = 0; c < columns->count; c++) values[columns->columns[c]] = row[c];
  free(row);
  for (uint64_t from = 0; from < n; from += INT32_MAX) {
    const uint64_t some = n - from < INT32_MAX ? n - from : INT32_MAX;
    VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, values + from, (int)some, MPI_DOUBLE, MPI_SUM, network->comm));
  }
}

volley_status volley_synapse_values(const volley_network *network, int projection, const char *state, int64_t step,
                                    double **values, uint64_t *n) {
  const volley_experiment *experiment = network->experiment;
  const volley_projection *p = &experiment->projections[projection];
  volley_recorder recorder = {.name = p->name, .kind = &volley_record_weights, .projection = projection};
  volley_range all[2] = {{0, experiment->populations[p->source].size, 0},
                         {0, experiment->populations[p->target].size, 0}};
  recorder.sources = (volley_selection){&all[0], 1, all[0].count};
  recorder.neurons = (volley_selection){&all[1], 1, all[1].count};
  recorder.state = find_state(experiment, &recorder, state);
  *values = NULL;
  *n = 0;
  VOLLEY_TRY(volley_agree(network->comm));
  volley_trace_columns columns = {0};
  volley_record_weights.count(experiment, network, &recorder);
  void *own = volley_record_weights.create(network, NULL, &recorder, &columns);
  *values = own ? volley_alloc_or_fault(recorder.synapses + 1, sizeof **values, "states of synapses") : NULL;
  *n = recorder.synapses;
  if (volley_all(*values != NULL, network->comm)) gather(network, own, &columns, step, *values, *n);
  if (own) volley_record_weights.destroy(own);
  free(columns.columns);
  free(columns.sources);
  free(columns.targets);
  free(columns.delays);
  return volley_agree_one(network->comm);
}
