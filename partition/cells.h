/* The network as a graph that is small at any number of neurons: cells of some neurons of a population that lie near each other or
 * are neighbours by index, and what spikes go between them. */
#ifndef VOLLEY_PARTITION_CELLS_H
#define VOLLEY_PARTITION_CELLS_H

#include "model/experiment.h"

/* The cells of one population. */
typedef struct volley_cell_row {
  int first;  /* number of its first cell */
  int cells;  /* how many */
  int levels; /* of the boxes of its space that are cells; -1: equal parts of its indices */
} volley_cell_row;

/* Undirected, in the way that libraries for graphs want it: the neighbours of vertex v are neighbours[starts[v] ..
 * starts[v + 1] - 1]. Vertices are the cells and after them one for each population, by which go the spikes of projections in
 * which all neurons are alike. */
typedef struct volley_cell_graph {
  int vertices;
  int64_t arcs;
  double *costs;   /* [vertices] of the neurons of a cell */
  int64_t *starts; /* [vertices + 1] */
  int *neighbours; /* [arcs] */
  double *spikes;  /* [arcs] a second, that one end must know of the other's */
} volley_cell_graph;

/* About `wanted` cells of all populations, by what they cost: out[n_populations]. Returns how many there are. */
int volley_cells_choose(const volley_experiment *experiment, const double *costs, int wanted, volley_cell_row *out);

/* The cell of a neuron. */
int volley_cell_of(const volley_experiment *experiment, const volley_cell_row *row, int population, uint32_t index);

/* Neurons of a cell. */
uint32_t volley_cell_neurons(const volley_experiment *experiment, const volley_cell_row *row, int population, int cell);

/* The graph, owned by the caller: volley_cell_graph_free(). Not collective. */
volley_cell_graph volley_cell_graph_make(const volley_experiment *experiment, const double *costs,
                                         const volley_cell_row *rows);
void volley_cell_graph_free(volley_cell_graph *graph);

#endif
