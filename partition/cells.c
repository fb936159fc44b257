#include "partition/cells.h"

#include "partition/cost.h"
#include "space/space.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_MEMBERS = 4 /* neurons of a cell, where there are as many */ };

/* Of spikes between cells fewer than these of the most are left out. */
static const double negligible = 1e-3;

int volley_cells_choose(const volley_experiment *experiment, const double *costs, int wanted, volley_cell_row *out) {
  double sum = 0;
  int n = 0;
  for (int p = 0; p < experiment->n_populations; p++) sum += costs[p] * experiment->populations[p].size;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const double share = fmin(wanted * costs[p] * population->size / sum, population->size / LEAST_MEMBERS);
    out[p] = (volley_cell_row){n, (int)fmax(1, ceil(share)), -1};
    if (population->space) {
      out[p].levels = (int)fmin(ceil(log2(out[p].cells)), volley_space_levels(population->space));
      out[p].cells = 1 << out[p].levels;
    }
    n += out[p].cells;
  }
  return n;
}

int volley_cell_of(const volley_experiment *experiment, const volley_cell_row *row, int population, uint32_t index) {
  const volley_population *p = &experiment->populations[population];
  if (row->levels < 0) return row->first + (int)((uint64_t)index * (uint64_t)row->cells / p->size);
  return row->first + (int)(volley_space_leaf(p->space, index) >> (volley_space_levels(p->space) - row->levels));
}

uint32_t volley_cell_neurons(const volley_experiment *experiment, const volley_cell_row *row, int population,
                             int cell) {
  const volley_population *p = &experiment->populations[population];
  const uint64_t k = (uint64_t)(cell - row->first), n = (uint64_t)row->cells;
  if (row->levels >= 0) return volley_space_box(p->space, row->levels, (uint32_t)k).count;
  return (uint32_t)(((k + 1) * p->size + n - 1) / n - (k * p->size + n - 1) / n);
}

#define EVEN 0.05 /* what a profile may differ by within a box that is taken as a whole */

typedef struct arc {
  int from, to;
  double spikes;
} arc;

typedef struct arcs {
  arc *arcs; /* [n] */
  size_t n, capacity;
} arcs;

/* Both ways. */
static void add_edge(arcs *a, int from, int to, double spikes) {
  if (from == to || !(spikes > 0)) return;
  if (a->n + 2 > a->capacity) {
    a->capacity = 2 * a->n + 1024;
    a->arcs = volley_grow(a->arcs, a->capacity, sizeof *a->arcs, "the graph of a partition");
  }
  a->arcs[a->n++] = (arc){from, to, spikes};
  a->arcs[a->n++] = (arc){to, from, spikes};
}

/* A projection of distances, one of the cells of whose source is looked from. */
typedef struct looking {
  const volley_experiment *experiment;
  const volley_projection *projection;
  const volley_cell_row *row; /* of the targets */
  volley_box from;
  int cell;
  double rate, strength; /* synapses of a neuron for each unit of the profile and target */
  double least;          /* of the profile */
  arcs *arcs;
} looking;

/* Spikes of a cell that a box of targets needs: those of neurons that have any in it. */
static void look(const looking *l, const volley_box *box) {
  double near, far, least, greatest;
  const volley_space *space = l->experiment->populations[l->projection->target].space;
  if (box->count == 0) return;
  volley_box_distances(space, &l->from, box, &near, &far);
  volley_profile_range(l->projection->profile, near, far, &least, &greatest);
  if (greatest <= l->least) return;
  if (box->level == l->row->levels) {
    const double synapses = l->strength * (least + greatest) / 2 * box->count;
    add_edge(l->arcs, l->cell, l->row->first + (int)box->number, -l->rate * l->from.count * expm1(-synapses));
    return;
  }
  for (int upper = 0; upper < 2; upper++) {
    volley_box half = *box;
    volley_box_halve(space, &half, upper);
    look(l, &half);
  }
}

/* The sum of the profile over all targets as a neuron in the middle of things sees them, cell by cell. */
static double profile_sum(const looking *l, const volley_box *box) {
  double near, far, least, greatest;
  const volley_space *space = l->experiment->populations[l->projection->target].space;
  if (box->count == 0) return 0;
  volley_box_distances(space, &l->from, box, &near, &far);
  volley_profile_range(l->projection->profile, near, far, &least, &greatest);
  if (greatest <= l->least) return 0;
  if (box->level == l->row->levels || greatest - least <= EVEN * greatest) return box->count * (least + greatest) / 2;
  double sum = 0;
  for (int upper = 0; upper < 2; upper++) {
    volley_box half = *box;
    volley_box_halve(space, &half, upper);
    sum += profile_sum(l, &half);
  }
  return sum;
}

static void add_near(const volley_experiment *experiment, int k, const volley_cell_row *rows, arcs *a) {
  const volley_projection *projection = &experiment->projections[k];
  const volley_population *source = &experiment->populations[projection->source];
  const volley_space *targets = experiment->populations[projection->target].space;
  const volley_cell_row *row = &rows[projection->source];
  const volley_box root = volley_space_root(targets);
  looking l = {experiment, projection, &rows[projection->target], {0}, 0, volley_expected_rate(source), 0, 0, a};
  double most, least;
  volley_profile_range(projection->profile, 0, INFINITY, &least, &most);
  l.least = negligible * most;
  for (int c = 0; c < row->cells; c++) {
    l.cell = row->first + c;
    l.from = volley_space_box(source->space, row->levels, (uint32_t)c);
    const double sum = profile_sum(&l, &root);
    l.strength = sum > 0 ? projection->expected / source->size / sum : 0;
    if (l.from.count > 0) look(&l, &root);
  }
}

/* All neurons are alike: the spikes of all cells go by a vertex of the target population to all of its cells. */
static void add_alike(const volley_experiment *experiment, int k, const volley_cell_row *rows, int first, arcs *a) {
  const volley_projection *projection = &experiment->projections[k];
  const volley_population *source = &experiment->populations[projection->source];
  const volley_population *target = &experiment->populations[projection->target];
  const volley_cell_row *from = &rows[projection->source], *to = &rows[projection->target];
  const double rate = volley_expected_rate(source), outdegree = projection->expected / source->size;
  for (int c = 0; c < from->cells; c++)
    add_edge(a, from->first + c, first + projection->target,
             -expm1(-outdegree) * rate * volley_cell_neurons(experiment, from, projection->source, from->first + c));
  for (int c = 0; c < to->cells; c++) {
    const double share = volley_cell_neurons(experiment, to, projection->target, to->first + c) / (double)target->size;
    add_edge(a, first + projection->target, to->first + c, -expm1(-outdegree * share) * rate * source->size);
  }
}

static int compare_arcs(const void *x, const void *y) {
  const arc *a = x, *b = y;
  return a->from != b->from ? (a->from > b->from) - (a->from < b->from) : (a->to > b->to) - (a->to < b->to);
}

/* Puts arcs between the same vertices together, in the order of both. */
static void finish(arcs *a, volley_cell_graph *graph) {
  if (a->n > 0) qsort(a->arcs, a->n, sizeof *a->arcs, compare_arcs);
  graph->neighbours = volley_alloc(a->n, sizeof *graph->neighbours, "the graph of a partition");
  graph->spikes = volley_alloc(a->n, sizeof *graph->spikes, "the graph of a partition");
  for (size_t i = 0; i < a->n; i++) {
    if (i == 0 || compare_arcs(&a->arcs[i], &a->arcs[i - 1]) != 0) {
      graph->starts[a->arcs[i].from + 1]++;
      graph->neighbours[graph->arcs++] = a->arcs[i].to;
    }
    graph->spikes[graph->arcs - 1] += a->arcs[i].spikes;
  }
  for (int v = 0; v < graph->vertices; v++) graph->starts[v + 1] += graph->starts[v];
  free(a->arcs);
}

volley_cell_graph volley_cell_graph_make(const volley_experiment *experiment, const double *costs,
                                         const volley_cell_row *rows) {
  const int populations = experiment->n_populations;
  const int cells = rows[populations - 1].first + rows[populations - 1].cells;
  volley_cell_graph graph = {.vertices = cells + populations};
  arcs a = {0};
  graph.costs = volley_alloc((size_t)graph.vertices, sizeof *graph.costs, "the graph of a partition");
  graph.starts = volley_alloc((size_t)graph.vertices + 1, sizeof *graph.starts, "the graph of a partition");
  for (int p = 0; p < populations; p++)
    for (int c = rows[p].first; c < rows[p].first + rows[p].cells; c++)
      graph.costs[c] = costs[p] * volley_cell_neurons(experiment, &rows[p], p, c);
  for (int k = 0; k < experiment->n_projections; k++) {
    if (experiment->projections[k].profile)
      add_near(experiment, k, rows, &a);
    else if (experiment->projections[k].expected > 0)
      add_alike(experiment, k, rows, cells, &a);
  }
  finish(&a, &graph);
  return graph;
}

void volley_cell_graph_free(volley_cell_graph *graph) {
  free(graph->costs);
  free(graph->starts);
  free(graph->neighbours);
  free(graph->spikes);
  *graph = (volley_cell_graph){0};
}
