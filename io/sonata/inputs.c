/* Inputs: spikes of virtual nodes, and currents. */
#include "io/sonata/client.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* NEST takes spike times in steps of this, ms, and then to the end of the step in which they lie. */
static const double tic = 0.001;

/* The entry of a part of a population in the description. */
static volley_node *entry_of(const volley_sonata *sonata, const volley_sonata_part *part) {
  return volley_node_get(sonata->root, "populations")->items[part->entry];
}

/* The virtual part of a population; NULL if there is none. */
static const volley_sonata_part *virtual_part(const volley_sonata_nodes *nodes) {
  for (int k = 0; k < nodes->n_parts; k++)
    if (nodes->parts[k].is_virtual) return &nodes->parts[k];
  return NULL;
}

static bool is_virtual(const volley_sonata_nodes *nodes) { return nodes->n_parts == 1 && nodes->parts[0].is_virtual; }

/* Whether a file of spikes names a population. If it names just another, that is taken, unless the input is for several. */
static volley_status look_for(volley_sonata *sonata, const volley_node *file, const char *path, const char *population,
                              bool is_alone, bool *is_named) {
  const char **names, *other = NULL;
  int n, n_others = 0;
  *is_named = false;
  VOLLEY_TRY(volley_sonata_list_spikes(sonata, file, path, population, &names, &n));
  for (int i = 0; i < n && !*is_named; i++) {
    const size_t length = strlen(names[i]) - 1;
    if (names[i][length] != '/') continue;
    *is_named = strlen(population) == length && strncmp(names[i], population, length) == 0;
    other = volley_arena_format(sonata->arena, "%.*s", (int)length, names[i]);
    n_others++;
  }
  if (*is_named || !other) return VOLLEY_OK;
  if (!is_alone)
    volley_sonata_fault(sonata, file,
                        "'%s' has spikes of '%s' and none of '%s', but the node set means virtual nodes of several "
                        "populations: give each an input of its own",
                        path, other, population);
  else if (n_others == 1) /* else the reader asks which are meant */
    volley_sonata_note(sonata, "%s has no spikes of '%s'; those of '%s' are taken", path, population, other);
  return volley_agree(sonata->comm);
}

static void begin_spikes(const volley_sonata *sonata, volley_node *spikes) {
  volley_sonata_put_text(sonata, spikes, "off_grid", "up", NULL);
  volley_sonata_put_number(sonata, spikes, "resolution", tic, NULL);
}

/* Adds a file to the spikes of a population, which maybe is not alone in having it. The first file says which population is meant
 * in all. */
static volley_status add_spikes(volley_sonata *sonata, const volley_node *file, int p, bool is_alone) {
  volley_node *entry = entry_of(sonata, virtual_part(&sonata->populations[p]));
  volley_node *spikes = volley_node_get(entry, "spikes");
  const char *path = volley_sonata_path(sonata, file, file->text), *name = sonata->populations[p].name;
  bool is_named;
  VOLLEY_TRY(look_for(sonata, file, path, name, is_alone, &is_named));
  if (!spikes) {
    spikes = volley_sonata_map(sonata);
    volley_sonata_put(sonata, spikes, "file", volley_sonata_list(sonata));
    begin_spikes(sonata, spikes);
    volley_sonata_put(sonata, entry, "spikes", spikes);
    if (is_named) volley_sonata_put_text(sonata, spikes, "population", name, file);
  }
  volley_node *item = volley_node_copy(sonata->arena, file);
  item->text = path;
  item->plain = false;
  volley_node_append(sonata->arena, volley_node_get(spikes, "file"), item, NULL);
  return VOLLEY_OK;
}

static volley_status read_spikes(volley_sonata *sonata, const volley_node *input, const volley_sonata_set *set) {
  const volley_node *file = volley_node_get(input, "input_file");
  const char *module = volley_sonata_text(input, "module");
  int n = 0; /* populations */
  volley_sonata_note_unused(sonata, input, "an input", "input_type|module|input_file|node_set|trial|enabled");
  if (!file || file->kind != VOLLEY_NODE_SCALAR) volley_sonata_fault(sonata, input, "input_file is missing");
  if (module && !volley_sonata_is_among(module, "h5|hdf5|csv|sonata|synapse_replay"))
    volley_sonata_fault(sonata, volley_node_get(input, "module"),
                        "spikes of the module '%s' are not understood; h5 and csv are", module);
  for (int p = 0; p < sonata->n_populations; p++) {
    const volley_sonata_nodes *nodes = &sonata->populations[p];
    const volley_sonata_part *part = NULL;
    for (int k = 0; k < nodes->n_parts; k++)
      if (!nodes->parts[k].is_virtual && volley_sonata_has_any(sonata, set, p, &nodes->parts[k]))
        part = &nodes->parts[k];
    if (!volley_sonata_has_any(sonata, set, p, NULL)) continue;
    n++;
    if (part)
      volley_sonata_fault(sonata, input, "spikes are given to %s, which is not virtual: its neurons find theirs",
                          part->name);
    else if (volley_sonata_selection(sonata, set, p, virtual_part(nodes)))
      volley_sonata_fault(sonata, input, "spikes are given to some nodes of %s only; a whole population is expected",
                          nodes->name);
  }
  VOLLEY_TRY(volley_agree(sonata->comm));
  for (int p = 0; p < sonata->n_populations; p++)
    if (volley_sonata_has_any(sonata, set, p, NULL)) VOLLEY_TRY(add_spikes(sonata, file, p, n == 1));
  return VOLLEY_OK;
}

static void add_current(volley_sonata *sonata, const volley_node *input, const volley_sonata_set *set, int p,
                        const volley_sonata_part *part, const double times[3]) {
  if (part->is_virtual) {
    volley_sonata_fault(sonata, input, "a current into %s, which is virtual", part->name);
    return;
  }
  volley_node *entry = volley_sonata_map(sonata), *neurons = volley_sonata_selection(sonata, set, p, part);
  volley_sonata_put_text(sonata, entry, "type", "dc", input);
  volley_sonata_put_text(sonata, entry, "target", part->name, input);
  volley_sonata_put_number(sonata, entry, "amplitude", times[0] * part->model.current_factor, input);
  volley_sonata_put_number(sonata, entry, "start", times[1], input);
  if (isfinite(times[2])) volley_sonata_put_number(sonata, entry, "stop", times[1] + times[2], input);
  if (neurons) volley_sonata_put(sonata, entry, "neurons", neurons);
  volley_node_append(sonata->arena, sonata->stimuli, entry, NULL);
}

static void read_current(volley_sonata *sonata, const volley_node *input, const volley_sonata_set *set) {
  double course[3] = {0, 0, INFINITY}; /* amplitude, delay, duration */
  volley_sonata_note_unused(sonata, input, "an input", "input_type|module|node_set|amp|delay|duration|enabled");
  if (!volley_node_get(input, "amp") || !volley_sonata_number(sonata, input, "amp", &course[0])) {
    volley_sonata_fault(sonata, input, "amp is missing: the current");
    return;
  }
  (void)volley_sonata_number(sonata, input, "delay", &course[1]);
  (void)volley_sonata_number(sonata, input, "duration", &course[2]);
  for (int p = 0; p < sonata->n_populations; p++)
    for (int k = 0; k < sonata->populations[p].n_parts; k++) {
      const volley_sonata_part *part = &sonata->populations[p].parts[k];
      if (volley_sonata_has_any(sonata, set, p, part)) add_current(sonata, input, set, p, part, course);
    }
}

static volley_status read_input(volley_sonata *sonata, const volley_node *input) {
  const volley_node *type = volley_node_get(input, "input_type"), *nodes = volley_node_get(input, "node_set");
  volley_sonata_set set;
  if (volley_sonata_is_disabled(input)) return VOLLEY_OK;
  if (!nodes) nodes = volley_node_get(input, "source");
  if (!type || type->kind != VOLLEY_NODE_SCALAR || !nodes)
    volley_sonata_fault(sonata, input, "%s is missing", nodes ? "input_type" : "node_set");
  else if (!volley_sonata_is_among(type->text, "spikes|current_clamp"))
    volley_sonata_fault(sonata, type, "the input_type '%s' is not understood; spikes and current_clamp are",
                        type->text);
  VOLLEY_TRY(volley_agree(sonata->comm));
  VOLLEY_TRY(volley_sonata_find_set(sonata, nodes, &set));
  if (strcmp(type->text, "spikes") == 0) return read_spikes(sonata, input, &set);
  read_current(sonata, input, &set);
  return volley_agree(sonata->comm);
}

volley_status volley_sonata_read_inputs(volley_sonata *sonata) {
  const volley_node *inputs = volley_node_get(sonata->config, "inputs");
  for (int i = 0; inputs && i < inputs->n; i++) VOLLEY_TRY(read_input(sonata, inputs->items[i]));
  for (int p = 0; p < sonata->n_populations; p++) { /* the others are silent */
    const volley_sonata_part *part = virtual_part(&sonata->populations[p]);
    volley_node *entry = part ? entry_of(sonata, part) : NULL;
    if (!part || volley_node_get(entry, "spikes")) continue;
    volley_node *spikes = volley_sonata_map(sonata);
    volley_sonata_put(sonata, spikes, "times", volley_sonata_list(sonata));
    volley_sonata_put(sonata, entry, "spikes", spikes);
    volley_sonata_note(sonata, "the virtual nodes of %s have no input of spikes: they are silent",
                       sonata->populations[p].name);
  }
  return VOLLEY_OK;
}

/* The state that a report names. */
static const char *state_of(const char *variable) { return strcmp(variable, "v") == 0 ? "V_m" : variable; }

static volley_node *make_word(const volley_sonata *sonata, const char *text) {
  volley_node *node = volley_node_create(sonata->arena, VOLLEY_NODE_SCALAR, sonata->config->file);
  node->text = text;
  return node;
}

/* Puts the population that is recorded, or a list of several. Returns its nodes of a set, or a list of those of each; NULL: all. */
static volley_node *put_recorded(const volley_sonata *sonata, const volley_node *report, const volley_sonata_set *set,
                                 const int *which, int n, volley_node *entry) {
  volley_node *names = volley_sonata_list(sonata), *all = volley_sonata_list(sonata);
  for (int k = 0; k < n; k++) {
    volley_node *name = make_word(sonata, sonata->populations[which[k]].name), *list = volley_sonata_list(sonata);
    volley_node *neurons = volley_sonata_selection(sonata, set, which[k], NULL);
    volley_node_append(sonata->arena, names, name, NULL);
    if (n == 1) {
      volley_sonata_put_text(sonata, entry, "population", name->text, report);
      return neurons;
    }
    if (!neurons) volley_node_append(sonata->arena, list, make_word(sonata, "all"), NULL);
    volley_node_append(sonata->arena, all, neurons ? neurons : list, NULL);
  }
  volley_sonata_put(sonata, entry, "population", names);
  return all;
}

static void add_report(volley_sonata *sonata, const volley_node *report, const volley_sonata_set *set, const int *which,
                       int n) {
  static const char *const times[][2] = {{"start_time", "start"}, {"end_time", "stop"}, {"dt", "interval"}};
  volley_node *entry = volley_sonata_map(sonata);
  const volley_node *variable = volley_node_get(report, "variable_name");
  double number;
  volley_sonata_put_text(sonata, entry, "name", report->key, report);
  volley_sonata_put_text(sonata, entry, "type", "traces", report);
  volley_node *neurons = put_recorded(sonata, report, set, which, n, entry);
  if (variable->kind == VOLLEY_NODE_LIST) {
    volley_node *states = volley_sonata_list(sonata);
    for (int i = 0; i < variable->n; i++) {
      volley_node *item = volley_node_copy(sonata->arena, variable->items[i]);
      item->text = state_of(item->text);
      volley_node_append(sonata->arena, states, item, NULL);
    }
    volley_sonata_put(sonata, entry, "states", states);
  } else {
    volley_sonata_put_text(sonata, entry, "states", state_of(variable->text), variable);
  }
  for (int k = 0; k < 3; k++)
    if (volley_sonata_number(sonata, report, times[k][0], &number))
      volley_sonata_put_number(sonata, entry, times[k][1], number, volley_node_get(report, times[k][0]));
  if (neurons) volley_sonata_put(sonata, entry, "neurons", neurons);
  volley_node_append(sonata->arena, sonata->recorders, entry, NULL);
}

static volley_status read_report(volley_sonata *sonata, const volley_node *report) {
  const char *module = volley_sonata_text(report, "module");
  const volley_node *cells = volley_node_get(report, "cells");
  volley_sonata_set set;
  if (volley_sonata_is_disabled(report)) return VOLLEY_OK;
  if (!cells) cells = volley_node_get(report, "node_set");
  if (!cells || !volley_node_get(report, "variable_name") ||
      (module && !volley_sonata_is_among(module, "membrane_report|multimeter_report|multimeter"))) {
    volley_sonata_note(sonata,
                       "%s: the report '%s' is not written: membrane_report and multimeter_report with cells and "
                       "variable_name are",
                       report->file, report->key);
    return VOLLEY_OK;
  }
  volley_sonata_note_unused(sonata, report, "a report",
                            "cells|node_set|variable_name|module|start_time|end_time|dt|enabled|sections");
  VOLLEY_TRY(volley_sonata_find_set(sonata, cells, &set));
  int n = 0, *which = volley_arena_alloc(sonata->arena, (size_t)sonata->n_populations + 1, sizeof *which);
  for (int p = 0; p < sonata->n_populations; p++) {
    const volley_sonata_nodes *nodes = &sonata->populations[p];
    bool has_cells = false;
    for (int k = 0; k < nodes->n_parts; k++)
      has_cells |= !nodes->parts[k].is_virtual && volley_sonata_has_any(sonata, &set, p, &nodes->parts[k]);
    if (has_cells) which[n++] = p;
  }
  if (n > 0)
    add_report(sonata, report, &set, which, n);
  else
    volley_sonata_note(sonata, "%s: the report '%s' is not written: its cells are virtual, which have no states",
                       report->file, report->key);
  return volley_agree(sonata->comm);
}

volley_status volley_sonata_read_reports(volley_sonata *sonata) {
  const volley_node *reports = volley_node_get(sonata->config, "reports");
  for (int p = 0; p < sonata->n_populations; p++) {
    if (is_virtual(&sonata->populations[p])) continue;
    volley_node *entry = volley_sonata_map(sonata), *neurons = volley_sonata_selection(sonata, NULL, p, NULL);
    volley_sonata_put_text(sonata, entry, "type", "spikes", NULL);
    volley_sonata_put_text(sonata, entry, "population", sonata->populations[p].name, NULL);
    if (neurons) volley_sonata_put(sonata, entry, "neurons", neurons);
    volley_node_append(sonata->arena, sonata->recorders, entry, NULL);
  }
  for (int i = 0; reports && i < reports->n; i++) VOLLEY_TRY(read_report(sonata, reports->items[i]));
  return VOLLEY_OK;
}
