#include "rule/walk.h"

#include "base/units.h"
#include "model/change.h"
#include "neuron/neuron.h"
#include "rule/near.h"
#include "synapse/synapse.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

struct volley_walk {
  const volley_experiment *experiment;
  const volley_edge_list *lists;
  int projection;
  const volley_gid *gids; /* [drawing.count] targets */
  uint32_t *targets;      /* [drawing.count] their indices */
  volley_drawing drawing;
  volley_edges edges;
  volley_gid *sources;     /* [capacity] where they have more bits than indices */
  double *weights, *times; /* [capacity], the times in ms */
  uint16_t *delays;
  uint8_t *receptors;
  size_t capacity;
};

volley_walk *volley_walk_create(const volley_experiment *experiment, const volley_edge_list *lists) {
  volley_walk *walk = volley_alloc(1, sizeof *walk, "the edges of a projection");
  *walk = (volley_walk){.experiment = experiment, .lists = lists};
  return walk;
}

static void end(volley_walk *walk) {
  free(walk->targets);
  walk->targets = NULL;
  volley_drawing_release(&walk->drawing);
}

void volley_walk_destroy(volley_walk *walk) {
  end(walk);
  free(walk->sources);
  free(walk->weights);
  free(walk->times);
  free(walk->delays);
  free(walk->receptors);
  free(walk);
}

void volley_walk_begin(volley_walk *walk, int p, const volley_gid *gids, uint32_t count) {
  const volley_experiment *experiment = walk->experiment;
  const volley_projection *projection = &experiment->projections[p];
  const volley_population *target = &experiment->populations[projection->target];
  end(walk);
  walk->projection = p;
  walk->gids = gids;
  walk->edges.i = UINT32_MAX; /* before the first */
  walk->targets = volley_alloc(count, sizeof *walk->targets, "the targets of a projection");
  for (uint32_t i = 0; i < count; i++) walk->targets[i] = volley_index_in(target, gids[i]);
  walk->drawing = (volley_drawing){
      .experiment = experiment,
      .projection = projection,
      .n_source = experiment->populations[projection->source].size,
      .n_target = target->size,
      .excludes_self = projection->source == projection->target && !projection->autapses,
      .partner = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_PARTNER, (uint32_t)p),
      .split = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_SPLIT, (uint32_t)p),
      .targets = walk->targets,
      .count = count,
      .list = walk->lists && projection->rule->list ? &walk->lists[p] : NULL,
  };
  if (projection->profile && !projection->rule->list)
    walk->drawing.near = volley_near_create(experiment, projection, projection->target, projection->source,
                                            !projection->rule->number_key);
  if (projection->rule->begin) projection->rule->begin(&walk->drawing);
}

static void reserve(volley_walk *walk, size_t n) {
  if (n <= walk->capacity) return;
  walk->capacity = 2 * n;
#if VOLLEY_GID_BITS > 32
  walk->sources = volley_grow(walk->sources, walk->capacity, sizeof *walk->sources, "the edges of a neuron");
#endif
  walk->weights = volley_grow(walk->weights, walk->capacity, sizeof *walk->weights, "the weights of a neuron");
  walk->times = volley_grow(walk->times, walk->capacity, sizeof *walk->times, "the delays of a neuron");
  walk->delays = volley_grow(walk->delays, walk->capacity, sizeof *walk->delays, "the delays of a neuron");
  walk->receptors = volley_grow(walk->receptors, walk->capacity, sizeof *walk->receptors, "the edges of a neuron");
}

/* The sources that were drawn, as gids: in their place, if these have no more bits. */
static const volley_gid *name_sources(volley_walk *walk) {
  volley_drawing *drawing = &walk->drawing;
  const volley_gid first_gid = walk->experiment->populations[drawing->projection->source].first_gid;
#if VOLLEY_GID_BITS > 32
  reserve(walk, drawing->n);
  volley_gid *sources = walk->sources;
#else
  volley_gid *sources = drawing->sources;
#endif
  for (size_t e = 0; e < drawing->n; e++) sources[e] = first_gid + drawing->sources[e];
  return sources;
}

const volley_edges *volley_walk_next(volley_walk *walk) {
  volley_drawing *drawing = &walk->drawing;
  const uint32_t i = walk->edges.i + 1;
  if (i == drawing->count) return NULL;
  drawing->projection->rule->draw(drawing, i);
  walk->edges = (volley_edges){.target = walk->gids[i], .i = i, .n = drawing->n, .sources = name_sources(walk)};
  return &walk->edges;
}

static void subtract_mean(double *weights, size_t n) {
  double sum = 0;
  for (size_t e = 0; e < n; e++) sum += weights[e];
  for (size_t e = 0; e < n; e++) weights[e] -= sum / (double)n;
}

/* Weights that are drawn, or that a factor makes, can be larger than those that are written. */
static void check_weights(const volley_walk *walk) {
  const double *weights = walk->weights;
  const size_t n = walk->edges.n;
  bool beyond = false;
  for (size_t e = 0; e < n; e++) beyond |= !(fabs(weights[e]) <= FLT_MAX);
  for (size_t e = 0; e < n && beyond; e++)
    if (!(fabs(weights[e]) <= FLT_MAX)) {
      volley_fault(VOLLEY_USAGE, &walk->drawing.projection->place,
                   "a synapse gets the weight %g, which is beyond %g, the largest that can be kept", weights[e],
                   (double)FLT_MAX);
      return;
    }
}

/* What depends on the distances of the sources from the present target. */
static void look_at_distances(const volley_walk *walk, const volley_profile *profile, double *out) {
  const volley_projection *projection = walk->drawing.projection;
  const volley_population *source = &walk->experiment->populations[projection->source];
  const volley_population *target = &walk->experiment->populations[projection->target];
  double here[VOLLEY_DIMENSIONS], there[VOLLEY_DIMENSIONS];
  volley_space_position(target->space, volley_index_in(target, walk->edges.target), here);
  for (size_t e = 0; e < walk->edges.n; e++) {
    volley_space_position(source->space, volley_index_in(source, walk->edges.sources[e]), there);
    out[e] = volley_profile_at(profile, volley_space_distance(target->space, here, there));
  }
}

/* One value for each of the present target's edges. */
static void draw(const volley_walk *walk, const volley_distribution *distribution, volley_purpose purpose,
                 double *out) {
  if (distribution->kind == VOLLEY_OF_DISTANCE) {
    look_at_distances(walk, distribution->profile, out);
    return;
  }
  const volley_key key = volley_key_of(walk->experiment->simulation.seed, purpose, (uint32_t)walk->projection);
  volley_distribution_draw(distribution, key, walk->edges.target, 0, walk->edges.n, out);
}

/* A delay of a continuous run to 40 binary digits (network/event_table.h). */
static double shorten(double time) {
  int exponent;
  const double digits = frexp(time, &exponent);
  return ldexp(nearbyint(digits * 0x1p40), exponent - 40);
}

static void draw_delays(const volley_walk *walk) {
  const volley_distribution *delay = &walk->drawing.projection->delay;
  draw(walk, delay, VOLLEY_PURPOSE_DELAY, walk->times);
  if (!walk->experiment->simulation.continuous || volley_distribution_is_constant(delay)) return;
  for (size_t e = 0; e < walk->edges.n; e++) walk->times[e] = shorten(walk->times[e]);
}

/* The delays in steps. */
static void round_delays(const volley_walk *walk, const double *times, uint16_t *out) {
  const double dt = walk->experiment->simulation.dt;
  bool is_long = false;
  for (size_t e = 0; e < walk->edges.n; e++) {
    const double steps = volley_round_steps(times[e], dt);
    is_long |= steps > VOLLEY_MAX_DELAY;
    out[e] = (uint16_t)(int)(steps < 1 ? 1 : steps > VOLLEY_MAX_DELAY ? VOLLEY_MAX_DELAY : steps);
  }
  for (size_t e = 0; e < walk->edges.n && is_long; e++)
    if (volley_round_steps(times[e], dt) > VOLLEY_MAX_DELAY)
      volley_fault(VOLLEY_USAGE, &walk->drawing.projection->place,
                   "a delay of %g ms was drawn; at most %d steps, %g ms: set max", times[e], VOLLEY_MAX_DELAY,
                   VOLLEY_MAX_DELAY * dt);
}

bool volley_weight_is_negative(const volley_projection *projection, double weight) {
  double low = 0, high = 0;
  if ((float)weight == 0 && projection->plasticity.model)
    projection->plasticity.model->range(projection->plasticity.parameters, &low, &high);
  return (float)weight < 0 || (low < 0 && high <= 0);
}

/* The receptor named, or that of the sign of each weight. */
static void choose_receptors(const volley_walk *walk) {
  const volley_projection *projection = walk->drawing.projection;
  const int *of_sign = walk->experiment->populations[projection->target].model->receptor_of_sign;
  const bool by_sign = projection->receptor == VOLLEY_RECEPTOR_BY_SIGN;
  const uint8_t positive = (uint8_t)(by_sign ? of_sign[0] : projection->receptor),
                negative = (uint8_t)(by_sign ? of_sign[1] : projection->receptor),
                zero = volley_weight_is_negative(projection, 0) ? negative : positive;
  for (size_t e = 0; e < walk->edges.n; e++) {
    const float weight = (float)walk->weights[e];
    walk->receptors[e] = weight < 0 ? negative : weight > 0 ? positive : zero;
  }
}

/* The weights that the experiment says; edges of a list may bring theirs. */
static void draw_weights(const volley_walk *walk) {
  const volley_drawing *drawing = &walk->drawing;
  const volley_edge_list *own = drawing->list;
  const size_t n = walk->edges.n;
  double factor;
  bool is_set;
  const volley_distribution *weight = volley_changed_weight(walk->experiment, drawing->projection, &factor, &is_set);
  if (own && own->has_weights && !is_set)
    volley_edge_list_weights(own, drawing->first, n, walk->weights);
  else
    draw(walk, weight, VOLLEY_PURPOSE_WEIGHT, walk->weights);
  for (size_t e = 0; e < n && factor != 1; e++) walk->weights[e] *= factor;
  if (drawing->projection->balanced) subtract_mean(walk->weights, n);
  if (factor != 1 || !volley_distribution_is_constant(weight)) check_weights(walk);
}

void volley_walk_draw_values(volley_walk *walk, const float *given) {
  const volley_drawing *drawing = &walk->drawing;
  const size_t n = walk->edges.n;
  const volley_edge_list *own = drawing->list;
  const bool continuous = walk->experiment->simulation.continuous;
  reserve(walk, n);
  for (size_t e = 0; given && e < n; e++) walk->weights[e] = (double)given[e];
  if (given)
    check_weights(walk); /* a factor may have made them larger */
  else
    draw_weights(walk);
  if (own && own->has_delays)
    volley_edge_list_delays(own, drawing->first, n, walk->times);
  else
    draw_delays(walk);
  if (own && own->has_delays && !own->wide_delays)
    volley_edge_list_delay_steps(own, drawing->first, n, walk->delays);
  else if (!continuous)
    round_delays(walk, walk->times, walk->delays);
  choose_receptors(walk);
  walk->edges.weights = walk->weights;
  walk->edges.times = walk->times;
  walk->edges.delays = continuous ? NULL : walk->delays;
  walk->edges.receptors = walk->receptors;
}
