/* Populations of nodes, their types, and the parameters of neurons: those in nodes.h5 win over those of the type. */
#include "io/sonata/client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAU = VOLLEY_MAX_PARAMETERS + VOLLEY_MAX_STATES, SLOTS /* parameters, states, tau_m of models that have g_L */ };

/* Values of all nodes of a population while they are put together. */
typedef struct values {
  volley_sonata *sonata;
  const volley_sonata_nodes *nodes;
  double (*of_type)[SLOTS]; /* [types] NAN: not given */
  double *of_node[SLOTS];   /* [n] likewise; NULL: none */
  const char **groups;      /* [n_groups] of attributes */
  int n_groups;
  double *group_ids, *group_index; /* [n] NULL: group 0, by node */
  size_t *order;                   /* [n] row of a node in the file */
  const char *positions;           /* group that has coordinates; NULL: none */
} values;

static int find_parameter(const volley_neuron_model *model, const char *name) {
  for (int k = 0; k < model->n_parameters; k++)
    if (strcmp(model->parameters[k].name, name) == 0) return k;
  return -1;
}

/* The slot of a parameter or state as their model calls it, and what its numbers are multiplied with; -1 if it has none. */
static int find_slot(const volley_sonata_model *of, const char *name, double *factor) {
  const volley_neuron_model *model = of->model;
  *factor = 1;
  for (int k = 0; k < of->n_renames; k++) {
    if (strcmp(of->renames[k].theirs, name) != 0) continue;
    name = of->renames[k].ours;
    *factor = of->renames[k].factor;
    break;
  }
  const int parameter = find_parameter(model, name);
  if (parameter >= 0) return parameter;
  for (int k = 0; k < model->n_states; k++)
    if (strcmp(model->states[k].name, name) == 0) return VOLLEY_MAX_PARAMETERS + k;
  return strcmp(name, "tau_m") == 0 && find_parameter(model, "g_L") >= 0 && of->n_renames > 0 ? TAU : -1;
}

/* Takes a list of values, those of NAME_1, NAME_2, ..., or switches. Returns whether it was one. */
static bool take_list(const values *v, const volley_node *item, double *out) {
  double factor;
  const bool is_flag =
      item->kind == VOLLEY_NODE_SCALAR && item->plain && volley_sonata_is_among(item->text, "true|false");
  const int flag = is_flag ? find_slot(&v->nodes->model, item->key, &factor) : -1;
  if (flag >= 0) out[flag] = strcmp(item->text, "true") == 0;
  if (item->kind != VOLLEY_NODE_LIST) return flag >= 0;
  bool is_whole = item->n > 0;
  for (int k = 0; k < item->n && is_whole; k++) {
    const char *name = volley_arena_format(v->sonata->arena, "%s_%d", item->key, k + 1);
    char *end = NULL;
    const double number = item->items[k]->kind == VOLLEY_NODE_SCALAR ? strtod(item->items[k]->text, &end) : 0;
    const int slot = find_slot(&v->nodes->model, name, &factor);
    is_whole = slot >= 0 && end && end != item->items[k]->text && *end == '\0';
    if (is_whole) out[slot] = number * factor;
  }
  return is_whole;
}

/* Takes what a JSON file says of a type. Texts are told, numbers that the model does not know are refused. */
static void take_json(const values *v, const volley_node *json, double *out) {
  for (int i = 0; json && i < json->n; i++) {
    const volley_node *item = json->items[i];
    double number = 0, factor;
    char *end = NULL;
    if (take_list(v, item, out)) continue;
    if (item->kind == VOLLEY_NODE_SCALAR) number = strtod(item->text, &end);
    const bool is_number = end && end != item->text && *end == '\0' && item->plain;
    const int slot = find_slot(&v->nodes->model, item->key, &factor);
    if (is_number && slot >= 0)
      out[slot] = number * factor;
    else if (is_number || slot >= 0 || item->kind != VOLLEY_NODE_SCALAR)
      volley_sonata_fault(v->sonata, item,
                          slot >= 0 ? "%s of %s is no number" : "'%s' is no parameter of %s, and would not count",
                          item->key, v->nodes->model.name);
    else if (strcmp(item->key, "type") != 0)
      volley_sonata_note(v->sonata, "%s: not used: %s", json->file, item->key);
  }
}

static volley_status read_types(values *v) {
  const volley_node *types = v->nodes->types;
  const volley_sonata_model *model = &v->nodes->model;
  double factor;
  for (int t = 0; t < types->n; t++) {
    const volley_node *row = types->items[t];
    const char *name = volley_sonata_text(row, "dynamics_params");
    volley_node *json = NULL;
    for (int k = 0; k < SLOTS; k++) v->of_type[t][k] = NAN;
    for (int k = 0; k < model->n_renames; k++)
      if (!isnan(model->renames[k].fallback))
        v->of_type[t][find_slot(model, model->renames[k].theirs, &factor)] =
            model->renames[k].fallback * model->renames[k].factor;
    if (!name) continue;
    const volley_node *folder =
        volley_node_get(volley_node_get(v->sonata->config, "components"), "point_neuron_models_dir");
    if (!folder)
      return volley_sonata_fault(v->sonata, volley_node_get(row, "dynamics_params"),
                                 "components.point_neuron_models_dir is missing, where '%s' would be", name),
             volley_agree(v->sonata->comm);
    const char *path =
        volley_sonata_path(v->sonata, folder, volley_arena_format(v->sonata->arena, "%s/%s", folder->text, name));
    VOLLEY_TRY(volley_sonata_read_json(v->sonata, volley_node_get(row, "dynamics_params"), path, &json));
    take_json(v, json, v->of_type[t]);
  }
  return volley_agree(v->sonata->comm);
}

static double group_of(const values *v, uint32_t i) { return v->group_ids ? v->group_ids[v->order[i]] : 0; }

/* Takes a dataset of a group of attributes. */
static volley_status take_dataset(values *v, const char *group, const char *name) {
  const volley_sonata_nodes *nodes = v->nodes;
  double factor, *numbers;
  size_t n;
  const int slot = find_slot(&nodes->model, name, &factor);
  const char *path = volley_arena_format(v->sonata->arena, "/nodes/%s/%s/dynamics_params/%s", nodes->name, group, name);
  if (slot < 0) {
    volley_sonata_fault(v->sonata, nodes->place, "%s: '%s' is no parameter of %s, and would not count", path, name,
                        nodes->model.name);
    return volley_agree(v->sonata->comm);
  }
  VOLLEY_TRY(volley_sonata_read_numbers(v->sonata, nodes->place, nodes->path, path, true, &numbers, &n));
  if (!v->of_node[slot]) {
    v->of_node[slot] = volley_arena_alloc(v->sonata->arena, nodes->n, sizeof(double));
    for (uint32_t i = 0; i < nodes->n; i++) v->of_node[slot][i] = NAN;
  }
  for (uint32_t i = 0; i < nodes->n; i++) {
    if (group_of(v, i) != strtod(group, NULL)) continue;
    const double at = v->group_index ? v->group_index[v->order[i]] : (double)v->order[i];
    if (at >= 0 && at == floor(at) && at < (double)n) {
      v->of_node[slot][i] = numbers[(size_t)at] * factor;
      continue;
    }
    volley_sonata_fault(v->sonata, nodes->place,
                        "%s holds %zu values, but node %u has the node_group_index %.10g; whole "
                        "numbers from 0 on and below %zu are right",
                        path, n, i, at, n);
    break;
  }
  return volley_agree(v->sonata->comm);
}

/* Whether the rows of group 0 are the nodes, one after the other. */
static bool is_in_order(const values *v) {
  for (uint32_t i = 0; i < v->nodes->n; i++)
    if (v->order[i] != i || (v->group_index && v->group_index[i] != i)) return false;
  return v->n_groups == 1;
}

/* Whether all coordinates of a name are numbers: a network in which no rule asks for places may leave some out. */
static volley_status are_finite(values *v, const char *path, const char *name, bool *out) {
  double *numbers;
  size_t n;
  const char *dataset = volley_arena_format(v->sonata->arena, "%s/%s", path, name);
  VOLLEY_TRY(volley_sonata_read_numbers(v->sonata, v->nodes->place, v->nodes->path, dataset, true, &numbers, &n));
  *out = true;
  for (size_t i = 0; i < n; i++) *out &= isfinite(numbers[i]) != 0;
  return VOLLEY_OK;
}

/* The attributes of groups of nodes: only parameters and positions count. */
static volley_status read_groups(values *v) {
  volley_sonata *sonata = v->sonata;
  for (int g = 0; g < v->n_groups; g++) {
    const char **names, *group = v->groups[g], *unused = NULL;
    bool has_places = is_in_order(v);
    const char *path = volley_arena_format(sonata->arena, "/nodes/%s/%s", v->nodes->name, group);
    int n;
    VOLLEY_TRY(volley_sonata_list_group(sonata, v->nodes->place, v->nodes->path, path, &names, &n));
    for (int i = 0; i < n && has_places; i++)
      if (volley_sonata_is_among(names[i], "x|y|z")) VOLLEY_TRY(are_finite(v, path, names[i], &has_places));
    for (int i = 0; i < n; i++) {
      if (strcmp(names[i], "dynamics_params/") == 0) continue;
      if (has_places && volley_sonata_is_among(names[i], "x|y|z")) {
        if (strcmp(names[i], "x") == 0) v->positions = path;
        continue;
      }
      if (volley_sonata_is_among(names[i], "model_template|model_type|dynamics_params"))
        volley_sonata_fault(sonata, v->nodes->place, "%s/%s: the models of nodes are those of their types", path,
                            names[i]);
      unused = unused ? volley_arena_format(sonata->arena, "%s, %s", unused, names[i]) : names[i];
    }
    if (unused) volley_sonata_note(sonata, "%s: of %s not used: %s", v->nodes->path, path, unused);
    path = volley_arena_format(sonata->arena, "%s/dynamics_params", path);
    VOLLEY_TRY(volley_sonata_list_group(sonata, v->nodes->place, v->nodes->path, path, &names, &n));
    for (int i = 0; i < n; i++) VOLLEY_TRY(take_dataset(v, group, names[i]));
  }
  return VOLLEY_OK;
}

/* What nodes have that nothing is said of. */
static double default_of(const volley_sonata_model *of, int slot) {
  if (slot < VOLLEY_MAX_PARAMETERS) return of->model->parameters[slot].fallback;
  if (slot == TAU) return NAN;
  const volley_state_info *state = &of->model->states[slot - VOLLEY_MAX_PARAMETERS];
  return state->from_parameter >= 0 ? of->model->parameters[state->from_parameter].fallback : state->fallback;
}

/* The values of a slot by node; NULL where none is given. */
static double *make_column(const values *v, int slot) {
  double *column = volley_arena_alloc(v->sonata->arena, (size_t)v->nodes->n + 1, sizeof *column);
  bool any = false;
  for (uint32_t i = 0; i < v->nodes->n; i++) {
    column[i] = v->of_node[slot] ? v->of_node[slot][i] : NAN;
    if (isnan(column[i])) column[i] = v->of_type[v->nodes->type[i]][slot];
    any |= !isnan(column[i]);
  }
  for (uint32_t i = 0; i < v->nodes->n && any; i++)
    if (isnan(column[i])) column[i] = default_of(&v->nodes->model, slot);
  return any ? column : NULL;
}

/* One number where all are equal, else one for each node. */
static void put_column(const values *v, volley_node *map, const char *name, const double *column) {
  bool equal = true;
  for (uint32_t i = 1; i < v->nodes->n; i++) equal &= column[i] == column[0];
  if (equal) {
    volley_sonata_put_number(v->sonata, map, name, column[0], v->nodes->place);
    return;
  }
  volley_node *one = volley_sonata_map(v->sonata);
  volley_sonata_put_numbers(v->sonata, one, "values", column, v->nodes->n, v->nodes->place);
  volley_sonata_put(v->sonata, map, name, one);
}

static void put_values(const values *v, volley_node *entry) {
  const volley_sonata_model *of = &v->nodes->model;
  const volley_neuron_model *model = of->model;
  volley_node *parameters = volley_sonata_map(v->sonata), *initial = volley_sonata_map(v->sonata);
  double *columns[VOLLEY_MAX_PARAMETERS], *tau = make_column(v, TAU);
  for (int k = 0; k < model->n_parameters; k++) columns[k] = make_column(v, k);
  const int g_l = find_parameter(model, "g_L"), c_m = find_parameter(model, "C_m");
  if (tau && g_l >= 0 && c_m >= 0 && columns[c_m]) {
    for (uint32_t i = 0; i < v->nodes->n; i++) tau[i] = columns[c_m][i] / tau[i];
    columns[g_l] = tau;
  }
  for (int k = 0; k < model->n_parameters; k++)
    if (columns[k]) put_column(v, parameters, model->parameters[k].name, columns[k]);
  for (int k = 0; k < model->n_states; k++) {
    const int slot = VOLLEY_MAX_PARAMETERS + k, from = model->states[k].from_parameter;
    const double *column = make_column(v, slot);
    if (column)
      put_column(v, initial, model->states[k].name, column);
    else if (of->keeps_states && from >= 0 && columns[from]) /* the parameter moves the state of no neuron of NEST */
      volley_sonata_put_number(v->sonata, initial, model->states[k].name, default_of(of, slot), v->nodes->place);
  }
  if (parameters->n > 0) volley_sonata_put(v->sonata, entry, "parameters", parameters);
  if (initial->n > 0) volley_sonata_put(v->sonata, entry, "initial", initial);
}

/* Reads a column of nodes as long as there are nodes; NULL where it is not there. */
static volley_status read_column(const values *v, const char *name, bool required, uint64_t n, double **out) {
  const volley_sonata_nodes *nodes = v->nodes;
  const char *path = volley_arena_format(v->sonata->arena, "/nodes/%s/%s", nodes->name, name);
  size_t found;
  VOLLEY_TRY(volley_sonata_read_numbers(v->sonata, nodes->place, nodes->path, path, required, out, &found));
  if (*out && found != n && n != UINT64_MAX)
    volley_sonata_fault(v->sonata, nodes->place, "%s holds %zu values, node_type_id %llu", path, found,
                        (unsigned long long)n);
  return volley_agree(v->sonata->comm);
}

/* Which row each node has. */
static volley_status read_order(values *v) {
  const uint32_t n = v->nodes->n;
  double *ids;
  v->order = volley_arena_alloc(v->sonata->arena, (size_t)n + 1, sizeof *v->order);
  VOLLEY_TRY(read_column(v, "node_id", false, n, &ids));
  for (uint32_t i = 0; i < n; i++) v->order[i] = SIZE_MAX;
  for (uint32_t i = 0; i < n; i++) {
    const double id = ids ? ids[i] : i;
    if (id >= 0 && id < n && id == floor(id) && v->order[(uint32_t)id] == SIZE_MAX) {
      v->order[(uint32_t)id] = i;
      continue;
    }
    volley_sonata_fault(v->sonata, v->nodes->place,
                        "/nodes/%s/node_id: %.10g in row %u; the ids of %u nodes must be 0 to %u, each once",
                        v->nodes->name, id, i, n, n - 1);
    break;
  }
  return volley_agree(v->sonata->comm);
}

/* Which type each node has. */
static void find_types(values *v, volley_sonata_nodes *nodes, const double *ids) {
  const volley_node *types = nodes->types;
  double *known = volley_arena_alloc(v->sonata->arena, (size_t)types->n + 1, sizeof *known);
  for (int t = 0; t < types->n; t++) {
    if (!volley_sonata_number(v->sonata, types->items[t], "node_type_id", &known[t])) known[t] = NAN;
    for (int before = 0; before < t; before++) {
      if (known[before] != known[t]) continue;
      volley_sonata_fault(v->sonata, types->items[t], "the node_type_id %.10g stands twice", known[t]);
      return;
    }
  }
  for (uint32_t i = 0; i < nodes->n; i++) {
    const double id = ids[v->order[i]];
    int t = i > 0 && known[nodes->type[i - 1]] == id ? nodes->type[i - 1] : 0;
    while (t < types->n && known[t] != id) t++;
    nodes->type[i] = t < types->n ? t : 0;
    if (t < types->n) continue;
    volley_sonata_fault(v->sonata, types, "there is no node_type_id %.0f, which node %u of %s has", id, i, nodes->name);
    return;
  }
}

/* The model of the types that nodes have: one for all of a population. */
static void find_model(volley_sonata *sonata, volley_sonata_nodes *nodes) {
  const volley_node *first = NULL;
  bool *used = volley_arena_alloc(sonata->arena, (size_t)nodes->types->n + 1, sizeof *used);
  for (uint32_t i = 0; i < nodes->n; i++) used[nodes->type[i]] = true;
  for (int t = 0; t < nodes->types->n; t++) {
    const volley_node *row = nodes->types->items[t], *template = volley_node_get(row, "model_template");
    const char *type = volley_sonata_text(row, "model_type");
    const bool is_virtual = type && strcmp(type, "virtual") == 0;
    if (!used[t]) continue;
    if (type && !volley_sonata_is_among(type, "virtual|point_process|point_neuron|point_soma|single_compartment"))
      volley_sonata_fault(sonata, volley_node_get(row, "model_type"),
                          "nodes of the type '%s' are not known; point_process, point_neuron and virtual are", type);
    else if (!is_virtual && !template)
      volley_sonata_fault(sonata, row, "a type of nodes without model_template");
    else if (first && (is_virtual != nodes->is_virtual ||
                       (!is_virtual && strcmp(template->text, volley_sonata_text(first, "model_template")) != 0)))
      volley_sonata_fault(sonata, row,
                          "nodes of one population have one model here, with parameters by type and node; %s has "
                          "others before this type: give them a population of their own",
                          nodes->name);
    else if (!first && !is_virtual)
      (void)volley_sonata_find_model(sonata, template, &nodes->model);
    if (!first) nodes->is_virtual = is_virtual;
    first = first ? first : row;
  }
}

static volley_status read_population(volley_sonata *sonata, volley_sonata_nodes *nodes) {
  values v = {.sonata = sonata, .nodes = nodes};
  double *ids;
  size_t n;
  const char *path = volley_arena_format(sonata->arena, "/nodes/%s/node_type_id", nodes->name);
  VOLLEY_TRY(volley_sonata_read_numbers(sonata, nodes->place, nodes->path, path, true, &ids, &n));
  nodes->n = (uint32_t)n;
  if (n == 0 || n > UINT32_MAX) volley_sonata_fault(sonata, nodes->place, "%s holds %zu nodes", path, n);
  VOLLEY_TRY(volley_agree(sonata->comm));
  nodes->type = volley_arena_alloc(sonata->arena, n, sizeof *nodes->type);
  VOLLEY_TRY(read_order(&v));
  find_types(&v, nodes, ids);
  VOLLEY_TRY(volley_agree(sonata->comm));
  find_model(sonata, nodes);
  return volley_agree(sonata->comm);
}

volley_status volley_sonata_add_parameters(volley_sonata *sonata, const volley_sonata_nodes *nodes,
                                           volley_node *entry) {
  values v = {.sonata = sonata, .nodes = nodes};
  const char **names, *path = volley_arena_format(sonata->arena, "/nodes/%s", nodes->name);
  int n;
  v.of_type = volley_arena_alloc(sonata->arena, (size_t)nodes->types->n + 1, sizeof *v.of_type);
  VOLLEY_TRY(volley_sonata_list_group(sonata, nodes->place, nodes->path, path, &names, &n));
  v.groups = volley_arena_alloc(sonata->arena, (size_t)n + 1, sizeof *v.groups);
  for (int i = 0; i < n; i++) {
    const size_t length = strlen(names[i]);
    if (strspn(names[i], "0123456789") + 1 == length && names[i][length - 1] == '/')
      v.groups[v.n_groups++] = volley_arena_format(sonata->arena, "%.*s", (int)length - 1, names[i]);
  }
  VOLLEY_TRY(read_order(&v));
  VOLLEY_TRY(read_column(&v, "node_group_id", false, nodes->n, &v.group_ids));
  VOLLEY_TRY(read_column(&v, "node_group_index", false, nodes->n, &v.group_index));
  VOLLEY_TRY(read_types(&v));
  VOLLEY_TRY(read_groups(&v));
  put_values(&v, entry);
  if (v.positions) {
    volley_node *positions = volley_sonata_map(sonata);
    volley_sonata_put_text(sonata, positions, "type", "file", nodes->place);
    volley_sonata_put_text(sonata, positions, "file", nodes->path, nodes->place);
    volley_sonata_put_text(sonata, positions, "dataset", v.positions, nodes->place);
    volley_sonata_put(sonata, entry, "positions", positions);
  }
  return volley_agree(sonata->comm);
}

/* The populations of an entry of networks.nodes. */
static volley_status read_entry(volley_sonata *sonata, const volley_node *entry) {
  volley_node *file = volley_node_get(entry, "nodes_file"), *table = volley_node_get(entry, "node_types_file");
  volley_node *types = NULL;
  const char **names;
  int n;
  if (volley_sonata_is_disabled(entry)) return VOLLEY_OK;
  if (!file || !table) {
    volley_sonata_fault(sonata, entry, "nodes_file and node_types_file are needed; %s is missing",
                        file ? "node_types_file" : "nodes_file");
    return volley_agree(sonata->comm);
  }
  volley_sonata_note_unused(sonata, entry, "networks.nodes", "nodes_file|node_types_file|enabled");
  const char *path = volley_sonata_path(sonata, file, file->text);
  VOLLEY_TRY(volley_sonata_read_table(sonata, table, volley_sonata_path(sonata, table, table->text), &types));
  VOLLEY_TRY(volley_sonata_list_group(sonata, file, path, "/nodes", &names, &n));
  if (n == 0) volley_sonata_fault(sonata, file, "'%s' has no populations in /nodes", path);
  for (int i = 0; i < n; i++) {
    const size_t length = strlen(names[i]);
    if (names[i][length - 1] != '/') continue;
    sonata->populations = volley_grow(sonata->populations, (size_t)sonata->n_populations + 1,
                                      sizeof *sonata->populations, "populations of nodes");
    volley_sonata_nodes *nodes = &sonata->populations[sonata->n_populations];
    *nodes = (volley_sonata_nodes){.name = volley_arena_format(sonata->arena, "%.*s", (int)length - 1, names[i]),
                                   .path = path,
                                   .types = types,
                                   .place = file};
    if (volley_sonata_find_population(sonata, nodes->name) >= 0)
      volley_sonata_fault(sonata, file, "another file has a population '%s', too", nodes->name);
    sonata->n_populations++;
    VOLLEY_TRY(read_population(sonata, nodes));
  }
  return volley_agree(sonata->comm);
}

int volley_sonata_find_population(const volley_sonata *sonata, const char *name) {
  for (int p = 0; p < sonata->n_populations; p++)
    if (strcmp(sonata->populations[p].name, name) == 0) return p;
  return -1;
}

volley_status volley_sonata_read_nodes(volley_sonata *sonata) {
  const volley_node *list = volley_node_get(volley_node_get(sonata->config, "networks"), "nodes");
  volley_node *out = volley_sonata_list(sonata);
  if (!list || list->kind != VOLLEY_NODE_LIST)
    volley_sonata_fault(sonata, sonata->config, "networks.nodes is missing: a list of nodes_file and node_types_file");
  VOLLEY_TRY(volley_agree(sonata->comm));
  for (int i = 0; i < list->n; i++) VOLLEY_TRY(read_entry(sonata, list->items[i]));
  for (int p = 0; p < sonata->n_populations; p++) {
    const volley_sonata_nodes *nodes = &sonata->populations[p];
    volley_node *entry = volley_sonata_map(sonata);
    volley_sonata_put_text(sonata, entry, "name", nodes->name, nodes->place);
    volley_sonata_put_text(sonata, entry, "model", nodes->is_virtual ? "spike_source" : nodes->model.model->name,
                           nodes->place);
    volley_sonata_put_number(sonata, entry, "size", nodes->n, nodes->place);
    if (!nodes->is_virtual) VOLLEY_TRY(volley_sonata_add_parameters(sonata, nodes, entry));
    volley_node_append(sonata->arena, out, entry, NULL);
  }
  volley_sonata_put(sonata, sonata->root, "populations", out);
  return VOLLEY_OK;
}
