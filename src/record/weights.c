#include "record/weights.h"

#include "base/memory.h"

#include <stdlib.h>

/* One synapse: where it is in its block and where it goes. */
typedef struct probe {
  uint64_t number, column; /* among all synapses of the recorder; among this rank's */
  int block;
  uint32_t group, synapse; /* of the group */
} probe;

struct volley_weight_probes {
  const volley_network *network;
  const volley_recorder *recorder;
  probe *probes;    /* [firsts[n_blocks]] block by block, group by group */
  uint64_t *firsts; /* [n_blocks + 1] */
};

/* Collects the probes of a block. */
typedef struct collecting {
  probe *probes;
  uint64_t n, capacity;
  int block;
} collecting;

static void take(void *context, uint32_t group, uint32_t synapse, uint64_t number) {
  collecting *c = context;
  if (c->n == c->capacity) {
    c->capacity = c->capacity ? 2 * c->capacity : 64;
    c->probes = volley_grow(c->probes, c->capacity, sizeof *c->probes, "a recorder of weights");
  }
  c->probes[c->n++] = (probe){number, 0, c->block, group, synapse};
}

static int by_number(const void *a, const void *b) {
  const uint64_t x = (*(probe *const *)a)->number, y = (*(probe *const *)b)->number;
  return (x > y) - (x < y);
}

/* Gives each probe its column, and the columns what they are. */
static volley_trace_columns number_columns(const volley_weight_probes *probes, uint64_t n) {
  volley_trace_columns columns = {.count = n};
  probe **sorted = volley_alloc(n, sizeof *sorted, "a recorder of weights");
  columns.columns = volley_alloc(n, sizeof *columns.columns, "a recorder of weights");
  columns.sources = volley_alloc(n, sizeof *columns.sources, "a recorder of weights");
  columns.targets = volley_alloc(n, sizeof *columns.targets, "a recorder of weights");
  columns.delays = volley_alloc(n, sizeof *columns.delays, "a recorder of weights");
  for (uint64_t i = 0; i < n; i++) sorted[i] = &probes->probes[i];
  qsort(sorted, n, sizeof *sorted, by_number);
  for (uint64_t i = 0; i < n; i++) {
    const volley_block *block = &probes->network->blocks[sorted[i]->block];
    const volley_plastic_table *plastic = volley_block_plastic(block, probes->recorder->projection);
    const volley_plastic_group *group = &plastic->groups[sorted[i]->group];
    const uint32_t t = plastic->ids[group->first + sorted[i]->synapse] - plastic->first_id;
    sorted[i]->column = i;
    columns.columns[i] = sorted[i]->number;
    columns.sources[i] = group->source - plastic->first_source;
    columns.targets[i] = volley_plastic_target(probes->network, block, plastic, t);
    columns.delays[i] = group->delay * probes->network->experiment->simulation.dt;
  }
  free(sorted);
  return columns;
}

volley_weight_probes *volley_weight_probes_create(const volley_network *network, const volley_recorder *recorder,
                                                  volley_trace_columns *columns) {
  volley_weight_probes *probes = volley_alloc(1, sizeof *probes, "a recorder of weights");
  volley_synapse_order order =
      volley_synapse_order_make(network, recorder->projection, &recorder->sources, &recorder->neurons);
  collecting c = {0};
  *probes = (volley_weight_probes){.network = network, .recorder = recorder};
  probes->firsts = volley_alloc((size_t)network->n_blocks + 1, sizeof *probes->firsts, "a recorder of weights");
  for (c.block = 0; c.block < network->n_blocks; c.block++) {
    const volley_block *block = &network->blocks[c.block];
    const volley_plastic_table *plastic = volley_block_plastic(block, recorder->projection);
    if (plastic) volley_synapse_order_walk(&order, block, plastic, take, &c);
    probes->firsts[c.block + 1] = c.n;
  }
  volley_synapse_order_release(&order);
  probes->probes = c.probes;
  *columns = number_columns(probes, c.n);
  return probes;
}

void volley_weight_probes_destroy(volley_weight_probes *probes) {
  if (!probes) return;
  free(probes->probes);
  free(probes->firsts);
  free(probes);
}

void volley_weight_probes_sample(const volley_weight_probes *probes, int b, int64_t step, int lag, double *row) {
  const volley_recorder *recorder = probes->recorder;
  const volley_plastic_table *plastic = volley_block_plastic(&probes->network->blocks[b], recorder->projection);
  double *states = NULL;
  size_t capacity = 0;
  for (uint64_t i = probes->firsts[b]; i < probes->firsts[b + 1]; i++) {
    const probe *p = &probes->probes[i];
    const volley_plastic_group *group = &plastic->groups[p->group];
    const uint32_t count = group->count;
    if (group->due - group->delay != lag) continue;
    if (i == probes->firsts[b] || p->group != probes->probes[i - 1].group) {
      const size_t needed = (size_t)count * (size_t)plastic->model->n_states;
      if (needed > capacity) {
        capacity = 2 * needed;
        states = volley_grow(states, capacity, sizeof *states, "a recorder of weights");
      }
      volley_plastic_table_look(plastic, p->group, step - 1 + lag, states);
    }
    row[p->column] = states[(size_t)recorder->state * count + p->synapse];
  }
  free(states);
}
