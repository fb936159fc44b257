/* Node sets: some nodes of some populations, by name, by ids, by attributes of their types, or several sets together. */
#include "io/sonata/client.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 32, MOST_RANGES = 4096 };

static bool *all_of(const volley_sonata *sonata, int p) {
  bool *has = volley_arena_alloc(sonata->arena, (size_t)sonata->populations[p].n + 1, sizeof *has);
  memset(has, true, sonata->populations[p].n);
  return has;
}

static bool *none_of(const volley_sonata *sonata, int p) {
  return volley_arena_alloc(sonata->arena, (size_t)sonata->populations[p].n + 1, sizeof(bool));
}

/* Whether a text is the value, or one of a list of them. */
static bool is_one_of(const char *text, const volley_node *value) {
  if (value->kind == VOLLEY_NODE_SCALAR) return text && strcmp(text, value->text) == 0;
  for (int i = 0; i < value->n && text; i++)
    if (value->items[i]->kind == VOLLEY_NODE_SCALAR && strcmp(text, value->items[i]->text) == 0) return true;
  return false;
}

static void keep_ids(const volley_sonata *sonata, int p, const volley_node *ids, bool *has) {
  bool *listed = none_of(sonata, p);
  const int n = ids->kind == VOLLEY_NODE_LIST ? ids->n : 1;
  for (int i = 0; i < n; i++) {
    const volley_node *item = ids->kind == VOLLEY_NODE_LIST ? ids->items[i] : ids;
    char *end = NULL;
    const double id = item->kind == VOLLEY_NODE_SCALAR ? strtod(item->text, &end) : -1;
    if (end && *end == '\0' && id >= 0 && id < sonata->populations[p].n && id == (double)(uint32_t)id)
      listed[(uint32_t)id] = true;
    else
      volley_sonata_fault(sonata, item, "there is no such node of %s; it has nodes 0-%u", sonata->populations[p].name,
                          sonata->populations[p].n - 1);
  }
  for (uint32_t i = 0; i < sonata->populations[p].n; i++) has[i] &= listed[i];
}

/* Keeps nodes whose types have an attribute. Returns whether any type has such a column. */
static bool keep_attribute(const volley_sonata *sonata, int p, const volley_node *value, bool *has) {
  const volley_sonata_nodes *nodes = &sonata->populations[p];
  bool known = false;
  for (int t = 0; t < nodes->types->n; t++) known |= volley_node_get(nodes->types->items[t], value->key) != NULL;
  for (uint32_t i = 0; i < nodes->n; i++)
    has[i] &= is_one_of(volley_sonata_text(nodes->types->items[nodes->type[i]], value->key), value);
  return known;
}

/* The nodes of a population that meet all conditions of a map. */
static void select_by(volley_sonata *sonata, const volley_node *map, int p, volley_sonata_set *out) {
  bool *has = all_of(sonata, p);
  for (int i = 0; i < map->n; i++) {
    const volley_node *item = map->items[i];
    if (strcmp(item->key, "population") == 0) continue;
    if (strcmp(item->key, "node_id") == 0 || strcmp(item->key, "node_ids") == 0)
      keep_ids(sonata, p, item, has);
    else if (item->kind == VOLLEY_NODE_MAP)
      volley_sonata_fault(
          sonata, item, "conditions like this one are not understood; node_id, population and attributes of types are");
    else if (!keep_attribute(sonata, p, item, has) && volley_node_get(map, "population"))
      volley_sonata_fault(sonata, item, "no type of nodes of %s has '%s'", sonata->populations[p].name, item->key);
  }
  if (!out->has[p]) out->has[p] = none_of(sonata, p);
  for (uint32_t i = 0; i < sonata->populations[p].n; i++) out->has[p][i] |= has[i];
}

static void add(volley_sonata *sonata, const volley_node *node, int depth, volley_sonata_set *out);

static void add_named(volley_sonata *sonata, const volley_node *node, int depth, volley_sonata_set *out) {
  const volley_node *set = volley_node_get(sonata->sets, node->text);
  const int p = volley_sonata_find_population(sonata, node->text);
  if (depth > MAX_DEPTH)
    volley_sonata_fault(sonata, node, "the node sets refer to each other in a circle");
  else if (set)
    add(sonata, set, depth + 1, out);
  else if (p >= 0)
    out->has[p] = all_of(sonata, p);
  else if (strcmp(node->text, "all") == 0)
    for (int k = 0; k < sonata->n_populations; k++) out->has[k] = all_of(sonata, k);
  else
    volley_sonata_fault(sonata, node, "there is no node set and no population '%s'", node->text);
}

static void add(volley_sonata *sonata, const volley_node *node, int depth, volley_sonata_set *out) {
  const volley_node *population = volley_node_get(node, "population");
  if (node->kind == VOLLEY_NODE_SCALAR) {
    add_named(sonata, node, depth, out);
  } else if (node->kind == VOLLEY_NODE_LIST) {
    for (int i = 0; i < node->n; i++) add(sonata, node->items[i], depth, out);
  } else if (node->kind == VOLLEY_NODE_MAP) {
    bool found = false;
    for (int p = 0; p < sonata->n_populations; p++) {
      if (population && !is_one_of(sonata->populations[p].name, population)) continue;
      found = true;
      select_by(sonata, node, p, out);
    }
    if (!found) volley_sonata_fault(sonata, population, "there is no such population");
  }
}

static bool is_of(const volley_sonata_nodes *nodes, uint32_t node, const volley_sonata_part *part) {
  return !part || volley_sonata_part_of(nodes, node) == part;
}

bool volley_sonata_has_any(const volley_sonata *sonata, const volley_sonata_set *set, int p,
                           const volley_sonata_part *part) {
  for (uint32_t i = 0; set->has[p] && i < sonata->populations[p].n; i++)
    if (set->has[p][i] && is_of(&sonata->populations[p], i, part)) return true;
  return false;
}

volley_status volley_sonata_find_set(volley_sonata *sonata, const volley_node *node, volley_sonata_set *out) {
  out->has = volley_arena_alloc(sonata->arena, (size_t)sonata->n_populations + 1, sizeof *out->has);
  add(sonata, node, 0, out);
  bool any = false;
  for (int p = 0; p < sonata->n_populations; p++) any |= volley_sonata_has_any(sonata, out, p, NULL);
  if (!any) volley_sonata_fault(sonata, node, "no node meets this node set");
  return volley_agree(sonata->comm);
}

/* Ascending numbers, which become a list of ranges, or of numbers where these would be many. */
typedef struct numbers {
  double *all;
  size_t n, runs;
} numbers;

static numbers make_numbers(uint32_t room) {
  return (numbers){.all = volley_alloc((size_t)room + 1, sizeof(double), "ids of nodes")};
}

static void add_number(numbers *list, uint32_t number) {
  list->runs += list->n == 0 || number != list->all[list->n - 1] + 1;
  list->all[list->n++] = number;
}

static volley_node *put_numbers(const volley_sonata *sonata, numbers *list) {
  volley_node *out = volley_sonata_list(sonata);
  if (list->runs > MOST_RANGES) {
    volley_node *map = volley_sonata_map(sonata);
    volley_sonata_put_numbers(sonata, map, "ids", list->all, list->n, NULL);
    out = map->items[0];
  }
  for (size_t first = 0, end; out->kind == VOLLEY_NODE_LIST && first < list->n; first = end) {
    for (end = first + 1; end < list->n && list->all[end] == list->all[end - 1] + 1;) end++;
    volley_node *item = volley_node_create(sonata->arena, VOLLEY_NODE_SCALAR, out->file);
    item->text = volley_arena_format(sonata->arena, end - first == 1 ? "%.0f" : "%.0f-%.0f", list->all[first],
                                     list->all[end - 1]);
    volley_node_append(sonata->arena, out, item, NULL);
  }
  free(list->all);
  return out;
}

volley_node *volley_sonata_selection(const volley_sonata *sonata, const volley_sonata_set *set, int p,
                                     const volley_sonata_part *part) {
  const volley_sonata_nodes *nodes = &sonata->populations[p];
  numbers list = make_numbers(nodes->n);
  uint32_t before = 0; /* nodes of the part */
  for (uint32_t i = 0; i < nodes->n; i++) {
    if (!is_of(nodes, i, part)) continue;
    const bool has = (!set || set->has[p][i]) && (part || !volley_sonata_part_of(nodes, i)->is_virtual);
    if (has) add_number(&list, part ? before : i);
    before++;
  }
  if (list.n < before) return put_numbers(sonata, &list);
  free(list.all);
  return NULL;
}

volley_node *volley_sonata_ids(const volley_sonata *sonata, const volley_sonata_nodes *nodes,
                               const volley_sonata_part *part) {
  numbers list = make_numbers(nodes->n);
  for (uint32_t i = 0; i < nodes->n; i++)
    if (is_of(nodes, i, part)) add_number(&list, i);
  return put_numbers(sonata, &list);
}
