/* Section stimuli. */
#include "experiment/reading.h"

#include "neuron/neuron.h"
#include "stimulus/stimulus.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const volley_key_type key_types[] = {
    [VOLLEY_VALUE_NUMBER] = VOLLEY_KEY_NUMBER, [VOLLEY_VALUE_STEPS] = VOLLEY_KEY_NUMBER,
    [VOLLEY_VALUE_COUNT] = VOLLEY_KEY_COUNT,   [VOLLEY_VALUE_LIST] = VOLLEY_KEY_NUMBER,
    [VOLLEY_VALUE_TIMES] = VOLLEY_KEY_NUMBER,  [VOLLEY_VALUE_INDICES] = VOLLEY_KEY_NUMBER,
    [VOLLEY_VALUE_CHOICE] = VOLLEY_KEY_WORD,   [VOLLEY_VALUE_PATH] = VOLLEY_KEY_TEXT,
    [VOLLEY_VALUE_TEXT] = VOLLEY_KEY_TEXT,     [VOLLEY_VALUE_STIMULUS] = VOLLEY_KEY_WORD,
};

/* A key of a stimulus kind as a row of a key table. */
static volley_key_info key_info(const volley_stimulus_key *key, const char *unit) {
  return (volley_key_info){.name = key->name,
                           .type = key_types[key->kind],
                           .unit = unit,
                           .fallback = VOLLEY_NO_DEFAULT,
                           .min = key->min,
                           .max = key->kind == VOLLEY_VALUE_COUNT ? (double)INT_MAX : INFINITY,
                           .positive = key->positive,
                           .words = key->words,
                           .doc = key->doc};
}

/* A key while it is read for one target. */
typedef struct key_reading {
  volley_reading *reading;
  volley_node *entry, *node; /* node: what stands there, maybe a list for several targets; NULL if absent */
  const volley_stimulus_key *key;
  volley_key_info info;
  volley_pick pick;
  volley_stimulus *stimulus;
} key_reading;

static void *member(const key_reading *k, size_t offset) { return (char *)k->stimulus + offset; }

/* Times must be whole steps unless others are allowed; those behind the end of the run are told. */
static void check_times(const key_reading *k, volley_node *node, const double *times, int n) {
  const volley_simulation *simulation = &k->reading->experiment->simulation;
  const volley_place place = volley_node_place(k->reading->arena, node);
  const double end = (double)simulation->steps * simulation->dt;
  int late = 0;
  for (int i = 0; i < n; i++) {
    volley_node *item = node->kind == VOLLEY_NODE_LIST ? node->items[i] : node;
    int64_t steps;
    late += times[i] > end * (1 + 1e-9);
    if (k->stimulus->allow_offgrid_times || !(simulation->dt > 0)) continue;
    if (!volley_whole_steps(k->reading, item, times[i], k->key->positive, &steps)) return;
  }
  if (late > 0 && end > 0)
    volley_note(k->reading, &place, "%d of %d times lie behind the end of the run at %.10g ms: nothing happens there",
                late, n, end);
}

/* A list, or a list of lists with one for each target. */
static void read_list(const key_reading *k) {
  volley_node *node = k->node;
  double **list = member(k, k->key->offset);
  int *count = member(k, k->key->count_offset);
  if (node->kind == VOLLEY_NODE_LIST && node->n > 0 && node->items[0]->kind == VOLLEY_NODE_LIST)
    node = volley_pick_node(k->reading, node, k->pick);
  if (!node) return;
  if (k->key->kind == VOLLEY_VALUE_INDICES)
    volley_read_indices(k->reading, node, k->key->name, list, count);
  else if (volley_read_list(k->reading, node, &k->info, list, count) && k->key->kind == VOLLEY_VALUE_TIMES)
    check_times(k, node, *list, *count);
}

/* A weight or delay obeys the rules of those of a projection, other times are whole steps where they have to be. */
static void check_number(const key_reading *k, double value) {
  const volley_distribution constant = volley_constant(value);
  volley_node *node = volley_pick_node(k->reading, k->node, k->pick);
  int64_t steps;
  if (strcmp(k->key->unit, "weight") == 0)
    volley_check_weight(k->reading, node, k->stimulus->target, k->stimulus->receptor, &constant);
  else if (k->key->offset == offsetof(volley_stimulus, delay))
    volley_check_delay(k->reading, node, &constant);
  else if (k->key->kind == VOLLEY_VALUE_STEPS)
    volley_whole_steps(k->reading, node, value, k->key->positive, &steps);
}

/* What a number is that is not given. */
static double default_number(const key_reading *k) {
  const double dt = k->reading->experiment->simulation.dt, value = k->key->fallback;
  if (isnan(value)) return k->key->offset == offsetof(volley_stimulus, delay) ? dt : 1.0;
  if (k->key->kind == VOLLEY_VALUE_STEPS && dt > 0 && fabs(nearbyint(value / dt) * dt - value) > 1e-9 * value)
    volley_entry_fault(k->reading, &k->stimulus->place,
                       "'%s' must be given: its default of %g ms is not a whole number of steps of dt = %g ms",
                       k->key->name, value, dt);
  return value;
}

static double read_number(const key_reading *k) {
  double value;
  const int before = k->reading->faults;
  if (volley_read_number(k->reading, k->entry, &k->info, k->pick, &value)) {
    check_number(k, value);
    return value;
  }
  if (!k->node) return default_number(k);
  if (k->reading->faults == before && !volley_node_is_faulted(k->node) && k->key->required)
    volley_value_fault(k->reading, k->node, "a value is missing in this list");
  return isnan(k->key->fallback) || k->reading->faults == before ? default_number(k) : k->key->fallback;
}

/* A text or the name of a file. */
static const char *read_text(const key_reading *k) {
  volley_node *node = NULL;
  const char *text = volley_read_text(k->reading, k->entry, &k->info, k->pick, &node);
  if (node && *node->text == '\0') volley_value_fault(k->reading, node, "a text is expected here: %s", k->key->doc);
  return node && *node->text != '\0' && k->key->kind == VOLLEY_VALUE_PATH ? volley_read_path(k->reading, node) : text;
}

/* The number of the stimulus of a type that is named and stands before this one, the last; 0 after a fault. */
static int read_stimulus_name(const key_reading *k) {
  const volley_experiment *experiment = k->reading->experiment;
  volley_names names = {0};
  volley_node *node = NULL;
  int found = -1;
  const char *name = volley_read_text(k->reading, k->entry, &k->info, k->pick, &node);
  for (int s = 0; s + 1 < experiment->n_stimuli && name; s++) {
    const volley_stimulus *stimulus = &experiment->stimuli[s];
    if (strcmp(stimulus->kind->name, k->key->words) != 0) continue;
    volley_names_add(k->reading, &names, stimulus->name);
    if (strcmp(stimulus->name, name) != 0) continue;
    if (found >= 0) volley_value_fault(k->reading, node, "several stimuli are called '%s': give them a 'name'", name);
    found = s;
  }
  if (found >= 0) return found;
  if (name && names.n == 0 && !k->reading->lost[VOLLEY_SECTION_STIMULI])
    volley_value_fault(k->reading, node, "no stimulus of type %s stands before this one", k->key->words);
  else if (name)
    volley_unknown_name(k->reading, node, VOLLEY_SECTION_STIMULI,
                        volley_arena_format(k->reading->arena, "stimulus of type %s", k->key->words), names);
  return 0;
}

static void read_value(const key_reading *k) {
  void *out = member(k, k->key->offset);
  switch (k->key->kind) {
    case VOLLEY_VALUE_NUMBER:
    case VOLLEY_VALUE_STEPS: *(double *)out = read_number(k); break;
    case VOLLEY_VALUE_COUNT: *(int *)out = (int)read_number(k); break;
    case VOLLEY_VALUE_LIST:
    case VOLLEY_VALUE_TIMES:
    case VOLLEY_VALUE_INDICES:
      if (k->node) read_list(k);
      break;
    case VOLLEY_VALUE_CHOICE:
      *(int *)out = k->node ? volley_read_choice(k->reading, k->entry, &k->info) : (int)k->key->fallback;
      break;
    case VOLLEY_VALUE_PATH:
    case VOLLEY_VALUE_TEXT: *(const char **)out = read_text(k); break;
    case VOLLEY_VALUE_STIMULUS: *(int *)out = read_stimulus_name(k); break;
  }
}

static void read_kind_key(volley_reading *reading, volley_node *entry, const volley_stimulus_key *key, volley_pick pick,
                          volley_stimulus *stimulus) {
  const volley_neuron_model *model = reading->experiment->populations[stimulus->target].model;
  const bool weight = strcmp(key->unit, "weight") == 0;
  const int receptor = stimulus->receptor >= 0 ? stimulus->receptor : model->receptor_of_sign[0];
  const char *unit = weight                         ? model->receptors[receptor].unit
                     : strcmp(key->unit, "pA") == 0 ? volley_current_unit(model)
                                                    : key->unit;
  const key_reading k = {reading, entry, volley_node_get(entry, key->name), key, key_info(key, unit), pick, stimulus};
  if (!k.node && (key->required || (weight && model->receptors[receptor].weights != VOLLEY_COUNTS)))
    volley_entry_fault(reading, &stimulus->place, "the key '%s' is missing: %s", key->name, key->doc);
  else
    read_value(&k);
}

static const volley_key_info *stimulus_key(const char *name) { return volley_key_find(VOLLEY_SECTION_STIMULI, name); }

/* What kinds that play a signal take besides their own keys. */
static void read_signal(volley_reading *reading, volley_node *entry, volley_pick pick, volley_stimulus *stimulus) {
  const volley_neuron_model *model = reading->experiment->populations[stimulus->target].model;
  static const char *const names[] = {"signal", "gain"};
  volley_node *nodes[2];
  for (int k = 0; k < 2; k++) {
    volley_node *whole = volley_node_get(entry, names[k]);
    nodes[k] = volley_pick_node(reading, whole, pick);
    if (!nodes[k] && !volley_node_is_faulted(whole))
      volley_entry_fault(reading, &stimulus->place, "the key '%s' is missing: %s", names[k],
                         stimulus_key(names[k])->doc);
  }
  if (nodes[0]) stimulus->signal = volley_read_signal(reading, nodes[0]);
  volley_read_value(reading, nodes[1], volley_current_unit(model), pick, true, &stimulus->gain);
}

static void read_window(volley_reading *reading, volley_node *entry, volley_pick pick, volley_stimulus *stimulus) {
  int64_t steps;
  volley_node *stop = volley_node_get(entry, "stop");
  volley_read_steps(reading, entry, stimulus_key("start"), pick, &steps);
  volley_read_steps(reading, entry, stimulus_key("stop"), pick, &steps);
  volley_read_number(reading, entry, stimulus_key("start"), pick, &stimulus->start);
  stimulus->stop = INFINITY;
  if (!volley_read_number(reading, entry, stimulus_key("stop"), pick, &stimulus->stop)) stimulus->stop = INFINITY;
  if (stimulus->stop <= stimulus->start)
    volley_value_fault(reading, stop, "stop at %g ms is not after start at %g ms", stimulus->stop, stimulus->start);
  else
    volley_note_window(reading, &stimulus->place, "the stimulus", stimulus->start, stimulus->stop);
}

static void read_stimulus(volley_reading *reading, volley_node *entry, volley_pick pick, volley_stimulus *stimulus) {
  const volley_stimulus_kind *kind = stimulus->kind;
  const volley_population *target = &reading->experiment->populations[stimulus->target];
  volley_read_selection(reading, volley_node_get(entry, "neurons"), target->size, pick, &stimulus->neurons);
  read_window(reading, entry, pick, stimulus);
  stimulus->receptor = VOLLEY_RECEPTOR_BY_SIGN;
  if (!target->model) return;
  if (!kind->is_current) {
    volley_node *receptor = volley_pick_node(reading, volley_node_get(entry, "receptor"), pick);
    if (!volley_read_receptor(reading, receptor, stimulus->target, &stimulus->receptor)) return;
  }
  const int before = reading->faults;
  if (kind->takes_signal) read_signal(reading, entry, pick, stimulus);
  for (int k = 0; k < kind->n_keys; k++) read_kind_key(reading, entry, &kind->keys[k], pick, stimulus);
  if (reading->faults > before || !kind->check) return;
  const char *wrong = kind->check(stimulus);
  if (wrong) volley_entry_fault(reading, &stimulus->place, "%s", wrong);
}

/* Whether stimuli of a kind take a key of the section. */
static bool takes_key(const volley_stimulus_kind *kind, const char *key) {
  if (strcmp(key, "receptor") == 0) return !kind->is_current;
  if (strcmp(key, "signal") == 0 || strcmp(key, "gain") == 0) return kind->takes_signal;
  return true;
}

/* Keys that a stimulus of this kind can have. */
static volley_names stimulus_keys(volley_reading *reading, const volley_stimulus_kind *kind) {
  const volley_section_info *info = &volley_sections[VOLLEY_SECTION_STIMULI];
  volley_names known = {0};
  for (int k = 0; k < info->n_keys; k++)
    if (takes_key(kind, info->keys[k].name)) volley_names_add(reading, &known, info->keys[k].name);
  for (int k = 0; k < kind->n_keys; k++) volley_names_add(reading, &known, kind->keys[k].name);
  return known;
}

/* Keys of all kinds. */
static volley_names all_keys(volley_reading *reading) {
  volley_names known = {0};
  for (const volley_stimulus_kind *const *kind = volley_stimulus_kinds(); *kind; kind++) {
    const volley_names keys = stimulus_keys(reading, *kind);
    for (int k = 0; k < keys.n; k++) volley_names_add(reading, &known, keys.names[k]);
  }
  return known;
}

/* The kind of an entry; NULL after a fault. */
static const volley_stimulus_kind *read_kind(volley_reading *reading, volley_node *entry) {
  const volley_section_info *info = &volley_sections[VOLLEY_SECTION_STIMULI];
  volley_node *type = NULL;
  if (!volley_node_get(entry, "type") && !volley_check_keys(reading, entry, all_keys(reading))) return NULL;
  const char *name = volley_read_text(reading, entry, stimulus_key("type"), (volley_pick){0}, &type);
  const volley_stimulus_kind *kind = name ? volley_stimulus_kind_find(name) : NULL;
  if (name && !kind)
    volley_unknown(reading, type, "stimulus type", volley_names_of_registry(reading, volley_stimulus_kinds()));
  if (kind) volley_check_keys(reading, entry, stimulus_keys(reading, kind));
  volley_check_required(reading, entry, info->keys, info->n_keys);
  return kind;
}

static void read_stimulus_entry(volley_reading *reading, volley_node *entry) {
  volley_experiment *experiment = reading->experiment;
  const volley_stimulus_kind *kind = read_kind(reading, entry);
  volley_node **targets;
  if (!kind) {
    reading->lost[VOLLEY_SECTION_STIMULI] = true;
    return;
  }
  const int n = volley_read_names(reading, volley_node_get(entry, "target"), &targets);
  const char *name = volley_read_text(reading, entry, stimulus_key("name"), (volley_pick){0}, NULL);
  volley_check_name(reading, volley_node_get(entry, "name"));
  for (int i = 0; i < n; i++) {
    volley_stimulus *stimulus = &experiment->stimuli[experiment->n_stimuli];
    *stimulus = (volley_stimulus){.kind = kind, .label_column = -1, .place = volley_node_place(reading->arena, entry)};
    stimulus->target = volley_find_population(reading, targets[i]);
    if (stimulus->target < 0) {
      reading->lost[VOLLEY_SECTION_STIMULI] = true;
      continue;
    }
    stimulus->name = volley_arena_format(reading->arena, n > 1 || !name ? "%s->%s" : "%s", name ? name : kind->name,
                                         targets[i]->text);
    experiment->n_stimuli++;
    read_stimulus(reading, entry, (volley_pick){.row = i, .rows = n}, stimulus);
  }
}

void volley_read_stimuli(volley_reading *reading, volley_node *section) {
  if (!section || !volley_check_list(reading, section)) return;
  size_t n = 1;
  for (int i = 0; i < section->n; i++) n += volley_count_names(volley_node_get(section->items[i], "target"));
  if (!volley_check_count(reading, section, n - 1, VOLLEY_MAX_ENTRIES, "stimuli")) return;
  reading->experiment->stimuli = volley_arena_alloc(reading->arena, n, sizeof *reading->experiment->stimuli);
  for (int i = 0; i < section->n; i++) read_stimulus_entry(reading, section->items[i]);
  volley_refuse_same_names(reading, section, "stimulus");
}
