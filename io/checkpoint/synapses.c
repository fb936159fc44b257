#include "io/checkpoint/synapses.h"

#include "rule/rule.h"

#include <stdlib.h>

static double get_state(const volley_plastic_table *plastic, const volley_plastic_group *group, uint64_t s, int k) {
  (void)group;
  return plastic->states[k][s];
}

static void set_state(volley_plastic_table *plastic, volley_plastic_group *group, uint64_t s, int k, double value) {
  (void)group;
  plastic->states[k][s] = value;
}

static double get_last(const volley_plastic_table *plastic, const volley_plastic_group *group, uint64_t s, int k) {
  (void)plastic, (void)s, (void)k;
  return (double)group->last;
}

static void set_last(volley_plastic_table *plastic, volley_plastic_group *group, uint64_t s, int k, double value) {
  (void)plastic, (void)s, (void)k;
  group->last = (int64_t)value;
}

static double get_row(const volley_plastic_table *plastic, const volley_plastic_group *group, uint64_t s, int k) {
  (void)plastic, (void)s;
  return group->row[k];
}

static void set_row(volley_plastic_table *plastic, volley_plastic_group *group, uint64_t s, int k, double value) {
  (void)plastic, (void)s;
  group->row[k] = value;
}

int volley_synapse_columns(const volley_synapse_model *model, volley_synapse_column *columns) {
  int n = 0;
  for (int k = 0; k < model->n_states; k++)
    columns[n++] = (volley_synapse_column){model->states[k].name, k, get_state, set_state};
  columns[n++] = (volley_synapse_column){"last", 0, get_last, set_last};
  for (int k = 0; k < model->n_row_states; k++)
    columns[n++] = (volley_synapse_column){model->row_states[k], k, get_row, set_row};
  return n;
}

uint32_t volley_saved_traces(const volley_synapse_model *model) {
  uint32_t n = 0;
  for (int t = 0; t < model->n_traces; t++) n += model->traces[t].of == VOLLEY_OF_TARGET;
  return n > 1 ? n : 1;
}

volley_saved_projection *volley_saved_projections(const volley_network *network, int *n) {
  const volley_experiment *experiment = network->experiment;
  volley_saved_projection *projections =
      volley_alloc((size_t)experiment->n_projections, sizeof *projections, "a checkpoint");
  *n = 0;
  for (int k = 0; k < experiment->n_projections; k++) {
    const volley_projection *projection = &experiment->projections[k];
    if (!projection->plasticity.model) continue;
    volley_saved_projection *p = &projections[*n];
    *p = (volley_saved_projection){.projection = k,
                                   .number = (*n)++,
                                   .model = projection->plasticity.model,
                                   .n_targets = experiment->populations[projection->target].size,
                                   .order = volley_synapse_order_make(network, k, NULL, NULL)};
    p->ones = volley_alloc((size_t)p->n_targets + 1, sizeof *p->ones, "a checkpoint");
    for (uint64_t t = 0; t <= p->n_targets; t++) p->ones[t] = t;
  }
  return projections;
}

void volley_saved_projections_release(volley_saved_projection *projections, int n) {
  for (int k = 0; k < n; k++) {
    volley_synapse_order_release(&projections[k].order);
    free(projections[k].past);
    free(projections[k].ones);
  }
  free(projections);
}

void volley_add_up(uint64_t *counts, uint32_t n) {
  uint64_t total = 0;
  for (uint32_t t = 0; t <= n; t++) {
    const uint64_t count = t < n ? counts[t] : 0;
    counts[t] = total;
    total += count;
  }
}

typedef struct placing {
  const volley_saved_block *block;
  const volley_synapse_order *order;
  uint64_t *starts; /* [n_targets] */
} placing;

static void place(void *context, uint32_t group, uint32_t synapse, uint64_t number) {
  const placing *p = context;
  const volley_plastic_table *plastic = p->block->plastic;
  const uint64_t s = plastic->groups[group].first + synapse;
  const uint32_t t = plastic->ids[s] - plastic->first_id;
  p->block->places[s] = p->starts[t] + number - p->order->firsts[p->block->indices[t]];
}

volley_saved_block volley_saved_block_make(const volley_network *network, const volley_saved_projection *p, int b) {
  const volley_block *block = &network->blocks[b];
  volley_saved_block made = {.plastic = volley_block_plastic(block, p->projection)};
  const volley_plastic_table *plastic = made.plastic;
  if (!plastic) return made;
  placing placed = {&made, &p->order, volley_alloc(plastic->n_targets, sizeof *placed.starts, "a checkpoint")};
  made.indices = volley_alloc(plastic->n_targets, sizeof *made.indices, "a checkpoint");
  made.places = volley_alloc(plastic->synapses, sizeof *made.places, "a checkpoint");
  uint64_t start = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    const uint32_t index = made.indices[t] = volley_plastic_target(network, block, plastic, t);
    placed.starts[t] = start;
    start += p->order.firsts[index + 1] - p->order.firsts[index];
  }
  volley_synapse_order_walk(&p->order, block, plastic, place, &placed);
  free(placed.starts);
  return made;
}

void volley_saved_block_release(volley_saved_block *block) {
  free(block->indices);
  free(block->places);
}

bool volley_saved_block_next(const volley_saved_block *block, const uint64_t *firsts, uint32_t *t, uint64_t *first,
                             uint64_t *count) {
  for (*count = 0; *count == 0 && *t < block->plastic->n_targets;) {
    uint64_t end = *first = firsts[block->indices[*t]];
    do {
      end = firsts[block->indices[(*t)++] + 1];
    } while (*t < block->plastic->n_targets && firsts[block->indices[*t]] == end);
    *count = end - *first;
  }
  return *count > 0;
}

static uint64_t count_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  volley_synapse_column columns[VOLLEY_MAX_SYNAPSE_COLUMNS];
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const volley_synapse_model *model = projection->plasticity.model;
    const double synapses = model ? projection->rule->expected(experiment, projection) : 0;
    if (synapses > 0) bytes += (uint64_t)synapses * (uint64_t)volley_synapse_columns(model, columns) * sizeof(double);
  }
  return bytes;
}

const volley_section volley_section_synapses = {.name = "plastic",
                                                .bytes = count_bytes,
                                                .create = volley_synapses_create,
                                                .put = volley_synapses_put,
                                                .release = volley_synapses_release,
                                                .restore = volley_synapses_restore};
