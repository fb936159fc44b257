/* How the build gets data that the experiment keeps in files. io implements it; the build only calls it. */
#ifndef VOLLEY_MODEL_READER_H
#define VOLLEY_MODEL_READER_H

#include "model/experiment.h"

#include <stddef.h>
#include <stdint.h>

/* Rows of a file of edges that are read at a time. */
enum { VOLLEY_EDGE_ROWS = 1 << 15 };

/* Some edges of a file, one after the other as they stand there. Indices are within the populations; not checked yet. Spikes
 * are edges, too: times as weights, onto their neurons, from nowhere. */
typedef struct volley_edge_slab {
  uint64_t first, total; /* number of the first edge in the file; edges there */
  double expected;       /* edges that all slabs of all ranks will have, about: a matrix has zeros */
  size_t count;
  const uint64_t *number; /* of each edge; NULL: first, first + 1, ... */
  const uint64_t *source, *target;
  const double *weight; /* receptor's unit; NULL if the file has none */
  const double *delay;  /* ms; NULL if the file has none */
} volley_edge_slab;

static inline uint64_t volley_edge_number(const volley_edge_slab *slab, size_t e) {
  return slab->number ? slab->number[e] : slab->first + e;
}

/* Where edges stand: datasets source, target, and maybe weight and delay of a group; or a SONATA population of edges, where
 * weight and delay are those of the edge (syn_weight, delay), or else of its type; or a matrix of weights (io/data/matrix_edges.h). */
typedef struct volley_edge_file {
  const volley_place *place;
  const char *path, *group;
  const struct volley_edge_types *types;
  uint32_t sources, targets;                              /* neurons of the populations: the shape of a matrix */
  const struct volley_nodes *source_nodes, *target_nodes; /* what ids of SONATA mean (model/nodes.h); NULL: indices */
} volley_edge_file;

/* What SONATA keeps by types of edges. Lists are as long as `types`, or empty. */
typedef struct volley_edge_types {
  volley_list types;            /* edge_type_id that are taken; empty: all */
  volley_list others;           /* that are not; one in neither list is a fault */
  volley_list weights, factors; /* where an edge has no syn_weight; what all weights are multiplied with */
  volley_list delays;           /* ms, where an edge has none */
  volley_list counts;           /* nsyns, where an edge has none */
  int nsyns;                    /* 0: weights are multiplied with nsyns, where there are; 1: they are not */
} volley_edge_types;

/* What is done with them on each rank. */
typedef struct volley_edge_taker {
  void *context;
  /* Number of the first edge that is wrong, for which a fault was added; or UINT64_MAX. Not collective. */
  uint64_t (*check)(void *context, const volley_edge_slab *slab);
  /* Takes a slab that is right. Collective: all ranks take the same number of slabs, some of them empty. NULL: they are only
   * checked. */
  void (*take)(void *context, const volley_edge_slab *slab);
} volley_edge_taker;

/* Every so manyth edge of a file, not checked. */
typedef struct volley_edge_sample {
  uint64_t edges;           /* in the file */
  size_t n;                 /* in the sample */
  double *weights, *delays; /* [n] NULL: the file has none. Owned by who asked: free() */
} volley_edge_sample;

typedef struct volley_reader {
  void *context;
  /* The numbers of the file of a distribution of kind VOLLEY_DATASET, `size` of them, at n ascending places: a dataset of
   * one dimension, a NumPy array, a column of a text. Collective: every rank gets its own. Returns an agreed status;
   * faults name place and file. */
  volley_status (*values)(void *context, const volley_place *place, const volley_distribution *from, volley_gid size,
                          const volley_gid *places, uint32_t n, double *out);
  /* Reads edges: every rank some rows, which it hands to the taker in slabs. Of all edges that are wrong the first in the
   * file is told. Collective, agreed status. */
  volley_status (*edges)(void *context, const volley_edge_file *file, const volley_edge_taker *taker);
  /* Edges number 0, s, 2 s, ... for the least power of two s that gives `most` at most; the same on every rank. Collective,
   * agreed status. */
  volley_status (*edge_sample)(void *context, const volley_edge_file *file, size_t most, volley_edge_sample *out);
  /* Reads the spikes of a file of a plan, as edges. Ids are counted from the plan's first one; not checked yet. Collective,
   * agreed status. */
  volley_status (*spikes)(void *context, const volley_spike_plan *plan, int file, const volley_edge_taker *taker);
  /* How many there are, about. Collective, agreed status. */
  volley_status (*count_spikes)(void *context, const volley_spike_plan *plan, int file, uint64_t *count);
  /* Reads a time series: a dataset of an HDF5 file (dataset not NULL), whose first dimension counts the rows while all
   * others together are the columns, a NumPy array (.npy), or a text file (numbers separated by commas, semicolons or blanks; lines that
   * begin with # and one line of names are left out). values: [rows][columns], allocated in the arena on every rank.
   * Collective, agreed status; faults name place, file and line or dataset. NaN is a fault. */
  volley_status (*series)(void *context, const volley_place *place, const char *file, const char *dataset,
                          volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns);
} volley_reader;

#endif
