#include "io/data/sonata_edges.h"

#include "base/memory.h"
#include "model/nodes.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { SOURCE, TARGET, TYPE, GROUP, INDEX, COLUMNS };
enum { WEIGHT, DELAY, NSYNS, ATTRIBUTES };
enum { SPAN = 4 * VOLLEY_EDGE_ROWS /* values of a group that are read at once for the edges of a slab */ };

const volley_row_layout volley_sonata_layout = {{{"source_node_id", true, true},
                                                 {"target_node_id", true, true},
                                                 {"edge_type_id", true, false},
                                                 {"edge_group_id", true, false},
                                                 {"edge_group_index", true, false}},
                                                COLUMNS,
                                                false};

static const char *const attribute_names[ATTRIBUTES] = {"syn_weight", "delay", "nsyns"};

/* Attributes of edges, a value a row. */
typedef struct attribute_group {
  uint64_t id;
  hid_t handle;
  volley_column columns[ATTRIBUTES]; /* set negative: not there */
} attribute_group;

/* A type, by its id. */
typedef struct type_entry {
  double id;
  int number; /* in the lists */
} type_entry;

struct volley_sonata_edges {
  const volley_edge_types *types;
  const volley_nodes *source_nodes, *target_nodes;
  type_entry *sorted; /* [types->types.n] by id */
  attribute_group *groups;
  int n_groups;
  int given[2];
  uint64_t *numbers, *indices, *places; /* [VOLLEY_EDGE_ROWS], as the following */
  double *values[ATTRIBUTES], *some;
  double *span; /* [SPAN] */
};

static int compare_types(const void *a, const void *b) {
  const type_entry *x = a, *y = b;
  return (x->id > y->id) - (x->id < y->id);
}

static void add_group(volley_sonata_edges *sonata, volley_rows *rows, const char *name, uint64_t id) {
  sonata->groups = volley_grow(sonata->groups, (size_t)sonata->n_groups + 1, sizeof *sonata->groups, "groups of edges");
  attribute_group *group = &sonata->groups[sonata->n_groups++];
  *group = (attribute_group){.id = id, .handle = volley_hdf5_open_group(&rows->file, rows->group, name)};
  for (int a = 0; a < ATTRIBUTES; a++) {
    group->columns[a].set = -1;
    if (group->handle >= 0 && H5Lexists(group->handle, attribute_names[a], H5P_DEFAULT) > 0)
      group->columns[a] = volley_column_open(&rows->file, group->handle, attribute_names[a], false);
  }
  for (int a = 0; a < 2; a++) sonata->given[a] |= group->columns[a].set >= 0;
}

/* What is called by a number is a group of attributes. */
typedef struct finding {
  volley_sonata_edges *sonata;
  volley_rows *rows;
} finding;

static herr_t find_group(hid_t parent, const char *name, const H5L_info_t *info, void *context) {
  const finding *f = context;
  char *end;
  const uint64_t id = strtoull(name, &end, 10);
  H5O_info_t object;
  (void)info;
  if (end == name || *end || H5Oget_info_by_name(parent, name, &object, H5P_DEFAULT) < 0) return 0;
  if (object.type == H5O_TYPE_GROUP) add_group(f->sonata, f->rows, name, id);
  return 0;
}

volley_sonata_edges *volley_sonata_edges_create(volley_rows *rows, const volley_edge_file *from,
                                                const volley_edge_types *types) {
  volley_sonata_edges *sonata = volley_alloc(1, sizeof *sonata, "edges from a file");
  sonata->types = types;
  sonata->source_nodes = from->source_nodes;
  sonata->target_nodes = from->target_nodes;
  sonata->given[WEIGHT] = types->weights.n > 0;
  sonata->given[DELAY] = types->delays.n > 0;
  sonata->sorted = volley_alloc((size_t)types->types.n, sizeof *sonata->sorted, "edges from a file");
  for (int k = 0; k < types->types.n; k++) sonata->sorted[k] = (type_entry){types->types.values[k], k};
  qsort(sonata->sorted, (size_t)types->types.n, sizeof *sonata->sorted, compare_types);
  (void)H5Literate(rows->group, H5_INDEX_NAME, H5_ITER_INC, NULL, find_group, &(finding){sonata, rows});
  return sonata;
}

void volley_sonata_edges_destroy(volley_sonata_edges *sonata) {
  if (!sonata) return;
  for (int g = 0; g < sonata->n_groups; g++) {
    for (int a = 0; a < ATTRIBUTES; a++)
      if (sonata->groups[g].columns[a].set >= 0) volley_column_close(&sonata->groups[g].columns[a]);
    if (sonata->groups[g].handle >= 0) (void)H5Gclose(sonata->groups[g].handle);
  }
  for (int a = 0; a < ATTRIBUTES; a++) free(sonata->values[a]);
  free(sonata->numbers);
  free(sonata->some);
  free(sonata->span);
  free(sonata->groups);
  free(sonata->sorted);
  free(sonata);
}

void volley_sonata_edges_given(const volley_sonata_edges *sonata, int given[2]) {
  for (int a = 0; a < 2; a++) given[a] = sonata->given[a];
}

static void make_room(volley_sonata_edges *sonata) {
  if (sonata->numbers) return;
  sonata->numbers = volley_alloc(3 * (size_t)VOLLEY_EDGE_ROWS, sizeof(uint64_t), "edges from a file");
  sonata->indices = sonata->numbers + VOLLEY_EDGE_ROWS;
  sonata->places = sonata->indices + VOLLEY_EDGE_ROWS;
  for (int a = 0; a < ATTRIBUTES; a++)
    sonata->values[a] = volley_alloc(VOLLEY_EDGE_ROWS, sizeof(double), "edges from a file");
  sonata->some = volley_alloc(VOLLEY_EDGE_ROWS, sizeof(double), "edges from a file");
  sonata->span = volley_alloc(SPAN, sizeof(double), "edges from a file");
}

/* Reads values of n rows in any order that lie far apart. */
static void read_points(volley_rows *rows, const volley_column *column, const uint64_t *indices, size_t n,
                        double *out) {
  const hsize_t count = n;
  const hid_t space = volley_hdf5_check(&rows->file, H5Dget_space(column->set), "look up data of");
  const hid_t memory = volley_hdf5_check(&rows->file, H5Screate_simple(1, &count, NULL), "describe data of");
  hsize_t *points = volley_alloc(n, sizeof *points, "edges from a file");
  for (size_t i = 0; i < n; i++) points[i] = indices[i];
  volley_hdf5_check(&rows->file, H5Sselect_elements(space, H5S_SELECT_SET, n, points), "select data of");
  volley_hdf5_read(&rows->file, column->set, column->name, H5T_NATIVE_DOUBLE, memory, space, out);
  volley_hdf5_release(&rows->file, memory);
  volley_hdf5_release(&rows->file, space);
  free(points);
}

/* Reads the values of n rows of a column, which mostly follow each other. */
static void read_values(volley_sonata_edges *sonata, volley_rows *rows, const volley_column *column, size_t n) {
  uint64_t least = UINT64_MAX, most = 0;
  const uint64_t *indices = sonata->indices;
  for (size_t i = 0; i < n; i++) {
    if (indices[i] < least) least = indices[i];
    if (indices[i] > most) most = indices[i];
  }
  if (most >= column->size) {
    char what[160];
    snprintf(what, sizeof what, "holds %" PRIu64 " values, but an edge has the edge_group_index %" PRIu64, column->size,
             most);
    volley_column_fault(column, what);
    return;
  }
  if (most - least >= SPAN) {
    read_points(rows, column, indices, n, sonata->some);
    return;
  }
  (void)volley_column_read(column, least, 1, (size_t)(most - least) + 1, sonata->span);
  for (size_t i = 0; i < n; i++) sonata->some[i] = sonata->span[indices[i] - least];
}

/* Puts the attributes of the edges of a group to their places in the slab. */
static void take_group(volley_sonata_edges *sonata, volley_rows *rows, const attribute_group *group, size_t count) {
  const uint64_t *groups = rows->buffers[GROUP], *indices = rows->buffers[INDEX];
  size_t n = 0;
  for (size_t e = 0; e < count; e++) {
    if ((groups ? groups[e] : 0) != group->id) continue;
    sonata->places[n] = e;
    sonata->indices[n++] = indices ? indices[e] : rows->first + e * rows->stride;
  }
  for (int a = 0; a < ATTRIBUTES && n > 0 && !rows->file.failed; a++) {
    if (group->columns[a].set < 0) continue;
    read_values(sonata, rows, &group->columns[a], n);
    for (size_t i = 0; i < n; i++) sonata->values[a][sonata->places[i]] = sonata->some[i];
  }
}

/* The number of a type in the lists; -1 if it is not among them. */
static int find_type(const volley_sonata_edges *sonata, uint64_t id) {
  const type_entry wanted = {.id = (double)id};
  const type_entry *found =
      bsearch(&wanted, sonata->sorted, (size_t)sonata->types->types.n, sizeof wanted, compare_types);
  return found ? found->number : -1;
}

static bool is_left_out(const volley_sonata_edges *sonata, uint64_t id) {
  for (int k = 0; k < sonata->types->others.n; k++)
    if (sonata->types->others.values[k] == (double)id) return true;
  return false;
}

static void refuse_type(volley_rows *rows, uint64_t id, size_t e) {
  volley_hdf5_fault(&rows->file, "edge %" PRIu64 " of %s has the edge_type_id %" PRIu64 ", of which nothing is said",
                    rows->first + e * rows->stride, rows->file.path, id);
}

static double choose(double own, const volley_list *of_types, int type) {
  return isnan(own) && type >= 0 && of_types->n > 0 ? of_types->values[type] : own;
}

/* The index of a node that is a neuron of the population; false: it is one of another of the same nodes. Nodes that there are
 * none of stay as they are, to be refused. */
static bool find_index(const volley_nodes *nodes, uint64_t id, uint64_t *index) {
  uint32_t found = 0;
  const bool is_there = !nodes || id >= nodes->n || volley_nodes_index(nodes, id, &found);
  *index = nodes && id < nodes->n ? found : id;
  return is_there;
}

/* Weight and delay of edge e, which goes to place n. */
static void combine(volley_sonata_edges *sonata, size_t e, int type, size_t n) {
  const volley_edge_types *types = sonata->types;
  const double own = choose(sonata->values[NSYNS][e], &types->counts, type);
  const double nsyns = types->nsyns == 0 && !isnan(own) ? own : 1;
  const double factor = type >= 0 && types->factors.n > 0 ? types->factors.values[type] : 1;
  sonata->values[WEIGHT][n] = choose(sonata->values[WEIGHT][e], &types->weights, type) * nsyns * factor;
  sonata->values[DELAY][n] = choose(sonata->values[DELAY][e], &types->delays, type);
}

void volley_sonata_edges_make(volley_sonata_edges *sonata, volley_rows *rows, volley_edge_slab *slab) {
  uint64_t *source = rows->buffers[SOURCE], *target = rows->buffers[TARGET];
  const uint64_t *types = rows->buffers[TYPE];
  size_t n = 0;
  make_room(sonata);
  for (int a = 0; a < ATTRIBUTES; a++)
    for (size_t e = 0; e < slab->count; e++) sonata->values[a][e] = NAN;
  for (int g = 0; g < sonata->n_groups; g++) take_group(sonata, rows, &sonata->groups[g], slab->count);
  for (size_t e = 0; e < slab->count; e++) {
    const int type = types && sonata->types->types.n > 0 ? find_type(sonata, types[e]) : -1;
    if (type < 0 && sonata->types->types.n > 0) {
      if (!types || !is_left_out(sonata, types[e])) {
        refuse_type(rows, types ? types[e] : 0, e);
      }
      continue;
    }
    uint64_t from, onto;
    if (!find_index(sonata->source_nodes, source[e], &from) || !find_index(sonata->target_nodes, target[e], &onto))
      continue;
    combine(sonata, e, type, n);
    sonata->numbers[n] = rows->first + e * rows->stride;
    source[n] = from;
    target[n++] = onto;
  }
  slab->count = n;
  slab->number = sonata->numbers;
  slab->source = source;
  slab->target = target;
  slab->weight = sonata->given[WEIGHT] ? sonata->values[WEIGHT] : NULL;
  slab->delay = sonata->given[DELAY] ? sonata->values[DELAY] : NULL;
}
