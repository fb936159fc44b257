/* Section changes. */
#include "experiment/reading.h"

#include "model/change.h"
#include "neuron/events.h"
#include "record/kind.h"
#include "stimulus/stimulus.h"
#include "synapse/synapse.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const volley_key_info *change_key(const char *name) { return volley_key_find(VOLLEY_SECTION_CHANGES, name); }

enum { MOST = 1 << 16 };

/* What one kind of change takes beside `at`. */
typedef struct change_kind {
  const char *key;
  const char *takes[3]; /* one of which is needed; the last but for populations is not */
} change_kind;
static const change_kind kinds[] = {{"population", {"parameters", "states", "neurons"}},
                                    {"projection", {"weight", "factor", NULL}},
                                    {"stimulus", {"values", NULL, NULL}}};
enum { N_KINDS = sizeof kinds / sizeof *kinds, N_TAKES = 3 };

/* The kind of an entry, whose keys fit together; NULL after a fault. */
static const change_kind *read_kind(volley_reading *reading, volley_node *entry, const volley_place *place) {
  const change_kind *found = NULL;
  const int before = reading->faults;
  for (int k = 0; k < N_KINDS; k++) {
    if (!volley_node_get(entry, kinds[k].key)) continue;
    if (found)
      volley_key_fault(reading, volley_node_get(entry, kinds[k].key), "'%s' and '%s' are both given; keep one of them",
                       found->key, kinds[k].key);
    found = &kinds[k];
  }
  if (!found)
    volley_entry_fault(reading, place, "this changes nothing: 'population', 'projection' or 'stimulus' is missing");
  bool some = false;
  for (int k = 0; k < N_KINDS && found; k++)
    for (int t = 0; t < N_TAKES && kinds[k].takes[t]; t++) {
      volley_node *node = volley_node_get(entry, kinds[k].takes[t]);
      if (node && &kinds[k] != found)
        volley_key_fault(reading, node, "'%s' belongs to changes of a %s, not to those of a %s", kinds[k].takes[t],
                         kinds[k].key, found->key);
      some |= node && t < 2;
    }
  if (found && !some && reading->faults == before)
    volley_entry_fault(reading, place, "this changes nothing of the %s: '%s'%s%s%s is missing", found->key,
                       found->takes[0], found->takes[1] ? " or '" : "", found->takes[1] ? found->takes[1] : "",
                       found->takes[1] ? "'" : "");
  return reading->faults == before ? found : NULL;
}

/* Number `number` of the parameters or states of a model. */
static void read_setting(volley_reading *reading, volley_node *node, const volley_neuron_model *model, bool is_state,
                         int number, volley_pick pick, volley_setting *out) {
  out->number = number;
  const volley_state_info *state = is_state ? &model->states[out->number] : NULL;
  const volley_key_info info =
      state ? (volley_key_info){.name = state->name, .unit = state->unit, .min = state->min, .max = state->max}
            : model->parameters[out->number];
  out->value = volley_constant(info.fallback);
  if (volley_read_switch(node, &info, &out->value)) return;
  if (volley_read_value(reading, node, info.unit, pick, VOLLEY_OF_FILE_NUMBERS, &out->value))
    volley_check_value(reading, node, &out->value, info.min, info.max, info.positive, info.unit);
  volley_bound_numbers(&out->value, info.min, info.max, info.positive);
}

/* Parameters, also by lists, or states. Returns how many. */
static int read_settings(volley_reading *reading, const volley_node *entry, volley_pick pick,
                         const volley_neuron_model *model, bool is_state, volley_setting **out) {
  volley_node *map = volley_pick_node(reading, volley_node_get(entry, is_state ? "states" : "parameters"), pick);
  volley_names names =
      is_state ? volley_names_of_table(reading, model->states, model->n_states, sizeof *model->states)
               : volley_names_of_table(reading, model->parameters, model->n_parameters, sizeof *model->parameters);
  const volley_names lists = volley_names_of_words(reading, model->lists && !is_state ? model->lists : "");
  const int before = reading->faults, most = is_state ? model->n_states : model->n_parameters;
  for (int i = 0; i < lists.n; i++) volley_names_add(reading, &names, lists.names[i]);
  if (!map || !volley_check_keys(reading, map, names) || reading->faults != before) return 0;
  if (!is_state) volley_check_lists(reading, model, map, pick);
  int n = 0;
  *out = volley_arena_alloc(reading->arena, (size_t)most + 1, sizeof **out);
  for (int k = 0; k < most; k++) {
    bool is_listed;
    volley_node *node = is_state
                            ? volley_node_get(map, model->states[k].name)
                            : volley_parameter_node(reading, model, map, model->parameters[k].name, pick, &is_listed);
    if (node && !volley_node_is_null(node)) read_setting(reading, node, model, is_state, k, pick, &(*out)[n++]);
  }
  return n;
}

/* Whether the parameters fit together after a change, as far as all neurons share them: where some have had a change of their
 * own, each neuron is looked at when it is made. */
static void check_parameters(volley_reading *reading, const volley_change *change) {
  double values[VOLLEY_MAX_PARAMETERS];
  const volley_experiment *experiment = reading->experiment;
  const volley_population *population = &experiment->populations[change->population];
  const volley_neuron_model *model = population->model;
  for (const volley_change *c = experiment->changes; c < change; c++)
    if (c->population == change->population && c->n_parameters > 0 && c->neurons.count > 0 &&
        c->neurons.count < population->size)
      return;
  for (int i = 0; i < model->n_parameters; i++) {
    const volley_distribution *value = &population->parameters[i];
    for (const volley_change *c = experiment->changes; c <= change; c++)
      for (int k = 0; c->population == change->population && k < c->n_parameters; k++)
        if (c->parameters[k].number == i) value = &c->parameters[k].value;
    if (!volley_distribution_is_constant(value)) return;
    values[i] = volley_distribution_mean(value);
  }
  const volley_neuron_events *events = experiment->simulation.continuous ? model->events : NULL;
  const char *wrong = model->check ? model->check(values) : NULL;
  if (!wrong && events && events->check) wrong = events->check(values);
  if (wrong) volley_entry_fault(reading, &change->place, "%s", wrong);
}

static void read_population(volley_reading *reading, volley_node *entry, volley_pick pick, volley_change *change) {
  const volley_population *population = &reading->experiment->populations[change->population];
  const int before = reading->faults;
  if (!population->model) return;
  volley_read_selection(reading, entry, change_key("neurons"), population->size, pick, &change->neurons);
  change->n_parameters = read_settings(reading, entry, pick, population->model, false, &change->parameters);
  change->n_states = read_settings(reading, entry, pick, population->model, true, &change->states);
  if (reading->faults == before && change->n_parameters + change->n_states == 0)
    volley_entry_fault(reading, &change->place, "this changes nothing of the population: there are no values");
  else if (reading->faults == before && change->n_parameters > 0 && reading->population_valid[change->population])
    check_parameters(reading, change);
}

/* Synapses that learn get one number, within their bounds, or a factor. */
static void read_plastic(volley_reading *reading, volley_node *node, volley_change *change) {
  double low, high;
  volley_plasticity_plan *plan = &reading->experiment->projections[change->projection].plasticity;
  const double weight = change->weight.a;
  plan->model->range(plan->parameters, &low, &high);
  if (change->sets_weight && !volley_distribution_is_constant(&change->weight))
    volley_value_fault(reading, node, "synapses of the model %s get one weight, no distribution", plan->model->name);
  else if (change->sets_weight && !(low <= weight && weight <= high))
    volley_value_fault(reading, node, "the weight %g is out of range; its model %s takes %g to %g", weight,
                       plan->model->name, low, high);
  volley_weight_change *all = volley_arena_alloc(reading->arena, (size_t)plan->n_changes + 1, sizeof *all);
  if (plan->n_changes > 0) memcpy(all, plan->changes, (size_t)plan->n_changes * sizeof *all);
  plan->changes = all;
  plan->changes[plan->n_changes++] =
      (volley_weight_change){change->step, change->sets_weight, change->sets_weight ? weight : change->factor};
}

/* What a factor makes of weights that were written must be a weight, too. */
static void check_factor(volley_reading *reading, volley_node *node, const volley_projection *projection) {
  volley_experiment changed = *reading->experiment;
  double factor;
  bool is_set;
  changed.n_changed = changed.n_changes;
  const volley_distribution *weight = volley_changed_weight(&changed, projection, &factor, &is_set);
  const double size = fmax(fabs(volley_distribution_least(weight)), fabs(volley_distribution_greatest(weight)));
  if (fabs((isfinite(size) ? size : volley_distribution_mean(weight)) * factor) > FLT_MAX)
    volley_value_fault(reading, node, "this makes weights beyond %g, the largest that can be kept", (double)FLT_MAX);
}

static void read_projection(volley_reading *reading, volley_node *entry, volley_change *change) {
  const volley_experiment *experiment = reading->experiment;
  const volley_projection *projection = &experiment->projections[change->projection];
  const volley_neuron_model *model = experiment->populations[projection->target].model;
  volley_node *weight = volley_node_get(entry, "weight"), *factor = volley_node_get(entry, "factor");
  const int before = reading->faults;
  if (weight && factor) volley_key_fault(reading, factor, "'weight' and 'factor' are both given; keep one of them");
  change->factor = 1;
  change->sets_weight = weight;
  if (!reading->projection_valid[change->projection] || !model) return;
  const bool counts = projection->receptor >= 0 && model->receptors[projection->receptor].weights == VOLLEY_COUNTS;
  if (factor && volley_read_number(reading, entry, change_key("factor"), (volley_pick){0}, &change->factor)) {
    if (counts || (change->factor < 0 && projection->receptor >= 0 &&
                   model->receptors[projection->receptor].weights == VOLLEY_CONDUCTANCE))
      volley_value_fault(reading, factor, "receptor '%s' of %s %s", model->receptors[projection->receptor].name,
                         model->name, counts ? "counts spikes; its weights are 1" : "takes no negative weights");
  }
  if (weight && volley_read_edge_value(reading, weight, volley_weight_unit(model, projection->receptor),
                                       (volley_pick){0}, &change->weight))
    volley_check_weight(reading, weight, projection->target, projection->receptor, &change->weight);
  if (reading->faults == before && projection->plasticity.model)
    read_plastic(reading, weight, change);
  else if (reading->faults == before && factor)
    check_factor(reading, factor, projection);
}

/* The keys of a stimulus that may change: those of its kind. */
static volley_names values_of(volley_reading *reading, const volley_stimulus_kind *kind) {
  volley_names known = {0};
  volley_keys tables[VOLLEY_STIMULUS_TABLES];
  const int n = volley_stimulus_keys(kind, tables);
  for (int t = 0; t < n; t++) volley_names_add_keys(reading, &known, tables[t].keys, tables[t].n_keys);
  return known;
}

/* The entry of a stimulus with some of its values replaced, standing where these do. */
static volley_node *replace_values(volley_reading *reading, const volley_node *entry, const volley_node *values) {
  volley_node *map = volley_node_create(reading->arena, VOLLEY_NODE_MAP, values->file);
  for (int i = 0; i < entry->n; i++)
    if (!volley_node_get(values, entry->items[i]->key))
      volley_node_append(reading->arena, map, volley_node_copy(reading->arena, entry->items[i]), entry->items[i]->key);
  for (int i = 0; i < values->n; i++)
    volley_node_append(reading->arena, map, volley_node_copy(reading->arena, values->items[i]), values->items[i]->key);
  map->parent = values->parent;
  map->index = values->index;
  map->key = values->key;
  map->line = values->line;
  map->column = values->column;
  return map;
}

static void read_stimulus(volley_reading *reading, volley_node *entry, volley_change *change) {
  const volley_experiment *experiment = reading->experiment;
  const volley_stimulus *stimulus = &experiment->stimuli[change->stimulus];
  volley_node *values = volley_node_get(entry, "values");
  if (stimulus->kind->takes_signal) {
    volley_value_fault(reading, volley_node_get(entry, "stimulus"), "a stimulus that plays a signal stays as it is");
    return;
  }
  if (!volley_check_keys(reading, values, values_of(reading, stimulus->kind))) return;
  if (values->n == 0) volley_value_fault(reading, values, "this changes nothing of the stimulus: there are no values");
  volley_node **base = &reading->stimulus_entries[change->stimulus];
  *base = replace_values(reading, *base, values); /* later changes begin from here */
  change->renewed = volley_arena_alloc(reading->arena, 1, sizeof *change->renewed);
  *change->renewed = (volley_stimulus){
      .name = stimulus->name, .kind = stimulus->kind, .target = stimulus->target, .place = change->place};
  volley_stimulus_set_defaults(change->renewed, reading->arena);
  volley_read_stimulus(reading, *base, reading->stimulus_picks[change->stimulus], change->renewed);
}

/* The only one of that name; -1 after a fault. */
static int find_only(volley_reading *reading, volley_node *node, enum volley_section section, const char *what,
                     const void *table, int n, size_t stride) {
  const int found = node->kind == VOLLEY_NODE_SCALAR
                        ? volley_find_named(reading, node, section, what, table, n, stride)
                        : (volley_value_fault(reading, node, "the name of a %s is expected", what), -1);
  for (int i = found + 1; i < n && found >= 0; i++) {
    if (strcmp(*(const char *const *)((const char *)table + (size_t)i * stride), node->text) != 0) continue;
    volley_value_fault(reading, node, "more than one %s is called '%s': give each a 'name'", what, node->text);
    return -1;
  }
  return found;
}

/* An entry at one of its times: what is to be read, in the order of time. */
typedef struct moment {
  volley_node *entry, *target;
  const change_kind *kind;
  volley_pick pick;
  int64_t step;
  int order;
} moment;

static int by_time(const void *a, const void *b) {
  const moment *x = a, *y = b;
  return x->step != y->step ? (x->step > y->step) - (x->step < y->step) : (x->order > y->order) - (x->order < y->order);
}

static void read_change(volley_reading *reading, const moment *m) {
  volley_experiment *experiment = reading->experiment;
  volley_change *change = &experiment->changes[experiment->n_changes];
  *change = (volley_change){.step = m->step,
                            .population = -1,
                            .projection = -1,
                            .stimulus = -1,
                            .place = volley_node_place(reading->arena, m->entry)};
  int *found = m->kind == &kinds[0]   ? &change->population
               : m->kind == &kinds[1] ? &change->projection
                                      : &change->stimulus;
  if (m->kind == &kinds[0])
    *found = volley_find_population(reading, m->target);
  else if (m->kind == &kinds[1])
    *found = find_only(reading, m->target, VOLLEY_SECTION_PROJECTIONS, "projection", experiment->projections,
                       experiment->n_projections, sizeof *experiment->projections);
  else
    *found = find_only(reading, m->target, VOLLEY_SECTION_STIMULI, "stimulus", experiment->stimuli,
                       experiment->n_stimuli, sizeof *experiment->stimuli);
  if (*found < 0) return;
  experiment->n_changes++;
  if (m->kind == &kinds[0])
    read_population(reading, m->entry, m->pick, change);
  else if (m->kind == &kinds[1])
    read_projection(reading, m->entry, change);
  else
    read_stimulus(reading, m->entry, change);
}

/* Lists the moments of an entry: its times by what it names. Returns how many there are in all. */
static int list_moments(volley_reading *reading, volley_node *entry, moment **list, int n) {
  const volley_place place = volley_node_place(reading->arena, entry);
  volley_node **names, *at = volley_node_get(entry, "at");
  const double end = volley_time_of(reading->experiment, reading->experiment->simulation.steps);
  double *times;
  int n_times;
  const change_kind *kind = read_kind(reading, entry, &place);
  const int n_names = kind ? volley_read_names(reading, volley_node_get(entry, kind->key), &names) : 0;
  if (n_names == 0 || !at || !volley_read_list(reading, at, change_key("at"), &times, &n_times)) return n;
  if (n_times == 0) volley_value_fault(reading, at, "this list is empty; at least one time is expected");
  for (int t = 0; t < n_times; t++) {
    moment m = {.entry = entry, .kind = kind};
    if (!volley_whole_steps(reading, volley_node_item(reading->arena, at, t), times[t], true, &m.step)) continue;
    if (times[t] >= end && end > 0)
      volley_note(reading, &place, "a change at %.10g ms, but the run ends at %.10g ms: it is not made", times[t], end);
    for (int k = 0; k < n_names; k++) {
      m.target = names[k];
      m.pick = kind == &kinds[0] ? (volley_pick){.row = k, .rows = n_names} : (volley_pick){0};
      m.order = n;
      *list = volley_grow(*list, (size_t)n + 1, sizeof **list, "changes");
      (*list)[n++] = m;
    }
  }
  return n;
}

void volley_read_changes(volley_reading *reading, volley_node *section) {
  volley_experiment *experiment = reading->experiment;
  moment *list = NULL;
  int n = 0;
  if (!section || !volley_check_list(reading, section)) return;
  for (int i = 0; i < section->n; i++)
    if (volley_check_section(reading, section->items[i], VOLLEY_SECTION_CHANGES))
      n = list_moments(reading, section->items[i], &list, n);
  const volley_place place = volley_node_place(reading->arena, section);
  if (n > MOST) volley_entry_fault(reading, &place, "%d changes in all; at most %d are possible", n, MOST);
  if (n > 0) qsort(list, (size_t)n, sizeof *list, by_time);
  experiment->changes = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *experiment->changes);
  for (int k = 0; k < n; k++) read_change(reading, &list[k]);
  free(list);
}
