/* Nodes of trees that are made, and what stands in those that were read. */
#include "io/sonata/client.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

volley_node *volley_sonata_map(const volley_sonata *sonata) {
  return volley_node_create(sonata->arena, VOLLEY_NODE_MAP, sonata->config->file);
}

volley_node *volley_sonata_list(const volley_sonata *sonata) {
  return volley_node_create(sonata->arena, VOLLEY_NODE_LIST, sonata->config->file);
}

void volley_sonata_put(const volley_sonata *sonata, volley_node *map, const char *key, volley_node *value) {
  volley_node_append(sonata->arena, map, value, key);
}

/* A new node that stands where `from` does. */
static volley_node *make(const volley_sonata *sonata, volley_node_kind kind, const volley_node *from) {
  volley_node *node = volley_node_create(sonata->arena, kind, from ? from->file : sonata->config->file);
  node->line = node->key_line = from ? from->line : 0;
  node->column = node->key_column = from ? from->column : 0;
  return node;
}

void volley_sonata_put_text(const volley_sonata *sonata, volley_node *map, const char *key, const char *text,
                            const volley_node *from) {
  volley_node *node = make(sonata, VOLLEY_NODE_SCALAR, from);
  node->text = text;
  node->plain = false;
  volley_node_append(sonata->arena, map, node, key);
}

void volley_sonata_put_number(const volley_sonata *sonata, volley_node *map, const char *key, double number,
                              const volley_node *from) {
  char text[VOLLEY_NUMBER_TEXT];
  volley_node *node = make(sonata, VOLLEY_NODE_SCALAR, from);
  node->text = volley_arena_copy(sonata->arena, volley_number_text(number, text));
  volley_node_append(sonata->arena, map, node, key);
}

void volley_sonata_put_numbers(const volley_sonata *sonata, volley_node *map, const char *key, const double *numbers,
                               size_t n, const volley_node *from) {
  volley_node *node = make(sonata, VOLLEY_NODE_NUMBERS, from);
  double *copy = volley_arena_alloc(sonata->arena, n + 1, sizeof *copy);
  memcpy(copy, numbers, n * sizeof *copy);
  node->numbers = copy;
  node->n_numbers = n;
  volley_node_append(sonata->arena, map, node, key);
}

const char *volley_sonata_text(const volley_node *map, const char *key) {
  const volley_node *node = volley_node_get(map, key);
  return node && node->kind == VOLLEY_NODE_SCALAR ? node->text : NULL;
}

bool volley_sonata_is_disabled(const volley_node *map) {
  const char *enabled = volley_sonata_text(map, "enabled");
  return enabled && strcmp(enabled, "false") == 0;
}

bool volley_sonata_number(const volley_sonata *sonata, const volley_node *map, const char *key, double *number) {
  const volley_node *node = volley_node_get(map, key);
  char *end = NULL;
  if (!node) return false;
  if (node->kind == VOLLEY_NODE_SCALAR) *number = strtod(node->text, &end);
  if (end && end != node->text && *end == '\0' && isfinite(*number)) return true;
  volley_sonata_fault(sonata, node, "%s is no number", node->kind == VOLLEY_NODE_SCALAR ? node->text : "this");
  return false;
}

volley_status volley_sonata_fault(const volley_sonata *sonata, const volley_node *node, const char *format, ...) {
  char message[1024];
  const volley_place place = volley_node_place(sonata->arena, node);
  va_list list;
  va_start(list, format);
  vsnprintf(message, sizeof message, format, list);
  va_end(list);
  return volley_fault(VOLLEY_USAGE, &place, "%s", message);
}

void volley_sonata_note(volley_sonata *sonata, const char *format, ...) {
  enum { MOST = 64 };
  char text[1024];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  for (int k = 0; k < sonata->n_notes; k++)
    if (strcmp(sonata->notes[k], text) == 0) return;
  if (!sonata->notes) sonata->notes = volley_arena_alloc(sonata->arena, MOST, sizeof *sonata->notes);
  if (sonata->n_notes < MOST) sonata->notes[sonata->n_notes++] = volley_arena_copy(sonata->arena, text);
}

bool volley_sonata_is_among(const char *word, const char *words) {
  const size_t length = strlen(word);
  for (const char *at = words; *at; at += strcspn(at, "|"), at += *at == '|')
    if (strcspn(at, "|") == length && strncmp(at, word, length) == 0) return true;
  return false;
}

void volley_sonata_note_unused(volley_sonata *sonata, const volley_node *map, const char *what, const char *used) {
  const char *unused = NULL;
  for (int i = 0; map && map->kind == VOLLEY_NODE_MAP && i < map->n; i++) {
    const char *key = map->items[i]->key;
    if (volley_sonata_is_among(key, used)) continue;
    unused = unused ? volley_arena_format(sonata->arena, "%s, %s", unused, key) : key;
  }
  if (unused) volley_sonata_note(sonata, "%s: of %s not used: %s", map->file, what, unused);
}
