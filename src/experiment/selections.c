/* Selections of neurons, and lists of indices. */
#include "experiment/reading.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_INDICES = 1 << 24 };

static bool all_digits(const char *text) {
  const char *at = text;
  while (isdigit((unsigned char)*at)) at++;
  return at > text && *at == '\0';
}

/* Reports a range written like 0:99; false if node is none. what: "neurons" */
static bool suggest_dash(volley_reading *reading, volley_node *node, const char *what) {
  char *text = volley_arena_copy(reading->arena, node->text), *colon = strchr(text, ':');
  if (!colon) return false;
  *colon = '\0';
  if (!all_digits(text) || !all_digits(colon + 1)) return false;
  volley_value_fault(reading, node, "'%.60s' selects no %s; a range is written %s-%s and includes its last index",
                     node->text, what, text, colon + 1);
  return true;
}

/* Indices "5" or "0-99" below size. */
static bool parse_range(volley_reading *reading, volley_node *node, const char *what, uint32_t size,
                        volley_range *out) {
  char *text = volley_arena_copy(reading->arena, node->text), *dash = strchr(text, '-');
  if (node->kind == VOLLEY_NODE_SCALAR && dash && dash != text)
    *dash++ = '\0';
  else
    dash = text;
  if (node->kind == VOLLEY_NODE_SCALAR && suggest_dash(reading, node, what)) return false;
  if (node->kind != VOLLEY_NODE_SCALAR || !all_digits(text) || !all_digits(dash))
    return volley_value_fault(
        reading, node, "'%.60s' selects no %s; write all, an index like 5, a range like 0-99, or a list of these",
        node->text, what);
  const double first = strtod(text, NULL), last = strtod(dash, NULL);
  if (last >= size || first > last)
    return volley_value_fault(reading, node,
                              first > last ? "range %s ends before it begins" : "%s is out of range: there are %s 0-%u",
                              node->text, what, size - 1);
  *out = (volley_range){.first = (uint32_t)first, .count = (uint32_t)(last - first) + 1};
  return true;
}

static int compare_ranges(const void *a, const void *b) {
  const volley_range *first = a, *second = b;
  return (first->first > second->first) - (first->first < second->first);
}

/* Sorts ranges and joins those that touch. */
static void merge_ranges(volley_selection *selection) {
  int n = 0;
  qsort(selection->ranges, (size_t)selection->n_ranges, sizeof *selection->ranges, compare_ranges);
  for (int r = 0; r < selection->n_ranges; r++) {
    const volley_range next = selection->ranges[r];
    volley_range *last = n > 0 ? &selection->ranges[n - 1] : NULL;
    if (!last || next.first > last->first + last->count)
      selection->ranges[n++] = next;
    else if (next.first + next.count > last->first + last->count)
      last->count = next.first + next.count - last->first;
  }
  selection->n_ranges = n;
  volley_selection_finish(selection);
}

/* Indices that are numbers of one list. */
static bool read_numbers(volley_reading *reading, volley_node *node, uint32_t size, volley_selection *out) {
  for (size_t i = 0; i < node->n_numbers; i++) {
    const double index = node->numbers[i];
    if (!(index >= 0 && index < size && index == (double)(uint32_t)index)) return false;
  }
  out->ranges = volley_arena_alloc(reading->arena, node->n_numbers + 1, sizeof *out->ranges);
  for (size_t i = 0; i < node->n_numbers; i++) {
    const uint32_t index = (uint32_t)node->numbers[i];
    volley_range *last = &out->ranges[out->n_ranges - 1];
    if (out->n_ranges > 0 && last->first + last->count == index)
      last->count++;
    else
      out->ranges[out->n_ranges++] = (volley_range){.first = index, .count = 1};
  }
  return out->n_ranges > 0;
}

void volley_read_selection(volley_reading *reading, const volley_node *entry, const volley_key_info *key, uint32_t size,
                           volley_pick pick, volley_selection *out) {
  volley_node *node = volley_node_get(entry, key->name);
  volley_note_default(reading, entry, key);
  const bool is_list = node && node->kind == VOLLEY_NODE_LIST && node->n > 0;
  if (is_list && node->items[0]->kind != VOLLEY_NODE_SCALAR)
    node = volley_pick_node(reading, node, pick); /* a list of selections, one a population */
  if (node && node->kind == VOLLEY_NODE_NUMBERS && read_numbers(reading, node, size, out)) {
    merge_ranges(out);
    return;
  }
  node = volley_node_expand(reading->arena, node);
  const bool list = node && node->kind == VOLLEY_NODE_LIST;
  const int n = list ? node->n : 1;
  if (size == 0) return; /* reported with the population */
  if (n == 0) volley_value_fault(reading, node, "this list selects no neurons; write all, or some indices");
  out->ranges = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *out->ranges);
  for (int i = 0; i < n; i++) {
    volley_node *item = list ? node->items[i] : node;
    if (!item || (item->kind == VOLLEY_NODE_SCALAR && strcmp(item->text, "all") == 0))
      out->ranges[out->n_ranges++] = (volley_range){.count = size};
    else if (parse_range(reading, item, "neurons", size, &out->ranges[out->n_ranges]))
      out->n_ranges++;
  }
  merge_ranges(out);
}

bool volley_read_indices(volley_reading *reading, volley_node *node, const char *what, double **list, int *count) {
  const bool is_list = volley_node_expand(reading->arena, node)->kind == VOLLEY_NODE_LIST;
  const int n = is_list ? node->n : 1;
  volley_range *ranges = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *ranges);
  uint64_t all = 0;
  if (!is_list && node->kind == VOLLEY_NODE_SCALAR && strcmp(node->text, "all") == 0) return true;
  for (int i = 0; i < n; i++) {
    if (!parse_range(reading, is_list ? node->items[i] : node, what, UINT32_MAX, &ranges[i])) return false;
    all += ranges[i].count;
  }
  if (all == 0 || all > MOST_INDICES)
    return volley_value_fault(reading, node, "%llu %s are listed; from 1 to %d are possible", (unsigned long long)all,
                              what, MOST_INDICES);
  double *at = *list = volley_arena_alloc(reading->arena, all, sizeof **list);
  for (int i = 0; i < n; i++)
    for (uint32_t k = 0; k < ranges[i].count; k++) *at++ = ranges[i].first + (double)k;
  *count = (int)all;
  return true;
}
