#include "network/connect.h"

#include "base/units.h"
#include "rule/rule.h"

#include <math.h>
#include <stdlib.h>

/* Weights and delays of the edges of one target, as drawn. */
typedef struct drawn_values {
  double *weights, *delays;
  size_t capacity;
} drawn_values;

/* What both passes over the edges of a block share. */
typedef struct edge_pass {
  const volley_experiment *experiment;
  const volley_edge_list *lists;
  volley_table_builder *builder;
  volley_plastic_table_builder **plastic; /* [n_projections] NULL: static, or not onto this block */
  drawn_values values;
  uint8_t *outgoing; /* [n_populations] bits of volley_outgoing, of all edges filled so far */
  int min_delay;     /* steps, of all edges filled so far */
  int refused;       /* projection whose weights were last refused, or -1 */
  bool fills;        /* second pass */
} edge_pass;

static volley_drawing begin_drawing(const edge_pass *pass, int p, const volley_slice *slice) {
  const volley_experiment *experiment = pass->experiment;
  const volley_projection *projection = &experiment->projections[p];
  uint32_t *targets = volley_alloc(slice->count, sizeof *targets, "the targets of a projection");
  const uint32_t first_gid = experiment->populations[slice->population].first_gid;
  for (uint32_t i = 0; i < slice->count; i++) targets[i] = slice->gids[i] - first_gid;
  volley_drawing drawing = {
      .experiment = experiment,
      .projection = projection,
      .n_source = experiment->populations[projection->source].size,
      .n_target = experiment->populations[projection->target].size,
      .excludes_self = projection->source == projection->target && !projection->autapses,
      .partner = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_PARTNER, (uint32_t)p),
      .split = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_SPLIT, (uint32_t)p),
      .targets = targets,
      .count = slice->count,
      .list = &pass->lists[p],
  };
  if (projection->rule->begin) projection->rule->begin(&drawing);
  return drawing;
}

static void end_drawing(volley_drawing *drawing) {
  free((void *)drawing->targets);
  volley_drawing_release(drawing);
}

static void count_edges(const edge_pass *pass, const volley_drawing *drawing, int p) {
  const uint32_t first_gid = pass->experiment->populations[drawing->projection->source].first_gid;
  for (size_t e = 0; e < drawing->n; e++) {
    if (pass->plastic[p])
      volley_plastic_table_count(pass->plastic[p], first_gid + drawing->sources[e]);
    else
      volley_table_count(pass->builder, first_gid + drawing->sources[e]);
  }
}

static void subtract_mean(double *weights, size_t n) {
  double sum = 0;
  for (size_t e = 0; e < n; e++) sum += weights[e];
  for (size_t e = 0; e < n; e++) weights[e] -= sum / (double)n;
}

/* Draws the weights and delays of the present target's edges, unless the edges carry their own. */
static void draw_values(edge_pass *pass, const volley_drawing *drawing, int p, uint32_t gid) {
  const uint32_t seed = pass->experiment->simulation.seed;
  const volley_projection *projection = drawing->projection;
  drawn_values *values = &pass->values;
  if (drawing->n > values->capacity) {
    values->capacity = 2 * drawing->n;
    values->weights = volley_grow(values->weights, values->capacity, sizeof(double), "the weights of a neuron");
    values->delays = volley_grow(values->delays, values->capacity, sizeof(double), "the delays of a neuron");
  }
  if (drawing->edges && drawing->list->has_weights) {
    for (size_t e = 0; e < drawing->n; e++) values->weights[e] = drawing->edges[e].weight;
  } else {
    volley_distribution_draw(&projection->weight, volley_key_of(seed, VOLLEY_PURPOSE_WEIGHT, (uint32_t)p), gid, 0,
                             drawing->n, values->weights);
  }
  if (projection->balanced) subtract_mean(values->weights, drawing->n);
  if (drawing->edges && drawing->list->has_delays) {
    for (size_t e = 0; e < drawing->n; e++) values->delays[e] = drawing->edges[e].delay;
  } else {
    volley_distribution_draw(&projection->delay, volley_key_of(seed, VOLLEY_PURPOSE_DELAY, (uint32_t)p), gid, 0,
                             drawing->n, values->delays);
  }
}

/* Weights that a plastic synapse cannot begin with. */
static void check_weight(edge_pass *pass, int p, double weight) {
  const volley_projection *projection = &pass->experiment->projections[p];
  double low, high;
  projection->plasticity.model->range(projection->plasticity.parameters, &low, &high);
  if ((low <= weight && weight <= high) || pass->refused == p) return;
  pass->refused = p;
  volley_fault(VOLLEY_USAGE, &projection->place,
               "a synapse has the weight %g; its model %s takes %g to %g at the beginning", weight,
               projection->plasticity.model->name, low, high);
}

/* The sign of a weight; of a plastic one of 0 that which it will have. */
static bool is_negative(const volley_projection *projection, double weight) {
  double low = 0, high = 0;
  if ((float)weight == 0 && projection->plasticity.model)
    projection->plasticity.model->range(projection->plasticity.parameters, &low, &high);
  return (float)weight < 0 || (low < 0 && high <= 0);
}

static void fill_edge(edge_pass *pass, const volley_drawing *drawing, int p, uint16_t id, size_t e, int delay) {
  const volley_experiment *experiment = pass->experiment;
  const volley_projection *projection = drawing->projection;
  const volley_neuron_model *model = experiment->populations[projection->target].model;
  const uint32_t gid = experiment->populations[projection->source].first_gid + drawing->sources[e];
  const double weight = pass->values.weights[e];
  const int receptor = projection->receptor == VOLLEY_RECEPTOR_BY_SIGN
                           ? model->receptor_of_sign[is_negative(projection, weight)]
                           : projection->receptor;
  const uint16_t due = (uint16_t)(delay + volley_receptor_lag(model, receptor));
  if (delay < pass->min_delay) pass->min_delay = delay;
  if (projection->plasticity.model) {
    check_weight(pass, p, weight);
    volley_plastic_table_fill(pass->plastic[p], gid, id, due, (uint16_t)delay, (uint8_t)receptor, weight);
  } else {
    volley_table_fill(pass->builder, gid, id, due, (uint8_t)receptor,
                      (float)volley_receptor_weight(model, receptor, weight));
  }
}

/* Notes for the source what n synapses of a projection do: their sign, or that of the conductance that they open. */
static void note_signs(edge_pass *pass, const volley_projection *projection, size_t n) {
  const volley_neuron_model *model = pass->experiment->populations[projection->target].model;
  const int receptor = projection->receptor;
  const bool inhibits = receptor >= 0 && model->receptors[receptor].weights == VOLLEY_CONDUCTANCE &&
                        receptor == model->receptor_of_sign[1] && receptor != model->receptor_of_sign[0];
  unsigned signs = 0;
  for (size_t e = 0; e < n; e++) {
    const double weight = pass->values.weights[e];
    if ((float)weight == 0 && !projection->plasticity.model) continue;
    signs |= inhibits || is_negative(projection, weight) ? VOLLEY_OUTGOING_INHIBITORY : VOLLEY_OUTGOING_EXCITATORY;
  }
  pass->outgoing[projection->source] = (uint8_t)(pass->outgoing[projection->source] | signs);
}

static void fill_edges(edge_pass *pass, const volley_drawing *drawing, int p, uint32_t gid, uint16_t id) {
  const double dt = pass->experiment->simulation.dt;
  draw_values(pass, drawing, p, gid);
  note_signs(pass, drawing->projection, drawing->n);
  for (size_t e = 0; e < drawing->n; e++) {
    double delay = volley_round_steps(pass->values.delays[e], dt);
    if (delay > VOLLEY_MAX_DELAY) {
      volley_fault(VOLLEY_USAGE, &drawing->projection->place,
                   "a delay of %g ms was drawn; at most %d steps, %g ms: set max", pass->values.delays[e],
                   VOLLEY_MAX_DELAY, VOLLEY_MAX_DELAY * dt);
      delay = VOLLEY_MAX_DELAY;
    }
    fill_edge(pass, drawing, p, id, e, delay < 1 ? 1 : (int)delay);
  }
}

/* Goes through all edges onto the block: population by population, projection by projection, neuron by neuron. */
static void go_through(edge_pass *pass, const volley_block *block) {
  for (int s = 0; s < block->n_slices; s++) {
    const volley_slice *slice = &block->slices[s];
    for (int p = 0; p < pass->experiment->n_projections; p++) {
      if (pass->experiment->projections[p].target != slice->population) continue;
      volley_drawing drawing = begin_drawing(pass, p, slice);
      for (uint32_t i = 0; i < slice->count; i++) {
        drawing.projection->rule->draw(&drawing, i);
        if (pass->fills) {
          fill_edges(pass, &drawing, p, slice->gids[i], (uint16_t)(slice->offset + i));
        } else {
          count_edges(pass, &drawing, p);
        }
      }
      end_drawing(&drawing);
    }
  }
}

/* Neurons of a population in the block: ids *first .. *first + the number returned - 1. */
static uint32_t find_neurons(const volley_block *block, int population, uint32_t *first) {
  uint32_t count = 0;
  for (int s = 0; s < block->n_slices; s++) {
    if (block->slices[s].population != population) continue;
    if (count == 0) *first = block->slices[s].offset;
    count = block->slices[s].offset + block->slices[s].count - *first;
  }
  return count;
}

static void begin_plastic(edge_pass *pass, const volley_block *block) {
  const volley_experiment *experiment = pass->experiment;
  for (int p = 0; p < experiment->n_projections; p++) {
    uint32_t first = 0;
    const uint32_t count = experiment->projections[p].plasticity.model
                               ? find_neurons(block, experiment->projections[p].target, &first)
                               : 0;
    if (count > 0) pass->plastic[p] = volley_plastic_table_begin(experiment, p, first, count);
  }
}

static void finish_plastic(edge_pass *pass, volley_block *block) {
  for (int p = 0; p < pass->experiment->n_projections; p++) {
    if (!pass->plastic[p]) continue;
    block->plastic =
        volley_grow(block->plastic, (size_t)block->n_plastic + 1, sizeof *block->plastic, "plastic synapses");
    volley_plastic_table *plastic = &block->plastic[block->n_plastic++];
    *plastic = volley_plastic_table_finish(pass->plastic[p]);
    const int delay = plastic->n_dopamine > 0 ? plastic->dopamine_delay : pass->min_delay;
    if (delay < pass->min_delay) pass->min_delay = delay; /* dopamine is to be known when it arrives */
  }
}

void volley_connect_block(const volley_experiment *experiment, const volley_edge_list *lists, volley_block *block) {
  edge_pass pass = {.experiment = experiment,
                    .lists = lists,
                    .builder = volley_table_builder_create(),
                    .outgoing = volley_alloc((size_t)experiment->n_populations, 1, "signs of weights"),
                    .min_delay = VOLLEY_MAX_DELAY + 1,
                    .refused = -1};
  pass.plastic = volley_alloc((size_t)experiment->n_projections, sizeof *pass.plastic, "plastic synapses");
  begin_plastic(&pass, block);
  go_through(&pass, block);
  volley_table_allocate(pass.builder);
  for (int p = 0; p < experiment->n_projections; p++)
    if (pass.plastic[p]) volley_plastic_table_allocate(pass.plastic[p]);
  pass.fills = true;
  go_through(&pass, block);
  block->table = volley_table_finish(pass.builder);
  finish_plastic(&pass, block);
  block->min_delay = pass.min_delay;
  block->outgoing = pass.outgoing;
  free(pass.plastic);
  free(pass.values.weights);
  free(pass.values.delays);
}
