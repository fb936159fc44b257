/* States of a population's neurons. */
#include "record/kind.h"

#include "base/memory.h"

#include <stdlib.h>

/* Where the value of a column is in its slice. */
typedef struct probe {
  uint32_t position;
  uint64_t column; /* among this rank's */
} probe;

/* The probes of one block, by slice. */
typedef struct block_probes {
  probe *probes; /* [first[n_slices]] */
  size_t *first; /* [n_slices + 1] number of the first probe of a slice */
} block_probes;

typedef struct traces {
  const volley_network *network;
  int state;
  block_probes *blocks; /* [n_blocks] */
} traces;

static volley_choices choices(const volley_experiment *experiment, const volley_recorder *recorder) {
  const volley_neuron_model *model = experiment->populations[recorder->population].model;
  if (!model) return (volley_choices){0};
  return (volley_choices){model->states, model->n_states, sizeof *model->states, "state of", model->name};
}

static uint64_t width(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment;
  return recorder->neurons.count;
}

/* The columns of the rank's neurons, ascending since its gids are. */
static volley_trace_columns find_columns(const volley_network *network, const volley_recorder *recorder) {
  const volley_partition *partition = network->partition;
  const uint32_t first_gid = network->experiment->populations[recorder->population].first_gid;
  const uint32_t n = partition->counts[recorder->population];
  volley_trace_columns found = {.columns = volley_alloc(n, sizeof(uint64_t), "a trace recorder")};
  uint32_t column;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t index = partition->gids[recorder->population][i] - first_gid;
    if (volley_selection_column(&recorder->neurons, index, &column)) found.columns[found.count++] = column;
  }
  return found;
}

/* Slices are in order of the gids, as the columns are: the next probe is of the next column. */
static block_probes find_probes(const volley_network *network, const volley_recorder *recorder, int b, uint64_t *next) {
  const volley_block *block = &network->blocks[b];
  const uint32_t first_gid = network->experiment->populations[recorder->population].first_gid;
  block_probes found = {.first = volley_alloc((size_t)block->n_slices + 1, sizeof *found.first, "a trace recorder")};
  size_t n = 0;
  for (int s = 0; s < block->n_slices; s++) {
    const volley_slice *slice = &block->slices[s];
    const bool is_recorded = slice->population == recorder->population;
    uint32_t column;
    if (is_recorded)
      found.probes = volley_grow(found.probes, n + slice->count, sizeof *found.probes, "a trace recorder");
    for (uint32_t i = 0; is_recorded && i < slice->count; i++)
      if (volley_selection_column(&recorder->neurons, slice->gids[i] - first_gid, &column))
        found.probes[n++] = (probe){i, (*next)++};
    found.first[s + 1] = n;
  }
  return found;
}

static void destroy(void *own) {
  traces *t = own;
  for (int b = 0; t->blocks && b < t->network->n_blocks; b++) {
    free(t->blocks[b].probes);
    free(t->blocks[b].first);
  }
  free(t->blocks);
  free(t);
}

/* A recorder that is made. */
typedef struct making {
  traces *t;
  const volley_recorder *recorder;
  volley_trace_columns *columns;
} making;

static void find(void *context) {
  const making *m = context;
  const volley_network *network = m->t->network;
  m->t->blocks = volley_alloc((size_t)network->n_blocks, sizeof *m->t->blocks, "a trace recorder");
  *m->columns = find_columns(network, m->recorder);
  uint64_t next = 0;
  for (int b = 0; b < network->n_blocks; b++) m->t->blocks[b] = find_probes(network, m->recorder, b, &next);
}

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  (void)readouts;
  traces *t = volley_alloc(1, sizeof *t, "a trace recorder");
  *t = (traces){.network = network, .state = recorder->state};
  if (volley_memory_try(find, &(making){t, recorder, columns}) == VOLLEY_OK) return t;
  destroy(t);
  return NULL;
}

static void sample(void *own, int block, int slice, int64_t step, double *row) {
  (void)step;
  const traces *t = own;
  const block_probes *probes = &t->blocks[block];
  if (probes->first[slice] == probes->first[slice + 1]) return;
  const double *states = t->network->blocks[block].slices[slice].states[t->state];
  for (size_t k = probes->first[slice]; k < probes->first[slice + 1]; k++)
    row[probes->probes[k].column] = states[probes->probes[k].position];
}

static volley_state_info value(const volley_experiment *experiment, const volley_recorder *recorder) {
  return experiment->populations[recorder->population].model->states[recorder->state];
}

const volley_recorder_kind volley_record_traces = {.name = "traces",
                                                   .plural = "traces",
                                                   .of = VOLLEY_OF_POPULATION,
                                                   .needs = "population|states",
                                                   .takes = "neurons|interval",
                                                   .choice_key = "states",
                                                   .choices = choices,
                                                   .width = width,
                                                   .create = create,
                                                   .destroy = destroy,
                                                   .sample = sample,
                                                   .group = "report",
                                                   .is_sonata = true,
                                                   .may_be_single = true,
                                                   .maps = VOLLEY_MAPS_NEURONS,
                                                   .value = value,
                                                   .attributes = volley_population_attributes,
                                                   .column_bytes = 40,
                                                   .mapping_bytes = 24};
