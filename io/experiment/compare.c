/* Whether two experiments give the same results: their trees side by side. */
#include "io/experiment/file.h"

#include "base/text.h"
#include "base/units.h"
#include "experiment/reading.h"
#include "io/yaml/parse.h"
#include "neuron/neuron.h"
#include "rule/rule.h"
#include "stimulus/stimulus.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LISTED = 20, MESSAGE = 512 };

typedef struct comparison {
  bool silent;         /* only counts */
  volley_arena *arena; /* of the tree of `then`, and of paths */
  const volley_experiment *now;
  const char *name; /* of `then` */
  double time_ms;
  int differences;
} comparison;

/* A key in both trees. Each may be NULL: absent, null or empty. */
typedef struct pair {
  const volley_node *now, *then;
  const volley_node *above; /* what `now` stands in */
  const char *part;         /* its path from there; needed where `now` is NULL */
} pair;

static const char *join(volley_arena *arena, const char *path, const char *part) {
  return *path ? volley_arena_format(arena, "%s.%s", path, part) : part;
}

static volley_place place_of(const comparison *c, const pair *at) {
  if (at->now) return volley_node_place(c->arena, at->now);
  volley_place place = volley_node_place(c->arena, at->above);
  place.path = join(c->arena, place.path, at->part);
  return place;
}

static void differ(comparison *c, const pair *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void differ(comparison *c, const pair *at, const char *format, ...) {
  if (c->silent) {
    c->differences++;
    return;
  }
  char message[MESSAGE];
  if (++c->differences > LISTED) return;
  va_list list;
  va_start(list, format);
  vsnprintf(message, sizeof message, format, list);
  va_end(list);
  const volley_place place = place_of(c, at);
  volley_fault(VOLLEY_USAGE, &place, "%s", message);
}

/* The text of a scalar, or of the default where there is none; NULL if it has no text. */
static const char *text_of(const comparison *c, const volley_node *node, const volley_key_info *key) {
  char fallback[64];
  if (node) return node->kind == VOLLEY_NODE_SCALAR ? node->text : NULL;
  if (!key || (*volley_key_default(key, fallback, sizeof fallback) == '\0' && !key->text)) return NULL;
  return volley_arena_copy(c->arena, fallback);
}

/* What a message says of a value. */
static const char *show(const comparison *c, const volley_node *node, const volley_key_info *key) {
  const char *fallback = !node ? text_of(c, NULL, key) : NULL;
  if (fallback) return volley_arena_format(c->arena, "%s (default)", fallback);
  if (!node) return "nothing";
  if (node->kind == VOLLEY_NODE_SCALAR) return volley_arena_format(c->arena, "%.80s", node->text);
  return node->kind == VOLLEY_NODE_MAP ? "a mapping" : volley_arena_format(c->arena, "a list of %d", node->n);
}

static bool is_same_number(const char *a, const char *b, const char *unit) {
  char why[256];
  double first, second;
  return volley_unit_convert(a, unit, &first, why, sizeof why) &&
         volley_unit_convert(b, unit, &second, why, sizeof why) && first == second;
}

/* Whether two numbers are the same in a unit that some model gives to weights, to currents, or to its parameter or
 * state of that name. *known is set if there is such a unit. */
static bool is_same_in_models(const char *a, const char *b, const char *name, bool *known) {
  const bool weight = strcmp(name, "weight") == 0, current = strcmp(name, "current") == 0;
  *known = weight || current;
  for (const volley_neuron_model *const *item = volley_neuron_models(); *item; item++) {
    const volley_neuron_model *model = *item;
    if (current && is_same_number(a, b, volley_current_unit(model))) return true;
    for (int r = 0; weight && r < model->n_receptors; r++)
      if (is_same_number(a, b, model->receptors[r].unit)) return true;
    for (int i = 0; i < model->n_parameters + model->n_states; i++) {
      const bool state = i >= model->n_parameters;
      const int s = i - model->n_parameters;
      if (strcmp(state ? model->states[s].name : model->parameters[i].name, name) != 0) continue;
      *known = true;
      if (is_same_number(a, b, state ? model->states[s].unit : model->parameters[i].unit)) return true;
    }
  }
  return false;
}

/* Whether two scalars mean the same: "0.1 s" and "100 ms". name: of the key, or NULL; key: NULL where no table of a
 * section has it. */
static bool is_same_text(const char *a, const char *b, const char *name, const volley_key_info *key) {
  static const char *const documented[] = {"", "ms", "mV", "pA", "pF", "nS", "Hz", "deg"}; /* units of bare numbers */
  if (strcmp(a, b) == 0) return true;
  if (key && key->type != VOLLEY_KEY_NUMBER && key->type != VOLLEY_KEY_COUNT && key->type != VOLLEY_KEY_VALUE)
    return false;
  if (key) name = key->unit;
  bool known = false;
  if (name && is_same_in_models(a, b, name, &known)) return true;
  if (key && !known) return is_same_number(a, b, key->unit);
  for (size_t u = 0; !known && u < sizeof documented / sizeof *documented; u++)
    if (is_same_number(a, b, documented[u])) return true;
  return false;
}

/* Null and empty values stand for absent ones. */
static const volley_node *present(const volley_node *node) {
  if (!node || volley_node_is_null(node)) return NULL;
  return node->kind == VOLLEY_NODE_SCALAR || node->n > 0 ? node : NULL;
}

/* Names of an entry in one text; NULL if it has none. */
static const char *name_of(const comparison *c, const volley_node *entry) {
  const volley_node *name = volley_node_get(entry, "name");
  if (!name || name->kind == VOLLEY_NODE_MAP) return NULL;
  if (name->kind == VOLLEY_NODE_SCALAR) return name->text;
  const char *all = NULL;
  for (int i = 0; i < name->n; i++) {
    const char *one = name->items[i]->text;
    all = all ? volley_arena_format(c->arena, "%s, %s", all, one) : one;
  }
  return all;
}

static bool has_named(const comparison *c, const volley_node *list, const char *name) {
  for (int i = 0; list && i < list->n; i++) {
    const char *other = name_of(c, list->items[i]);
    if (other && strcmp(other, name) == 0) return true;
  }
  return false;
}

/* Lists of different lengths: which entries are new or gone where these have names, else how many there are. */
static void compare_lengths(comparison *c, const pair *at) {
  const int before = c->differences, n_now = at->now ? at->now->n : 0, n_then = at->then ? at->then->n : 0;
  for (int i = 0; i < n_now; i++) {
    const char *name = name_of(c, at->now->items[i]);
    const pair entry = {.now = at->now->items[i]};
    if (name && !has_named(c, at->then, name)) differ(c, &entry, "'%s' is new: not in %s", name, c->name);
  }
  for (int i = 0; i < n_then; i++) {
    const char *name = name_of(c, at->then->items[i]);
    const pair list = {.above = at->now, .part = name}, absent = {.above = at->above, .part = at->part};
    if (name && !has_named(c, at->now, name))
      differ(c, at->now ? &list : &absent, "'%s' is missing here: %s has it", name, c->name);
  }
  if (c->differences == before)
    differ(c, at, "%s here, %d in %s", volley_count((uint64_t)n_now, "entry").text, n_then, c->name);
}

static bool is_kind(const volley_node *node, volley_node_kind kind) { return !node || node->kind == kind; }

static void compare(comparison *c, const pair *at, const volley_section_info *section, const volley_key_info *key);
static void compare_maps(comparison *c, const pair *at, const volley_section_info *section,
                         const volley_key_info *above);

static void compare_lists(comparison *c, const pair *at, const volley_section_info *section,
                          const volley_key_info *key) {
  if (!at->now || !at->then || at->now->n != at->then->n) {
    compare_lengths(c, at);
    return;
  }
  for (int i = 0; i < at->now->n; i++) {
    pair entry = {present(at->now->items[i]), present(at->then->items[i]), at->now, NULL};
    if (!entry.now) entry.part = volley_arena_format(c->arena, "%d", i);
    const char *now = name_of(c, entry.now), *then = name_of(c, entry.then);
    if (now && then && strcmp(now, then) != 0)
      differ(c, &entry, "'%s' stands here, '%s' in %s", now, then, c->name);
    else if (section && is_kind(entry.now, VOLLEY_NODE_MAP) && is_kind(entry.then, VOLLEY_NODE_MAP))
      compare_maps(c, &entry, section, NULL);
    else
      compare(c, &entry, NULL, key);
  }
}

/* Whether the mean rates enter the network: they make up for indegrees that are scaled, or that shrink with the sizes. */
static bool rates_matter(const volley_experiment *experiment) {
  if (experiment->scale_indegree != 1.0) return true;
  for (int p = 0; experiment->scale_neurons != 1.0 && p < experiment->n_projections; p++)
    if (!experiment->projections[p].rule->random) return true;
  return false;
}

static bool is_section(const volley_section_info *section, int which) { return section == &volley_sections[which]; }

/* Whether a key of a section cannot change the results. */
static bool is_free(const comparison *c, const volley_section_info *section, const char *key) {
  static const struct {
    int section;
    const char *key;
  } always_free[] = {{VOLLEY_SECTION_TOP, "title"},
                     {VOLLEY_SECTION_TOP, "checkpoint"},
                     {VOLLEY_SECTION_SIMULATION, "partition"},
                     {VOLLEY_SECTION_SIMULATION, "exchange_interval"},
                     {VOLLEY_SECTION_OUTPUT, "file"},
                     {VOLLEY_SECTION_OUTPUT, "compression"}};
  for (size_t i = 0; i < sizeof always_free / sizeof *always_free; i++)
    if (is_section(section, always_free[i].section) && strcmp(always_free[i].key, key) == 0) return true;
  return is_section(section, VOLLEY_SECTION_POPULATIONS) && strcmp(key, "mean_rate") == 0 && !rates_matter(c->now);
}

/* Whether downscaling takes the stimulus for input from outside in a run of that length (experiment/scale.c). */
static bool is_scaled(const volley_stimulus *stimulus, double duration) {
  for (int k = 0; k < stimulus->kind->n_keys; k++)
    if (strcmp(stimulus->kind->keys[k].name, "sources") == 0) return stimulus->start <= 0 && stimulus->stop >= duration;
  return false;
}

/* A run may become longer, or shorter as long as it is not over already. */
static void compare_duration(comparison *c, const pair *at) {
  const volley_experiment *now = c->now;
  const double duration = (double)now->simulation.steps * now->simulation.dt;
  char why[256];
  double before;
  if (!text_of(c, at->then, NULL) || !volley_unit_convert(at->then->text, "ms", &before, why, sizeof why) ||
      !isfinite(before)) {
    differ(c, at, "%s here, no time in %s", show(c, at->now, NULL), c->name);
    return;
  }
  before = (double)volley_steps(now, before) * now->simulation.dt;
  const volley_place place = place_of(c, at);
  if (now->simulation.steps < volley_steps(now, c->time_ms))
    volley_fault(VOLLEY_USAGE, &place, "%.10g ms, but %s is at %.10g ms already; a run can be made longer, not cut",
                 duration, c->name, c->time_ms);
  for (int s = 0; now->scale_indegree != 1.0 && s < now->n_stimuli; s++)
    if (is_scaled(&now->stimuli[s], duration) != is_scaled(&now->stimuli[s], before))
      differ(
          c, at,
          "%.10g ms here, %.10g ms in %s; with network.scale.indegree this changes the input by '%s', which stops at "
          "%.10g ms",
          duration, before, c->name, now->stimuli[s].name, now->stimuli[s].stop);
}

/* The section that a key of another opens; NULL if it is none. */
static const volley_section_info *section_below(const comparison *c, const volley_section_info *section,
                                                const char *key) {
  if (!section) return NULL;
  const char *above = is_section(section, VOLLEY_SECTION_TOP) ? "" : section->name;
  const char *name = join(c->arena, above, key);
  for (int s = 0; s < VOLLEY_N_SECTIONS; s++)
    if (s != VOLLEY_SECTION_TOP && strcmp(volley_sections[s].name, name) == 0) return &volley_sections[s];
  return NULL;
}

static const volley_key_info *key_in(const volley_section_info *section, const char *name) {
  for (int k = 0; section && k < section->n_keys; k++)
    if (strcmp(section->keys[k].name, name) == 0) return &section->keys[k];
  return NULL;
}

static void compare_key(comparison *c, const pair *at, const char *key, const volley_section_info *section,
                        const volley_key_info *above) {
  if (is_free(c, section, key)) return;
  if (strcmp(key, "file") == 0 && at->now && at->then) return; /* compared by content: io/data/inputs.h */
  if (is_section(section, VOLLEY_SECTION_SIMULATION) && strcmp(key, "duration") == 0)
    compare_duration(c, at);
  else
    compare(c, at, section_below(c, section, key), section ? key_in(section, key) : above);
}

/* Maps, key by key; an absent one is empty. above: row of the key that has the map; the keys of a
 * distribution are like it. */
static void compare_maps(comparison *c, const pair *at, const volley_section_info *section,
                         const volley_key_info *above) {
  if (above && above->type != VOLLEY_KEY_VALUE) above = NULL;
  for (int i = 0; at->now && i < at->now->n; i++) {
    const char *key = at->now->items[i]->key;
    const pair child = {present(at->now->items[i]), present(volley_node_get(at->then, key)), at->now, key};
    if (child.now) compare_key(c, &child, key, section, above);
  }
  for (int i = 0; at->then && i < at->then->n; i++) {
    const char *key = at->then->items[i]->key;
    const volley_node *then = present(at->then->items[i]);
    if (!then || present(volley_node_get(at->now, key))) continue;
    const pair child = {NULL, then, at->now ? at->now : at->above, at->now ? key : join(c->arena, at->part, key)};
    compare_key(c, &child, key, section, above);
  }
}

/* section: that the key opens, or NULL; key: its row in a table, or NULL. */
static void compare(comparison *c, const pair *at, const volley_section_info *section, const volley_key_info *key) {
  const bool both = at->now && at->then;
  const bool maps = is_kind(at->now, VOLLEY_NODE_MAP) && is_kind(at->then, VOLLEY_NODE_MAP);
  const bool lists = is_kind(at->now, VOLLEY_NODE_LIST) && is_kind(at->then, VOLLEY_NODE_LIST);
  if (!at->now && !at->then) return;
  if (maps && (both || (section && !section->is_list))) {
    compare_maps(c, at, section, key);
  } else if (lists && (both || (section && section->is_list))) {
    compare_lists(c, at, section, key);
  } else {
    const char *now = text_of(c, at->now, key), *then = text_of(c, at->then, key);
    if (!now || !then || !is_same_text(now, then, at->part, key))
      differ(c, at, "%s here, %s in %s", show(c, at->now, key), show(c, at->then, key), c->name);
  }
}

static void refuse(const comparison *c) {
  if (c->differences > LISTED) volley_fault(VOLLEY_USAGE, NULL, "... and %d more differences", c->differences - LISTED);
  volley_fault(VOLLEY_USAGE, NULL,
               "%s cannot be resumed with this experiment: the results would not be those of one run; leave FILE and "
               "--set out to go on with the experiment of the checkpoint, or start a new run",
               c->name);
}

volley_status volley_experiment_compare(const volley_experiment *now, const char *then, const char *name,
                                        double time_ms) {
  volley_arena *arena = volley_arena_create();
  comparison c = {.arena = arena, .now = now, .name = name, .time_ms = time_ms};
  const volley_node *tree = volley_yaml_parse(arena, name, then, strlen(then), true);
  if (!tree || tree->kind != VOLLEY_NODE_MAP) {
    volley_fault(VOLLEY_USAGE, NULL, "%s is damaged: it holds no experiment that can be read", name);
  } else {
    const pair roots = {.now = now->tree, .then = tree};
    compare_maps(&c, &roots, &volley_sections[VOLLEY_SECTION_TOP], NULL);
    if (c.differences > 0) refuse(&c);
  }
  volley_arena_destroy(arena);
  return volley_local_status();
}

bool volley_experiment_is_same(const volley_experiment *now, const char *then) {
  if (!now->tree) return strcmp(now->resolved, then) == 0;
  volley_arena *arena = volley_arena_create();
  comparison c = {.silent = true, .arena = arena, .now = now, .name = "", .time_ms = 0};
  const volley_node *tree = volley_yaml_parse(arena, "", then, strlen(then), true);
  const bool is_map = tree && tree->kind == VOLLEY_NODE_MAP;
  if (is_map) {
    const pair roots = {.now = now->tree, .then = tree};
    compare_maps(&c, &roots, &volley_sections[VOLLEY_SECTION_TOP], NULL);
  }
  volley_arena_destroy(arena);
  return is_map && c.differences == 0;
}
