#include "space/space.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Neurons of a leaf, at least half as many on the average; and how many times the space is halved at most, so that the
 * leaves' numbers take no more than 17 MB. */
enum { LEAF = 32, MAX_LEVELS = 22 };

struct volley_space {
  const volley_position_plan *plan;
  const double *given; /* [neurons][dimensions] of a file */
  uint32_t neurons;
  int levels;
  uint8_t axes[MAX_LEVELS]; /* that boxes of a level are halved across */
  double low[VOLLEY_DIMENSIONS];
  uint32_t *firsts; /* [(1 << levels) + 1] neurons in the leaves before; NULL: of a grid */
  uint32_t *order;  /* [neurons] of a file: by leaves */
  volley_key position, halves;
};

const volley_position_plan *volley_space_plan(const volley_space *space) { return space->plan; }

int volley_space_levels(const volley_space *space) { return space->levels; }

/* Chooses the axes: always the one across which boxes are longest, of a grid have most columns, of which each keeps one. */
static void choose_axes(volley_space *space) {
  const volley_position_plan *plan = space->plan;
  double sides[VOLLEY_DIMENSIONS];
  const bool is_grid = plan->arrangement == VOLLEY_ARRANGED_GRID;
  for (int d = 0; d < plan->dimensions; d++) sides[d] = is_grid ? plan->shape[d] : plan->extent[d];
  for (space->levels = 0; space->levels < MAX_LEVELS && space->neurons >> space->levels >= LEAF; space->levels++) {
    int longest = 0;
    for (int d = 1; d < plan->dimensions; d++)
      if (sides[d] > sides[longest]) longest = d;
    if (sides[longest] < (is_grid ? 2 : DBL_MIN)) return;
    sides[longest] /= 2;
    space->axes[space->levels] = (uint8_t)longest;
  }
}

/* Shares the neurons of a box between its halves, and so on. */
static void split(volley_space *space, int level, uint32_t number, uint32_t first, uint32_t count) {
  if (level == space->levels) {
    space->firsts[number] = first;
    return;
  }
  volley_stream stream = volley_stream_of(space->halves, UINT32_C(1) << level | number, 0);
  const uint32_t left = (uint32_t)volley_binomial(&stream, count, 0.5);
  split(space, level + 1, 2 * number, first, left);
  split(space, level + 1, 2 * number + 1, first + left, count - left);
}

/* Sorts neurons by leaves, those of a leaf by index. */
static void sort_neurons(volley_space *space) {
  uint32_t *next = space->firsts + 1;
  for (uint32_t i = 0; i < space->neurons; i++) next[volley_space_leaf(space, i)]++;
  for (uint32_t leaf = 0; leaf < UINT32_C(1) << space->levels; leaf++) next[leaf] += space->firsts[leaf];
  for (uint32_t i = space->neurons; i-- > 0;) space->order[--next[volley_space_leaf(space, i)]] = i;
  memmove(space->firsts, next, sizeof *next << space->levels);
  space->firsts[UINT32_C(1) << space->levels] = space->neurons;
}

volley_space *volley_space_create(volley_arena *arena, const volley_position_plan *plan, const double *given,
                                  uint32_t neurons, uint32_t seed, int population) {
  volley_space *space = volley_arena_alloc(arena, 1, sizeof *space);
  *space = (volley_space){.plan = plan, .given = given, .neurons = neurons};
  for (int d = 0; d < plan->dimensions; d++) space->low[d] = plan->centre[d] - plan->extent[d] / 2;
  space->position = volley_key_of(seed, VOLLEY_PURPOSE_POSITION, (uint32_t)population);
  space->halves = volley_key_of(seed, VOLLEY_PURPOSE_HALF, (uint32_t)population);
  choose_axes(space);
  if (plan->arrangement == VOLLEY_ARRANGED_GRID) return space;
  space->firsts = volley_arena_alloc(arena, ((size_t)1 << space->levels) + 1, sizeof *space->firsts);
  if (given) {
    space->order = volley_arena_alloc(arena, neurons, sizeof *space->order);
    sort_neurons(space);
  } else {
    split(space, 0, 0, 0, neurons);
    space->firsts[UINT32_C(1) << space->levels] = neurons;
  }
  return space;
}

static double column_centre(const volley_space *space, int axis, uint32_t column) {
  return space->low[axis] + space->plan->extent[axis] * (column + 0.5) / space->plan->shape[axis];
}

/* Sets where the columns of a box of a grid stand along an axis. */
static void place_columns(const volley_space *space, volley_box *box, int axis) {
  box->low[axis] = column_centre(space, axis, box->from[axis]);
  box->high[axis] = column_centre(space, axis, box->from[axis] + box->columns[axis] - 1);
}

volley_box volley_space_root(const volley_space *space) {
  const volley_position_plan *plan = space->plan;
  volley_box box = {.count = space->neurons};
  for (int d = 0; d < plan->dimensions; d++) {
    box.low[d] = space->low[d];
    box.high[d] = space->low[d] + plan->extent[d];
    box.columns[d] = plan->shape[d];
    if (!space->firsts) place_columns(space, &box, d);
  }
  return box;
}

void volley_box_halve(const volley_space *space, volley_box *box, bool upper) {
  const int axis = space->axes[box->level++], above = space->levels - box->level;
  box->number = 2 * box->number + upper;
  if (space->firsts) {
    const double middle = box->low[axis] + (box->high[axis] - box->low[axis]) / 2;
    *(upper ? &box->low[axis] : &box->high[axis]) = middle;
    box->first = space->firsts[box->number << above];
    box->count = space->firsts[(box->number + 1) << above] - box->first;
    return;
  }
  const uint32_t all = box->columns[axis], half = all / 2;
  box->from[axis] += upper ? half : 0;
  box->columns[axis] = upper ? all - half : half;
  box->count = box->count / all * box->columns[axis];
  place_columns(space, box, axis);
}

volley_box volley_space_box(const volley_space *space, int level, uint32_t number) {
  volley_box box = volley_space_root(space);
  while (box.level < level) volley_box_halve(space, &box, number >> (level - 1 - box.level) & 1);
  return box;
}

/* The column of a neuron of a grid along each axis. */
static void find_columns(const volley_space *space, uint32_t index, uint32_t columns[VOLLEY_DIMENSIONS]) {
  for (int d = 0; d < space->plan->dimensions; d++) {
    columns[d] = index % space->plan->shape[d];
    index /= space->plan->shape[d];
  }
}

/* Goes down from a box to the leaf of a neuron in it. */
static void descend(const volley_space *space, uint32_t index, volley_box *box) {
  const double *x = space->given + (space->given ? (size_t)index * (size_t)space->plan->dimensions : 0);
  uint32_t columns[VOLLEY_DIMENSIONS];
  if (!space->firsts) find_columns(space, index, columns);
  while (box->level < space->levels) {
    const int axis = space->axes[box->level], above = space->levels - box->level - 1;
    const bool upper = !space->firsts  ? columns[axis] >= box->from[axis] + box->columns[axis] / 2
                       : !space->given ? index >= space->firsts[(2 * box->number + 1) << above]
                                       : x[axis] >= box->low[axis] + (box->high[axis] - box->low[axis]) / 2;
    volley_box_halve(space, box, upper);
  }
}

uint32_t volley_space_leaf(const volley_space *space, uint32_t index) {
  volley_box box = volley_space_root(space);
  descend(space, index, &box);
  return box.number;
}

uint32_t volley_box_neuron(const volley_space *space, const volley_box *box, uint32_t k) {
  uint32_t index = 0, step = 1;
  if (space->order) return space->order[box->first + k];
  if (space->firsts) return box->first + k;
  for (int d = 0; d < space->plan->dimensions; d++) {
    index += step * (box->from[d] + k % box->columns[d]);
    k /= box->columns[d];
    step *= space->plan->shape[d];
  }
  return index;
}

void volley_box_position(const volley_space *space, const volley_box *box, uint32_t index,
                         double out[VOLLEY_DIMENSIONS]) {
  const int dimensions = space->plan->dimensions;
  uint32_t words[4];
  if (space->given) {
    memcpy(out, space->given + (size_t)index * (size_t)dimensions, (size_t)dimensions * sizeof *out);
    return;
  }
  if (!space->firsts) {
    find_columns(space, index, words);
    for (int d = 0; d < dimensions; d++) out[d] = column_centre(space, d, words[d]);
    return;
  }
  volley_box leaf = *box;
  descend(space, index, &leaf);
  volley_random_block(space->position, index, 0, 0, words);
  for (int d = 0; d < dimensions; d++)
    out[d] = leaf.low[d] + (leaf.high[d] - leaf.low[d]) * volley_open_uniform(words[d]);
}

/* Those of a leaf of uniform positions in vectors. */
static void place_leaf(const volley_space *space, const volley_box *leaf, double *out) {
  enum { PIECE = 32 };
  volley_gid ids[PIECE];
  uint32_t words[4 * PIECE];
  for (uint32_t at = 0; at < leaf->count; at += PIECE) {
    const uint32_t n = leaf->count - at < PIECE ? leaf->count - at : PIECE;
    for (uint32_t i = 0; i < n; i++) ids[i] = leaf->first + at + i;
    volley_random_blocks(space->position, ids, n, 0, 0, words, PIECE);
    for (uint32_t i = 0; i < n; i++)
      for (int d = 0; d < space->plan->dimensions; d++)
        out[VOLLEY_DIMENSIONS * (at + i) + (uint32_t)d] =
            leaf->low[d] + (leaf->high[d] - leaf->low[d]) * volley_open_uniform(words[d * PIECE + (int)i]);
  }
}

void volley_box_places(const volley_space *space, const volley_box *box, double *out) {
  const bool is_uniform = space->firsts && !space->given;
  if (is_uniform && box->level == space->levels) {
    place_leaf(space, box, out);
    return;
  }
  for (int upper = 0; upper < 2 && is_uniform; upper++) {
    volley_box half = *box;
    volley_box_halve(space, &half, upper);
    volley_box_places(space, &half, out);
    out += VOLLEY_DIMENSIONS * (size_t)half.count;
  }
  for (uint32_t k = 0; k < box->count && !is_uniform; k++, out += VOLLEY_DIMENSIONS)
    volley_box_position(space, box, volley_box_neuron(space, box, k), out);
}

void volley_space_position(const volley_space *space, uint32_t index, double out[VOLLEY_DIMENSIONS]) {
  const volley_box root = volley_space_root(space);
  volley_box_position(space, &root, index, out);
}

bool volley_gid_position(const volley_experiment *experiment, volley_gid gid, double out[VOLLEY_DIMENSIONS]) {
  const volley_population *population = &experiment->populations[volley_population_of(experiment, gid, 0)];
  if (!population->space) return false;
  volley_space_position(population->space, volley_index_in(population, gid), out);
  return true;
}

double volley_space_distance(const volley_space *space, const double *x, const double *y) {
  double square = 0;
  for (int d = 0; d < space->plan->dimensions; d++) {
    double step = x[d] - y[d];
    if (space->plan->periodic[d]) step -= space->plan->extent[d] * rint(step / space->plan->extent[d]);
    square += step * step;
  }
  return sqrt(square);
}

/* Least and greatest distance along a ring of steps from low to high. */
static void shorten_range(double ring, double low, double high, double *least, double *most) {
  const double a = fabs(low - ring * rint(low / ring)), b = fabs(high - ring * rint(high / ring));
  const bool has_whole = floor(high / ring) >= ceil(low / ring);
  const bool has_half = floor(high / ring - 0.5) >= ceil(low / ring - 0.5);
  *least = has_whole ? 0 : fmin(a, b);
  *most = has_half ? ring / 2 : fmax(a, b);
}

void volley_box_distances(const volley_space *space, const volley_box *a, const volley_box *b, double *near,
                          double *far) {
  double nearest = 0, farthest = 0;
  for (int d = 0; d < space->plan->dimensions; d++) {
    const double low = b->low[d] - a->high[d], high = b->high[d] - a->low[d];
    const double slack = 1e-12 * (fabs(b->low[d]) + fabs(a->low[d]) + space->plan->extent[d]); /* of rounding */
    double least = fmax(fmax(low, -high), 0), most = fmax(fabs(low), fabs(high));
    if (space->plan->periodic[d]) shorten_range(space->plan->extent[d], low, high, &least, &most);
    least = fmax(least - slack, 0);
    nearest += least * least;
    farthest += (most + slack) * (most + slack);
  }
  *near = sqrt(nearest);
  *far = sqrt(farthest);
}
