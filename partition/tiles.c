/* Neurons that lie near each other stay together: space is cut in two again and again, across its longest side, so that the
 * neurons of both parts cost what their ranks can take. Populations that lie nowhere are cut like those of `weighted`.
 *
 * Of large networks the cuts are found by a sample of the neurons. Kept are the cuts, one a rank, and how many neurons of each
 * population a rank has, about. */
#include "partition/cost.h"
#include "partition/lines.h"

#include "space/space.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RANKS = 1 << 20, SAMPLES = 1 << 18, SAMPLES_OF_RANK = 64 };

/* A neuron, or as many as cost so much. key: its coordinates, beginning with that along which it is cut, and then its gid: no two
 * are alike. */
typedef struct place {
  double key[VOLLEY_DIMENSIONS + 1];
  double cost, neurons;
  int population;
} place;

/* Ranks first .. end - 1 are cut before rank `middle`, at cuts[middle]: what lies before belongs to those before. */
typedef struct cut {
  double key[VOLLEY_DIMENSIONS + 1];
  int axis;
} cut;

typedef struct state {
  volley_lines *lines; /* of the populations that lie nowhere */
  cut *cuts;           /* [ranks], from 1 on */
  double *counts;      /* [ranks][n_populations] */
} state;

static const char *refuses(const volley_experiment *experiment, int ranks, char *buffer, size_t size) {
  bool any = false;
  for (int p = 0; p < experiment->n_populations; p++) any |= experiment->populations[p].positions != NULL;
  if (any && ranks <= MOST_RANKS) return NULL;
  if (any)
    snprintf(buffer, size, "tiles are made for %d ranks at most, not for %d", MOST_RANKS, ranks);
  else
    snprintf(buffer, size, "tiles are cut where neurons lie, but no population has 'positions'");
  return buffer;
}

/* Where a neuron lies, as a key of cuts across an axis. */
static void find_key(const volley_experiment *experiment, int p, uint32_t index, int axis,
                     double key[VOLLEY_DIMENSIONS + 1]) {
  double x[VOLLEY_DIMENSIONS] = {0};
  volley_space_position(experiment->populations[p].space, index, x);
  for (int d = 0; d < VOLLEY_DIMENSIONS; d++) key[d] = x[(axis + d) % VOLLEY_DIMENSIONS];
  key[VOLLEY_DIMENSIONS] = (double)experiment->populations[p].first_gid + index;
}

static int compare_keys(const void *a, const void *b) {
  const double *x = a, *y = b;
  for (int d = 0; d <= VOLLEY_DIMENSIONS; d++)
    if (x[d] != y[d]) return x[d] < y[d] ? -1 : 1;
  return 0;
}

/* Every neuron of a population, or some of them: one of each equal part of its indices. Returns how many. */
static size_t take_places(const volley_experiment *experiment, int p, double share, double cost, place *out) {
  const uint32_t size = experiment->populations[p].size;
  const uint32_t n = (uint32_t)fmax(1, fmin(size, ceil(share * size)));
  for (uint32_t i = 0; i < n; i++) {
    const uint64_t from = (uint64_t)i * size / n, end = ((uint64_t)i + 1) * size / n;
    const uint32_t index = (uint32_t)(from + volley_scramble(i) % (end - from));
    out[i] = (place){.population = p, .neurons = (double)(end - from), .cost = (double)(end - from) * cost};
    find_key(experiment, p, index, 0, out[i].key);
  }
  return n;
}

/* Turns the keys of n places, which begin with axis `from`, to the axis along which these reach farthest; returns it. */
static int turn(place *places, size_t n, int from) {
  double low[VOLLEY_DIMENSIONS], high[VOLLEY_DIMENSIONS];
  int longest = 0;
  for (int d = 0; d < VOLLEY_DIMENSIONS; d++) {
    low[d] = INFINITY;
    high[d] = -INFINITY;
    for (size_t i = 0; i < n; i++) {
      const double x = places[i].key[(d - from + VOLLEY_DIMENSIONS) % VOLLEY_DIMENSIONS];
      low[d] = fmin(low[d], x);
      high[d] = fmax(high[d], x);
    }
    if (high[d] - low[d] > high[longest] - low[longest]) longest = d;
  }
  const int by = (longest - from + VOLLEY_DIMENSIONS) % VOLLEY_DIMENSIONS;
  for (size_t i = 0; i < n; i++) {
    double x[VOLLEY_DIMENSIONS];
    for (int d = 0; d < VOLLEY_DIMENSIONS; d++) x[d] = places[i].key[(d + by) % VOLLEY_DIMENSIONS];
    memcpy(places[i].key, x, sizeof x);
  }
  return longest;
}

static void swap(place *a, place *b) {
  const place held = *a;
  *a = *b;
  *b = held;
}

/* Puts one of n places where it is in the order of keys, those before and behind it on their sides: the middle one of three that
 * follow no order of places. Returns its number. */
static size_t put_one(place *places, size_t n) {
  size_t last = 0, of[3];
  for (size_t t = 0; t < 3; t++) of[t] = volley_scramble(3 * n + t) % n;
  for (int t = 0; t < 3; t++) { /* the greater of two goes behind */
    const int first = t % 2, second = first + 1;
    const size_t held = of[first];
    if (compare_keys(places[of[second]].key, places[held].key) >= 0) continue;
    of[first] = of[second];
    of[second] = held;
  }
  swap(&places[0], &places[of[1]]);
  for (size_t i = 1; i < n; i++)
    if (compare_keys(places[i].key, places[0].key) < 0) swap(&places[++last], &places[i]);
  swap(&places[0], &places[last]);
  return last;
}

/* Parts n places into those that cost so much together, but for half a place, and those behind them in the order of keys.
 * Returns how many are before, and where there is one behind, the first of these is there. */
static size_t part(place *places, size_t n, double cost) {
  size_t first = 0, end = n;
  while (first < end) {
    const size_t middle = first + put_one(places + first, end - first);
    double before = 0;
    for (size_t i = first; i < middle; i++) before += places[i].cost;
    if (before + places[middle].cost / 2 < cost) {
      cost -= before + places[middle].cost;
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  return first;
}

/* Cuts n places for the ranks first .. end - 1. */
static void cut_places(state *s, int n_populations, place *places, size_t n, int axis, int first, int end) {
  if (end - first == 1) {
    for (size_t i = 0; i < n; i++)
      s->counts[(size_t)first * (size_t)n_populations + (size_t)places[i].population] += places[i].neurons;
    return;
  }
  const int middle = first + (end - first) / 2;
  double cost = 0;
  axis = turn(places, n, axis);
  for (size_t i = 0; i < n; i++) cost += places[i].cost;
  const size_t at = part(places, n, cost * (middle - first) / (end - first));
  s->cuts[middle] = (cut){{INFINITY}, axis};
  if (at < n) memcpy(s->cuts[middle].key, places[at].key, sizeof places[at].key);
  cut_places(s, n_populations, places, at, axis, first, middle);
  cut_places(s, n_populations, places + at, n - at, axis, middle, end);
}

/* Populations that lie nowhere, as one group on all ranks. */
static volley_lines *make_lines(const volley_owners *owners, const double *costs) {
  int *groups = volley_alloc((size_t)owners->experiment->n_populations, sizeof *groups, "a partition");
  for (int p = 0; p < owners->experiment->n_populations; p++)
    groups[p] = owners->experiment->populations[p].space != NULL;
  volley_lines *lines =
      volley_lines_create(owners->experiment, groups, (const int[]){0, owners->ranks, owners->ranks}, costs, NULL);
  free(groups);
  return lines;
}

static volley_status create(volley_owners *owners, const volley_reader *reader, MPI_Comm comm) {
  const volley_experiment *experiment = owners->experiment;
  const size_t n = (size_t)experiment->n_populations, ranks = (size_t)owners->ranks;
  const double neurons = (double)experiment->neurons;
  const double share = fmax(SAMPLES, SAMPLES_OF_RANK * (double)ranks) / neurons;
  state *s = owners->state = volley_alloc(1, sizeof *s, "a partition");
  double *costs = volley_alloc(n, sizeof *costs, "a partition");
  (void)reader;
  (void)comm;
  volley_costs_find(experiment, NULL, costs);
  *s = (state){make_lines(owners, costs), volley_alloc(ranks, sizeof *s->cuts, "a partition"),
               volley_alloc(ranks * n, sizeof *s->counts, "a partition")};
  place *places =
      volley_alloc((size_t)fmin(neurons, (share + 1e-9) * neurons + 2 * (double)n), sizeof *places, "a partition");
  size_t taken = 0;
  for (int p = 0; p < experiment->n_populations; p++)
    if (experiment->populations[p].space) taken += take_places(experiment, p, share, costs[p], places + taken);
  cut_places(s, experiment->n_populations, places, taken, 0, 0, owners->ranks);
  free(places);
  free(costs);
  return VOLLEY_OK;
}

static void destroy(void *context) {
  state *s = context;
  volley_lines_destroy(s->lines);
  free(s->cuts);
  free(s->counts);
  free(s);
}

static volley_owners line_owners(const volley_owners *owners) {
  return (volley_owners){owners->experiment, owners->ranks, ((state *)owners->state)->lines};
}

static int owner(const volley_owners *owners, int population, uint32_t index) {
  const state *s = owners->state;
  const volley_owners on_lines = line_owners(owners);
  int first = 0, end = owners->ranks;
  double keys[VOLLEY_DIMENSIONS][VOLLEY_DIMENSIONS + 1];
  if (!owners->experiment->populations[population].space) return volley_lines_owner(&on_lines, population, index);
  find_key(owners->experiment, population, index, 0, keys[0]);
  for (int axis = 1; axis < VOLLEY_DIMENSIONS; axis++) {
    for (int d = 0; d < VOLLEY_DIMENSIONS; d++) keys[axis][d] = keys[0][(axis + d) % VOLLEY_DIMENSIONS];
    keys[axis][VOLLEY_DIMENSIONS] = keys[0][VOLLEY_DIMENSIONS];
  }
  while (end - first > 1) {
    const int middle = first + (end - first) / 2;
    const cut *c = &s->cuts[middle];
    *(compare_keys(keys[c->axis], c->key) < 0 ? &end : &first) = middle;
  }
  return first;
}

static uint32_t count(const volley_owners *owners, int population, int rank) {
  const state *s = owners->state;
  const volley_owners on_lines = line_owners(owners);
  if (!owners->experiment->populations[population].space) return volley_lines_count(&on_lines, population, rank);
  return (uint32_t)llround(s->counts[rank * owners->experiment->n_populations + population]);
}

/* The search for a rank's first neuron from an index on, in boxes that its tile reaches. */
typedef struct search {
  const volley_owners *owners;
  const volley_space *space;
  int population, rank;
  uint64_t index;
  double low[VOLLEY_DIMENSIONS], high[VOLLEY_DIMENSIONS]; /* of the tile */
} search;

static void find_tile(search *s) {
  const cut *cuts = ((const state *)s->owners->state)->cuts;
  for (int d = 0; d < VOLLEY_DIMENSIONS; d++) {
    s->low[d] = -INFINITY;
    s->high[d] = INFINITY;
  }
  for (int first = 0, end = s->owners->ranks; end - first > 1;) {
    const int middle = first + (end - first) / 2;
    const cut *c = &cuts[middle];
    (s->rank < middle ? s->high : s->low)[c->axis] = c->key[0];
    *(s->rank < middle ? &end : &first) = middle;
  }
}

/* Of populations whose indices ascend from box to box. */
static uint64_t search_box(const search *s, const volley_box *box) {
  if ((uint64_t)box->first + box->count <= s->index) return UINT64_MAX;
  for (int d = 0; d < VOLLEY_DIMENSIONS; d++)
    if (box->high[d] < s->low[d] || box->low[d] > s->high[d]) return UINT64_MAX;
  if (box->level == volley_space_levels(s->space)) {
    for (uint64_t i = box->first > s->index ? box->first : s->index; i < (uint64_t)box->first + box->count; i++)
      if (owner(s->owners, s->population, (uint32_t)i) == s->rank) return i;
    return UINT64_MAX;
  }
  for (int upper = 0; upper < 2; upper++) {
    volley_box half = *box;
    volley_box_halve(s->space, &half, upper);
    const uint64_t found = search_box(s, &half);
    if (found != UINT64_MAX) return found;
  }
  return UINT64_MAX;
}

/* Of a grid, whose first axis runs fastest: columns that the tile does not reach are left out. */
static uint64_t search_grid(const search *s, const uint32_t shape[VOLLEY_DIMENSIONS], int dimensions) {
  const volley_box root = volley_space_root(s->space);
  uint64_t first[VOLLEY_DIMENSIONS], last[VOLLEY_DIMENSIONS], strides[VOLLEY_DIMENSIONS + 1] = {1}, index = s->index;
  for (int d = 0; d < dimensions; d++) {
    const double step = shape[d] > 1 ? (root.high[d] - root.low[d]) / (shape[d] - 1) : 0, most = shape[d] - 1;
    const double low = step > 0 ? (s->low[d] - root.low[d]) / step - 1 : 0; /* a column more than rounding needs */
    const double high = step > 0 ? (s->high[d] - root.low[d]) / step + 1 : most;
    first[d] = (uint64_t)fmin(fmax(ceil(low), 0), most);
    last[d] = (uint64_t)fmin(fmax(floor(high), 0), most);
    strides[d + 1] = strides[d] * shape[d];
  }
  while (index < strides[dimensions]) {
    int d = dimensions - 1;
    uint64_t column = 0;
    for (; d >= 0; d--) {
      column = index / strides[d] % shape[d];
      if (column < first[d] || column > last[d]) break;
    }
    if (d < 0) {
      if (owner(s->owners, s->population, (uint32_t)index) == s->rank) return index;
      index++;
    } else if (column < first[d]) {
      index = index / strides[d + 1] * strides[d + 1] + first[d] * strides[d];
    } else {
      index = (index / strides[d + 1] + 1) * strides[d + 1];
    }
  }
  return UINT64_MAX;
}

static uint64_t next(const volley_owners *owners, int population, uint64_t index, int rank) {
  const volley_population *p = &owners->experiment->populations[population];
  const volley_owners on_lines = line_owners(owners);
  if (!p->space) return volley_lines_next(&on_lines, population, index, rank);
  search s = {.owners = owners, .space = p->space, .population = population, .rank = rank, .index = index};
  find_tile(&s);
  if (p->positions->arrangement == VOLLEY_ARRANGED_GRID)
    return search_grid(&s, p->positions->shape, p->positions->dimensions);
  if (p->positions->arrangement == VOLLEY_ARRANGED_UNIFORM) {
    const volley_box root = volley_space_root(p->space);
    return search_box(&s, &root);
  }
  while (index < p->size && owner(owners, population, (uint32_t)index) != rank) index++;
  return index;
}

const volley_partitioner volley_partitioner_tiles = {
    .name = "tiles",
    .doc = "by position: space cut into tiles whose neurons cost alike",
    .weighs = true,
    .refuses = refuses,
    .create = create,
    .destroy = destroy,
    .owner = owner,
    .count = count,
    .next = next,
};
