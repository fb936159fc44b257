/* Section recorders. */
#include "experiment/reading.h"

#include "model/nodes.h"
#include "record/kind.h"

#include <string.h>

static const volley_key_info *recorder_key(const char *name) { return volley_key_find(VOLLEY_SECTION_RECORDERS, name); }

/* An entry while its recorders are read. */
typedef struct entry_reading {
  volley_node *entry, **populations,
      **columns;                /* columns: what is chosen, states or values; NULL where there are none */
  int n_populations, n_columns; /* 1 where there are none */
  const volley_recorder_kind *kind;
  const char *name;
} entry_reading;

/* Whether "a|b|c" has a word. */
static bool has_word(const char *words, const char *word) {
  const size_t n = strlen(word);
  for (const char *found = words; (found = strstr(found, word)); found += n)
    if ((found == words || found[-1] == '|') && (found[n] == '|' || found[n] == '\0')) return true;
  return false;
}

static bool takes(const volley_recorder_kind *kind, const char *key) {
  return has_word(kind->needs, key) || has_word(kind->takes, key);
}

static void read_window(volley_reading *reading, const volley_node *entry, volley_pick pick,
                        volley_recorder *recorder) {
  const int before = reading->faults;
  const int64_t end = reading->experiment->simulation.steps;
  recorder->stop = end;
  recorder->interval = 1;
  volley_read_steps(reading, entry, recorder_key("start"), pick, &recorder->start);
  volley_read_steps(reading, entry, recorder_key("stop"), pick, &recorder->stop);
  volley_read_steps(reading, entry, recorder_key("interval"), pick, &recorder->interval);
  if (reading->experiment->simulation.continuous && !volley_node_get(entry, "interval") &&
      takes(recorder->kind, "interval"))
    volley_missing_key(reading, recorder->place, recorder_key("interval"));
  const double dt = reading->experiment->simulation.dt;
  if (recorder->start < end)
    volley_note_window(reading, &recorder->place, "the recorder", (double)recorder->start * dt,
                       (double)recorder->stop * dt);
  if (recorder->stop > end) recorder->stop = end;
  if (recorder->start >= recorder->stop && end > 0 && reading->faults == before)
    volley_entry_fault(reading, &recorder->place, "nothing is recorded: start at %g ms is not before stop at %g ms",
                       (double)recorder->start * dt, (double)recorder->stop * dt);
  else if (recorder->interval > recorder->stop - recorder->start && end > 0 && reading->faults == before)
    volley_note(
        reading, &recorder->place,
        "the recorder takes no sample: its interval of %.10g ms is longer than the %.10g ms from its start to its "
        "stop",
        (double)recorder->interval * dt, (double)(recorder->stop - recorder->start) * dt);
}

/* Index of what a column records among what the kind offers; -1 after a fault. */
static int find_choice(volley_reading *reading, const entry_reading *e, int column, const volley_recorder *recorder) {
  const volley_choices choices = e->kind->choices(reading->experiment, recorder);
  if (!choices.table) return -1;
  const char *what = choices.of ? volley_arena_format(reading->arena, "%s %s", choices.what, choices.of) : choices.what;
  return volley_find_named(reading, e->columns[column], VOLLEY_SECTION_TOP, what, choices.table, choices.n,
                           choices.stride);
}

/* Index of the readout that the entry names; -1 after a fault. */
static int find_readout(volley_reading *reading, const volley_node *entry) {
  const volley_experiment *experiment = reading->experiment;
  volley_node *node = NULL;
  if (!volley_read_text(reading, entry, recorder_key("readout"), (volley_pick){0}, &node)) return -1;
  return volley_find_named(reading, node, VOLLEY_SECTION_READOUTS, "readout", experiment->readouts,
                           experiment->n_readouts, sizeof *experiment->readouts);
}

/* The name of the entry, or else of what is recorded; several populations and columns are told apart. */
static const char *recorder_name(volley_reading *reading, const entry_reading *e, const char *recorded, int column) {
  const char *name = e->name;
  if (!name)
    name = recorded;
  else if (e->n_populations > 1)
    name = volley_arena_format(reading->arena, "%s.%s", name, recorded);
  return e->n_columns > 1 ? volley_arena_format(reading->arena, "%s.%s", name, e->columns[column]->text) : name;
}

/* Index of the stimulus that the entry names; -1 after a fault. */
static int find_stimulus(volley_reading *reading, const volley_node *entry) {
  const volley_experiment *experiment = reading->experiment;
  volley_node *node = NULL;
  if (!volley_read_text(reading, entry, recorder_key("stimulus"), (volley_pick){0}, &node)) return -1;
  const int found = volley_find_named(reading, node, VOLLEY_SECTION_STIMULI, "stimulus", experiment->stimuli,
                                      experiment->n_stimuli, sizeof *experiment->stimuli);
  for (int s = found + 1; s < experiment->n_stimuli && found >= 0; s++) {
    if (strcmp(experiment->stimuli[s].name, experiment->stimuli[found].name) != 0) continue;
    volley_value_fault(reading, node, "several stimuli are called '%s': give them a 'name'", node->text);
    return -1;
  }
  return found;
}

/* Index of the projection that the entry names, whose synapses must change; -1 after a fault. */
static int find_projection(volley_reading *reading, const volley_node *entry) {
  const volley_experiment *experiment = reading->experiment;
  volley_node *node = NULL;
  int found = -1;
  volley_names names = {0};
  const char *name = volley_read_text(reading, entry, recorder_key("projection"), (volley_pick){0}, &node);
  if (!name) return -1;
  for (int p = 0; p < experiment->n_projections; p++) {
    if (experiment->projections[p].plasticity.model) volley_names_add(reading, &names, experiment->projections[p].name);
    if (strcmp(experiment->projections[p].name, name) != 0) continue;
    if (found >= 0) {
      volley_value_fault(reading, node, "several projections are called '%s': give them a 'name'", name);
      return -1;
    }
    found = p;
  }
  if (found < 0) {
    volley_unknown_name(reading, node, VOLLEY_SECTION_PROJECTIONS, "projection with synapses that change", names);
  } else if (!reading->projection_valid[found]) {
    return -1; /* reported */
  } else if (!experiment->projections[found].plasticity.model) {
    volley_value_fault(reading, node, "the synapses of '%s' are static: their weights need no recorder", name);
    found = -1;
  }
  return found;
}

/* Reads the recorder of a population, readout, projection or stimulus, which has the index `subject`. Returns its name. */
static const char *read_subject(volley_reading *reading, const entry_reading *e, int subject, volley_pick pick,
                                int column, volley_recorder *recorder) {
  const volley_experiment *experiment = reading->experiment;
  const volley_population *populations = experiment->populations;
  if (e->kind->of == VOLLEY_OF_POPULATION || e->kind->of == VOLLEY_OF_STIMULUS) {
    const volley_nodes *nodes = recorder->of_nodes ? populations[subject].nodes : NULL;
    volley_read_selection(reading, e->entry, recorder_key("neurons"),
                          nodes ? nodes->n : populations[recorder->population].size, pick, &recorder->neurons);
    if (nodes && e->columns)
      volley_select_with_state(reading, &recorder->place, nodes, e->columns[column]->text, &recorder->neurons);
    if (nodes) return nodes->population;
    return e->kind->of == VOLLEY_OF_STIMULUS ? experiment->stimuli[subject].name : populations[subject].name;
  }
  if (e->kind->of == VOLLEY_OF_READOUT) {
    if (recorder->state == VOLLEY_READOUT_DECODERS)
      volley_read_selection(reading, e->entry, recorder_key("neurons"), experiment->readouts[subject].reads.size, pick,
                            &recorder->neurons);
    return experiment->readouts[subject].name;
  }
  const volley_projection *projection = &experiment->projections[subject];
  volley_read_selection(reading, e->entry, recorder_key("sources"), populations[projection->source].size, pick,
                        &recorder->sources);
  volley_read_selection(reading, e->entry, recorder_key("targets"), populations[projection->target].size, pick,
                        &recorder->neurons);
  return projection->name;
}

/* The nodes that the entry's population of a pick means, of kinds that take some; NULL: it means none. */
static const volley_nodes *nodes_of(const volley_reading *reading, const entry_reading *e, volley_pick pick) {
  return e->kind->takes_nodes ? volley_find_nodes(reading->experiment, e->populations[pick.row]->text) : NULL;
}

static void read_recorder(volley_reading *reading, const entry_reading *e, int subject, volley_pick pick, int column) {
  volley_recorder *recorder = &reading->experiment->recorders[reading->experiment->n_recorders++];
  const volley_subject of = e->kind->of;
  char wrong[256];
  *recorder = (volley_recorder){.kind = e->kind,
                                .population = of == VOLLEY_OF_POPULATION ? subject : -1,
                                .readout = of == VOLLEY_OF_READOUT ? subject : -1,
                                .projection = of == VOLLEY_OF_PROJECTION ? subject : -1,
                                .stimulus = of == VOLLEY_OF_STIMULUS ? subject : -1,
                                .place = volley_node_place(reading->arena, e->entry)};
  if (of == VOLLEY_OF_STIMULUS) recorder->population = reading->experiment->stimuli[subject].target;
  if (of == VOLLEY_OF_POPULATION && nodes_of(reading, e, pick)) {
    recorder->of_nodes = true;
    recorder->population = volley_nodes_with_state(reading->experiment, reading->experiment->populations[subject].nodes,
                                                   e->columns ? e->columns[column]->text : NULL);
  }
  if (e->columns) recorder->state = find_choice(reading, e, column, recorder);
  const char *recorded = read_subject(reading, e, subject, pick, column, recorder);
  read_window(reading, e->entry, pick, recorder);
  recorder->name = recorder_name(reading, e, recorded, column);
  const char *found = e->kind->check ? e->kind->check(reading->experiment, recorder, wrong, sizeof wrong) : NULL;
  if (found) volley_entry_fault(reading, &recorder->place, "%s", found);
}

/* Index of what the entry is about, its p-th population or else what it names; -1 after a fault. */
static int find_subject(volley_reading *reading, const entry_reading *e, int p) {
  switch (e->kind->of) {
    case VOLLEY_OF_POPULATION: {
      const volley_nodes *nodes = nodes_of(reading, e, (volley_pick){.row = p});
      if (nodes && !nodes->bits) return -1; /* not joined: their populations have faults */
      return nodes ? nodes->first : volley_find_population(reading, e->populations[p]);
    }
    case VOLLEY_OF_READOUT: return find_readout(reading, e->entry);
    case VOLLEY_OF_PROJECTION: return find_projection(reading, e->entry);
    case VOLLEY_OF_STIMULUS: return find_stimulus(reading, e->entry);
  }
  return -1;
}

/* Of a readout only decoders have neurons. */
static void check_neurons(volley_reading *reading, const entry_reading *e) {
  volley_node *neurons = volley_node_get(e->entry, "neurons");
  bool has_decoders = e->kind->of != VOLLEY_OF_READOUT;
  for (int v = 0; v < e->n_columns && !has_decoders; v++) has_decoders = strcmp(e->columns[v]->text, "decoders") == 0;
  if (neurons && !has_decoders)
    volley_key_fault(reading, neurons, "'neurons' selects decoders, but 'decoders' is not among the values");
}

/* The kinds that take a key: "spikes, traces and readouts"; "": none lists it, so all do. */
static const char *takers(volley_reading *reading, const char *name) {
  const volley_recorder_kind *const *kinds = volley_recorder_kinds(), *last = NULL;
  const char *text = "";
  for (; *kinds; kinds++) {
    if (!takes(*kinds, name)) continue;
    if (last) text = *text ? volley_arena_format(reading->arena, "%s, %s", text, last->plural) : last->plural;
    last = *kinds;
  }
  if (!last) return "";
  return *text ? volley_arena_format(reading->arena, "%s and %s", text, last->plural) : last->plural;
}

/* Keys that belong to some kinds of recorders only. */
static bool check_kind_keys(volley_reading *reading, const entry_reading *e) {
  const volley_section_info *section = &volley_sections[VOLLEY_SECTION_RECORDERS];
  bool complete = true;
  for (int k = 0; k < section->n_keys; k++) {
    const char *name = section->keys[k].name, *others = takers(reading, name);
    volley_node *node = volley_node_get(e->entry, name);
    if (node && *others && !takes(e->kind, name))
      volley_key_fault(reading, node, "a recorder of %s takes no '%s'; %s do", e->kind->plural, name, others);
    if (node || !has_word(e->kind->needs, name)) continue;
    volley_missing_key(reading, volley_node_place(reading->arena, e->entry), &section->keys[k]);
    complete = false;
  }
  return complete;
}

static void read_entry(volley_reading *reading, volley_node *entry) {
  entry_reading e = {.entry = entry, .n_populations = 1, .n_columns = 1};
  if (!volley_check_section(reading, entry, VOLLEY_SECTION_RECORDERS)) return;
  const int kind = volley_read_choice(reading, entry, recorder_key("type"));
  if (kind < 0) return;
  e.kind = volley_recorder_kinds()[kind];
  e.name = volley_read_text(reading, entry, recorder_key("name"), (volley_pick){0}, NULL);
  volley_check_name(reading, volley_node_get(entry, "name"));
  if (!check_kind_keys(reading, &e)) return;
  if (e.kind->choice_key && volley_node_get(entry, e.kind->choice_key))
    e.n_columns = volley_read_names(reading, volley_node_get(entry, e.kind->choice_key), &e.columns);
  check_neurons(reading, &e);
  if (e.kind->of == VOLLEY_OF_POPULATION)
    e.n_populations = volley_read_names(reading, volley_node_get(entry, "population"), &e.populations);
  for (int p = 0; p < e.n_populations; p++) {
    const int subject = find_subject(reading, &e, p);
    const volley_pick pick = {.row = p, .rows = e.populations ? e.n_populations : 0};
    for (int c = 0; c < e.n_columns && subject >= 0; c++) read_recorder(reading, &e, subject, pick, c);
  }
}

/* Recorders of a kind are groups of the output: their names must differ. */
static void check_names(volley_reading *reading, const volley_recorder_kind *kind) {
  const volley_experiment *experiment = reading->experiment;
  volley_named *names = volley_arena_alloc(reading->arena, (size_t)experiment->n_recorders + 1, sizeof *names);
  int n = 0;
  for (const volley_recorder *r = experiment->recorders; r < experiment->recorders + experiment->n_recorders; r++)
    if (r->kind == kind) names[n++] = (volley_named){r->name, r->place};
  volley_refuse_duplicates(reading, names, n, volley_arena_format(reading->arena, "recorder of %s", kind->plural));
}

void volley_read_recorders(volley_reading *reading, volley_node *section) {
  if (!section || !volley_check_list(reading, section)) return;
  const size_t room =
      volley_count_entries(reading, section, "population|states|values", VOLLEY_MAX_ENTRIES, "recorders");
  if (room == 0) return;
  reading->experiment->recorders = volley_arena_alloc(reading->arena, room, sizeof *reading->experiment->recorders);
  for (int i = 0; i < section->n; i++) read_entry(reading, section->items[i]);
  for (const volley_recorder_kind *const *kind = volley_recorder_kinds(); *kind; kind++) check_names(reading, *kind);
}
