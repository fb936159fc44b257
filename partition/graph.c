/* Cells of neurons that many spikes go between stay together: a library for graphs (Scotch, of PT-Scotch) cuts the graph of the
 * cells into shares that cost alike. Rank 0 asks it, and all ranks get the owners of the cells. Where the library was not there
 * when Volley was built, or is not found, the kind is refused. */
#include "partition/cells.h"
#include "partition/cost.h"
#include "partition/partition.h"

#include "base/random.h"

#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __has_include(<scotch/scotch.h>)
#include <scotch/scotch.h>
#endif

enum { CELLS_OF_RANK = 24, LEAST_CELLS = 256, MOST_RANKS = 1 << 16, MANY_RANKS = 1024 /* soon rather than well */ };

static const char missing[] = "graphs are cut by PT-Scotch, which was not there when Volley was built (on Debian "
                              "libptscotch-dev): install it and build again, or take another partition";

typedef struct state {
  int *owners;            /* [cells] */
  uint32_t *counts;       /* [ranks][n_populations] */
  volley_cell_row rows[]; /* [n_populations] */
} state;

static void destroy(void *context) {
  state *s = context;
  free(s->owners);
  free(s->counts);
  free(s);
}

#ifdef SCOTCH_VERSION
#define FUNCTIONS(X)                                                                                                   \
  X(graphInit) X(graphBuild) X(graphExit) X(stratInit) X(stratGraphMapBuild) X(stratExit) X(graphPart) X(randomReset)

#define MEMBER(name) __typeof__(&SCOTCH_##name) name;
#define NAME(name) "SCOTCH_" #name,
typedef struct functions {
  FUNCTIONS(MEMBER)
} functions;

/* The library, looked for once; NULL: it is not there. */
static const functions *scotch(void) {
  static const char *const names[] = {FUNCTIONS(NAME)};
  static union {
    functions table;
    void *addresses[sizeof names / sizeof *names];
  } found;
  static bool tried, is_there;
  char file[64];
  if (tried) return is_there ? &found.table : NULL;
  tried = true;
  snprintf(file, sizeof file, "libscotch-%d.%d.so", SCOTCH_VERSION, SCOTCH_RELEASE);
  void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
  if (!library) library = dlopen("libscotch.so", RTLD_NOW | RTLD_LOCAL);
  is_there = library;
  for (size_t n = 0; is_there && n < sizeof names / sizeof *names; n++)
    is_there = (found.addresses[n] = dlsym(library, names[n]));
  return is_there ? &found.table : NULL;
}

/* The numbers as whole ones whose sum is far from what 32 bits can say: of some weight, but for zeros that `least` is for. */
static SCOTCH_Num *to_whole(const double *values, int64_t n, double most_sum, int least) {
  SCOTCH_Num *out = volley_alloc((size_t)n, sizeof *out, "the graph of a partition");
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += values[i];
  for (int64_t i = 0; i < n; i++) out[i] = (SCOTCH_Num)fmax(least, round(sum > 0 ? values[i] / sum * most_sum : 0));
  return out;
}

/* Cuts the graph: a part for each vertex. Returns whether it could. */
static bool cut(const volley_cell_graph *graph, int ranks, int *parts) {
  const functions *f = scotch();
  const double imbalance = 0.02;
  SCOTCH_Graph g;
  SCOTCH_Strat strategy;
  SCOTCH_Num *starts = volley_alloc((size_t)graph->vertices + 1, sizeof *starts, "the graph of a partition");
  SCOTCH_Num *costs = to_whole(graph->costs, graph->vertices, 1e9, 0),
             *loads = to_whole(graph->spikes, graph->arcs, 1e9, 1);
  for (int v = 0; v <= graph->vertices; v++) starts[v] = (SCOTCH_Num)graph->starts[v];
  bool works = f && graph->arcs <= INT32_MAX && f->graphInit(&g) == 0; /* its numbers may have 32 bits */
  if (works) {
    f->randomReset();
    works = f->graphBuild(&g, 0, graph->vertices, starts, NULL, costs, NULL, (SCOTCH_Num)graph->arcs, graph->neighbours,
                          loads) == 0 &&
            f->stratInit(&strategy) == 0;
    if (works) {
      const SCOTCH_Num how = ranks > MANY_RANKS ? SCOTCH_STRATSPEED | SCOTCH_STRATRECURSIVE : SCOTCH_STRATQUALITY;
      works = f->stratGraphMapBuild(&strategy, how | SCOTCH_STRATBALANCE, ranks, imbalance) == 0 &&
              f->graphPart(&g, ranks, &strategy, parts) == 0;
      f->stratExit(&strategy);
    }
    f->graphExit(&g);
  }
  free(starts);
  free(costs);
  free(loads);
  return works;
}
#else
static const void *scotch(void) { return NULL; }
static bool cut(const volley_cell_graph *graph, int ranks, int *parts) {
  return (void)graph, (void)ranks, (void)parts, false;
}
#endif

static const char *refuses(const volley_experiment *experiment, int ranks, char *buffer, size_t size) {
  (void)experiment;
  if (!scotch()) return missing;
  if (ranks <= MOST_RANKS) return NULL;
  snprintf(buffer, size, "graphs are cut for %d ranks at most, not for %d", MOST_RANKS, ranks);
  return buffer;
}

/* Rank 0 cuts the graph of the cells. */
static void cut_cells(const volley_owners *owners, const double *costs, int cells, state *s) {
  volley_cell_graph graph = volley_cell_graph_make(owners->experiment, costs, s->rows);
  int *parts = volley_alloc((size_t)graph.vertices, sizeof *parts, "the graph of a partition");
  if (cut(&graph, owners->ranks, parts))
    memcpy(s->owners, parts, (size_t)cells * sizeof *parts);
  else
    volley_fault(VOLLEY_FAILURE, &owners->experiment->simulation.partition_place,
                 "PT-Scotch cannot cut the graph of %d cells", cells);
  free(parts);
  volley_cell_graph_free(&graph);
}

static volley_status create(volley_owners *owners, const volley_reader *reader, MPI_Comm comm) {
  const volley_experiment *experiment = owners->experiment;
  const size_t n = (size_t)experiment->n_populations, ranks = (size_t)owners->ranks;
  double *costs = volley_alloc(n, sizeof *costs, "a partition");
  state *s = volley_alloc(1, sizeof *s + n * sizeof *s->rows, "a partition");
  int rank;
  (void)reader;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  volley_costs_find(experiment, NULL, costs);
  const int cells =
      volley_cells_choose(experiment, costs, (int)fmax(LEAST_CELLS, CELLS_OF_RANK * (double)ranks), s->rows);
  s->owners = volley_alloc((size_t)cells, sizeof *s->owners, "a partition");
  s->counts = volley_alloc(ranks * n, sizeof *s->counts, "a partition");
  if (rank == 0) cut_cells(owners, costs, cells, s);
  free(costs);
  const volley_status status = volley_agree(comm);
  if (status != VOLLEY_OK) return destroy(s), status;
  VOLLEY_MPI(MPI_Bcast(s->owners, cells, MPI_INT, 0, comm));
  for (size_t p = 0; p < n; p++)
    for (int c = s->rows[p].first; c < s->rows[p].first + s->rows[p].cells; c++)
      s->counts[(size_t)s->owners[c] * n + p] += volley_cell_neurons(experiment, &s->rows[p], (int)p, c);
  owners->state = s;
  return VOLLEY_OK;
}

static int owner(const volley_owners *owners, int population, uint32_t index) {
  const state *s = owners->state;
  return s->owners[volley_cell_of(owners->experiment, &s->rows[population], population, index)];
}

static uint32_t count(const volley_owners *owners, int population, int rank) {
  return ((const state *)owners->state)->counts[rank * owners->experiment->n_populations + population];
}

const volley_partitioner volley_partitioner_graph = {
    .name = "graph",
    .doc = "by a graph of who tells whom, cut so that few ranks are told a spike and shares cost alike (PT-Scotch)",
    .weighs = true,
    .refuses = refuses,
    .create = create,
    .destroy = destroy,
    .owner = owner,
    .count = count,
};
