/* A checked description as one that is complete. */
#include "experiment/tree.h"

#include "base/units.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *volley_number_text(double number, char text[VOLLEY_NUMBER_TEXT]) {
  if (!isfinite(number)) return isnan(number) ? ".nan" : number > 0 ? ".inf" : "-.inf";
  for (int digits = 15; digits <= 17; digits++) {
    snprintf(text, VOLLEY_NUMBER_TEXT, "%.*g", digits, number);
    if (strtod(text, NULL) == number) break;
  }
  return text;
}

/* A scalar's value in its documented unit; the unit is written along where it reads as the same. */
static const char *scalar_text(volley_arena *arena, const volley_node *node) {
  char why[256], buffer[VOLLEY_NUMBER_TEXT];
  double same;
  if (!node->unit || isnan(node->number)) return node->text;
  if (node->unit == volley_unit_of_flags) return node->number > 0 ? "true" : "false";
  const char *bare = volley_arena_copy(arena, volley_number_text(node->number, buffer));
  const char *text = *node->unit ? volley_arena_format(arena, "%s %s", bare, node->unit) : bare;
  return volley_unit_convert(text, node->unit, &same, why, sizeof why) && same == node->number ? text : bare;
}

/* Whether a text is written without quotation marks where it may be, as it was given or not. */
static bool is_plain(const char *text) {
  for (const char *at = text; *at; at++)
    if (*at < ' ' || *at > '~') return false;
  return *text > ' ' && text[strlen(text) - 1] != ' ' && strcmp(text, "~") != 0 && strcmp(text, "null") != 0;
}

/* Whether all items of a list are numbers in one unit: written as bare numbers. */
static bool is_array(const volley_node *list) {
  for (int i = 0; i < list->n; i++) {
    const volley_node *item = list->items[i];
    if (item->kind != VOLLEY_NODE_SCALAR || !item->unit || !isfinite(item->number) ||
        strcmp(item->unit, list->items[0]->unit) != 0 || item->unit == volley_unit_of_flags)
      return false;
  }
  return list->n > 0;
}

static void resolve_list(volley_arena *arena, const volley_node *list, volley_node *out) {
  if (!is_array(list)) {
    for (int i = 0; i < list->n; i++) volley_node_append(arena, out, volley_node_resolve(arena, list->items[i]), NULL);
    return;
  }
  double *numbers = volley_arena_alloc(arena, (size_t)list->n, sizeof *numbers);
  for (int i = 0; i < list->n; i++) numbers[i] = list->items[i]->number;
  out->kind = VOLLEY_NODE_NUMBERS;
  out->numbers = numbers;
  out->n_numbers = (size_t)list->n;
}

/* Number of the key among the known ones of a map; -1 if there is none. */
static int known_number(const volley_node *map, const char *key) {
  for (int k = 0; k < map->n_known; k++)
    if (strcmp(map->known[k], key) == 0) return k;
  return -1;
}

static void resolve_map(volley_arena *arena, const volley_node *map, volley_node *out) {
  for (int k = 0; k < map->n_known; k++) {
    const volley_node *value = volley_node_get(map, map->known[k]);
    if (!value) value = volley_node_get(map->defaults, map->known[k]);
    if (value && known_number(map, map->known[k]) == k)
      volley_node_append(arena, out, volley_node_resolve(arena, value), map->known[k]);
  }
  for (int i = 0; i < map->n; i++)
    if (known_number(map, map->items[i]->key) < 0 && !volley_node_is_null(map->items[i]))
      volley_node_append(arena, out, volley_node_resolve(arena, map->items[i]), map->items[i]->key);
}

volley_node *volley_node_resolve(volley_arena *arena, const volley_node *node) {
  volley_node *out = volley_node_create(arena, node->kind, node->file);
  out->line = node->line;
  out->column = node->column;
  out->numbers = node->numbers;
  out->n_numbers = node->n_numbers;
  if (node->kind == VOLLEY_NODE_NUMBERS && !node->unit) out->text = node->text;
  if (node->kind == VOLLEY_NODE_SCALAR) {
    out->text = scalar_text(arena, node);
    out->plain = volley_node_is_null(node) || is_plain(out->text);
  }
  if (node->kind == VOLLEY_NODE_MAP) resolve_map(arena, node, out);
  if (node->kind == VOLLEY_NODE_LIST) resolve_list(arena, node, out);
  return out;
}
