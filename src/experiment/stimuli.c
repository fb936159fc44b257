/* Section stimuli. */
#include "experiment/reading.h"

#include "neuron/neuron.h"
#include "stimulus/stimulus.h"

#include <math.h>
#include <string.h>

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
      volley_missing_key(reading, stimulus->place, stimulus_key(names[k]));
  }
  if (nodes[0]) stimulus->signal = volley_read_signal(reading, nodes[0]);
  volley_read_value(reading, nodes[1], volley_current_unit(model), pick, VOLLEY_OF_FILE_ROWS, &stimulus->gain);
}

static void read_window(volley_reading *reading, volley_node *entry, volley_pick pick, volley_stimulus *stimulus) {
  int64_t steps;
  volley_node *stop = volley_node_get(entry, "stop");
  if (!reading->experiment->simulation.continuous) {
    volley_read_steps(reading, entry, stimulus_key("start"), pick, &steps);
    volley_read_steps(reading, entry, stimulus_key("stop"), pick, &steps);
  }
  volley_read_number(reading, entry, stimulus_key("start"), pick, &stimulus->start);
  stimulus->stop = INFINITY;
  if (!volley_read_number(reading, entry, stimulus_key("stop"), pick, &stimulus->stop)) stimulus->stop = INFINITY;
  if (stimulus->stop <= stimulus->start)
    volley_value_fault(reading, stop, "stop at %g ms is not after start at %g ms", stimulus->stop, stimulus->start);
  else
    volley_note_window(reading, &stimulus->place, "the stimulus", stimulus->start, stimulus->stop);
}

void volley_read_stimulus(volley_reading *reading, volley_node *entry, volley_pick pick, volley_stimulus *stimulus) {
  const volley_stimulus_kind *kind = stimulus->kind;
  const volley_population *target = &reading->experiment->populations[stimulus->target];
  volley_read_selection(reading, entry, stimulus_key("neurons"), target->size, pick, &stimulus->neurons);
  read_window(reading, entry, pick, stimulus);
  stimulus->receptor = VOLLEY_RECEPTOR_BY_SIGN;
  if (!target->model || !volley_check_reachable(reading, &stimulus->place, "stimulus", target)) return;
  if (!kind->is_current) {
    volley_node *receptor = volley_pick_node(reading, volley_node_get(entry, "receptor"), pick);
    if (!volley_read_receptor(reading, &stimulus->place, receptor, stimulus->target, &stimulus->receptor)) return;
  }
  const int before = reading->faults;
  if (kind->takes_signal) read_signal(reading, entry, pick, stimulus);
  volley_keys tables[VOLLEY_STIMULUS_TABLES];
  const int n = volley_stimulus_keys(kind, tables);
  for (int t = 0; t < n; t++) {
    const volley_key_source source = {
        entry, pick, stimulus->target, stimulus->receptor, stimulus->allow_offgrid_times, stimulus};
    volley_read_keys(reading, &source, tables[t].keys, tables[t].n_keys,
                     tables[t].is_common ? (void *)stimulus : stimulus->parameters);
  }
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
  volley_keys tables[VOLLEY_STIMULUS_TABLES];
  const int n = volley_stimulus_keys(kind, tables);
  for (int t = 0; t < n; t++) volley_names_add_keys(reading, &known, tables[t].keys, tables[t].n_keys);
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
  if (!volley_node_get(entry, "type") && !volley_check_keys(reading, entry, all_keys(reading))) return NULL;
  const volley_stimulus_kind *kind = volley_read_kind(reading, entry, stimulus_key("type"), (volley_pick){0},
                                                      volley_stimulus_kinds(), "stimulus type");
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
    *stimulus = (volley_stimulus){.kind = kind, .place = volley_node_place(reading->arena, entry)};
    volley_stimulus_set_defaults(stimulus, reading->arena);
    stimulus->target = volley_find_population(reading, targets[i]);
    if (stimulus->target < 0) {
      reading->lost[VOLLEY_SECTION_STIMULI] = true;
      continue;
    }
    stimulus->name = volley_arena_format(reading->arena, n > 1 || !name ? "%s->%s" : "%s", name ? name : kind->name,
                                         targets[i]->text);
    reading->stimulus_entries[experiment->n_stimuli] = entry;
    reading->stimulus_picks[experiment->n_stimuli++] = (volley_pick){.row = i, .rows = n};
    volley_read_stimulus(reading, entry, (volley_pick){.row = i, .rows = n}, stimulus);
  }
}

void volley_read_stimuli(volley_reading *reading, volley_node *section) {
  if (!section || !volley_check_list(reading, section)) return;
  const size_t room = volley_count_entries(reading, section, "target", VOLLEY_MAX_ENTRIES, "stimuli");
  if (room == 0) return;
  reading->experiment->stimuli = volley_arena_alloc(reading->arena, room, sizeof *reading->experiment->stimuli);
  reading->stimulus_entries = volley_arena_alloc(reading->arena, room, sizeof(volley_node *));
  reading->stimulus_picks = volley_arena_alloc(reading->arena, room, sizeof *reading->stimulus_picks);
  for (int i = 0; i < section->n; i++) read_stimulus_entry(reading, section->items[i]);
  volley_refuse_same_names(reading, section, "stimulus");
}
