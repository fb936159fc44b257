/* Faults, and the names that keys, entries and kinds have. */
#include "experiment/reading.h"

#include "base/text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE = 1024, LISTED = 12, MAX_NAME = 200 };

/* Reports what is wrong at a place; of a node (or NULL) only once. */
static void report(volley_reading *reading, volley_node *node, volley_place place, const char *format, va_list list)
    __attribute__((format(printf, 4, 0)));
static void report(volley_reading *reading, volley_node *node, volley_place place, const char *format, va_list list) {
  char message[MESSAGE];
  if (node && node->faulted) return;
  if (node) node->faulted = true;
  vsnprintf(message, sizeof message, format, list);
  if (!reading->is_silent) volley_fault(VOLLEY_USAGE, &place, "%s", message);
  reading->faults++;
}

bool volley_value_fault(volley_reading *reading, volley_node *node, const char *format, ...) {
  va_list list;
  va_start(list, format);
  report(reading, node, volley_node_place(reading->arena, node), format, list);
  va_end(list);
  return false;
}

bool volley_key_fault(volley_reading *reading, volley_node *node, const char *format, ...) {
  va_list list;
  va_start(list, format);
  report(reading, node, volley_node_key_place(reading->arena, node), format, list);
  va_end(list);
  return false;
}

bool volley_entry_fault(volley_reading *reading, const volley_place *place, const char *format, ...) {
  va_list list;
  va_start(list, format);
  report(reading, NULL, *place, format, list);
  va_end(list);
  return false;
}

void volley_names_add(volley_reading *reading, volley_names *names, const char *name) {
  if ((names->n & (names->n - 1)) == 0) {
    const char **grown = volley_arena_alloc(reading->arena, names->n ? 2 * (size_t)names->n : 1, sizeof *grown);
    if (names->n > 0) memcpy(grown, names->names, (size_t)names->n * sizeof *grown);
    names->names = grown;
  }
  names->names[names->n++] = name;
}

void volley_names_add_keys(volley_reading *reading, volley_names *names, const volley_key_info *keys, int n) {
  for (int k = 0; k < n; k++) volley_names_add(reading, names, keys[k].name);
}

volley_names volley_names_of_section(volley_reading *reading, enum volley_section section) {
  volley_names names = {0};
  volley_names_add_keys(reading, &names, volley_sections[section].keys, volley_sections[section].n_keys);
  return names;
}

volley_names volley_names_of_table(volley_reading *reading, const void *table, int n, size_t stride) {
  volley_names names = {0};
  for (int i = 0; i < n; i++)
    volley_names_add(reading, &names, *(const char *const *)((const char *)table + (size_t)i * stride));
  return names;
}

volley_names volley_names_of_registry(volley_reading *reading, const void *registry) {
  volley_names names = {0};
  for (const void *const *item = registry; *item; item++)
    volley_names_add(reading, &names, *(const char *const *)*item);
  return names;
}

volley_names volley_names_of_words(volley_reading *reading, const char *words) {
  volley_names names = {0};
  for (char *word = volley_arena_copy(reading->arena, words); word;) {
    char *bar = strchr(word, '|');
    if (bar) *bar++ = '\0';
    volley_names_add(reading, &names, word);
    word = bar;
  }
  return names;
}

/* What other programs and textbooks call things. */
static const struct {
  const char *word, *ours;
} synonyms[] = {
    {"sigma", "std"},         {"sd", "std"},           {"stdev", "std"},       {"mu", "mean"},
    {"gauss", "normal"},      {"gaussian", "normal"},  {"dc_generator", "dc"}, {"spike_generator", "spike_times"},
    {"multimeter", "traces"}, {"voltmeter", "traces"}, {"N", "size"},          {"p", "probability"},
};

/* The known name that a word may mean, or NULL. */
static const char *meant_name(const char *word, volley_names names) {
  for (size_t s = 0; s < sizeof synonyms / sizeof *synonyms; s++)
    for (int i = 0; i < names.n && strcmp(synonyms[s].word, word) == 0; i++)
      if (strcmp(synonyms[s].ours, names.names[i]) == 0) return names.names[i];
  return volley_nearest(word, names.names, names.n);
}

/* "did you mean 'x'?", or the names that there are. */
static const char *suggestion(volley_reading *reading, const char *word, volley_names names) {
  if (names.n == 0) return "there is none";
  const char *nearest = meant_name(word, names);
  if (nearest) return volley_arena_format(reading->arena, "did you mean '%s'?", nearest);
  const char *list = names.names[0];
  for (int i = 1; i < names.n && i < LISTED; i++)
    list = volley_arena_format(reading->arena, "%s, %s", list, names.names[i]);
  return volley_arena_format(reading->arena, "known are %s%s", list, names.n > LISTED ? ", ..." : "");
}

bool volley_unknown(volley_reading *reading, volley_node *node, const char *what, volley_names names) {
  return volley_value_fault(reading, node, "unknown %s '%.80s'; %s", what, node->text,
                            suggestion(reading, node->text, names));
}

/* Whether item i of a mapping is what follows the decimal comma in {tau: 0,5 ms}. */
static bool is_decimal(const volley_node *map, int i) {
  if (i == 0 || !isdigit((unsigned char)*map->items[i]->key) || !volley_node_is_null(map->items[i])) return false;
  const volley_node *before = map->items[i - 1];
  const size_t n = strlen(before->text);
  return n > 0 && isdigit((unsigned char)before->text[n - 1]);
}

/* Reports a key that is not known. It is read on as the one that it may mean, so that nothing is called missing that is
 * only misspelt. */
static void refuse_key(volley_reading *reading, volley_node *map, volley_node *item, volley_names known) {
  const char *meant = meant_name(item->key, known), *colon = strchr(item->key, ':'), *odd = volley_lookalike(item->key);
  if (colon && volley_node_is_null(item))
    volley_key_fault(reading, item, "a space must follow the colon: '%.*s: %.60s'", (int)(colon - item->key), item->key,
                     colon + 1);
  else if (odd)
    volley_key_fault(reading, item, "the key '%.80s' has %s", item->key, odd);
  else
    volley_key_fault(reading, item, "unknown key '%.80s'; %s", item->key, suggestion(reading, item->key, known));
  if (meant && !volley_node_get(map, meant)) item->key = meant;
}

bool volley_check_keys(volley_reading *reading, volley_node *node, volley_names known) {
  if (node->kind != VOLLEY_NODE_MAP)
    return volley_value_fault(reading, node, "this is %s; a mapping with keys like '%s: ...' is expected",
                              volley_node_kind_name(node), known.n > 0 ? known.names[0] : "key");
  node->known = known.names;
  node->n_known = known.n;
  if (!node->defaults) node->defaults = volley_node_create(reading->arena, VOLLEY_NODE_MAP, node->file);
  for (int i = 0; i < node->n; i++) {
    volley_node *item = node->items[i];
    int k = 0;
    while (k < known.n && strcmp(known.names[k], item->key) != 0) k++;
    if (k == known.n && is_decimal(node, i))
      volley_key_fault(reading, item, "a comma ends the value of '%s'; the decimal mark is a point, write %s.%s",
                       node->items[i - 1]->key, node->items[i - 1]->text, item->key);
    else if (k == known.n)
      refuse_key(reading, node, item, known);
  }
  return true;
}

size_t volley_count_under(const volley_node *map, const char *name) {
  const volley_node *found = volley_node_get(map, name);
  const volley_names one = {&name, 1};
  size_t most = volley_count_names(found);
  for (int i = 0; !found && map->kind == VOLLEY_NODE_MAP && i < map->n; i++) {
    const size_t n = meant_name(map->items[i]->key, one) ? volley_count_names(map->items[i]) : 0;
    most = n > most ? n : most;
  }
  return most;
}

void volley_missing_key(volley_reading *reading, volley_place place, const volley_key_info *key) {
  volley_entry_fault(reading, &place, "the key '%s' is missing: %s", key->name, key->doc);
}

void volley_check_required(volley_reading *reading, volley_node *map, const volley_key_info *keys, int n_keys) {
  for (int k = 0; k < n_keys; k++)
    if (keys[k].required && !volley_node_get(map, keys[k].name))
      volley_missing_key(reading, volley_node_place(reading->arena, map), &keys[k]);
}

int volley_read_names(volley_reading *reading, volley_node *node, volley_node ***out) {
  *out = NULL;
  if (!volley_node_expand(reading->arena, node)) return 0;
  const int n = node->kind == VOLLEY_NODE_LIST ? node->n : 1;
  volley_node **names = volley_arena_alloc(reading->arena, (size_t)n, sizeof(volley_node *));
  for (int i = 0; i < n; i++) {
    names[i] = node->kind == VOLLEY_NODE_LIST ? node->items[i] : node;
    if (names[i]->kind == VOLLEY_NODE_SCALAR && *names[i]->text != '\0') continue;
    volley_value_fault(reading, names[i], "a name, or a list of names, is expected");
    return 0;
  }
  if (n == 0) volley_value_fault(reading, node, "this list is empty; at least one name is expected");
  *out = names;
  return n;
}

size_t volley_count_names(const volley_node *names) {
  if (names && names->kind == VOLLEY_NODE_NUMBERS) return names->n_numbers;
  return names && names->kind == VOLLEY_NODE_LIST ? (size_t)names->n : 1;
}

/* What is wrong with a name: no group of the output, no part of a key path (populations.NAME.size=3), or no word that
 * one can read and write on a command line. NULL if nothing is. */
static const char *wrong_name(const char *name) {
  static const char separators[] = "/.=";
  size_t length = 0, step;
  for (; (step = volley_printable(name + length)) > 0; length += step)
    if (strchr(separators, name[length])) return "a name cannot hold '/', '.' or '='";
  if (name[length] != '\0') return "a name cannot hold control characters";
  if (length == 0) return "a name cannot be empty; leave the key out where it has a default";
  if (length > MAX_NAME) return "a name can have at most 200 bytes";
  if (name[0] == '-') return "a name cannot begin with '-', which begins an option on a command line";
  if (name[0] == ' ' || name[length - 1] == ' ') return "a name cannot begin or end with a space";
  if (strstr(name, "\xC2\xA0")) return "a name cannot hold a non-breaking space, which looks like another name";
  return NULL;
}

void volley_check_name(volley_reading *reading, volley_node *node) {
  if (!node || node->kind != VOLLEY_NODE_SCALAR) return;
  const char *wrong = wrong_name(node->text);
  if (wrong) volley_value_fault(reading, node, "%s", wrong);
}

void volley_unknown_name(volley_reading *reading, volley_node *node, enum volley_section section, const char *what,
                         volley_names names) {
  if (!reading->lost[section]) volley_unknown(reading, node, what, names);
}

int volley_find_named(volley_reading *reading, volley_node *node, enum volley_section section, const char *what,
                      const void *table, int n, size_t stride) {
  for (int i = 0; i < n; i++)
    if (strcmp(*(const char *const *)((const char *)table + (size_t)i * stride), node->text) == 0) return i;
  volley_unknown_name(reading, node, section, what, volley_names_of_table(reading, table, n, stride));
  return -1;
}

int volley_find_population(volley_reading *reading, volley_node *node) {
  const volley_experiment *experiment = reading->experiment;
  return volley_find_named(reading, node, VOLLEY_SECTION_POPULATIONS, "population", experiment->populations,
                           experiment->n_populations, sizeof *experiment->populations);
}

/* Earlier ones first. */
static int compare_named(const void *a, const void *b) {
  const volley_named *first = *(const volley_named *const *)a, *second = *(const volley_named *const *)b;
  const int order = strcmp(first->name, second->name);
  return order != 0 ? order : (first > second) - (first < second);
}

void volley_refuse_duplicates(volley_reading *reading, const volley_named *names, int n, const char *what) {
  const volley_named **sorted = volley_alloc((size_t)n, sizeof *sorted, "names");
  for (int i = 0; i < n; i++) sorted[i] = &names[i];
  qsort(sorted, (size_t)n, sizeof *sorted, compare_named);
  for (int i = 1; i < n; i++) {
    if (strcmp(sorted[i - 1]->name, sorted[i]->name) != 0) continue;
    const volley_place *earlier = &sorted[i - 1]->place;
    const char *where = earlier->line > 0 ? volley_arena_format(reading->arena, "in line %d", earlier->line)
                                          : volley_arena_format(reading->arena, "of %s", earlier->file);
    volley_entry_fault(reading, &sorted[i]->place,
                       "duplicate name: another %s, %s, is called '%s' too; give each a name of its own", what, where,
                       sorted[i]->name);
  }
  free(sorted);
}

void volley_refuse_same_names(volley_reading *reading, const volley_node *section, const char *what) {
  volley_named *names = volley_arena_alloc(reading->arena, (size_t)section->n + 1, sizeof *names);
  int n = 0;
  for (int i = 0; i < section->n; i++) {
    const volley_node *name = volley_node_get(section->items[i], "name");
    if (name && name->kind == VOLLEY_NODE_SCALAR)
      names[n++] = (volley_named){name->text, volley_node_place(reading->arena, name)};
  }
  volley_refuse_duplicates(reading, names, n, what);
}
