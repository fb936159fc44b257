#include "experiment/tree.h"

#include <math.h>
#include <string.h>

volley_node *volley_node_create(volley_arena *arena, volley_node_kind kind, const char *file) {
  volley_node *node = volley_arena_alloc(arena, 1, sizeof *node);
  node->kind = kind;
  node->file = file;
  node->plain = true;
  node->text = "";
  return node;
}

void volley_node_append(volley_arena *arena, volley_node *parent, volley_node *child, const char *key) {
  const int n = parent->n;
  if ((n & (n - 1)) == 0) { /* full at every power of two */
    volley_node **items = volley_arena_alloc(arena, n ? 2 * (size_t)n : 1, sizeof(volley_node *));
    if (n > 0) memcpy(items, parent->items, (size_t)n * sizeof *items);
    parent->items = items;
  }
  parent->items[n] = child;
  parent->n = n + 1;
  child->parent = parent;
  child->index = n;
  child->key = key;
}

const char volley_unit_of_flags[] = "true or false";

void volley_node_note_number(volley_node *node, const char *unit, double number) {
  if (node->unit && (node->number != number || strcmp(node->unit, unit) != 0)) number = NAN;
  node->unit = unit;
  node->number = number;
}

static void skip(volley_word_reader *reader) {
  const bool ends_line = *reader->at == '\n' || (*reader->at == '\r' && reader->at[1] != '\n');
  reader->line += ends_line;
  reader->column = ends_line ? 1 : reader->column + 1;
  reader->at++;
}

size_t volley_next_word(volley_word_reader *reader) {
  for (;; skip(reader)) {
    const bool is_dash = *reader->at == '-' && strchr(" \t\r\n", reader->at[1]);
    while (*reader->at == '#')
      while (*reader->at && *reader->at != '\n' && *reader->at != '\r') skip(reader);
    if (*reader->at == '\0') return 0;
    if (!is_dash && !strchr(" \t\r\n,[]", *reader->at)) break;
  }
  const size_t n = strcspn(reader->at, " \t\r\n,[]");
  reader->word = reader->at;
  reader->at += n;
  reader->column += (int)n;
  return n;
}

volley_node *volley_node_expand(volley_arena *arena, volley_node *node) {
  if (!node || node->kind != VOLLEY_NODE_NUMBERS) return node;
  char text[VOLLEY_NUMBER_TEXT];
  volley_word_reader reader = {.at = node->text, .line = node->line, .column = node->column};
  node->kind = VOLLEY_NODE_LIST;
  for (size_t i = 0; i < node->n_numbers; i++) {
    volley_node *item = volley_node_create(arena, VOLLEY_NODE_SCALAR, node->file);
    const size_t n = volley_next_word(&reader);
    item->text = n > 0 ? volley_arena_format(arena, "%.*s", (int)n, reader.word)
                       : volley_arena_copy(arena, volley_number_text(node->numbers[i], text));
    if (n > 0 && node->line > 0) item->line = reader.line;
    if (n > 0 && node->line > 0) item->column = reader.column - (int)n;
    if (node->unit) volley_node_note_number(item, node->unit, node->numbers[i]);
    volley_node_append(arena, node, item, NULL);
  }
  return node;
}

volley_node *volley_node_item(volley_arena *arena, volley_node *list, int i) {
  if (*list->text) volley_node_expand(arena, list);
  return list->kind == VOLLEY_NODE_LIST ? list->items[i] : list;
}

volley_node *volley_node_copy(volley_arena *arena, const volley_node *node) {
  volley_node *copy = volley_arena_alloc(arena, 1, sizeof *copy);
  *copy = *node;
  copy->items = NULL;
  copy->n = 0;
  for (int i = 0; i < node->n; i++)
    volley_node_append(arena, copy, volley_node_copy(arena, node->items[i]), node->items[i]->key);
  return copy;
}

bool volley_node_is_null(const volley_node *node) {
  return node->kind == VOLLEY_NODE_SCALAR && node->plain &&
         (*node->text == '\0' || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

const char *volley_node_kind_name(const volley_node *node) {
  static const char *const names[] = {"a single value", "a list", "a mapping", "a list"};
  return names[node->kind];
}

volley_node *volley_node_get(const volley_node *map, const char *key) {
  if (!map || map->kind != VOLLEY_NODE_MAP) return NULL;
  for (int i = 0; i < map->n; i++)
    if (strcmp(map->items[i]->key, key) == 0) return volley_node_is_null(map->items[i]) ? NULL : map->items[i];
  return NULL;
}

bool volley_node_is_faulted(const volley_node *node) {
  if (!node || node->faulted) return node;
  for (int i = 0; i < node->n; i++)
    if (volley_node_is_faulted(node->items[i])) return true;
  return false;
}

/* The entry with a list of names, at or above node, one of whose lists `list` is; NULL if there is none. */
static const volley_node *named_entry(const volley_node *list) {
  for (const volley_node *node = list->parent; node; node = node->parent) {
    const volley_node *names = volley_node_get(node, "name");
    if (names && names->kind == VOLLEY_NODE_LIST && names != list) return names->n == list->n ? node : NULL;
  }
  return NULL;
}

static const char *join(volley_arena *arena, const char *path, const char *part) {
  return *path ? volley_arena_format(arena, "%s.%s", path, part) : part;
}

/* Path of node below `top`. */
static const char *path_below(volley_arena *arena, const volley_node *node, const volley_node *top) {
  const volley_node *parent = node->parent;
  if (node == top || !parent) return "";
  if (node->key) return join(arena, path_below(arena, parent, top), node->key);
  const volley_node *name = volley_node_get(node, "name");
  if (name && name->kind == VOLLEY_NODE_SCALAR && *name->text)
    return join(arena, path_below(arena, parent, top), name->text);
  const volley_node *entry = named_entry(parent);
  if (entry && entry != top && entry->parent) { /* populations.0.size.3 is populations.L4I.size */
    const char *element = volley_node_get(entry, "name")->items[node->index]->text;
    const char *head = join(arena, path_below(arena, entry->parent, top), element);
    return join(arena, head, path_below(arena, parent, entry));
  }
  return join(arena, path_below(arena, parent, top), volley_arena_format(arena, "%d", node->index));
}

volley_place volley_node_place(volley_arena *arena, const volley_node *node) {
  return (volley_place){node->file, node->line, node->column, path_below(arena, node, NULL)};
}

volley_place volley_node_key_place(volley_arena *arena, const volley_node *node) {
  return (volley_place){node->file, node->key_line, node->key_column, path_below(arena, node, NULL)};
}
