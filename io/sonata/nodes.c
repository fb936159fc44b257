/* Populations of nodes, their types, and the parts of several models. */
#include "io/sonata/client.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

volley_status volley_sonata_read_column(volley_sonata *sonata, const volley_sonata_nodes *nodes, const char *name,
                                        double **out) {
  const char *path = volley_arena_format(sonata->arena, "/nodes/%s/%s", nodes->name, name);
  size_t found;
  VOLLEY_TRY(volley_sonata_read_numbers(sonata, nodes->place, nodes->path, path, false, out, &found));
  if (*out && found != nodes->n)
    volley_sonata_fault(sonata, nodes->place, "%s holds %zu values, node_type_id %u", path, found, nodes->n);
  return volley_agree(sonata->comm);
}

/* Which row each node has. */
static volley_status read_order(volley_sonata *sonata, volley_sonata_nodes *nodes) {
  const uint32_t n = nodes->n;
  double *ids;
  nodes->order = volley_arena_alloc(sonata->arena, (size_t)n + 1, sizeof *nodes->order);
  VOLLEY_TRY(volley_sonata_read_column(sonata, nodes, "node_id", &ids));
  for (uint32_t i = 0; i < n; i++) nodes->order[i] = SIZE_MAX;
  for (uint32_t i = 0; i < n; i++) {
    const double id = ids ? ids[i] : i;
    if (id >= 0 && id < n && id == floor(id) && nodes->order[(uint32_t)id] == SIZE_MAX) {
      nodes->order[(uint32_t)id] = i;
      continue;
    }
    volley_sonata_fault(sonata, nodes->place,
                        "/nodes/%s/node_id: %.10g in row %u; the ids of %u nodes must be 0 to %u, each once",
                        nodes->name, id, i, n, n - 1);
    break;
  }
  return volley_agree(sonata->comm);
}

/* Which type each node has. */
static void find_types(const volley_sonata *sonata, volley_sonata_nodes *nodes, const double *ids) {
  const volley_node *types = nodes->types;
  double *known = volley_arena_alloc(sonata->arena, (size_t)types->n + 1, sizeof *known);
  for (int t = 0; t < types->n; t++) {
    if (!volley_sonata_number(sonata, types->items[t], "node_type_id", &known[t])) known[t] = NAN;
    for (int before = 0; before < t; before++) {
      if (known[before] != known[t]) continue;
      volley_sonata_fault(sonata, types->items[t], "the node_type_id %.10g stands twice", known[t]);
      return;
    }
  }
  for (uint32_t i = 0; i < nodes->n; i++) {
    const double id = ids[nodes->order[i]];
    int t = i > 0 && known[nodes->type[i - 1]] == id ? nodes->type[i - 1] : 0;
    while (t < types->n && known[t] != id) t++;
    nodes->type[i] = t < types->n ? t : 0;
    if (t < types->n) continue;
    volley_sonata_fault(sonata, types, "there is no node_type_id %.0f, which node %u of %s has", id, i, nodes->name);
    return;
  }
}

/* The part of the nodes of a type: that of its model; NULL after a fault. */
static volley_sonata_part *find_part(volley_sonata *sonata, volley_sonata_nodes *nodes, const volley_node *row) {
  const volley_node *template = volley_node_get(row, "model_template");
  const char *type = volley_sonata_text(row, "model_type");
  const bool is_virtual = type && strcmp(type, "virtual") == 0;
  if (is_virtual) template = NULL;
  if (type && !volley_sonata_is_among(type, "virtual|point_process|point_neuron|point_soma|single_compartment")) {
    volley_sonata_fault(sonata, volley_node_get(row, "model_type"),
                        "nodes of the type '%s' are not known; point_process, point_neuron and virtual are", type);
    return NULL;
  }
  if (!is_virtual && !template) {
    volley_sonata_fault(sonata, row, "a type of nodes without model_template");
    return NULL;
  }
  for (int k = 0; k < nodes->n_parts; k++) {
    const volley_node *theirs = nodes->parts[k].template;
    if (!theirs == !template && (!theirs || strcmp(theirs->text, template->text) == 0)) return &nodes->parts[k];
  }
  volley_sonata_part *part = &nodes->parts[nodes->n_parts];
  *part = (volley_sonata_part){.is_virtual = is_virtual, .template = template};
  if (template && !volley_sonata_find_model(sonata, template, &part->model)) return NULL;
  nodes->n_parts++;
  return part;
}

/* The models of the types that nodes have. */
static void find_parts(volley_sonata *sonata, volley_sonata_nodes *nodes) {
  const size_t room = (size_t)nodes->types->n + 1;
  nodes->parts = volley_arena_alloc(sonata->arena, room, sizeof *nodes->parts);
  nodes->part_of_type = volley_arena_alloc(sonata->arena, room, sizeof *nodes->part_of_type);
  for (int t = 0; t < nodes->types->n; t++) nodes->part_of_type[t] = -1;
  for (uint32_t i = 0; i < nodes->n; i++) {
    const int t = nodes->type[i];
    if (nodes->part_of_type[t] < 0) {
      const volley_sonata_part *part = find_part(sonata, nodes, nodes->types->items[t]);
      if (!part) return;
      nodes->part_of_type[t] = (int)(part - nodes->parts);
    }
    nodes->parts[nodes->part_of_type[t]].n++;
  }
}

static volley_status read_population(volley_sonata *sonata, volley_sonata_nodes *nodes) {
  double *ids;
  size_t n;
  const char *path = volley_arena_format(sonata->arena, "/nodes/%s/node_type_id", nodes->name);
  VOLLEY_TRY(volley_sonata_read_numbers(sonata, nodes->place, nodes->path, path, true, &ids, &n));
  nodes->n = (uint32_t)n;
  if (n == 0 || n > UINT32_MAX) volley_sonata_fault(sonata, nodes->place, "%s holds %zu nodes", path, n);
  VOLLEY_TRY(volley_agree(sonata->comm));
  nodes->type = volley_arena_alloc(sonata->arena, n, sizeof *nodes->type);
  VOLLEY_TRY(read_order(sonata, nodes));
  find_types(sonata, nodes, ids);
  VOLLEY_TRY(volley_agree(sonata->comm));
  find_parts(sonata, nodes);
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

/* Whether a population or a part has the name. */
static bool is_name(const volley_sonata *sonata, const char *name) {
  for (int p = 0; p < sonata->n_populations; p++)
    for (int k = 0; k < sonata->populations[p].n_parts; k++) {
      const char *part = sonata->populations[p].parts[k].name;
      if (part && strcmp(part, name) == 0) return true;
    }
  return volley_sonata_find_population(sonata, name) >= 0;
}

/* A name of a part that no other has: that of the population where it has one model, else with the model's. */
static const char *name_part(const volley_sonata *sonata, const volley_sonata_nodes *nodes,
                             const volley_sonata_part *part) {
  if (nodes->n_parts == 1) return nodes->name;
  const char *model = part->is_virtual ? "virtual" : part->model.model->name;
  const char *name = volley_arena_format(sonata->arena, "%s_%s", nodes->name, model);
  for (int number = (int)(part - nodes->parts) + 1; is_name(sonata, name); number++)
    name = volley_arena_format(sonata->arena, "%s_%s_%d", nodes->name, model, number);
  return name;
}

/* Adds the population of a part. */
static volley_status add_part(volley_sonata *sonata, const volley_sonata_nodes *nodes, volley_sonata_part *part,
                              volley_node *out) {
  volley_node *entry = volley_sonata_map(sonata);
  const char *model = part->is_virtual ? "spike_source" : part->model.model->name;
  part->name = name_part(sonata, nodes, part);
  part->entry = out->n;
  volley_sonata_put_text(sonata, entry, "name", part->name, nodes->place);
  volley_sonata_put_text(sonata, entry, "model", model, nodes->place);
  volley_sonata_put_number(sonata, entry, "size", part->n, nodes->place);
  if (nodes->n_parts > 1) {
    volley_sonata_put_text(sonata, entry, "nodes", nodes->name, nodes->place);
    volley_sonata_put(sonata, entry, "node_ids", volley_sonata_ids(sonata, nodes, part));
  }
  if (!part->is_virtual) VOLLEY_TRY(volley_sonata_add_parameters(sonata, nodes, part, entry));
  volley_node_append(sonata->arena, out, entry, NULL);
  return VOLLEY_OK;
}

volley_status volley_sonata_read_nodes(volley_sonata *sonata) {
  const volley_node *list = volley_node_get(volley_node_get(sonata->config, "networks"), "nodes");
  volley_node *out = volley_sonata_list(sonata);
  if (!list || list->kind != VOLLEY_NODE_LIST)
    volley_sonata_fault(sonata, sonata->config, "networks.nodes is missing: a list of nodes_file and node_types_file");
  VOLLEY_TRY(volley_agree(sonata->comm));
  for (int i = 0; i < list->n; i++) VOLLEY_TRY(read_entry(sonata, list->items[i]));
  for (int p = 0; p < sonata->n_populations; p++)
    for (int k = 0; k < sonata->populations[p].n_parts; k++)
      VOLLEY_TRY(add_part(sonata, &sonata->populations[p], &sonata->populations[p].parts[k], out));
  volley_sonata_put(sonata, sonata->root, "populations", out);
  return VOLLEY_OK;
}
