/* Sections, typed values and defaults of keys. */
#include "experiment/reading.h"

#include "base/text.h"
#include "base/units.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <strings.h>

void volley_note_default(volley_reading *reading, const volley_node *entry, const volley_key_info *key) {
  char text[256];
  const volley_node *model = volley_node_get(entry, "model");
  const bool is_number = key->type <= VOLLEY_KEY_COUNT || key->type == VOLLEY_KEY_VALUE;
  const bool has_fallback = is_number || key->type == VOLLEY_KEY_FLAG || key->type == VOLLEY_KEY_CHOICE;
  if (key->required || (has_fallback ? isnan(key->fallback) : !key->text)) return;
  if (model && model->kind != VOLLEY_NODE_SCALAR) return; /* what one has, another may not take */
  if (!entry || !entry->defaults || volley_node_get(entry, key->name) || volley_node_get(entry->defaults, key->name))
    return;
  volley_node *node = volley_node_create(reading->arena, VOLLEY_NODE_SCALAR, entry->file);
  node->text = volley_arena_copy(reading->arena, volley_key_default(key, text, sizeof text));
  node->plain = *node->text != '\0';
  if (is_number) volley_node_note_number(node, key->unit ? key->unit : "", key->fallback);
  volley_node_append(reading->arena, entry->defaults, node, key->name);
}

volley_node *volley_section_or_default(volley_reading *reading, const volley_node *above, const char *key,
                                       volley_names known) {
  volley_node *map = volley_node_get(above, key);
  if (map || !above || !above->defaults) return map;
  map = volley_node_get(above->defaults, key);
  if (map) return map;
  map = volley_node_create(reading->arena, VOLLEY_NODE_MAP, above->file);
  volley_node_append(reading->arena, above->defaults, map, key);
  volley_check_keys(reading, map, known);
  return map;
}

bool volley_check_section(volley_reading *reading, volley_node *node, enum volley_section section) {
  const volley_section_info *info = &volley_sections[section];
  if (!volley_check_keys(reading, node, volley_names_of_section(reading, section))) return false;
  volley_check_required(reading, node, info->keys, info->n_keys);
  return true;
}

volley_node *volley_optional_section(volley_reading *reading, const volley_node *above, enum volley_section section) {
  const char *name = volley_sections[section].name, *dot = strrchr(name, '.');
  volley_node *node =
      volley_section_or_default(reading, above, dot ? dot + 1 : name, volley_names_of_section(reading, section));
  return node && volley_check_section(reading, node, section) ? node : NULL;
}

bool volley_check_list(volley_reading *reading, volley_node *section) {
  if (section->kind == VOLLEY_NODE_LIST) return true;
  const bool are_numbers = section->kind == VOLLEY_NODE_NUMBERS;
  return volley_value_fault(reading, section, "this is %s; a list%s is expected, each entry begins with '-'",
                            are_numbers ? "a list of numbers" : volley_node_kind_name(section),
                            are_numbers ? " of mappings" : "");
}

size_t volley_count_entries(volley_reading *reading, const volley_node *section, const char *keys, size_t most,
                            const char *what) {
  const volley_place place = volley_node_place(reading->arena, section);
  const volley_names names = volley_names_of_words(reading, keys);
  size_t all = 0;
  for (int i = 0; i < section->n; i++) {
    size_t n = 1;
    for (int k = 0; k < names.n; k++) n *= volley_count_under(section->items[i], names.names[k]);
    all += n;
  }
  if (all <= most) return all + 1;
  volley_entry_fault(reading, &place, "%zu %s in all, lists expanded; at most %zu are possible", all, what, most);
  return 0;
}

/* Item `index` of `count` in a list; a list of one stands for all if `shared`. what, which: whose values they are. */
static volley_node *pick_item(volley_reading *reading, volley_node *list, int index, int count, bool shared,
                              const char *what, const char *which) {
  volley_node_expand(reading->arena, list);
  if (list->kind != VOLLEY_NODE_LIST) {
    volley_value_fault(reading, list, "a row of a matrix is expected: [[a, b], [c, d]] with a row for each target");
    return NULL;
  }
  if (shared && list->n == 1)
    index = 0;
  else if (list->n != count) {
    volley_value_fault(reading, list, "%s %s listed for %s%s", volley_count((uint64_t)list->n, "value").text,
                       list->n == 1 ? "is" : "are", volley_count((uint64_t)count, what).text, which);
    return NULL;
  }
  return list->items[index];
}

volley_node *volley_pick_node(volley_reading *reading, volley_node *node, volley_pick pick) {
  volley_node_expand(reading->arena, node);
  if (node && node->kind == VOLLEY_NODE_LIST) {
    if (pick.rows == 0) {
      volley_value_fault(reading, node, "this is a list; a single value is expected");
      return NULL;
    }
    const bool matrix = pick.columns > 0;
    node = pick_item(reading, node, pick.row, pick.rows, matrix, matrix ? "target" : "population",
                     matrix ? " (rows of the matrix)" : "");
    if (node && matrix)
      node = pick_item(reading, node, pick.column, pick.columns, true, "source", " (columns of the matrix)");
  }
  return node && volley_node_is_null(node) ? NULL : node;
}

/* The scalar that a key of entry has; NULL if there is none (a fault unless the key may be absent). */
static volley_node *key_scalar(volley_reading *reading, const volley_node *entry, const volley_key_info *key,
                               volley_pick pick) {
  volley_node *whole = volley_node_get(entry, key->name);
  volley_node *node = volley_pick_node(reading, whole, pick);
  if (!node) {
    if (whole && key->required && !volley_node_is_faulted(whole))
      volley_value_fault(reading, whole, "a value is missing for %s", key->doc);
    return NULL;
  }
  if (node->kind == VOLLEY_NODE_SCALAR) return node;
  volley_value_fault(reading, node, "this is %s; a single value is expected", volley_node_kind_name(node));
  return NULL;
}

/* Whether a number obeys type and range of its key; reports it if not. node: the number, or an array that has it. */
static bool check_number(volley_reading *reading, volley_node *node, const volley_key_info *key, double number) {
  const char *gap = *key->unit ? " " : "";
  char buffer[VOLLEY_NUMBER_TEXT];
  const char *text = node->kind == VOLLEY_NODE_SCALAR ? node->text : volley_number_text(number, buffer);
  if (key->type == VOLLEY_KEY_COUNT && number != nearbyint(number))
    return volley_value_fault(reading, node, "%s is not a whole number", text);
  if (number < key->min || (key->positive && number == key->min))
    return volley_value_fault(reading, node, "%s is too small; %s %g%s%s is expected", text,
                              key->positive ? "a number above" : "at least", key->min, gap, key->unit);
  if (number > key->max)
    return volley_value_fault(reading, node, "%s is too large; at most %.10g%s%s is possible", text, key->max, gap,
                              key->unit);
  return true;
}

bool volley_scalar_number(volley_reading *reading, volley_node *node, const char *unit, double *out) {
  char why[256], expected[64];
  if (node->kind != VOLLEY_NODE_SCALAR)
    return volley_value_fault(reading, node, "%s is expected", volley_unit_describe(unit, expected, sizeof expected));
  if (!volley_unit_convert(node->text, unit, out, why, sizeof why)) return volley_value_fault(reading, node, "%s", why);
  volley_node_note_number(node, unit, *out);
  if (isfinite(*out)) return true;
  return volley_value_fault(reading, node, "%s is not finite; %s is expected", node->text,
                            volley_unit_describe(unit, expected, sizeof expected));
}

bool volley_read_number(volley_reading *reading, const volley_node *entry, const volley_key_info *key, volley_pick pick,
                        double *out) {
  volley_node *node = key_scalar(reading, entry, key, pick);
  if (!node) {
    if (key->required || isnan(key->fallback) || volley_node_is_faulted(volley_node_get(entry, key->name)))
      return false;
    *out = key->fallback;
    volley_note_default(reading, entry, key);
    return true;
  }
  return volley_scalar_number(reading, node, key->unit, out) && check_number(reading, node, key, *out);
}

/* Whether all numbers are right, so that nothing need be said of one. */
static bool are_right(const volley_node *node, const volley_key_info *key) {
  bool wrong = node->n_numbers > INT_MAX;
  for (size_t i = 0; i < node->n_numbers; i++) {
    const double number = node->numbers[i];
    wrong |= !(number >= key->min && number <= key->max && isfinite(number)) | (key->positive && number == key->min);
    wrong |= key->type == VOLLEY_KEY_COUNT && number != nearbyint(number);
  }
  return !wrong;
}

/* An array, which need not become a list of texts. */
static bool read_numbers(volley_reading *reading, volley_node *node, const volley_key_info *key, double **list,
                         int *count) {
  if (node->n_numbers > INT_MAX)
    return volley_value_fault(reading, node, "%zu numbers; at most %d are possible", node->n_numbers, INT_MAX);
  const bool right = are_right(node, key);
  for (size_t i = 0; i < node->n_numbers && !right; i++) {
    if (!isfinite(node->numbers[i]))
      return volley_value_fault(reading, node, "number %zu of the array is not finite", i);
    if (!check_number(reading, node, key, node->numbers[i])) return false;
  }
  node->unit = key->unit;
  *list = volley_arena_alloc(reading->arena, node->n_numbers + 1, sizeof **list);
  memcpy(*list, node->numbers, node->n_numbers * sizeof **list);
  *count = (int)node->n_numbers;
  return true;
}

bool volley_read_list(volley_reading *reading, volley_node *node, const volley_key_info *key, double **list,
                      int *count) {
  if (node->kind == VOLLEY_NODE_NUMBERS && *node->text && !are_right(node, key))
    volley_node_expand(reading->arena, node);
  const bool is_list = node->kind == VOLLEY_NODE_LIST;
  const int n = is_list ? node->n : 1;
  if (node->kind == VOLLEY_NODE_NUMBERS) return read_numbers(reading, node, key, list, count);
  if (node->kind == VOLLEY_NODE_MAP)
    return volley_value_fault(reading, node, "this is a mapping; a list of numbers is expected, like [1, 2, 3]");
  double *numbers = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *numbers);
  bool good = true;
  for (int i = 0; i < n; i++) {
    volley_node *item = is_list ? node->items[i] : node;
    good &= volley_scalar_number(reading, item, key->unit, &numbers[i]) && check_number(reading, item, key, numbers[i]);
  }
  if (!good) return false;
  *list = numbers;
  *count = n;
  return true;
}

bool volley_read_flag(volley_reading *reading, const volley_node *entry, const volley_key_info *key, volley_pick pick,
                      bool *out) {
  volley_node *node = key_scalar(reading, entry, key, pick);
  if (!node) {
    if (isnan(key->fallback)) return false;
    *out = key->fallback > 0;
    volley_note_default(reading, entry, key);
    return true;
  }
  static const char *const words[] = {"true", "false", "yes", "no", "on", "off"};
  for (int w = 0; w < 6; w++) {
    if (strcasecmp(node->text, words[w]) != 0) continue;
    *out = w % 2 == 0;
    volley_node_note_number(node, volley_unit_of_flags, *out);
    return true;
  }
  return volley_value_fault(reading, node, "'%.60s' is neither true nor false", node->text);
}

const char *volley_read_text(volley_reading *reading, const volley_node *entry, const volley_key_info *key,
                             volley_pick pick, volley_node **node) {
  volley_node *found = key_scalar(reading, entry, key, pick);
  if (node) *node = found;
  if (!found && key->text) volley_note_default(reading, entry, key);
  return found ? found->text : key->text;
}

const void *volley_read_kind(volley_reading *reading, const volley_node *entry, const volley_key_info *key,
                             volley_pick pick, const void *registry, const char *what) {
  volley_node *node = NULL;
  const volley_names names = volley_names_of_registry(reading, registry);
  volley_key_info word = *key;
  if (!key->required) word.text = names.names[0];
  const char *name = volley_read_text(reading, entry, &word, pick, &node);
  for (int i = 0; name && i < names.n; i++)
    if (strcmp(names.names[i], name) == 0) return ((const void *const *)registry)[i];
  if (name) volley_unknown(reading, node, what, names);
  return NULL;
}

int volley_read_choice(volley_reading *reading, const volley_node *entry, const volley_key_info *key) {
  volley_node *node;
  const char *text = volley_read_text(reading, entry, key, (volley_pick){0}, &node);
  if (!text && (key->required || isnan(key->fallback))) return -1;
  if (!text) {
    volley_note_default(reading, entry, key);
    return (int)key->fallback;
  }
  const volley_names names = volley_names_of_words(reading, key->words);
  for (int i = 0; i < names.n; i++)
    if (strcmp(names.names[i], text) == 0) return i;
  volley_unknown(reading, node, key->name, names);
  return -1;
}
