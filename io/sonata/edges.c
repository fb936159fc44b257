/* Populations of edges: one projection for all types whose synapses change alike. */
#include "io/sonata/client.h"

#include "synapse/synapse.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const double default_delay = 1; /* ms, NEST's */

/* A type of edges. */
typedef struct edge_type {
  double id, weight, factor, delay, nsyns; /* weight NAN: edges have theirs */
  int receptor;                            /* number of the receptor; 0: by the sign of the weight */
  volley_node *synapse;                    /* NULL: static */
  const char *kind; /* NULL: no edges between these parts; else what types of one projection have alike */
} edge_type;

/* A population of edges while it is described. */
typedef struct edge_population {
  volley_sonata *sonata;
  const char *name, *path;
  volley_node *place; /* edges_file */
  const volley_node *rows;
  const volley_sonata_nodes *source, *target;
  const volley_sonata_part *from, *onto; /* of them */
  volley_sonata_pairs pairs;
  int n_projections;
  bool has_nsyns; /* of types */
  edge_type *types;
  int n_types;
} edge_population;

/* The model of a synapse by its template; false after a fault. *out NULL: static. */
static bool find_synapse(const volley_sonata *sonata, const volley_node *template, const volley_synapse_model **out) {
  char name[128];
  *out = NULL;
  if (!template) return true;
  const char *text = template->text + (strncmp(template->text, "nest:", 5) == 0 ? 5 : 0);
  if (volley_sonata_is_among(text, "static_synapse|static|static_synapse_hom_w")) return true;
  snprintf(name, sizeof name, "%s", text);
  char *ending = strstr(name, "_synapse");
  if (ending) *ending = '\0';
  *out = volley_synapse_model_find(name);
  if (*out && !(*out)->dopamine) return true;
  volley_sonata_fault(
      sonata, template,
      "the synapse model '%.100s' is not known here; known are static_synapse and NAME_synapse with the "
      "names of `volley models`",
      text);
  return false;
}

/* Takes what a JSON file says of a type. */
static void take_json(edge_population *e, const volley_node *json, const volley_synapse_model *model, edge_type *type) {
  for (int i = 0; json && i < json->n; i++) {
    const volley_node *item = json->items[i];
    const char *key = item->key;
    double number;
    if (item->kind == VOLLEY_NODE_SCALAR && !item->plain) {
      if (!volley_sonata_is_among(key, "level_of_detail|type"))
        volley_sonata_note(e->sonata, "%s: not used: %s", json->file, key);
      continue;
    }
    if (!volley_sonata_number(e->sonata, json, key, &number)) continue;
    if (strcmp(key, "sign") == 0)
      type->factor *= number;
    else if (strcmp(key, "delay") == 0)
      type->delay = number;
    else if (strcmp(key, "weight") == 0)
      type->weight = number;
    else if (model && volley_key_named(model->parameters, model->n_parameters, key))
      volley_sonata_put_number(e->sonata, type->synapse, key, number, item);
    else if (strcmp(key, "receptor_type") == 0 && number >= 0 && number <= VOLLEY_MAX_RECEPTORS &&
             number == rint(number))
      type->receptor = (int)number;
    else if (strcmp(key, "receptor_type") == 0)
      volley_sonata_fault(e->sonata, item, "receptor_type is %.10g; a whole number from 0 to %d is expected", number,
                          VOLLEY_MAX_RECEPTORS);
    else
      volley_sonata_fault(e->sonata, item, "'%s' is no parameter of a %s synapse onto %s, and would not count", key,
                          model ? model->name : "static", e->onto->model.name);
  }
}

static volley_status read_json(edge_population *e, const volley_node *row, volley_node **out) {
  const volley_node *file = volley_node_get(row, "dynamics_params");
  const volley_node *folder = volley_node_get(volley_node_get(e->sonata->config, "components"), "synaptic_models_dir");
  *out = NULL;
  if (!file) return VOLLEY_OK;
  if (!folder) {
    volley_sonata_fault(e->sonata, file, "components.synaptic_models_dir is missing, where '%s' would be", file->text);
    return volley_agree(e->sonata->comm);
  }
  const char *path = volley_arena_format(e->sonata->arena, "%s/%s", folder->text, file->text);
  return volley_sonata_read_json(e->sonata, file, volley_sonata_path(e->sonata, folder, path), out);
}

static volley_status read_type(edge_population *e, const volley_node *row, bool is_used, edge_type *type) {
  volley_sonata *sonata = e->sonata;
  const volley_synapse_model *model;
  const volley_node *function = volley_node_get(row, "weight_function");
  volley_node *json;
  *type = (edge_type){.weight = NAN, .factor = e->onto->model.weight_factor, .delay = default_delay, .nsyns = 1};
  (void)volley_sonata_number(sonata, row, "edge_type_id", &type->id);
  if (function && !volley_sonata_is_among(function->text, "wmax|default|default_weight_fnc"))
    volley_sonata_fault(sonata, function,
                        "the weight function '%.100s' is a script's; only wmax is known, the syn_weight itself",
                        function->text);
  if (find_synapse(sonata, volley_node_get(row, "model_template"), &model) && model) {
    type->synapse = volley_sonata_map(sonata);
    volley_sonata_put_text(sonata, type->synapse, "model", model->name, row);
  }
  VOLLEY_TRY(read_json(e, row, &json));
  if (is_used) take_json(e, json, model, type);
  (void)volley_sonata_number(sonata, row, "syn_weight", &type->weight);
  (void)volley_sonata_number(sonata, row, "delay", &type->delay);
  e->has_nsyns |= volley_sonata_number(sonata, row, "nsyns", &type->nsyns);
  type->kind = volley_arena_format(sonata->arena, "%d %d %s", isnan(type->weight), type->receptor,
                                   type->synapse ? volley_node_write(sonata->arena, type->synapse) : "");
  return volley_agree(sonata->comm);
}

static bool has_pair(const edge_population *e, int row) {
  return volley_sonata_has_pair(&e->pairs, row, (int)(e->from - e->source->parts), (int)(e->onto - e->target->parts));
}

static volley_status read_types(edge_population *e) {
  e->n_types = e->rows ? e->rows->n : 0;
  e->types = volley_arena_alloc(e->sonata->arena, (size_t)e->n_types + 1, sizeof *e->types);
  for (int t = 0; t < e->n_types; t++) {
    VOLLEY_TRY(read_type(e, e->rows->items[t], has_pair(e, t), &e->types[t]));
    if (!has_pair(e, t)) e->types[t].kind = NULL;
    volley_sonata_note_unused(e->sonata, e->rows->items[t], "the types",
                              "edge_type_id|syn_weight|delay|nsyns|weight_function|model_template|dynamics_params|"
                              "target_query|source_query");
  }
  return volley_agree(e->sonata->comm);
}

static bool is_kind(const edge_type *type, const char *kind) { return type->kind && strcmp(type->kind, kind) == 0; }

/* A list by type, of those of a kind or of the others. */
static void put_list(const edge_population *e, volley_node *entry, const char *key, size_t member, const char *kind,
                     bool others) {
  double *numbers = volley_arena_alloc(e->sonata->arena, (size_t)e->n_types + 1, sizeof *numbers);
  size_t n = 0;
  for (int t = 0; t < e->n_types; t++)
    if (is_kind(&e->types[t], kind) != others) numbers[n++] = *(const double *)((const char *)&e->types[t] + member);
  if (n > 0) volley_sonata_put_numbers(e->sonata, entry, key, numbers, n, e->place);
}

/* Adds the projection of all types of a kind; NULL: there are no types. */
static void add_projection(edge_population *e, const edge_type *first) {
  volley_sonata *sonata = e->sonata;
  const int number = e->n_projections++;
  volley_node *entry = volley_sonata_map(sonata);
  const char *name = number == 0 ? e->name : volley_arena_format(sonata->arena, "%s_%d", e->name, number + 1);
  volley_sonata_put_text(sonata, entry, "name", name, e->place);
  volley_sonata_put_text(sonata, entry, "source", e->from->name, e->place);
  volley_sonata_put_text(sonata, entry, "target", e->onto->name, e->place);
  volley_sonata_put_text(sonata, entry, "rule", "edges", e->place);
  volley_sonata_put_text(sonata, entry, "file", e->path, e->place);
  volley_sonata_put_text(sonata, entry, "group", volley_arena_format(sonata->arena, "/edges/%s", e->name), e->place);
  volley_sonata_put_text(sonata, entry, "nsyns", sonata->nsyns, e->place);
  if (first) {
    put_list(e, entry, "types", offsetof(edge_type, id), first->kind, false);
    put_list(e, entry, "other_types", offsetof(edge_type, id), first->kind, true);
    if (!isnan(first->weight)) put_list(e, entry, "type_weights", offsetof(edge_type, weight), first->kind, false);
    put_list(e, entry, "type_factors", offsetof(edge_type, factor), first->kind, false);
    put_list(e, entry, "type_delays", offsetof(edge_type, delay), first->kind, false);
    if (e->has_nsyns) put_list(e, entry, "type_nsyns", offsetof(edge_type, nsyns), first->kind, false);
    if (first->receptor > 0) volley_sonata_put_number(sonata, entry, "receptor", first->receptor, e->place);
    if (first->synapse) volley_sonata_put(sonata, entry, "synapse", first->synapse);
  } else {
    volley_sonata_put_number(sonata, entry, "delay", default_delay, e->place);
  }
  volley_node_append(sonata->arena, sonata->projections, entry, NULL);
}

static void add_projections(edge_population *e) {
  if (e->n_types == 0 && has_pair(e, 0)) add_projection(e, NULL);
  for (int t = 0; t < e->n_types; t++) {
    bool is_first = e->types[t].kind != NULL;
    for (int before = 0; before < t && is_first; before++) is_first = !is_kind(&e->types[before], e->types[t].kind);
    if (is_first) add_projection(e, &e->types[t]);
  }
}

/* The population that an end of the edges is in. */
static volley_status find_end(const edge_population *e, const char *end, const volley_sonata_nodes **out) {
  volley_sonata *sonata = e->sonata;
  const char *name, *path = volley_arena_format(sonata->arena, "/edges/%s/%s", e->name, end);
  VOLLEY_TRY(volley_sonata_read_attribute(sonata, e->place, e->path, path, "node_population", &name));
  const int p = volley_sonata_find_population(sonata, name);
  *out = p >= 0 ? &sonata->populations[p] : NULL;
  if (p < 0)
    volley_sonata_fault(sonata, e->place,
                        "the attribute node_population of %s says '%s'; no file of nodes has such a population", path,
                        name);
  return volley_agree(sonata->comm);
}

/* What edges have of their own: attributes of models are not understood. */
static volley_status look_at_groups(edge_population *e) {
  volley_sonata *sonata = e->sonata;
  const char **groups, **names, *path = volley_arena_format(sonata->arena, "/edges/%s", e->name);
  int n_groups, n;
  VOLLEY_TRY(volley_sonata_list_group(sonata, e->place, e->path, path, &groups, &n_groups));
  for (int g = 0; g < n_groups; g++) {
    const size_t length = strlen(groups[g]);
    if (strspn(groups[g], "0123456789") + 1 != length || groups[g][length - 1] != '/') continue;
    path = volley_arena_format(sonata->arena, "/edges/%s/%.*s", e->name, (int)length - 1, groups[g]);
    VOLLEY_TRY(volley_sonata_list_group(sonata, e->place, e->path, path, &names, &n));
    const char *unused = NULL;
    for (int i = 0; i < n; i++) {
      if (volley_sonata_is_among(names[i], "dynamics_params/|model_template|weight_function"))
        volley_sonata_fault(sonata, e->place, "%s/%s: synapses are those of the types of edges", path, names[i]);
      else if (!volley_sonata_is_among(names[i], "nsyns|syn_weight|delay"))
        unused = unused ? volley_arena_format(sonata->arena, "%s, %s", unused, names[i]) : names[i];
    }
    if (unused) volley_sonata_note(sonata, "%s: of %s not used: %s", e->path, path, unused);
  }
  return volley_agree(sonata->comm);
}

/* Each type has an id of its own. */
static volley_status check_ids(const edge_population *e) {
  const int n = e->rows ? e->rows->n : 0;
  double *ids = volley_arena_alloc(e->sonata->arena, (size_t)n + 1, sizeof *ids);
  for (int t = 0; t < n; t++) {
    const volley_node *row = e->rows->items[t];
    if (!volley_node_get(row, "edge_type_id") || !volley_sonata_number(e->sonata, row, "edge_type_id", &ids[t]))
      volley_sonata_fault(e->sonata, row, "a type of edges without edge_type_id");
    for (int before = 0; before < t; before++)
      if (ids[before] == ids[t])
        volley_sonata_fault(e->sonata, row, "the edge_type_id %.0f stands twice; each type has its own", ids[t]);
  }
  return volley_agree(e->sonata->comm);
}

static volley_status read_population(edge_population *e) {
  VOLLEY_TRY(find_end(e, "source_node_id", &e->source));
  VOLLEY_TRY(find_end(e, "target_node_id", &e->target));
  const volley_sonata_nodes *target = e->target;
  if (target->n_parts == 1 && target->parts[0].is_virtual)
    volley_sonata_fault(e->sonata, e->place, "edges of %s go to virtual nodes, %s", e->name, target->name);
  VOLLEY_TRY(volley_agree(e->sonata->comm));
  VOLLEY_TRY(look_at_groups(e));
  VOLLEY_TRY(check_ids(e));
  VOLLEY_TRY(volley_sonata_find_pairs(e->sonata, e->place, e->path, e->name, e->rows, e->source, target, &e->pairs));
  for (int k = 0; k < target->n_parts * e->source->n_parts; k++) {
    e->from = &e->source->parts[k % e->source->n_parts];
    e->onto = &target->parts[k / e->source->n_parts];
    if (e->onto->is_virtual) continue;
    VOLLEY_TRY(read_types(e));
    add_projections(e);
  }
  return VOLLEY_OK;
}

static volley_status read_entry(volley_sonata *sonata, const volley_node *entry) {
  volley_node *file = volley_node_get(entry, "edges_file"), *table = volley_node_get(entry, "edge_types_file");
  const char **names;
  volley_node *rows = NULL;
  int n;
  if (volley_sonata_is_disabled(entry)) return VOLLEY_OK;
  if (!file) volley_sonata_fault(sonata, entry, "edges_file is missing");
  VOLLEY_TRY(volley_agree(sonata->comm));
  volley_sonata_note_unused(sonata, entry, "networks.edges", "edges_file|edge_types_file|enabled");
  const char *path = volley_sonata_path(sonata, file, file->text);
  if (table) VOLLEY_TRY(volley_sonata_read_table(sonata, table, volley_sonata_path(sonata, table, table->text), &rows));
  VOLLEY_TRY(volley_sonata_list_group(sonata, file, path, "/edges", &names, &n));
  if (n == 0) volley_sonata_fault(sonata, file, "'%s' has no populations in /edges", path);
  for (int i = 0; i < n; i++) {
    const size_t length = strlen(names[i]);
    if (names[i][length - 1] != '/') continue;
    edge_population e = {.sonata = sonata, .path = path, .place = file, .rows = rows};
    e.name = volley_arena_format(sonata->arena, "%.*s", (int)length - 1, names[i]);
    VOLLEY_TRY(read_population(&e));
  }
  return volley_agree(sonata->comm);
}

static bool is_name(const volley_sonata *sonata, const char *name, int but) {
  for (int i = 0; i < sonata->projections->n; i++)
    if (i != but && strcmp(volley_node_get(sonata->projections->items[i], "name")->text, name) == 0) return true;
  return false;
}

/* Names that were made up are numbered on while another population has them. */
static void number_on(volley_sonata *sonata) {
  for (int i = 0; i < sonata->projections->n; i++) {
    volley_node *entry = sonata->projections->items[i], *name = volley_node_get(entry, "name");
    const char *population = volley_node_get(entry, "group")->text + strlen("/edges/");
    if (strcmp(name->text, population) == 0) continue;
    for (int number = 2; is_name(sonata, name->text, i); number++)
      name->text = volley_arena_format(sonata->arena, "%s_%d", population, number);
  }
}

volley_status volley_sonata_read_edges(volley_sonata *sonata) {
  const volley_node *list = volley_node_get(volley_node_get(sonata->config, "networks"), "edges");
  if (list && list->kind != VOLLEY_NODE_LIST)
    volley_sonata_fault(sonata, list, "a list of edges_file and edge_types_file is expected");
  VOLLEY_TRY(volley_agree(sonata->comm));
  for (int i = 0; list && i < list->n; i++) VOLLEY_TRY(read_entry(sonata, list->items[i]));
  number_on(sonata);
  return VOLLEY_OK;
}
