/* Section stimuli. */
#include "io/experiment_reading.h"

#include "neuron/neuron.h"
#include "stimulus/stimulus.h"

#include <math.h>
#include <string.h>

/* A key of a stimulus kind as a row of a key table. */
static volley_key_info kind_key(const volley_stimulus_key *key, const char *unit) {
  return (volley_key_info){
      .name = key->name, .type = VOLLEY_KEY_NUMBER, .unit = unit, .min = key->min, .max = INFINITY, .doc = key->doc};
}

static void read_list(volley_reading *reading, volley_yaml *node, const volley_stimulus_key *key,
                      const volley_key_info *info, volley_pick pick, volley_stimulus *stimulus) {
  double **list = (double **)(void *)((char *)stimulus + key->offset);
  int *count = (int *)(void *)((char *)stimulus + key->count_offset);
  if (node->kind == VOLLEY_YAML_LIST && node->n > 0 && node->items[0]->kind == VOLLEY_YAML_LIST)
    node = volley_pick_node(reading, node, pick);
  if (node != NULL) volley_read_list(reading, node, info, list, count);
}

/* A weight or delay obeys the rules of those of a projection. */
static void check_synapse(volley_reading *reading, volley_yaml *node, const volley_stimulus_key *key, double value,
                          const volley_stimulus *stimulus) {
  const volley_distribution constant = volley_constant(value);
  if (strcmp(key->unit, "weight") == 0)
    volley_check_weight(reading, node, stimulus->target, stimulus->receptor, &constant);
  else if (key->offset == offsetof(volley_stimulus, delay))
    volley_check_delay(reading, node, &constant);
}

static void read_kind_key(volley_reading *reading, volley_yaml *entry, const volley_stimulus_key *key, volley_pick pick,
                          volley_stimulus *stimulus) {
  const volley_neuron_model *model = reading->experiment->populations[stimulus->target].model;
  const bool weight = strcmp(key->unit, "weight") == 0;
  const int receptor = stimulus->receptor >= 0 ? stimulus->receptor : model->receptor_of_sign[0];
  const char *unit = weight                         ? model->receptors[receptor].unit
                     : strcmp(key->unit, "pA") == 0 ? volley_current_unit(model)
                                                    : key->unit;
  volley_yaml *node = volley_yaml_get(entry, key->name);
  const volley_key_info info = kind_key(key, unit);
  double *value = (double *)(void *)((char *)stimulus + key->offset);
  if (node == NULL && (key->required || (weight && !model->receptors[receptor].counts))) {
    volley_entry_fault(reading, &stimulus->place, "the key '%s' is missing: %s", key->name, key->doc);
    return;
  }
  if (key->kind == VOLLEY_VALUE_LIST) {
    if (node != NULL) read_list(reading, node, key, &info, pick, stimulus);
    return;
  }
  const int before = reading->faults;
  if (volley_read_number(reading, entry, &info, pick, value)) {
    check_synapse(reading, volley_pick_node(reading, node, pick), key, *value, stimulus);
    return;
  }
  const bool delay = key->offset == offsetof(volley_stimulus, delay);
  *value = !isnan(key->fallback) ? key->fallback : delay ? reading->experiment->simulation.dt : 1.0;
  if (reading->faults == before && node != NULL && !volley_yaml_is_faulted(node) && key->required)
    volley_value_fault(reading, node, "a value is missing in this list");
}

static const volley_key_info *stimulus_key(const char *name) { return volley_key_find(VOLLEY_SECTION_STIMULI, name); }

/* What kinds that play a signal take besides their own keys. */
static void read_signal(volley_reading *reading, volley_yaml *entry, volley_pick pick, volley_stimulus *stimulus) {
  const volley_neuron_model *model = reading->experiment->populations[stimulus->target].model;
  static const char *const names[] = {"signal", "gain"};
  volley_yaml *nodes[2];
  for (int k = 0; k < 2; ++k) {
    volley_yaml *whole = volley_yaml_get(entry, names[k]);
    nodes[k] = volley_pick_node(reading, whole, pick);
    if (nodes[k] == NULL && !volley_yaml_is_faulted(whole))
      volley_entry_fault(reading, &stimulus->place, "the key '%s' is missing: %s", names[k],
                         stimulus_key(names[k])->doc);
  }
  if (nodes[0] != NULL) stimulus->signal = volley_read_signal(reading, nodes[0]);
  volley_read_value(reading, nodes[1], volley_current_unit(model), pick, true, &stimulus->gain);
}

static void read_stimulus(volley_reading *reading, volley_yaml *entry, volley_pick pick, volley_stimulus *stimulus) {
  const volley_stimulus_kind *kind = stimulus->kind;
  const volley_population *target = &reading->experiment->populations[stimulus->target];
  volley_read_selection(reading, volley_yaml_get(entry, "neurons"), target->size, pick, &stimulus->neurons);
  volley_read_number(reading, entry, stimulus_key("start"), pick, &stimulus->start);
  stimulus->stop = INFINITY;
  volley_yaml *stop = volley_yaml_get(entry, "stop");
  if (!volley_read_number(reading, entry, stimulus_key("stop"), pick, &stimulus->stop)) stimulus->stop = INFINITY;
  if (stimulus->stop <= stimulus->start)
    volley_value_fault(reading, stop, "stop at %g ms is not after start at %g ms", stimulus->stop, stimulus->start);
  stimulus->receptor = VOLLEY_RECEPTOR_BY_SIGN;
  if (target->model == NULL) return;
  if (!kind->is_current) {
    volley_yaml *receptor = volley_pick_node(reading, volley_yaml_get(entry, "receptor"), pick);
    if (!volley_read_receptor(reading, receptor, stimulus->target, &stimulus->receptor)) return;
  }
  const int before = reading->faults;
  if (kind->takes_signal) read_signal(reading, entry, pick, stimulus);
  for (int k = 0; k < kind->n_keys; ++k) read_kind_key(reading, entry, &kind->keys[k], pick, stimulus);
  if (reading->faults > before || kind->check == NULL) return;
  const char *wrong = kind->check(stimulus);
  if (wrong != NULL) volley_entry_fault(reading, &stimulus->place, "%s", wrong);
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
  for (int k = 0; k < info->n_keys; ++k)
    if (takes_key(kind, info->keys[k].name)) volley_names_add(reading, &known, info->keys[k].name);
  for (int k = 0; k < kind->n_keys; ++k) volley_names_add(reading, &known, kind->keys[k].name);
  return known;
}

/* The kind of an entry; NULL after a fault. */
static const volley_stimulus_kind *read_kind(volley_reading *reading, volley_yaml *entry) {
  const volley_section_info *info = &volley_sections[VOLLEY_SECTION_STIMULI];
  volley_yaml *type = NULL;
  if (entry->kind == VOLLEY_YAML_MAP)
    volley_check_required(reading, entry, info->keys, info->n_keys);
  else
    volley_check_section(reading, entry, VOLLEY_SECTION_STIMULI);
  const char *name = volley_read_text(reading, entry, stimulus_key("type"), (volley_pick){0}, &type);
  if (name == NULL) return NULL;
  const volley_stimulus_kind *kind = volley_stimulus_kind_find(name);
  if (kind == NULL)
    volley_unknown(reading, type, "stimulus type", volley_names_of_registry(reading, volley_stimulus_kinds()));
  else
    volley_check_keys(reading, entry, stimulus_keys(reading, kind));
  return kind;
}

static void read_stimulus_entry(volley_reading *reading, volley_yaml *entry) {
  volley_experiment *experiment = reading->experiment;
  const volley_stimulus_kind *kind = read_kind(reading, entry);
  volley_yaml **targets;
  if (kind == NULL) return;
  const int n = volley_read_names(reading, volley_yaml_get(entry, "target"), &targets);
  const char *name = volley_read_text(reading, entry, stimulus_key("name"), (volley_pick){0}, NULL);
  for (int i = 0; i < n; ++i) {
    volley_stimulus *stimulus = &experiment->stimuli[experiment->n_stimuli];
    *stimulus = (volley_stimulus){.kind = kind, .place = volley_yaml_place(reading->arena, entry)};
    stimulus->target = volley_find_population(reading, targets[i]);
    if (stimulus->target < 0) continue;
    stimulus->name = volley_arena_format(reading->arena, n > 1 || name == NULL ? "%s->%s" : "%s",
                                         name ? name : kind->name, targets[i]->text);
    experiment->n_stimuli++;
    read_stimulus(reading, entry, (volley_pick){.row = i, .rows = n}, stimulus);
  }
}

void volley_read_stimuli(volley_reading *reading, volley_yaml *section) {
  if (section == NULL || !volley_check_list(reading, section)) return;
  size_t n = 1;
  for (int i = 0; i < section->n; ++i) n += volley_count_names(volley_yaml_get(section->items[i], "target"));
  if (!volley_check_count(reading, section, n - 1, VOLLEY_MAX_ENTRIES, "stimuli")) return;
  reading->experiment->stimuli = volley_arena_alloc(reading->arena, n, sizeof *reading->experiment->stimuli);
  for (int i = 0; i < section->n; ++i) read_stimulus_entry(reading, section->items[i]);
  volley_refuse_same_names(reading, section, "stimulus");
}
