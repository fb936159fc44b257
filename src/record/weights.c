/* Weights and other states of the synapses of a plastic projection, numbered as network/synapse_order.h does it. */
#include "record/kind.h"

#include "base/memory.h"
#include "base/progress.h"
#include "network/plastic_events.h"
#include "network/synapse_order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One synapse: where it is in its block and where it goes. */
typedef struct probe {
  uint64_t number, column; /* among all synapses of the recorder; among this rank's */
  int block;
  uint32_t group, synapse; /* of the group */
} probe;

typedef struct weights {
  const volley_network *network;
  const volley_recorder *recorder;
  probe *probes;    /* [firsts[n_blocks]] block by block, group by group */
  uint64_t *firsts; /* [n_blocks + 1] */
} weights;

/* Collects the probes of a block. */
typedef struct collecting {
  probe *probes;
  uint64_t n, capacity;
  int block;
} collecting;

static void take(void *context, uint32_t group, uint32_t synapse, uint64_t number) {
  collecting *c = context;
  if (c->n == c->capacity) {
    const uint64_t capacity = c->capacity ? 2 * c->capacity : 64;
    c->probes = volley_grow(c->probes, capacity, sizeof *c->probes, "a recorder of weights");
    c->capacity = capacity;
  }
  c->probes[c->n++] = (probe){number, 0, c->block, group, synapse};
}

static int by_number(const void *a, const void *b) {
  const uint64_t x = (*(probe *const *)a)->number, y = (*(probe *const *)b)->number;
  return (x > y) - (x < y);
}

/* Gives each probe its column, and the columns what they are. */
static volley_trace_columns number_columns(const weights *probes, uint64_t n) {
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
    const uint32_t t = plastic->ids[group->first + sorted[i]->synapse];
    sorted[i]->column = i;
    columns.columns[i] = sorted[i]->number;
    columns.sources[i] = (uint32_t)(group->source - plastic->first_source);
    columns.targets[i] = volley_plastic_target(probes->network, block, plastic, t);
    columns.delays[i] = plastic->is_continuous ? plastic->delays[sorted[i]->group]
                                               : group->delay * probes->network->experiment->simulation.dt;
  }
  free(sorted);
  return columns;
}

static void destroy(void *own) {
  weights *probes = own;
  free(probes->probes);
  free(probes->firsts);
  free(probes);
}

/* A recorder that is made. */
typedef struct making {
  weights *probes;
  const volley_synapse_order *order;
  volley_trace_columns *columns;
} making;

static void find(void *context) {
  const making *m = context;
  weights *probes = m->probes;
  const volley_network *network = probes->network;
  collecting c = {0};
  probes->firsts = volley_alloc((size_t)network->n_blocks + 1, sizeof *probes->firsts, "a recorder of weights");
  for (c.block = 0; c.block < network->n_blocks; c.block++) {
    const volley_block *block = &network->blocks[c.block];
    const volley_plastic_table *plastic = volley_block_plastic(block, probes->recorder->projection);
    if (plastic) volley_synapse_order_walk(m->order, block, plastic, take, &c);
    probes->firsts[c.block + 1] = c.n;
  }
  probes->probes = c.probes;
  *m->columns = number_columns(probes, c.n);
}

static void *create(const volley_network *network, const volley_readouts *readouts, const volley_recorder *recorder,
                    volley_trace_columns *columns) {
  (void)readouts;
  weights *probes = volley_alloc(1, sizeof *probes, "a recorder of weights");
  volley_synapse_order order =
      volley_synapse_order_make(network, recorder->projection, &recorder->sources, &recorder->neurons);
  *probes = (weights){.network = network, .recorder = recorder};
  const bool made = order.firsts && volley_memory_try(find, &(making){probes, &order, columns}) == VOLLEY_OK;
  volley_synapse_order_release(&order);
  if (!made) destroy(probes);
  return made ? probes : NULL;
}

/* The weights of a block's synapses at the time `step` * dt, with all that has arrived by then. Only of those at
 * receptors with this lag (volley_receptor_lag()): of lag 1 after what is due before the update of `step` was delivered,
 * of lag 0 before that, since there it arrives at the end of the step. */
static void sample_lag(const weights *probes, int b, int64_t step, int lag, double *row) {
  const volley_recorder *recorder = probes->recorder;
  const volley_plastic_table *plastic = volley_block_plastic(&probes->network->blocks[b], recorder->projection);
  double *room = NULL;
  const double *found = NULL;
  size_t capacity = 0;
  for (uint64_t i = probes->firsts[b]; i < probes->firsts[b + 1]; i++) {
    const probe *p = &probes->probes[i];
    const volley_plastic_group *group = &plastic->groups[p->group];
    const uint32_t count = group->count;
    if (group->due - group->delay != lag) continue;
    if (i == probes->firsts[b] || p->group != probes->probes[i - 1].group) {
      const size_t needed = (size_t)count * ((size_t)plastic->model->n_states + 1);
      if (needed > capacity) {
        capacity = 2 * needed;
        room = volley_grow(room, capacity, sizeof *room, "a recorder of weights");
      }
      found = plastic->is_continuous
                  ? volley_plastic_look_at(plastic, p->group, volley_time_of(probes->network->experiment, step),
                                           recorder->state, room)
                  : volley_plastic_table_look(plastic, p->group, step - 1 + lag, recorder->state, room);
    }
    row[p->column] = found[p->synapse];
  }
  free(room);
}

static void before(void *own, int block, int64_t step, double *row) { sample_lag(own, block, step, 0, row); }

static void sample(void *own, int block, int slice, int64_t step, double *row) {
  if (slice == 0) sample_lag(own, block, step, 1, row);
}

static volley_choices choices(const volley_experiment *experiment, const volley_recorder *recorder) {
  const volley_synapse_model *model = experiment->projections[recorder->projection].plasticity.model;
  return (volley_choices){model->states, volley_synapse_recordables(model), sizeof *model->states,
                          "state of synapse model", model->name};
}

static uint64_t width(const volley_experiment *experiment, const volley_recorder *recorder) {
  (void)experiment;
  return recorder->synapses;
}

static double expected_width(const volley_experiment *experiment, const volley_recorder *recorder,
                             const double *synapses) {
  const volley_projection *projection = &experiment->projections[recorder->projection];
  return round(synapses[recorder->projection] * recorder->sources.count /
               experiment->populations[projection->source].size * recorder->neurons.count /
               experiment->populations[projection->target].size);
}

static void count(const volley_experiment *experiment, const volley_network *network, volley_recorder *recorder) {
  volley_synapse_order order =
      volley_synapse_order_make(network, recorder->projection, &recorder->sources, &recorder->neurons);
  recorder->synapses = volley_synapse_order_total(&order);
  if (recorder->synapses == 0 && order.firsts && network->rank == 0)
    volley_progress_note("recorder '%s' records nothing: projection '%s' has no synapses between these neurons",
                         recorder->name, experiment->projections[recorder->projection].name);
  volley_synapse_order_release(&order);
}

static volley_state_info value(const volley_experiment *experiment, const volley_recorder *recorder) {
  const volley_projection *projection = &experiment->projections[recorder->projection];
  const volley_neuron_model *target = experiment->populations[projection->target].model;
  const int receptor = projection->receptor >= 0 ? projection->receptor : target->receptor_of_sign[0];
  volley_state_info state = projection->plasticity.model->states[recorder->state];
  if (strcmp(state.unit, "weight") == 0) state.unit = target->receptors[receptor].unit;
  return state;
}

static int attributes(const volley_experiment *experiment, const volley_recorder *recorder,
                      volley_attribute list[VOLLEY_MAX_ATTRIBUTES]) {
  const volley_projection *projection = &experiment->projections[recorder->projection];
  const volley_plasticity_plan *plan = &projection->plasticity;
  list[0] = (volley_attribute){"projection", .text = projection->name};
  list[1] = (volley_attribute){"source", .text = experiment->populations[projection->source].name};
  list[2] = (volley_attribute){"target", .text = experiment->populations[projection->target].name};
  list[3] = (volley_attribute){"delay_is", .text = plan->is_axonal ? "axonal" : "dendritic"};
  list[4] = (volley_attribute){"recorded_synapses", VOLLEY_IS_COUNT, .count = recorder->synapses};
  list[5] =
      (volley_attribute){"has_dopamine", VOLLEY_IS_COUNT, .count = plan->dopamine >= 0 || plan->n_dopamine_on > 0};
  return 6;
}

const volley_recorder_kind volley_record_weights = {.name = "weights",
                                                    .plural = "weights",
                                                    .of = VOLLEY_OF_PROJECTION,
                                                    .needs = "projection",
                                                    .takes = "states|sources|targets|interval",
                                                    .choice_key = "states",
                                                    .choices = choices,
                                                    .width = width,
                                                    .expected_width = expected_width,
                                                    .count = count,
                                                    .create = create,
                                                    .destroy = destroy,
                                                    .before = before,
                                                    .sample = sample,
                                                    .group = "weights",
                                                    .maps = VOLLEY_MAPS_SYNAPSES,
                                                    .value = value,
                                                    .attributes = attributes,
                                                    .column_bytes = 100,
                                                    .mapping_bytes = 16};
