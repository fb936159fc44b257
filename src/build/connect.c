#include "build/connect.h"

#include "build/rule.h"

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
  drawn_values values;
  int min_delay; /* steps, of all edges filled so far */
  bool fills;    /* second pass */
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

static void count_edges(const edge_pass *pass, const volley_drawing *drawing) {
  const uint32_t first_gid = pass->experiment->populations[drawing->projection->source].first_gid;
  for (size_t e = 0; e < drawing->n; e++) volley_table_count(pass->builder, first_gid + drawing->sources[e]);
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

static void fill_edges(edge_pass *pass, const volley_drawing *drawing, int p, uint32_t gid, uint16_t id) {
  const volley_experiment *experiment = pass->experiment;
  const volley_projection *projection = drawing->projection;
  const volley_neuron_model *model = experiment->populations[projection->target].model;
  const uint32_t first_gid = experiment->populations[projection->source].first_gid;
  draw_values(pass, drawing, p, gid);
  for (size_t e = 0; e < drawing->n; e++) {
    const float weight = (float)pass->values.weights[e];
    double delay = floor(pass->values.delays[e] / experiment->simulation.dt + 0.5);
    if (delay > VOLLEY_MAX_DELAY) {
      volley_fault(VOLLEY_USAGE, &projection->place, "a delay of %g ms was drawn; at most %d steps, %g ms: set max",
                   pass->values.delays[e], VOLLEY_MAX_DELAY, VOLLEY_MAX_DELAY * experiment->simulation.dt);
      delay = VOLLEY_MAX_DELAY;
    }
    const int receptor =
        projection->receptor == VOLLEY_RECEPTOR_BY_SIGN ? model->receptor_of_sign[weight < 0] : projection->receptor;
    const int steps = delay < 1 ? 1 : (int)delay;
    if (steps < pass->min_delay) pass->min_delay = steps;
    volley_table_fill(pass->builder, first_gid + drawing->sources[e], id,
                      (uint16_t)(steps + volley_receptor_lag(model, receptor)), (uint8_t)receptor, weight);
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
          count_edges(pass, &drawing);
        }
      }
      end_drawing(&drawing);
    }
  }
}

void volley_connect_block(const volley_experiment *experiment, const volley_edge_list *lists, volley_block *block) {
  edge_pass pass = {.experiment = experiment,
                    .lists = lists,
                    .builder = volley_table_builder_create(),
                    .min_delay = VOLLEY_MAX_DELAY + 1};
  go_through(&pass, block);
  volley_table_allocate(pass.builder);
  pass.fills = true;
  go_through(&pass, block);
  block->table = volley_table_finish(pass.builder);
  block->min_delay = pass.min_delay;
  free(pass.values.weights);
  free(pass.values.delays);
}
