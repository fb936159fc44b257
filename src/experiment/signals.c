/* Signals: mappings whose keys are those of all signals and of their kind. */
#include "experiment/reading.h"

#include "base/text.h"
#include "signal/signal.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const volley_key_info type_key = {
    .name = "type", .type = VOLLEY_KEY_WORD, .required = true, .doc = "kind of signal, which has keys of its own"};

static const volley_key_type key_types[] = {
    [VOLLEY_SIGNAL_NUMBER] = VOLLEY_KEY_NUMBER, [VOLLEY_SIGNAL_COUNT] = VOLLEY_KEY_COUNT,
    [VOLLEY_SIGNAL_FLAG] = VOLLEY_KEY_FLAG,     [VOLLEY_SIGNAL_CHOICE] = VOLLEY_KEY_WORD,
    [VOLLEY_SIGNAL_LIST] = VOLLEY_KEY_NUMBER,   [VOLLEY_SIGNAL_MATRIX] = VOLLEY_KEY_NUMBER,
    [VOLLEY_SIGNAL_PATH] = VOLLEY_KEY_TEXT,     [VOLLEY_SIGNAL_TEXT] = VOLLEY_KEY_TEXT,
};

/* A key of a signal as a row of a key table. */
static volley_key_info key_info(const volley_signal_key *key) {
  return (volley_key_info){.name = key->name,
                           .type = key_types[key->type],
                           .unit = key->unit ? key->unit : "",
                           .required = key->required,
                           .fallback = VOLLEY_NO_DEFAULT,
                           .min = key->min,
                           .max = key->type == VOLLEY_SIGNAL_COUNT ? (double)INT_MAX : INFINITY,
                           .positive = key->positive,
                           .words = key->words,
                           .doc = key->doc};
}

/* Rows of equal length, one after the other; a row of one number needs no brackets. */
static void read_matrix(volley_reading *reading, volley_node *node, const volley_key_info *info, double **matrix,
                        int *n_rows, volley_signal *signal) {
  double *row = NULL, *all = NULL;
  int columns = 0;
  if (node->kind != VOLLEY_NODE_LIST || node->n == 0) {
    volley_value_fault(reading, node, "a list of rows is expected, each a list of numbers: [[1, 0], [0, 1]]");
    return;
  }
  for (int r = 0; r < node->n; r++) {
    int n;
    if (!volley_read_list(reading, node->items[r], info, &row, &n)) return;
    if (r == 0) all = volley_arena_alloc(reading->arena, (size_t)node->n * (size_t)n + 1, sizeof *all);
    if (r == 0) columns = n;
    if (n != columns || n == 0) {
      volley_value_fault(reading, node->items[r], "this row has %s, the first one %d; rows must be equally long",
                         volley_count((uint64_t)n, "number").text, columns);
      return;
    }
    memcpy(all + (size_t)r * (size_t)n, row, (size_t)n * sizeof *row);
  }
  *matrix = all;
  *n_rows = node->n;
  signal->dimension = columns;
}

static void read_list(volley_reading *reading, volley_node *node, const volley_signal_key *key,
                      const volley_key_info *info, volley_signal *signal) {
  double **list = (double **)(void *)((char *)signal + key->offset);
  int *count = (int *)(void *)((char *)signal + key->count_offset);
  if (!node) return;
  if (key->type == VOLLEY_SIGNAL_MATRIX)
    read_matrix(reading, node, info, list, count, signal);
  else if (volley_read_list(reading, node, info, list, count) && *count == 0 && key->required)
    volley_value_fault(reading, node, "this list is empty; at least one number is expected");
}

static void read_text(volley_reading *reading, const volley_node *map, const volley_signal_key *key,
                      const volley_key_info *info, const char **out) {
  volley_node *node = NULL;
  *out = volley_read_text(reading, map, info, (volley_pick){0}, &node);
  if (!node) return;
  if (*node->text == '\0')
    volley_value_fault(reading, node, "a text is expected here: %s", key->doc);
  else if (key->type == VOLLEY_SIGNAL_PATH)
    *out = volley_read_path(reading, node);
}

static void read_key(volley_reading *reading, const volley_node *map, const volley_signal_key *key,
                     volley_signal *signal) {
  const volley_key_info info = key_info(key);
  volley_node *node = volley_node_get(map, key->name);
  void *out = (char *)signal + key->offset;
  double number = key->fallback;
  bool flag = number != 0;
  switch (key->type) {
    case VOLLEY_SIGNAL_NUMBER:
      volley_read_number(reading, map, &info, (volley_pick){0}, &number);
      *(double *)out = number;
      break;
    case VOLLEY_SIGNAL_COUNT:
      if (!volley_read_number(reading, map, &info, (volley_pick){0}, &number)) number = key->fallback;
      *(int *)out = (int)number;
      break;
    case VOLLEY_SIGNAL_FLAG:
      volley_read_flag(reading, map, &info, (volley_pick){0}, &flag);
      *(bool *)out = flag;
      break;
    case VOLLEY_SIGNAL_CHOICE: *(int *)out = node ? volley_read_choice(reading, map, &info) : (int)number; break;
    case VOLLEY_SIGNAL_LIST:
    case VOLLEY_SIGNAL_MATRIX: read_list(reading, node, key, &info, signal); break;
    case VOLLEY_SIGNAL_PATH:
    case VOLLEY_SIGNAL_TEXT: read_text(reading, map, key, &info, (const char **)out); break;
  }
}

/* All keys of a kind as one table: type, those of all signals, its own. *n is their number. */
static volley_key_info *keys_of(volley_reading *reading, const volley_signal_kind *kind, int *n) {
  const int n_common = volley_signal_n_common_keys;
  *n = 1 + n_common + kind->n_keys;
  volley_key_info *keys = volley_arena_alloc(reading->arena, (size_t)*n, sizeof *keys);
  keys[0] = type_key;
  for (int k = 0; k < kind->n_keys; k++) keys[1 + k] = key_info(&kind->keys[k]);
  for (int k = 0; k < n_common; k++) keys[1 + kind->n_keys + k] = key_info(&volley_signal_common_keys[k]);
  return keys;
}

/* Keys of all kinds. */
static volley_names all_keys(volley_reading *reading) {
  volley_names known = {0};
  for (const volley_signal_kind *const *kind = volley_signal_kinds(); *kind; kind++) {
    int n;
    const volley_key_info *keys = keys_of(reading, *kind, &n);
    for (int k = 0; k < n; k++) volley_names_add(reading, &known, keys[k].name);
  }
  return known;
}

/* The kind that a mapping names; NULL after a fault. */
static const volley_signal_kind *read_kind(volley_reading *reading, volley_node *map) {
  volley_node *node = NULL;
  if (map->kind != VOLLEY_NODE_MAP) {
    volley_value_fault(reading, map,
                       "this is no mapping; a signal is expected, like {type: sines, frequencies: [5 Hz]}");
    return NULL;
  }
  if (!volley_node_get(map, "type")) volley_check_keys(reading, map, all_keys(reading));
  volley_check_required(reading, map, &type_key, 1);
  const char *name = volley_read_text(reading, map, &type_key, (volley_pick){0}, &node);
  const volley_signal_kind *kind = name ? volley_signal_kind_find(name) : NULL;
  if (name && !kind)
    volley_unknown(reading, node, "signal type", volley_names_of_registry(reading, volley_signal_kinds()));
  return kind;
}

volley_signal *volley_read_signal(volley_reading *reading, volley_node *map) {
  volley_signal *signal = volley_arena_alloc(reading->arena, 1, sizeof *signal);
  const int before = reading->faults;
  const volley_signal_kind *kind = read_kind(reading, map);
  signal->place = volley_node_place(reading->arena, map);
  if (!kind) return signal;
  int n;
  volley_key_info *keys = keys_of(reading, kind, &n);
  volley_check_keys(reading, map, volley_names_of_table(reading, keys, n, sizeof *keys));
  volley_check_required(reading, map, keys + 1, n - 1);
  for (int k = 0; k < volley_signal_n_common_keys; k++) read_key(reading, map, &volley_signal_common_keys[k], signal);
  for (int k = 0; k < kind->n_keys; k++) read_key(reading, map, &kind->keys[k], signal);
  if (reading->faults > before || volley_node_is_faulted(map)) return signal;
  signal->kind = kind;
  const char *wrong = volley_signal_check(signal);
  if (wrong) volley_value_fault(reading, map, "%s", wrong);
  return signal;
}
