/* Whether two experiments give the same results: their checked descriptions side by side. */
#include "experiment/check.h"

#include "base/progress.h"
#include "base/text.h"
#include "base/units.h"
#include "experiment/tree.h"
#include "rule/rule.h"
#include "stimulus/stimulus.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LISTED = 20, MESSAGE = 512 };

typedef struct comparison {
  bool silent, tells;  /* only counts; tells what differs, which is no fault */
  volley_arena *arena; /* of the tree of `then`, and of paths */
  const volley_experiment *now;
  const char *name; /* of `then` */
  double time_ms;
  int differences;
} comparison;

/* What one experiment has at a key: as given, NULL where absent, null or empty; and else by default, or NULL. */
typedef struct side {
  const volley_node *given, *fallback;
} side;

/* A key in both trees. */
typedef struct pair {
  side now, then;
  const volley_node *above; /* what `now` stands in */
  const char *part;         /* its path from there; needed where `now` is not given */
  const char *section;      /* that has the key: "" is the root, NULL none, but some mapping inside of one */
} pair;

static const volley_node *value_of(side s) { return s.given ? s.given : s.fallback; }

/* Null and empty values stand for absent ones. */
static const volley_node *present(const volley_node *node) {
  if (!node || volley_node_is_null(node)) return NULL;
  return node->kind == VOLLEY_NODE_SCALAR || node->n > 0 || node->n_numbers > 0 ? node : NULL;
}

/* A value as a list of items, where it is an array of numbers. */
static const volley_node *expanded(const comparison *c, const volley_node *node) {
  if (!node || node->kind != VOLLEY_NODE_NUMBERS) return node;
  volley_node *list = volley_arena_alloc(c->arena, 1, sizeof *list);
  *list = *node; /* it stands where the array does */
  return volley_node_expand(c->arena, list);
}

static side child_of(side map, const char *key) {
  const volley_node *node = value_of(map);
  return (side){present(volley_node_get(map.given, key)), node ? volley_node_get(node->defaults, key) : NULL};
}

static const char *join(volley_arena *arena, const char *path, const char *part) {
  return *path ? volley_arena_format(arena, "%s.%s", path, part) : part;
}

static volley_place place_of(const comparison *c, const pair *at) {
  if (at->now.given) return volley_node_place(c->arena, at->now.given);
  volley_place place = volley_node_place(c->arena, at->above);
  place.path = join(c->arena, place.path, at->part);
  return place;
}

static void differ(comparison *c, const pair *at, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void differ(comparison *c, const pair *at, const char *format, ...) {
  char message[MESSAGE];
  if (++c->differences > LISTED || c->silent) return;
  va_list list;
  va_start(list, format);
  vsnprintf(message, sizeof message, format, list);
  va_end(list);
  const volley_place place = place_of(c, at);
  char where[MESSAGE];
  if (c->tells && volley_place_write(&place, where, sizeof where) >= 0)
    volley_progress_note("another experiment: %s%s", where, message);
  else
    volley_fault(VOLLEY_USAGE, &place, "%s", message);
}

/* What a message says of a value. */
static const char *show(const comparison *c, side s) {
  const volley_node *node = value_of(s);
  if (!node) return "nothing";
  if (node->kind == VOLLEY_NODE_SCALAR)
    return volley_arena_format(c->arena, "%.80s%s", node->text, s.given ? "" : " (default)");
  return node->kind == VOLLEY_NODE_MAP ? "a mapping" : volley_arena_format(c->arena, "a list of %d", node->n);
}

/* Whether two scalars mean the same: "0.1 s" and "100 ms" of a time. */
static bool is_same_value(const volley_node *a, const volley_node *b) {
  if (a->unit && b->unit && strcmp(a->unit, b->unit) == 0 && a->number == b->number) return true;
  return strcmp(a->text, b->text) == 0;
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
  const volley_node *now = at->now.given, *then = at->then.given;
  const int before = c->differences, n_now = now ? now->n : 0, n_then = then ? then->n : 0;
  for (int i = 0; i < n_now; i++) {
    const char *name = name_of(c, now->items[i]);
    const pair entry = {.now.given = now->items[i]};
    if (name && !has_named(c, then, name)) differ(c, &entry, "'%s' is new: not in %s", name, c->name);
  }
  for (int i = 0; i < n_then; i++) {
    const char *name = name_of(c, then->items[i]);
    const pair list = {.above = now, .part = name}, absent = {.above = at->above, .part = at->part};
    if (name && !has_named(c, now, name))
      differ(c, now ? &list : &absent, "'%s' is missing here: %s has it", name, c->name);
  }
  if (c->differences == before)
    differ(c, at, "%s here, %d in %s", volley_count((uint64_t)n_now, "entry").text, n_then, c->name);
}

static bool is_kind(side s, volley_node_kind kind) { return !s.given || s.given->kind == kind; }

static void compare(comparison *c, const pair *at);

static void compare_lists(comparison *c, const pair *at) {
  const volley_node *now = at->now.given, *then = at->then.given;
  if (!now || !then || now->n != then->n) {
    compare_lengths(c, at);
    return;
  }
  for (int i = 0; i < now->n; i++) {
    pair entry = {{present(now->items[i]), NULL}, {present(then->items[i]), NULL}, now, NULL, at->section};
    if (!entry.now.given) entry.part = volley_arena_format(c->arena, "%d", i);
    const char *name_now = name_of(c, entry.now.given), *name_then = name_of(c, entry.then.given);
    if (name_now && name_then && strcmp(name_now, name_then) != 0)
      differ(c, &entry, "'%s' stands here, '%s' in %s", name_now, name_then, c->name);
    else
      compare(c, &entry);
  }
}

/* Whether the mean rates enter the network: they make up for indegrees that are scaled, or that shrink with the sizes. */
static bool rates_matter(const volley_experiment *experiment) {
  if (experiment->scale_indegree != 1.0) return true;
  for (int p = 0; experiment->scale_neurons != 1.0 && p < experiment->n_projections; p++)
    if (!experiment->projections[p].rule->random) return true;
  return false;
}

bool volley_key_is_free(const char *path) {
  static const char *const all[] = {"title",
                                    "checkpoint",
                                    "stop_when.wall",
                                    "repeat.trials",
                                    "simulation.partition",
                                    "simulation.exchange_interval",
                                    "simulation.exchange",
                                    "simulation.exchange_group",
                                    "simulation.delivery",
                                    "output.file",
                                    "output.make_folder",
                                    "output.compression"};
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    const size_t n = strlen(all[i]);
    if (strncmp(path, all[i], n) == 0 && (path[n] == '\0' || path[n] == '.')) return true;
  }
  return false;
}

/* Whether a key of a section cannot change the results. */
static bool is_free(const comparison *c, const char *section, const char *key) {
  if (!section) return false;
  if (strcmp(section, "populations") == 0 && strcmp(key, "mean_rate") == 0) return !rates_matter(c->now);
  return volley_key_is_free(join(c->arena, section, key));
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
  const volley_node *then = at->then.given;
  char why[256];
  double before;
  if (!then || then->kind != VOLLEY_NODE_SCALAR || !volley_unit_convert(then->text, "ms", &before, why, sizeof why) ||
      !isfinite(before)) {
    differ(c, at, "%s here, no time in %s", show(c, at->now), c->name);
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

static void compare_key(comparison *c, const pair *at, const char *key) {
  if (is_free(c, at->section, key)) return;
  if (c->tells && at->section && strcmp(at->section, "repeat") == 0) return; /* which trial it is, everybody knows */
  if (strcmp(key, "file") == 0 && at->now.given && at->then.given) return;   /* compared by content: io/data/inputs.h */
  if (at->section && strcmp(at->section, "simulation") == 0 && strcmp(key, "duration") == 0) {
    if (!c->tells) compare_duration(c, at);
    return;
  }
  pair inside = *at;
  inside.section = at->section && *at->section == '\0' ? key : NULL;
  compare(c, &inside);
}

/* Maps, key by key; an absent one is empty. */
static void compare_maps(comparison *c, const pair *at) {
  const volley_node *now = at->now.given, *then = at->then.given;
  for (int i = 0; now && i < now->n; i++) {
    const char *key = now->items[i]->key;
    const pair child = {child_of(at->now, key), child_of(at->then, key), now, key, at->section};
    if (child.now.given) compare_key(c, &child, key);
  }
  for (int i = 0; then && i < then->n; i++) {
    const char *key = then->items[i]->key;
    const pair child = {child_of(at->now, key), child_of(at->then, key), now ? now : at->above,
                        now ? key : join(c->arena, at->part, key), at->section};
    if (child.then.given && !child.now.given) compare_key(c, &child, key);
  }
}

static void compare(comparison *c, const pair *as_given) {
  pair values = *as_given;
  const pair *at = &values;
  values.now.given = expanded(c, as_given->now.given);
  values.then.given = expanded(c, as_given->then.given);
  const volley_node *now = value_of(at->now), *then = value_of(at->then);
  const bool both = at->now.given && at->then.given;
  if (!at->now.given && !at->then.given) return;
  if (is_kind(at->now, VOLLEY_NODE_MAP) && is_kind(at->then, VOLLEY_NODE_MAP)) {
    compare_maps(c, at);
  } else if (is_kind(at->now, VOLLEY_NODE_LIST) && is_kind(at->then, VOLLEY_NODE_LIST) && (both || at->section)) {
    compare_lists(c, at);
  } else if (!now || !then || now->kind != VOLLEY_NODE_SCALAR || then->kind != VOLLEY_NODE_SCALAR ||
             !is_same_value(now, then)) {
    differ(c, at, "%s here, %s in %s", show(c, at->now), show(c, at->then), c->name);
  }
}

void volley_experiment_tell(const volley_experiment *now, volley_arena *arena, volley_node *then, const char *name) {
  comparison c = {.tells = true, .arena = arena, .now = now, .name = name};
  const pair roots = {.now.given = now->tree, .then.given = then, .section = ""};
  volley_description_annotate(arena, then);
  compare_maps(&c, &roots);
  if (c.differences > LISTED) volley_progress_note("... and %d more differences", c.differences - LISTED);
}

static void refuse(const comparison *c) {
  if (c->differences > LISTED) volley_fault(VOLLEY_USAGE, NULL, "... and %d more differences", c->differences - LISTED);
  volley_fault(VOLLEY_USAGE, NULL,
               "%s cannot be resumed with this experiment: the results would not be those of one run; leave FILE and "
               "--set out to go on with the experiment of the checkpoint, or start a new run",
               c->name);
}

int volley_experiment_differences(const volley_experiment *now, volley_arena *arena, volley_node *then,
                                  const char *name, double time_ms, bool silent) {
  comparison c = {.silent = silent, .arena = arena, .now = now, .name = name, .time_ms = time_ms};
  const pair roots = {.now.given = now->tree, .then.given = then, .section = ""};
  volley_description_annotate(arena, then);
  compare_maps(&c, &roots);
  if (c.differences > 0 && !silent) refuse(&c);
  return c.differences;
}
