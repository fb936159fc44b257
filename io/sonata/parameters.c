/* Parameters of neurons: those in nodes.h5 win over those of the type. */
#include "io/sonata/client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TAU = VOLLEY_MAX_PARAMETERS + VOLLEY_MAX_STATES, SLOTS /* parameters, states, tau_m of models that have g_L */ };

/* Values of the nodes of a part of a population while they are put together. */
typedef struct values {
  volley_sonata *sonata;
  const volley_sonata_nodes *nodes;
  const volley_sonata_part *part;
  uint32_t *ids;            /* [part->n] its nodes */
  double (*of_type)[SLOTS]; /* [types] NAN: not given */
  double *of_node[SLOTS];   /* [part->n] likewise; NULL: none */
  const char **groups;      /* [n_groups] of attributes */
  int n_groups;
  double *group_ids, *group_index; /* [n] NULL: group 0, by node */
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
  const int flag = is_flag ? find_slot(&v->part->model, item->key, &factor) : -1;
  if (flag >= 0) out[flag] = strcmp(item->text, "true") == 0;
  if (item->kind != VOLLEY_NODE_LIST) return flag >= 0;
  bool is_whole = item->n > 0;
  for (int k = 0; k < item->n && is_whole; k++) {
    const char *name = volley_arena_format(v->sonata->arena, "%s_%d", item->key, k + 1);
    char *end = NULL;
    const double number = item->items[k]->kind == VOLLEY_NODE_SCALAR ? strtod(item->items[k]->text, &end) : 0;
    const int slot = find_slot(&v->part->model, name, &factor);
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
    const int slot = find_slot(&v->part->model, item->key, &factor);
    if (is_number && slot >= 0)
      out[slot] = number * factor;
    else if (is_number || slot >= 0 || item->kind != VOLLEY_NODE_SCALAR)
      volley_sonata_fault(v->sonata, item,
                          slot >= 0 ? "%s of %s is no number" : "'%s' is no parameter of %s, and would not count",
                          item->key, v->part->model.name);
    else if (strcmp(item->key, "type") != 0)
      volley_sonata_note(v->sonata, "%s: not used: %s", json->file, item->key);
  }
}

static volley_status read_types(values *v) {
  const volley_node *types = v->nodes->types;
  const volley_sonata_model *model = &v->part->model;
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
    if (!name || v->nodes->part_of_type[t] != (int)(v->part - v->nodes->parts)) continue;
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

static double group_of(const values *v, uint32_t i) { return v->group_ids ? v->group_ids[v->nodes->order[i]] : 0; }

/* Takes a dataset of a group of attributes, for the nodes of the part that are in the group. */
static volley_status take_dataset(values *v, const char *group, const char *name) {
  const volley_sonata_nodes *nodes = v->nodes;
  double factor, *numbers;
  size_t n;
  const int slot = find_slot(&v->part->model, name, &factor);
  const char *path = volley_arena_format(v->sonata->arena, "/nodes/%s/%s/dynamics_params/%s", nodes->name, group, name);
  VOLLEY_TRY(volley_sonata_read_numbers(v->sonata, nodes->place, nodes->path, path, true, &numbers, &n));
  if (slot >= 0 && !v->of_node[slot]) {
    v->of_node[slot] = volley_arena_alloc(v->sonata->arena, v->part->n, sizeof(double));
    for (uint32_t i = 0; i < v->part->n; i++) v->of_node[slot][i] = NAN;
  }
  for (uint32_t i = 0; i < v->part->n; i++) {
    const uint32_t id = v->ids[i];
    if (group_of(v, id) != strtod(group, NULL)) continue;
    const double at = v->group_index ? v->group_index[v->nodes->order[id]] : (double)v->nodes->order[id];
    const bool is_there = at >= 0 && at == floor(at) && at < (double)n;
    if (is_there && (slot >= 0 || isnan(numbers[(size_t)at]))) {
      if (slot >= 0) v->of_node[slot][i] = numbers[(size_t)at] * factor;
      continue;
    }
    if (is_there)
      volley_sonata_fault(v->sonata, nodes->place, "%s: '%s' is no parameter of %s, and would not count", path, name,
                          v->part->model.name);
    else
      volley_sonata_fault(v->sonata, nodes->place,
                          "%s holds %zu values, but node %u has the node_group_index %.10g; whole "
                          "numbers from 0 on and below %zu are right",
                          path, n, id, at, n);
    break;
  }
  return volley_agree(v->sonata->comm);
}

/* Whether the rows of group 0 are the nodes, one after the other. */
static bool is_in_order(const values *v) {
  for (uint32_t i = 0; i < v->nodes->n; i++)
    if (v->nodes->order[i] != i || (v->group_index && v->group_index[i] != i)) return false;
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

/* The values of a slot by node of the part; NULL where none is given. */
static double *make_column(const values *v, int slot) {
  const uint32_t n = v->part->n;
  double *column = volley_arena_alloc(v->sonata->arena, (size_t)n + 1, sizeof *column);
  bool any = false;
  for (uint32_t i = 0; i < n; i++) {
    column[i] = v->of_node[slot] ? v->of_node[slot][i] : NAN;
    if (isnan(column[i])) column[i] = v->of_type[v->nodes->type[v->ids[i]]][slot];
    any |= !isnan(column[i]);
  }
  for (uint32_t i = 0; i < n && any; i++)
    if (isnan(column[i])) column[i] = default_of(&v->part->model, slot);
  return any ? column : NULL;
}

/* One number where all are equal, else one for each node. */
static void put_column(const values *v, volley_node *map, const char *name, const double *column) {
  bool equal = true;
  for (uint32_t i = 1; i < v->part->n; i++) equal &= column[i] == column[0];
  if (equal) {
    volley_sonata_put_number(v->sonata, map, name, column[0], v->nodes->place);
    return;
  }
  volley_node *one = volley_sonata_map(v->sonata);
  volley_sonata_put_numbers(v->sonata, one, "values", column, v->part->n, v->nodes->place);
  volley_sonata_put(v->sonata, map, name, one);
}

static void put_values(const values *v, volley_node *entry) {
  const volley_sonata_model *of = &v->part->model;
  const volley_neuron_model *model = of->model;
  volley_node *parameters = volley_sonata_map(v->sonata), *initial = volley_sonata_map(v->sonata);
  double *columns[VOLLEY_MAX_PARAMETERS], *tau = make_column(v, TAU);
  for (int k = 0; k < model->n_parameters; k++) columns[k] = make_column(v, k);
  const int g_l = find_parameter(model, "g_L"), c_m = find_parameter(model, "C_m");
  if (tau && g_l >= 0 && c_m >= 0 && columns[c_m]) {
    for (uint32_t i = 0; i < v->part->n; i++) tau[i] = columns[c_m][i] / tau[i];
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

volley_status volley_sonata_add_parameters(volley_sonata *sonata, const volley_sonata_nodes *nodes,
                                           const volley_sonata_part *part, volley_node *entry) {
  values v = {.sonata = sonata, .nodes = nodes, .part = part};
  const char **names, *path = volley_arena_format(sonata->arena, "/nodes/%s", nodes->name);
  int n;
  v.ids = volley_arena_alloc(sonata->arena, (size_t)part->n + 1, sizeof *v.ids);
  for (uint32_t i = 0, k = 0; i < nodes->n; i++)
    if (volley_sonata_part_of(nodes, i) == part) v.ids[k++] = i;
  v.of_type = volley_arena_alloc(sonata->arena, (size_t)nodes->types->n + 1, sizeof *v.of_type);
  VOLLEY_TRY(volley_sonata_list_group(sonata, nodes->place, nodes->path, path, &names, &n));
  v.groups = volley_arena_alloc(sonata->arena, (size_t)n + 1, sizeof *v.groups);
  for (int i = 0; i < n; i++) {
    const size_t length = strlen(names[i]);
    if (strspn(names[i], "0123456789") + 1 == length && names[i][length - 1] == '/')
      v.groups[v.n_groups++] = volley_arena_format(sonata->arena, "%.*s", (int)length - 1, names[i]);
  }
  VOLLEY_TRY(volley_sonata_read_column(sonata, nodes, "node_group_id", &v.group_ids));
  VOLLEY_TRY(volley_sonata_read_column(sonata, nodes, "node_group_index", &v.group_index));
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
