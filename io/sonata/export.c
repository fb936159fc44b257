#include "io/sonata/export.h"

#include "base/progress.h"
#include "io/file/hdf5.h"
#include "io/file/path.h"
#include "model/nodes.h"
#include "network/values.h"
#include "rule/rule.h"
#include "rule/walk.h"
#include "space/space.h"
#include "synapse/synapse.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PIECE = 1 << 20 /* edges that a rank writes at a time */, MAX_PATH = 4096 };

typedef struct export {
  const volley_experiment *experiment;
  const volley_reader *reader;
  const char *folder;
  MPI_Comm comm;
  int rank, ranks;
  volley_partition *partition;
  volley_edge_list *lists;
}
export;

static const char *path_of(const export *x, char path[MAX_PATH], const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static const char *path_of(const export *x, char path[MAX_PATH], const char *format, ...) {
  const int n = snprintf(path, MAX_PATH, "%s/", x->folder);
  va_list list;
  va_start(list, format);
  vsnprintf(path + n, MAX_PATH - (size_t)n, format, list);
  va_end(list);
  return path;
}

/* A new text file, on rank 0; NULL after a fault. */
static FILE *create_text(const char *path) {
  FILE *file = fopen(path, "wx");
  if (!file) volley_fault(VOLLEY_FAILURE, NULL, "cannot create '%s': %s", path, strerror(errno));
  return file;
}

static void close_text(FILE *file, const char *path) {
  if (file && (ferror(file) || fclose(file) != 0))
    volley_fault(VOLLEY_FAILURE, NULL, "cannot write '%s': %s", path, strerror(errno));
}

/* Makes the folder; refuses one that has a network. */
static volley_status make_folder(const export *x) {
  char path[MAX_PATH];
  struct stat found;
  if (x->rank == 0 && mkdir(x->folder, 0777) != 0 && errno != EEXIST)
    volley_fault(VOLLEY_USAGE, NULL, "cannot make the folder '%s': %s", x->folder, strerror(errno));
  else if (x->rank == 0 && stat(path_of(x, path, "circuit_config.json"), &found) == 0)
    volley_fault(VOLLEY_USAGE, NULL, "'%s' is there already; choose another folder, or remove it", path);
  return volley_agree(x->comm);
}

/* Values of a population, all of them on rank 0, which are written: one number to the JSON file, or one a node. */
static void put_value(const export *x, int p, volley_hdf5 *file, hid_t group, FILE *json, const char *name,
                      const double *values, bool per_neuron, bool *first) {
  const volley_population *population = &x->experiment->populations[p];
  double *all = volley_alloc(population->size, sizeof *all, "values of neurons");
  for (uint32_t i = 0; i < x->partition->counts[p]; i++)
    all[volley_index_in(population, x->partition->gids[p][i])] = values[per_neuron ? i : 0];
  for (uint64_t at = 0; at < population->size; at += PIECE) { /* each has one owner, the others add 0 */
    const int n = (int)(population->size - at < PIECE ? population->size - at : PIECE);
    VOLLEY_MPI(MPI_Reduce(x->rank == 0 ? MPI_IN_PLACE : all + at, all + at, n, MPI_DOUBLE, MPI_SUM, 0, x->comm));
  }
  bool equal = true;
  for (uint32_t i = 1; i < population->size; i++) equal &= all[i] == all[0];
  if (x->rank == 0 && equal && json && isfinite(all[0]))
    fprintf(json, "%s\n  \"%s\": %.17g", *first ? "" : ",", name, all[0]);
  else if (x->rank == 0 && !equal)
    volley_hdf5_put_array(file, group, name, H5T_NATIVE_DOUBLE, population->size, all);
  *first &= !equal;
  free(all);
}

/* What nodes that several populations are have in common; of others what is their own. */
static const char *nodes_name(const volley_population *population) {
  return population->nodes ? population->nodes->population : population->name;
}

static int count_parts(const volley_population *population) { return population->nodes ? population->nodes->count : 1; }

static bool is_first_part(const export *x, int p) {
  const volley_nodes *nodes = x->experiment->populations[p].nodes;
  return !nodes || nodes->first == p;
}

/* Each population is a group and a type. */
static void put_ids(const export *x, int p, volley_hdf5 *file, hid_t group) {
  static const char *const names[] = {"node_id", "node_group_index", "node_type_id", "node_group_id"};
  const volley_nodes *nodes = x->experiment->populations[p].nodes;
  const uint32_t size = nodes ? nodes->n : x->experiment->populations[p].size;
  uint32_t *ids = volley_alloc(size, sizeof *ids, "ids of nodes");
  for (int column = 0; column < 4; column++) {
    for (uint32_t i = 0, index = 0; i < size; i++, index++) {
      const int part = nodes ? volley_nodes_find(x->experiment, nodes, i, &index) : p;
      const uint32_t values[] = {i, index, (uint32_t)part, (uint32_t)(part - p)};
      ids[i] = values[column];
    }
    volley_hdf5_put_array(file, group, names[column], H5T_NATIVE_UINT32, size, ids);
  }
  free(ids);
}

/* Positions, which any rank knows. */
static void put_positions(const volley_population *population, volley_hdf5 *file, hid_t group) {
  static const char *const axes[VOLLEY_DIMENSIONS] = {"x", "y", "z"};
  double *values = volley_alloc(population->size, sizeof *values, "positions"), x[VOLLEY_DIMENSIONS];
  for (int d = 0; d < population->positions->dimensions; d++) {
    for (uint32_t i = 0; i < population->size; i++) {
      volley_space_position(population->space, i, x);
      values[i] = x[d];
    }
    volley_hdf5_put_array(file, group, axes[d], H5T_NATIVE_DOUBLE, population->size, values);
  }
  free(values);
}

/* Parameters and states of a population. */
static void put_values(const export *x, int p, const volley_values *values, volley_hdf5 *file, hid_t group) {
  const volley_neuron_model *model = x->experiment->populations[p].model;
  char path[MAX_PATH];
  FILE *json = x->rank == 0 ? create_text(path_of(x, path, "nodes_%d.json", p)) : NULL;
  const hid_t own = x->rank == 0 ? volley_hdf5_put_group(file, group, "dynamics_params") : -1;
  bool first = true;
  if (json) fprintf(json, "{");
  for (int k = 0; k < model->n_parameters; k++)
    put_value(x, p, file, own, json, model->parameters[k].name, values->parameters[k], values->per_neuron, &first);
  for (int k = 0; k < model->n_states; k++)
    put_value(x, p, file, own, json, model->states[k].name, values->states[k], true, &first);
  if (json) fprintf(json, "\n}\n");
  close_text(json, path);
  volley_hdf5_release(file, own);
}

/* The group of attributes of a population. */
static volley_status write_part(const export *x, int p, volley_hdf5 *file, hid_t group, int number) {
  const volley_population *population = &x->experiment->populations[p];
  char name[16];
  volley_values values;
  VOLLEY_TRY(volley_values_make(x->partition, p, true, x->reader, x->comm, &values));
  snprintf(name, sizeof name, "%d", number);
  const hid_t own = x->rank == 0 ? volley_hdf5_put_group(file, group, name) : -1;
  if (x->rank == 0 && population->space) put_positions(population, file, own);
  if (!population->model->is_source) put_values(x, p, &values, file, own);
  volley_hdf5_release(file, own);
  volley_values_free(population->model, &values);
  return volley_agree(x->comm);
}

/* The types of populations p .. p + n - 1. */
static void write_node_types(const export *x, int p, int n) {
  const volley_population *populations = x->experiment->populations;
  char path[MAX_PATH];
  bool has_neurons = false;
  for (int k = p; k < p + n; k++) has_neurons |= !populations[k].model->is_source;
  FILE *table = create_text(path_of(x, path, "node_types_%d.csv", p));
  if (table) fprintf(table, "node_type_id model_type%s\n", has_neurons ? " model_template dynamics_params" : "");
  for (int k = p; k < p + n && table; k++) {
    if (populations[k].model->is_source)
      fprintf(table, "%d virtual%s\n", k, has_neurons ? " NULL NULL" : "");
    else
      fprintf(table, "%d point_process nest:%s nodes_%d.json\n", k, populations[k].model->name, k);
  }
  close_text(table, path);
}

/* The nodes of a population, or of those that are one in SONATA, of which it is the first. */
static volley_status write_nodes(const export *x, int p) {
  const volley_population *population = &x->experiment->populations[p];
  const int n = count_parts(population);
  char path[MAX_PATH], *name = volley_path_format("nodes/%s", nodes_name(population));
  volley_hdf5 file = {.path = path_of(x, path, "nodes_%d.h5", p), .blame = VOLLEY_FAILURE, .writes = true};
  volley_status status = VOLLEY_OK;
  const hid_t handle = x->rank == 0 ? volley_hdf5_create_shared(&file, MPI_COMM_SELF) : -1;
  const hid_t group = x->rank == 0 ? volley_hdf5_put_group(&file, handle, name) : -1;
  if (x->rank == 0) put_ids(x, p, &file, group);
  for (int k = 0; k < n && status == VOLLEY_OK; k++) status = write_part(x, p + k, &file, group, k);
  volley_hdf5_release(&file, group);
  if (handle >= 0) volley_hdf5_check(&file, H5Fclose(handle), "close");
  free(name);
  if (x->rank == 0) write_node_types(x, p, n);
  return status != VOLLEY_OK ? status : volley_agree(x->comm);
}

/* Edges of a projection that this rank has. */
typedef struct edge_columns {
  uint32_t *source, *target;
  double *weight, *delay;
  size_t n, capacity;
} edge_columns;

static uint32_t node_of(const volley_population *population, volley_gid gid) {
  const uint32_t index = volley_index_in(population, gid);
  return population->nodes ? volley_nodes_id(population->nodes, index) : index;
}

static void add_edges(const export *x, int p, const volley_edges *edges, edge_columns *out) {
  const volley_projection *projection = &x->experiment->projections[p];
  const volley_population *source = &x->experiment->populations[projection->source];
  const volley_population *target = &x->experiment->populations[projection->target];
  if (out->n + edges->n > out->capacity) {
    out->capacity = 2 * (out->n + edges->n);
    out->source = volley_grow(out->source, out->capacity, sizeof *out->source, "edges");
    out->target = volley_grow(out->target, out->capacity, sizeof *out->target, "edges");
    out->weight = volley_grow(out->weight, out->capacity, sizeof *out->weight, "edges");
    out->delay = volley_grow(out->delay, out->capacity, sizeof *out->delay, "edges");
  }
  for (size_t e = 0; e < edges->n; e++, out->n++) {
    const int receptor = edges->receptors[e];
    const bool inhibits = target->model->receptors[receptor].weights == VOLLEY_CONDUCTANCE &&
                          receptor == target->model->receptor_of_sign[1] &&
                          receptor != target->model->receptor_of_sign[0];
    out->source[out->n] = node_of(source, edges->sources[e]);
    out->target[out->n] = node_of(target, edges->target);
    out->weight[out->n] = inhibits ? -fabs(edges->weights[e]) : edges->weights[e];
    out->delay[out->n] = edges->times[e];
  }
}

static void collect(const export *x, int p, edge_columns *out) {
  const int target = x->experiment->projections[p].target;
  volley_walk *walk = volley_walk_create(x->experiment, x->lists);
  volley_walk_begin(walk, p, x->partition->gids[target], x->partition->counts[target]);
  for (const volley_edges *edges; (edges = volley_walk_next(walk));) {
    volley_walk_draw_values(walk, NULL);
    add_edges(x, p, edges, out);
  }
  volley_walk_destroy(walk);
}

/* Writes a column: this rank's n values from number `first` on. */
static hid_t put_column(volley_hdf5 *file, hid_t group, const char *name, hid_t type, size_t size, const void *values,
                        uint64_t first, uint64_t n, uint64_t total) {
  const hsize_t all = total;
  const hid_t space = volley_hdf5_check(file, H5Screate_simple(1, &all, NULL), "describe data of");
  const hid_t set = volley_hdf5_check(file, H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                                      "create a dataset in");
  for (uint64_t at = 0; at < n; at += PIECE) {
    const hsize_t start = first + at, count = n - at < PIECE ? n - at : PIECE;
    const hid_t memory = volley_hdf5_check(file, H5Screate_simple(1, &count, NULL), "describe data of");
    volley_hdf5_check(file, H5Sselect_hyperslab(space, H5S_SELECT_SET, &start, NULL, &count, NULL), "select data of");
    volley_hdf5_check(file, H5Dwrite(set, type, memory, space, H5P_DEFAULT, (const char *)values + at * size), "write");
    volley_hdf5_release(file, memory);
  }
  volley_hdf5_release(file, space);
  return set;
}

static void put_edges(const export *x, int p, volley_hdf5 *file, hid_t group, const edge_columns *edges) {
  const volley_projection *projection = &x->experiment->projections[p];
  uint64_t n = edges->n, first = 0, total = 0;
  VOLLEY_MPI(MPI_Exscan(&n, &first, 1, MPI_UINT64_T, MPI_SUM, x->comm));
  VOLLEY_MPI(MPI_Allreduce(&n, &total, 1, MPI_UINT64_T, MPI_SUM, x->comm));
  if (x->rank == 0) first = 0;
  uint32_t *numbers = volley_alloc(n, sizeof *numbers, "edges");
#define COLUMN(name, type, values) put_column(file, group, name, type, sizeof *(values), values, first, n, total)
  hid_t set = COLUMN("source_node_id", H5T_NATIVE_UINT32, edges->source);
  volley_hdf5_put_text(file, set, "node_population", nodes_name(&x->experiment->populations[projection->source]));
  volley_hdf5_release(file, set);
  set = COLUMN("target_node_id", H5T_NATIVE_UINT32, edges->target);
  volley_hdf5_put_text(file, set, "node_population", nodes_name(&x->experiment->populations[projection->target]));
  volley_hdf5_release(file, set);
  volley_hdf5_release(file, COLUMN("edge_group_id", H5T_NATIVE_UINT32, numbers));
  for (uint64_t e = 0; e < n; e++) numbers[e] = (uint32_t)p;
  volley_hdf5_release(file, COLUMN("edge_type_id", H5T_NATIVE_UINT32, numbers));
  uint64_t *rows = volley_alloc(n, sizeof *rows, "edges");
  for (uint64_t e = 0; e < n; e++) rows[e] = first + e;
  volley_hdf5_release(file, COLUMN("edge_group_index", H5T_NATIVE_UINT64, rows));
  const hid_t own = volley_hdf5_put_group(file, group, "0");
  volley_hdf5_release(
      file, put_column(file, own, "syn_weight", H5T_NATIVE_DOUBLE, sizeof(double), edges->weight, first, n, total));
  volley_hdf5_release(file,
                      put_column(file, own, "delay", H5T_NATIVE_DOUBLE, sizeof(double), edges->delay, first, n, total));
  volley_hdf5_release(file, own);
  free(numbers);
  free(rows);
}

/* What the synapses of a projection are. */
static void write_type(const export *x, int p) {
  const volley_plasticity_plan *plan = &x->experiment->projections[p].plasticity;
  char path[MAX_PATH], json_path[MAX_PATH];
  FILE *table = create_text(path_of(x, path, "edge_types_%d.csv", p));
  if (table)
    fprintf(table, "edge_type_id model_template dynamics_params\n%d %s%s edges_%d.json\n", p,
            plan->model ? plan->model->name : "static", "_synapse", p);
  close_text(table, path);
  FILE *json = create_text(path_of(x, json_path, "edges_%d.json", p));
  if (json) fprintf(json, "{");
  for (int k = 0; json && plan->model && k < plan->model->n_parameters; k++)
    fprintf(json, "%s\n  \"%s\": %.17g", k ? "," : "", plan->model->parameters[k].name, plan->parameters[k]);
  const volley_projection *projection = &x->experiment->projections[p];
  const bool is_named = x->experiment->populations[projection->target].model->names_receptors;
  if (json && is_named) fprintf(json, "%s\n  \"receptor_type\": %d", plan->model ? "," : "", projection->receptor + 1);
  if (json) fprintf(json, "\n}\n");
  close_text(json, json_path);
}

static volley_status write_edges(const export *x, int p) {
  edge_columns edges = {0};
  char path[MAX_PATH], *name = volley_path_format("edges/%s", x->experiment->projections[p].name);
  volley_hdf5 file = {.path = path_of(x, path, "edges_%d.h5", p), .blame = VOLLEY_FAILURE, .writes = x->rank == 0};
  collect(x, p, &edges);
  VOLLEY_TRY(volley_agree(x->comm));
  const hid_t handle = volley_hdf5_create_shared(&file, x->comm);
  volley_status status = volley_agree(x->comm);
  if (status == VOLLEY_OK) {
    const hid_t group = volley_hdf5_put_group(&file, handle, name);
    put_edges(x, p, &file, group, &edges);
    volley_hdf5_release(&file, group);
    if (x->rank == 0) write_type(x, p);
  }
  if (handle >= 0) volley_hdf5_check(&file, H5Fclose(handle), "close");
  free(edges.source);
  free(edges.target);
  free(edges.weight);
  free(edges.delay);
  free(name);
  return status == VOLLEY_OK ? volley_agree(x->comm) : status;
}

static void write_config(const export *x) {
  const volley_experiment *e = x->experiment;
  char path[MAX_PATH];
  FILE *file = create_text(path_of(x, path, "circuit_config.json"));
  if (!file) return;
  fprintf(file,
          "{\n  \"manifest\": {\"$NETWORK_DIR\": \".\"},\n  \"components\": {\"point_neuron_models_dir\": "
          "\"$NETWORK_DIR\", "
          "\"synaptic_models_dir\": \"$NETWORK_DIR\"},\n  \"run\": {\"tstop\": %.17g, \"dt\": %.17g},\n  \"networks\": "
          "{\n    \"nodes\": [",
          (double)e->simulation.steps * e->simulation.dt, e->simulation.dt);
  for (int p = 0; p < e->n_populations; p++)
    if (is_first_part(x, p))
      fprintf(file,
              "%s\n      {\"nodes_file\": \"$NETWORK_DIR/nodes_%d.h5\", \"node_types_file\": "
              "\"$NETWORK_DIR/node_types_%d.csv\"}",
              p ? "," : "", p, p);
  fprintf(file, "],\n    \"edges\": [");
  for (int p = 0; p < e->n_projections; p++)
    fprintf(file,
            "%s\n      {\"edges_file\": \"$NETWORK_DIR/edges_%d.h5\", \"edge_types_file\": "
            "\"$NETWORK_DIR/edge_types_%d.csv\"}",
            p ? "," : "", p, p);
  fprintf(file, "]\n  }\n}\n");
  close_text(file, path);
}

/* Tells what the files do not say. */
static void tell(const export *x) {
  const volley_experiment *e = x->experiment;
  if (e->n_changes > 0)
    volley_progress_note("note: changes are not exported: what is written is the network at the beginning");
  if (e->n_stimuli > 0) volley_progress_note("note: stimuli are not exported: SONATA keeps inputs beside the network");
  if (e->n_readouts > 0) volley_progress_note("note: readouts are not exported");
  for (int p = 0; p < e->n_populations; p++)
    if (e->populations[p].spikes)
      volley_progress_note("note: the nodes of %s are virtual; their spikes are not exported", e->populations[p].name);
}

static volley_status write_all(export *x) {
  const volley_experiment *e = x->experiment, plain = volley_partition_plainly(e);
  VOLLEY_TRY(make_folder(x));
  VOLLEY_TRY(volley_partition_create(&plain, x->rank, x->ranks, x->reader, x->comm, &x->partition));
  VOLLEY_TRY(volley_edge_lists_make(x->partition, true, x->reader, x->comm, &x->lists));
  for (int p = 0; p < e->n_populations; p++)
    if (is_first_part(x, p)) VOLLEY_TRY(write_nodes(x, p));
  for (int p = 0; p < e->n_projections; p++) VOLLEY_TRY(write_edges(x, p));
  if (x->rank == 0) write_config(x);
  if (x->rank == 0) tell(x);
  return volley_agree(x->comm);
}

volley_status volley_sonata_export(const volley_experiment *experiment, const volley_reader *reader, const char *folder,
                                   MPI_Comm comm) {
  export x = {.experiment = experiment, .reader = reader, .folder = folder, .comm = comm};
  VOLLEY_MPI(MPI_Comm_rank(comm, &x.rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &x.ranks));
  const volley_status status = write_all(&x);
  volley_edge_lists_free(experiment, x.lists);
  if (x.partition) volley_partition_destroy(x.partition);
  return status;
}
