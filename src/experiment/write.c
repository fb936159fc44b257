/* The tree as YAML text. */
#include "experiment/tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 110 };

typedef struct text {
  char *bytes;
  size_t length, capacity;
} text;

static void add(text *out, const char *bytes, size_t length) {
  if (out->length + length + 1 > out->capacity) {
    out->capacity = 2 * (out->length + length + 1);
    out->bytes = volley_grow(out->bytes, out->capacity, 1, "YAML text");
  }
  memcpy(out->bytes + out->length, bytes, length);
  out->length += length;
  out->bytes[out->length] = '\0';
}

static void add_text(text *out, const char *bytes) { add(out, bytes, strlen(bytes)); }

static void add_quoted(text *out, const char *bytes) {
  add_text(out, "\"");
  for (const char *at = bytes; *at != '\0'; at++) {
    char escape[8];
    if (*at == '"' || *at == '\\')
      snprintf(escape, sizeof escape, "\\%c", *at);
    else if (iscntrl((unsigned char)*at))
      snprintf(escape, sizeof escape, "\\x%02X", (unsigned)(unsigned char)*at);
    else
      snprintf(escape, sizeof escape, "%c", *at);
    add_text(out, escape);
  }
  add_text(out, "\"");
}

/* Whether a plain scalar can be written as it is in any context. What was plain in the file may have been continued
 * over lines or hold characters that mean something inside [] and {}. */
static bool is_safe(const char *word) {
  if (*word == '\0' || strpbrk(word, ",[]{}#&*!|>'\"%@`\n\t") || strstr(word, ": ")) return false;
  if (word[strlen(word) - 1] == ':' || strncmp(word, "- ", 2) == 0 || strncmp(word, "? ", 2) == 0) return false;
  return strcmp(word, "-") != 0 && strcmp(word, "?") != 0 && strncmp(word, "---", 3) != 0 &&
         strncmp(word, "...", 3) != 0;
}

static void write_word(text *out, const char *word, bool plain) {
  if (plain && (is_safe(word) || *word == '\0'))
    add_text(out, *word ? word : "null");
  else
    add_quoted(out, word);
}

static void write_numbers(text *out, const volley_node *node) {
  char number[VOLLEY_NUMBER_TEXT];
  volley_word_reader reader = {.at = node->text};
  for (size_t i = 0; i < node->n_numbers; i++) {
    const size_t n = volley_next_word(&reader);
    add_text(out, i > 0 ? ", " : "[");
    if (n > 0)
      add(out, reader.word, n);
    else
      add_text(out, volley_number_text(node->numbers[i], number));
  }
  add_text(out, node->n_numbers > 0 ? "]" : "[]");
}

static void write_flow(text *out, const volley_node *node) {
  if (node->kind == VOLLEY_NODE_NUMBERS) {
    write_numbers(out, node);
    return;
  }
  if (node->kind == VOLLEY_NODE_SCALAR) {
    write_word(out, node->text, node->plain);
    return;
  }
  const bool map = node->kind == VOLLEY_NODE_MAP;
  add_text(out, map ? "{" : "[");
  for (int i = 0; i < node->n; i++) {
    if (i > 0) add_text(out, ", ");
    if (map) {
      write_word(out, node->items[i]->key, true);
      add_text(out, ": ");
    }
    write_flow(out, node->items[i]);
  }
  add_text(out, map ? "}" : "]");
}

static bool is_nested(const volley_node *node) {
  for (int i = 0; i < node->n; i++)
    if (node->items[i]->kind != VOLLEY_NODE_SCALAR) return true;
  return false;
}

static void write_indent(text *out, int indent) {
  add_text(out, "\n");
  for (int i = 0; i < indent; i++) add_text(out, " ");
}

/* Writes a value after "key:" or "-"; in_list says that a map may go on in the same line. */
static void write_value(text *out, const volley_node *node, int indent, bool in_list);

static void write_items(text *out, const volley_node *node, int indent, bool in_list) {
  for (int i = 0; i < node->n; i++) {
    if (i == 0 && in_list)
      add_text(out, " ");
    else if (out->length > 0)
      write_indent(out, indent);
    if (node->kind == VOLLEY_NODE_MAP) {
      write_word(out, node->items[i]->key, true);
      add_text(out, ":");
    } else {
      add_text(out, "-");
    }
    write_value(out, node->items[i], indent + 2, node->kind == VOLLEY_NODE_LIST);
  }
}

static void write_value(text *out, const volley_node *node, int indent, bool in_list) {
  if (node->n > 0 && is_nested(node)) {
    write_items(out, node, indent, in_list);
    return;
  }
  text flow = {0};
  write_flow(&flow, node);
  if (node->kind == VOLLEY_NODE_MAP && node->n > 0 && flow.length + (size_t)indent > WIDTH) {
    write_items(out, node, indent, in_list);
  } else {
    add_text(out, " ");
    add(out, flow.bytes, flow.length);
  }
  free(flow.bytes);
}

const char *volley_node_write(volley_arena *arena, const volley_node *root) {
  text out = {0};
  if (root->n == 0)
    write_flow(&out, root);
  else
    write_items(&out, root, 0, false);
  add_text(&out, "\n");
  const char *copy = volley_arena_copy(arena, out.bytes);
  free(out.bytes);
  return copy;
}
