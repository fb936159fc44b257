/* Sections stop_when and repeat. */
#include "experiment/check.h"
#include "experiment/reading.h"

#include "base/units.h"

static const volley_key_info *stop_key(const char *name) { return volley_key_find(VOLLEY_SECTION_STOP_WHEN, name); }

/* Keys of which an entry has one. */
static const char *const kinds[] = {[VOLLEY_STOP_ABOVE] = "rate_above",
                                    [VOLLEY_STOP_BELOW] = "rate_below",
                                    [VOLLEY_STOP_SILENT] = "no_spikes",
                                    [VOLLEY_STOP_WALL] = "wall"};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

/* The kind of an entry; -1 after a fault. */
static int find_kind(volley_reading *reading, const volley_node *entry, const volley_place *place) {
  int found = -1;
  for (int k = 0; k < N_KINDS; k++) {
    volley_node *node = volley_node_get(entry, kinds[k]);
    if (node && found >= 0) {
      volley_key_fault(reading, node, "'%s' and '%s' are both given; each is an entry of its own", kinds[found],
                       kinds[k]);
      return -1;
    }
    if (node) found = k;
  }
  if (found < 0)
    volley_entry_fault(reading, place,
                       "this ends no run: one of rate_above, rate_below, no_spikes and wall is missing");
  return found;
}

/* Whether keys that belong to other kinds are absent. */
static bool check_others(volley_reading *reading, const volley_node *entry, volley_stop_kind kind) {
  static const char *const keys[] = {"window", "population", "start"};
  const int before = reading->faults;
  for (int k = 0; k < 3; k++) {
    volley_node *node = volley_node_get(entry, keys[k]);
    if (node && (kind == VOLLEY_STOP_WALL || (kind == VOLLEY_STOP_SILENT && k == 0)))
      volley_key_fault(reading, node, "'%s' does not go with '%s'", keys[k], kinds[kind]);
  }
  return reading->faults == before;
}

/* The populations that are counted, by default all. */
static void read_pool(volley_reading *reading, volley_node *node, volley_pool *pool) {
  volley_node **names = NULL;
  const int all = reading->experiment->n_populations, n = node ? volley_read_names(reading, node, &names) : all;
  pool->populations = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *pool->populations);
  for (int i = 0; i < n; i++) {
    const int population = names ? volley_find_population(reading, names[i]) : i;
    if (population >= 0 && volley_pool_has(pool, population))
      volley_value_fault(reading, names[i], "'%s' is listed twice", names[i]->text);
    else if (population >= 0)
      pool->populations[pool->n++] = population;
  }
}

static void read_wall(volley_reading *reading, const volley_node *entry, volley_stop *stop) {
  char why[256];
  volley_node *node = NULL;
  const char *text = volley_read_text(reading, entry, stop_key("wall"), (volley_pick){0}, &node);
  if (text && !volley_wall_time(text, &stop->limit, why, sizeof why)) volley_value_fault(reading, node, "%s", why);
  const int64_t ms = volley_steps(reading->experiment, 1);
  stop->window = ms > 1 ? ms : 1;
}

static void read_stop(volley_reading *reading, volley_node *entry) {
  volley_experiment *experiment = reading->experiment;
  const volley_place place = volley_node_place(reading->arena, entry);
  const int kind = find_kind(reading, entry, &place);
  if (kind < 0 || !check_others(reading, entry, (volley_stop_kind)kind)) return;
  volley_stop *stop = &experiment->stops[experiment->n_stops++];
  *stop = (volley_stop){.kind = (volley_stop_kind)kind};
  if (stop->kind == VOLLEY_STOP_WALL) {
    read_wall(reading, entry, stop);
    return;
  }
  read_pool(reading, volley_node_get(entry, "population"), &stop->of);
  volley_read_steps(reading, entry, stop_key("start"), (volley_pick){0}, &stop->start);
  const bool is_rate = stop->kind != VOLLEY_STOP_SILENT;
  const volley_key_info *length = stop_key(is_rate ? "window" : "no_spikes");
  if (is_rate) volley_read_number(reading, entry, stop_key(kinds[kind]), (volley_pick){0}, &stop->limit);
  if (is_rate && !volley_node_get(entry, "window"))
    volley_missing_key(reading, place, length);
  else if (volley_read_steps(reading, entry, length, (volley_pick){0}, &stop->window) &&
           stop->start + stop->window >= experiment->simulation.steps && experiment->simulation.steps > 0)
    volley_note(reading, &place, "the first window ends at %.10g ms, the run does at %.10g ms: this never ends it",
                volley_time_of(experiment, stop->start + stop->window),
                volley_time_of(experiment, experiment->simulation.steps));
}

void volley_read_stops(volley_reading *reading, volley_node *section) {
  volley_experiment *experiment = reading->experiment;
  if (!section || !volley_check_list(reading, section)) return;
  experiment->stops = volley_arena_alloc(reading->arena, (size_t)section->n + 1, sizeof *experiment->stops);
  for (int i = 0; i < section->n; i++)
    if (volley_check_section(reading, section->items[i], VOLLEY_SECTION_STOP_WHEN))
      read_stop(reading, section->items[i]);
}

void volley_read_repeat(volley_reading *reading, volley_node *section) {
  volley_simulation *simulation = &reading->experiment->simulation;
  volley_trials *trials = &reading->experiment->trials;
  double n = 0, trial = 0;
  bool resets = true;
  if (!section) return;
  if (section->kind == VOLLEY_NODE_SCALAR) {
    volley_value_fault(reading, section, "write {trials: %s}", section->text);
    return;
  }
  if (!volley_check_section(reading, section, VOLLEY_SECTION_REPEAT)) return;
  if (volley_read_number(reading, section, volley_key_find(VOLLEY_SECTION_REPEAT, "trials"), (volley_pick){0}, &n))
    trials->n = (int)n;
  volley_read_flag(reading, section, volley_key_find(VOLLEY_SECTION_REPEAT, "reset"), (volley_pick){0}, &resets);
  trials->continues = !resets;
  if (!volley_read_number(reading, section, volley_key_find(VOLLEY_SECTION_REPEAT, "trial"), (volley_pick){0}, &trial))
    return;
  if (trial > n && n > 0) volley_value_fault(reading, volley_node_get(section, "trial"), "there are %.0f trials", n);
  trials->number = (int)trial;
  simulation->noise_seed += (uint32_t)trial - 1;
}

void volley_trial_check(const volley_experiment *experiment) {
  const volley_trials *trials = &experiment->trials;
  const volley_place place = {.file = experiment->file, .path = "repeat.trial"};
  if (trials->n > 0 && trials->number == 0)
    volley_fault(
        VOLLEY_USAGE, &place,
        "one run is one of the %d trials: give its number; all are made by volley run, in Python by run_trials()",
        trials->n);
  if (trials->continues && trials->number > 1)
    volley_fault(VOLLEY_USAGE, &place,
                 "%d begins where trial %d has ended (reset: false), not at 0 ms: run all of them together, or give "
                 "--from and the last checkpoint of that one",
                 trials->number, trials->number - 1);
}
