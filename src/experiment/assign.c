/* Assignments by path, like those of the command line: --set a.b.c=value. */
#include "experiment/tree.h"

#include "base/text.h"

#include <stdlib.h>
#include <string.h>

/* An assignment on its way down the tree. */
typedef struct walk {
  volley_arena *arena;
  const char *file;  /* that the tree is of */
  const char *label; /* "--set a.b.c=value" */
  const char *path;  /* "a.b.c" */
  volley_node *value;
  int element, elements; /* inside an entry with a list of names: the element meant, and how many; else -1, 0 */
} walk;

static volley_status refuse(const walk *w, const char *what, const char *part) {
  const volley_place place = {.file = w->label, .path = w->path};
  return volley_fault(VOLLEY_USAGE, &place, "%s: '%s'", what, part);
}

bool volley_node_is_assigned(const volley_node *node) { return strncmp(node->file, "--set ", strlen("--set ")) == 0; }

/* Whether an assignment other than this one has made the node. One of the two would be lost. */
static bool is_set_before(const walk *w, const volley_node *node) {
  return node->file != w->label && volley_node_is_assigned(node);
}

static volley_status refuse_again(const walk *w, const volley_node *node) {
  const volley_place place = {.file = w->label, .path = w->path};
  return volley_fault(VOLLEY_USAGE, &place, "it is set already, by '%s'; give one of the two", node->file);
}

static void put(volley_node *parent, int index, volley_node *child) {
  const volley_node *old = parent->items[index];
  child->parent = parent;
  child->index = index;
  child->key = old->key;
  child->key_line = old->key_line;
  child->key_column = old->key_column;
  parent->items[index] = child;
}

/* The child of a map, whether null or not; -1 if there is none. */
static int find_key(const volley_node *map, const char *key) {
  for (int i = 0; i < map->n; i++)
    if (strcmp(map->items[i]->key, key) == 0) return i;
  return -1;
}

/* The entry of a list that `part` means, by name or index; -1 if there is none. Sets *element where part is one of
 * several names of the entry. */
static int find_entry(const volley_node *list, const char *part, int *element, int *elements) {
  for (int i = 0; i < list->n; i++) {
    const volley_node *name = volley_node_get(list->items[i], "name");
    if (!name) continue;
    if (name->kind == VOLLEY_NODE_SCALAR && strcmp(name->text, part) == 0) return i;
    for (int j = 0; j < name->n; j++)
      if (name->items[j]->kind == VOLLEY_NODE_SCALAR && strcmp(name->items[j]->text, part) == 0) {
        *element = j;
        *elements = name->n;
        return i;
      }
  }
  char *end;
  const long index = strtol(part, &end, 10);
  return end != part && *end == '\0' && index >= 0 && index < list->n ? (int)index : -1;
}

/* Reports that the list has no entry `part`, with the nearest name. */
static volley_status refuse_entry(const walk *w, const volley_node *list, const char *part) {
  const volley_place place = {.file = w->label, .path = w->path};
  const char **names = volley_arena_alloc(w->arena, (size_t)list->n + 1, sizeof *names);
  int n = 0;
  for (int i = 0; i < list->n; i++) {
    const volley_node *name = volley_node_get(list->items[i], "name");
    if (name && name->kind == VOLLEY_NODE_SCALAR) names[n++] = name->text;
  }
  const char *nearest = volley_nearest(part, names, n);
  const char *hint = nearest ? volley_arena_format(w->arena, "did you mean '%s'?", nearest)
                             : volley_arena_format(w->arena, "entries have a name or are counted from 0");
  return volley_fault(VOLLEY_USAGE, &place, "the list has no entry '%s'; %s", part, hint);
}

/* Whether the node is a list with one value for each name of the entry that we are in. */
static bool is_expanded(const walk *w, const volley_node *node) {
  return w->element >= 0 && node->kind == VOLLEY_NODE_LIST && node->n == w->elements;
}

/* Makes child `index` of parent a list with one value a name: n copies of what all share. */
static volley_node *expand(const walk *w, volley_node *parent, int index) {
  volley_node *shared = parent->items[index];
  if (is_expanded(w, shared)) return shared;
  volley_node *list = volley_node_create(w->arena, VOLLEY_NODE_LIST, shared->file);
  list->line = shared->line;
  list->column = shared->column;
  put(parent, index, list);
  for (int i = 0; i < w->elements; i++) volley_node_append(w->arena, list, volley_node_copy(w->arena, shared), NULL);
  return list;
}

static volley_status replace(walk *w, volley_node *parent, int index) {
  volley_node *holder = w->element < 0 ? parent : expand(w, parent, index);
  const int at = w->element < 0 ? index : w->element;
  if (is_set_before(w, holder->items[at])) return refuse_again(w, holder->items[at]);
  put(holder, at, w->value);
  return VOLLEY_OK;
}

static volley_status enter(walk *w, volley_node *node, char *rest);

/* Goes on below child `index` of parent, or replaces it where the path ends. */
static volley_status follow(walk *w, volley_node *parent, int index, char *rest) {
  if (rest || w->element >= 0) volley_node_expand(w->arena, parent->items[index]);
  if (!rest) return replace(w, parent, index);
  volley_node *child = parent->items[index];
  if (is_expanded(w, child)) {
    parent = child;
    index = w->element;
    child = child->items[index];
    w->element = -1;
  }
  if (volley_node_is_null(child)) {
    put(parent, index, volley_node_create(w->arena, VOLLEY_NODE_MAP, w->label));
    child = parent->items[index];
  }
  return enter(w, child, rest);
}

static volley_status enter_map(walk *w, volley_node *map, char *key, char *rest) {
  int index = find_key(map, key);
  if (index < 0) {
    index = map->n;
    volley_node *missing = volley_node_create(w->arena, VOLLEY_NODE_SCALAR, w->file); /* null, which nobody has set */
    volley_node_append(w->arena, map, missing, volley_arena_copy(w->arena, key));
  }
  return follow(w, map, index, rest);
}

static volley_status enter(walk *w, volley_node *node, char *rest) {
  char *part = rest, *dot = strchr(rest, '.');
  rest = NULL;
  if (dot) {
    *dot = '\0';
    rest = dot + 1;
  }
  if (node->kind == VOLLEY_NODE_MAP) return enter_map(w, node, part, rest);
  if (node->kind != VOLLEY_NODE_LIST)
    return refuse(w, "the value above is neither a mapping nor a list, it has no key", part);
  const int index = find_entry(node, part, &w->element, &w->elements);
  if (index < 0) return refuse_entry(w, node, part);
  if (w->element >= 0 && !rest)
    return refuse(w, "this is one of several names of an entry, a key of it must follow", part);
  if (rest) return follow(w, node, index, rest);
  return replace(w, node, index);
}

volley_status volley_node_assign(volley_arena *arena, volley_node *root, const char *label, const char *path,
                                 volley_node *value) {
  char *parts = volley_arena_copy(arena, path);
  walk w = {arena, root->file, label, volley_arena_copy(arena, path), value, -1, 0};
  if (*path == '.' || !*path || path[strlen(path) - 1] == '.' || strstr(path, ".."))
    return refuse(&w, "a key is empty; keys are separated by single dots", w.path);
  return enter(&w, root, parts);
}
