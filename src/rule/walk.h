/* Going through all edges of a projection onto some neurons, apart from what is done with them: tables, counts, queries.
 *
 * The order is total, and what stands in it depends on nothing but the experiment: targets ascending, then the numbers of the
 * edges onto a target, in which its input is added. The edges onto a neuron and their values are the same whichever others
 * are gone through with it. */
#ifndef VOLLEY_RULE_WALK_H
#define VOLLEY_RULE_WALK_H

#include "rule/edge_list.h"

/* The edges onto one neuron. Arrays are those of the walk, until its next target. */
typedef struct volley_edges {
  volley_gid target;
  uint32_t i; /* place among the targets of the walk */
  size_t n;
  const volley_gid *sources; /* [n] */
  /* After volley_walk_draw_values(): */
  const double *weights;  /* [n] in the receptor's unit, as the experiment means them: a conductance may have a sign */
  const double *times;    /* [n] delays in ms */
  const uint16_t *delays; /* [n] the same in steps, 1 .. VOLLEY_MAX_DELAY; NULL in a continuous run */
  const uint8_t *receptors; /* [n] */
} volley_edges;

typedef struct volley_walk volley_walk;

/* lists: [n_projections] edges that stand in lists; NULL where no such projection is gone through. Not collective. The result
 * is owned by the caller; experiment and lists must outlive it. */
volley_walk *volley_walk_create(const volley_experiment *experiment, const volley_edge_list *lists);
void volley_walk_destroy(volley_walk *walk);

/* Begins with the edges of projection p onto `count` neurons of its target population: gids ascending, which must last. */
void volley_walk_begin(volley_walk *walk, int p, const volley_gid *gids, uint32_t count);

/* The edges onto the next target, which may be none; NULL after the last. */
const volley_edges *volley_walk_next(volley_walk *walk);

/* Sets weights, delays and receptors of these edges. given: [n] their weights, NULL: as the experiment says. Faults (delays that are too
 * long) go to the list of this process. */
void volley_walk_draw_values(volley_walk *walk, const float *given);

/* Whether a weight is negative; of a plastic one of 0 whether it will be. */
bool volley_weight_is_negative(const volley_projection *projection, double weight);

#endif
