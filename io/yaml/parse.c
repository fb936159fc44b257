/* The way from libyaml's document to the tree: aliases are expanded and mappings merged (<<). */
#include "io/yaml/parse.h"

#include "io/yaml/arrays.h"
#include "io/yaml/fault.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { MAX_ALIAS_NODES = 1000000 };

/* A libyaml document on its way into a tree. */
typedef struct conversion {
  volley_arena *arena;
  const char *file;
  bool with_lines;
  yaml_document_t *document;
  const volley_yaml_arrays *arrays;
  unsigned char *state; /* [nodes + 1] 0: not met, 1: above us, 2: counted */
  double *expanded;     /* [nodes + 1] number of nodes below and with this one, aliases expanded */
} conversion;

static volley_place mark_place(const conversion *c, yaml_mark_t mark) {
  if (!c->with_lines) return (volley_place){.file = c->file};
  return (volley_place){.file = c->file, .line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

/* Counts the nodes below node `id`; negative after reporting a fault (too deep, or an alias inside itself). */
static double count_nodes(conversion *c, int id, int depth) {
  const yaml_node_t *node = yaml_document_get_node(c->document, id);
  const volley_place place = mark_place(c, node->start_mark);
  if (c->state[id] == 2) return c->expanded[id];
  if (c->state[id] == 1) {
    volley_fault(VOLLEY_USAGE, &place, "this value refers to itself by an alias; write it out");
    return -1.0;
  }
  if (depth > VOLLEY_YAML_DEPTH) {
    volley_yaml_report_depth(place); /* by way of aliases */
    return -1.0;
  }
  c->state[id] = 1;
  double count = 1.0;
  if (node->type == YAML_SEQUENCE_NODE)
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++) {
      const double below = count_nodes(c, *item, depth + 1);
      if (below < 0) return -1.0;
      count += below;
    }
  if (node->type == YAML_MAPPING_NODE)
    for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
      const double below = count_nodes(c, pair->value, depth + 1);
      if (below < 0) return -1.0;
      count += below;
    }
  c->state[id] = 2;
  c->expanded[id] = count;
  return count;
}

static const char *copy_scalar(conversion *c, const yaml_node_t *node) {
  const char *text = (const char *)node->data.scalar.value;
  if (memchr(text, '\0', node->data.scalar.length)) {
    const volley_place place = mark_place(c, node->start_mark);
    volley_fault(VOLLEY_USAGE, &place, "a text holds a zero byte");
  }
  return volley_arena_copy(c->arena, text);
}

static int compare_keys(const void *a, const void *b) {
  const volley_node *first = *(volley_node *const *)a, *second = *(volley_node *const *)b;
  const int order = strcmp(first->key, second->key);
  return order != 0 ? order : first->index - second->index;
}

static void refuse_duplicate_keys(conversion *c, const volley_node *map) {
  if (map->n < 2) return;
  const volley_node **sorted = volley_alloc((size_t)map->n, sizeof *sorted, "keys of a mapping");
  memcpy(sorted, map->items, (size_t)map->n * sizeof *sorted);
  qsort(sorted, (size_t)map->n, sizeof *sorted, compare_keys);
  for (int i = 1; i < map->n; i++)
    if (strcmp(sorted[i - 1]->key, sorted[i]->key) == 0) {
      const volley_place place = volley_node_key_place(c->arena, sorted[i]);
      volley_fault(VOLLEY_USAGE, &place, "duplicate key '%s', first given in line %d; keep one of them", sorted[i]->key,
                   sorted[i - 1]->key_line);
    }
  free(sorted);
}

static volley_node *convert(conversion *c, int id);

/* Whether a key is that of YAML's merge: the mapping after it gives the keys that its own mapping lacks. */
static bool is_merge(const yaml_node_t *key) {
  return key->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && strcmp((const char *)key->data.scalar.value, "<<") == 0;
}

/* Appends the entries of a merged mapping, or of each in a list of them, to map. */
static void merge(conversion *c, volley_node *map, const volley_node *merged, volley_place place) {
  if (merged->kind == VOLLEY_NODE_LIST) {
    for (int i = 0; i < merged->n; i++) merge(c, map, merged->items[i], place);
  } else if (merged->kind == VOLLEY_NODE_MAP) {
    for (int i = 0; i < merged->n; i++) volley_node_append(c->arena, map, merged->items[i], merged->items[i]->key);
  } else {
    volley_fault(VOLLEY_USAGE, &place,
                 "'<<' takes a mapping, mostly by alias: <<: *name, where &name stands before it");
  }
}

/* Removes what was merged, items n_own and on, where an own key or one merged before has the same name. */
static void drop_overridden(volley_node *map, int n_own) {
  volley_node **sorted = volley_alloc((size_t)map->n, sizeof(volley_node *), "keys of a mapping");
  memcpy(sorted, map->items, (size_t)map->n * sizeof *sorted);
  qsort(sorted, (size_t)map->n, sizeof *sorted, compare_keys);
  const char *last = NULL;
  for (int i = 0; i < map->n; i++) {
    const bool same = last && strcmp(last, sorted[i]->key) == 0;
    last = sorted[i]->key;
    if (same && sorted[i]->index >= n_own) sorted[i]->index = -1;
  }
  free(sorted);
  const int n = map->n;
  map->n = 0;
  for (int i = 0; i < n; i++) {
    if (map->items[i]->index < 0) continue;
    map->items[i]->index = map->n;
    map->items[map->n++] = map->items[i];
  }
}

/* The merges of a mapping, which stand after its own keys in the tree wherever they are written. */
static void convert_merges(conversion *c, const yaml_node_t *node, volley_node *map) {
  const int n_own = map->n;
  for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(c->document, pair->key);
    if (key->type == YAML_SCALAR_NODE && is_merge(key))
      merge(c, map, convert(c, pair->value), mark_place(c, key->start_mark));
  }
  if (map->n > n_own) drop_overridden(map, n_own);
}

static void convert_map(conversion *c, const yaml_node_t *node, volley_node *map) {
  for (const yaml_node_pair_t *pair = node->data.mapping.pairs.start; pair < node->data.mapping.pairs.top; pair++) {
    const yaml_node_t *key = yaml_document_get_node(c->document, pair->key);
    const volley_place place = mark_place(c, key->start_mark);
    if (key->type != YAML_SCALAR_NODE) {
      volley_fault(VOLLEY_USAGE, &place, "a key must be a word, not a list or mapping");
      continue;
    }
    if (is_merge(key)) continue;
    volley_node *value = convert(c, pair->value);
    volley_node_append(c->arena, map, value, copy_scalar(c, key));
    value->key_line = place.line;
    value->key_column = place.column;
  }
}

/* Reports a tag of one's own, like that of `title: !wow a net`: the rest would be taken without it. */
static void refuse_tag(const yaml_node_t *node, volley_place place) {
  static const char known[] = "tag:yaml.org,2002:";
  const char *tag = (const char *)node->tag;
  if (!tag || strncmp(tag, known, sizeof known - 1) == 0) return;
  volley_fault(VOLLEY_USAGE, &place,
               "'%.60s' is a tag of YAML, which means nothing here; a text with '!' in front stands "
               "in quotation marks",
               tag);
}

static volley_node *convert_array(const conversion *c, const volley_yaml_array *array) {
  volley_node *node = volley_node_create(c->arena, VOLLEY_NODE_NUMBERS, c->file);
  node->text = array->text;
  node->numbers = array->numbers;
  node->n_numbers = array->n;
  if (c->with_lines) node->line = (int)array->line + 1;
  if (c->with_lines) node->column = (int)array->column + 1;
  return node;
}

static volley_node *convert(conversion *c, int id) {
  const yaml_node_t *node = yaml_document_get_node(c->document, id);
  const volley_place place = mark_place(c, node->start_mark);
  const volley_yaml_array *array =
      node->type == YAML_SEQUENCE_NODE ? volley_yaml_array_at(c->arrays, node->start_mark.index) : NULL;
  if (array) return convert_array(c, array);
  const volley_node_kind kind = node->type == YAML_SCALAR_NODE     ? VOLLEY_NODE_SCALAR
                                : node->type == YAML_SEQUENCE_NODE ? VOLLEY_NODE_LIST
                                                                   : VOLLEY_NODE_MAP;
  volley_node *result = volley_node_create(c->arena, kind, c->file);
  refuse_tag(node, place);
  result->line = place.line;
  result->column = place.column;
  if (kind == VOLLEY_NODE_SCALAR) {
    result->plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    result->text = copy_scalar(c, node);
  } else if (kind == VOLLEY_NODE_LIST) {
    for (const yaml_node_item_t *item = node->data.sequence.items.start; item < node->data.sequence.items.top; item++)
      volley_node_append(c->arena, result, convert(c, *item), NULL);
  } else {
    convert_map(c, node, result);
    convert_merges(c, node, result);
  }
  return result;
}

/* Duplicate keys are looked for in the finished tree, where nodes know their paths. */
static void check_maps(conversion *c, const volley_node *node) {
  if (node->kind == VOLLEY_NODE_MAP) refuse_duplicate_keys(c, node);
  for (int i = 0; i < node->n; i++) check_maps(c, node->items[i]);
}

static volley_node *convert_document(conversion *c) {
  const int n_nodes = (int)(c->document->nodes.top - c->document->nodes.start);
  c->state = volley_alloc((size_t)n_nodes + 1, 1, "YAML document");
  c->expanded = volley_alloc((size_t)n_nodes + 1, sizeof *c->expanded, "YAML document");
  const double expanded = count_nodes(c, 1, 0);
  free(c->state);
  free(c->expanded);
  if (expanded < 0) return NULL;
  if (expanded > (double)n_nodes + MAX_ALIAS_NODES) {
    const volley_place place = {.file = c->file};
    volley_fault(VOLLEY_USAGE, &place, "its aliases expand to more than %d values", MAX_ALIAS_NODES);
    return NULL;
  }
  volley_node *root = convert(c, 1);
  check_maps(c, root);
  return root;
}

/* Whether another document follows the one that was loaded. */
static bool has_more(yaml_parser_t *parser, const char *file, const char *bytes, size_t length, bool with_lines) {
  yaml_document_t document;
  if (!yaml_parser_load(parser, &document)) {
    volley_yaml_fault(parser, file, bytes, length, with_lines);
    return true;
  }
  const yaml_node_t *root = yaml_document_get_root_node(&document);
  if (root) {
    volley_place place = {file, (int)root->start_mark.line + 1, (int)root->start_mark.column + 1, NULL};
    volley_fault(VOLLEY_USAGE, &place, "a second YAML document begins here; a file holds one experiment");
  }
  yaml_document_delete(&document);
  return root;
}

/* A text, and what of it is read: lists of many numbers are taken out. */
typedef struct source {
  const char *file, *bytes, *read;
  size_t length;
  bool with_lines;
} source;

static volley_node *load(volley_arena *arena, const source *from, const volley_yaml_arrays *arrays) {
  yaml_parser_t parser;
  yaml_document_t document;
  if (!yaml_parser_initialize(&parser)) volley_die("no memory for the YAML parser");
  yaml_parser_set_input_string(&parser, (const unsigned char *)from->read, from->length);
  volley_node *root = NULL;
  if (!yaml_parser_load(&parser, &document)) {
    volley_yaml_fault(&parser, from->file, from->bytes, from->length, from->with_lines);
    yaml_parser_delete(&parser);
    return NULL;
  }
  conversion c = {
      .arena = arena, .file = from->file, .with_lines = from->with_lines, .document = &document, .arrays = arrays};
  if (!yaml_document_get_root_node(&document)) { /* nothing but comments */
    root = volley_node_create(arena, VOLLEY_NODE_SCALAR, from->file);
    root->line = root->column = from->with_lines;
  } else {
    root = convert_document(&c);
    if (root && has_more(&parser, from->file, from->bytes, from->length, from->with_lines)) root = NULL;
  }
  yaml_document_delete(&document);
  yaml_parser_delete(&parser);
  return root;
}

volley_node *volley_yaml_parse(volley_arena *arena, const char *file, const char *bytes, size_t length,
                               bool with_lines) {
  volley_yaml_arrays arrays;
  volley_node *root = NULL;
  if (volley_yaml_look(arena, file, bytes, length, with_lines, &arrays)) {
    const source text = {file, bytes, arrays.bytes ? arrays.bytes : bytes, length, with_lines};
    root = load(arena, &text, &arrays);
  }
  volley_yaml_arrays_free(&arrays);
  return root;
}
volley_status volley_yaml_set(volley_arena *arena, volley_node *root, const char *assignment) {
  const char *label = volley_arena_format(arena, "--set %s", assignment);
  const char *equals = strchr(assignment, '=');
  const volley_place place = {.file = label};
  if (!equals || equals == assignment)
    return volley_fault(VOLLEY_USAGE, &place, "KEY=VALUE is expected, for example simulation.duration=1s");
  char *path = volley_arena_copy(arena, assignment);
  path[equals - assignment] = '\0';
  volley_node *value = volley_yaml_parse(arena, label, equals + 1, strlen(equals + 1), false);
  return value ? volley_node_assign(arena, root, label, path, value) : VOLLEY_USAGE;
}
