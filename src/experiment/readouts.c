/* Sections readouts and ablations. */
#include "experiment/reading.h"

#include "base/units.h"
#include "learner/learner.h"
#include "neuron/neuron.h"
#include "solver/solver.h"
#include "stimulus/stimulus.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static const volley_key_info *readout_key(const char *name) { return volley_key_find(VOLLEY_SECTION_READOUTS, name); }
static const volley_key_info *learning_key(const char *name) { return volley_key_find(VOLLEY_SECTION_LEARNING, name); }

static const volley_neuron_model *model_of(const volley_reading *reading, const volley_readout *readout, int i) {
  return reading->experiment->populations[readout->reads.populations[i]].model;
}

/* does: what the readout does to a neuron once */
static void read_pool(volley_reading *reading, volley_node *node, const char *does, volley_pool *pool) {
  volley_node **names;
  const int n = volley_read_names(reading, node, &names);
  pool->populations = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *pool->populations);
  for (int i = 0; i < n; i++) {
    const int population = volley_find_population(reading, names[i]);
    if (population < 0) continue;
    if (volley_pool_has(pool, population))
      volley_value_fault(reading, names[i], "'%s' is listed twice; a readout %s a neuron once", names[i]->text, does);
    const uint32_t size = reading->experiment->populations[population].size;
    pool->populations[pool->n++] = population;
    if (size > UINT32_MAX - pool->size)
      volley_value_fault(reading, names[i], "a readout %s at most %u neurons", does, UINT32_MAX);
    else
      pool->size += size;
  }
}

static double filter_unit(const volley_neuron_model *model) {
  return model && model->filter_unit > 0 ? model->filter_unit : 1000.0;
}

/* The unit that the filter counts rates in: as written, or that of the models, which must then agree. */
static void read_filter_unit(volley_reading *reading, volley_node *map, volley_readout *readout) {
  const volley_key_info *key = volley_key_find(VOLLEY_SECTION_FILTER, "unit");
  if (volley_node_get(map, "unit")) {
    readout->filter_unit = volley_read_choice(reading, map, key) == 1 ? 1.0 : 1000.0;
    return;
  }
  for (int i = 0; i < readout->reads.n; i++) {
    const double unit = filter_unit(model_of(reading, readout, i));
    if (i > 0 && unit != readout->filter_unit)
      volley_value_fault(reading, map, "the models of its populations count rates in 1/s and in 1/ms; choose one: %s",
                         "unit: 1/s, or unit: 1/ms");
    readout->filter_unit = unit;
  }
}

static void read_filter(volley_reading *reading, volley_node *map, volley_readout *readout) {
  if (!map || !volley_check_section(reading, map, VOLLEY_SECTION_FILTER)) return;
  const bool rises = volley_read_number(reading, map, volley_key_find(VOLLEY_SECTION_FILTER, "rise"), (volley_pick){0},
                                        &readout->rise);
  const bool decays = volley_read_number(reading, map, volley_key_find(VOLLEY_SECTION_FILTER, "decay"),
                                         (volley_pick){0}, &readout->decay);
  if (rises && decays && readout->rise == readout->decay)
    volley_value_fault(reading, volley_node_get(map, "rise"),
                       "rise and decay are both %g ms; give them different values, or rise 0 for a single exponential",
                       readout->rise);
  read_filter_unit(reading, map, readout);
}

/* lambda, or 1 / initial_p. */
static void read_lambda(volley_reading *reading, volley_node *map, volley_readout *readout) {
  volley_node *lambda = volley_node_get(map, "lambda"), *initial = volley_node_get(map, "initial_p");
  const volley_place place = volley_node_place(reading->arena, map);
  double number;
  if (!lambda && !initial)
    volley_entry_fault(reading, &place, "'lambda' is missing: %s; or 'initial_p', its inverse",
                       learning_key("lambda")->doc);
  if (lambda && initial)
    volley_key_fault(reading, initial, "'lambda' and 'initial_p' are both given; keep one of them");
  if (!volley_read_number(reading, map, learning_key(lambda ? "lambda" : "initial_p"), (volley_pick){0}, &number))
    return;
  readout->lambda = lambda ? number : 1.0 / number;
  if (!isfinite(1.0 / number))
    volley_value_fault(reading, lambda ? lambda : initial, "%g is too small: its inverse is not finite", number);
}

/* Whether some step learns: n % interval == 1 % interval with start < n < stop. */
static void check_window(volley_reading *reading, volley_node *map, const volley_readout *readout) {
  const double dt = reading->experiment->simulation.dt;
  const int64_t end = reading->experiment->simulation.steps, interval = readout->interval;
  const int64_t first =
      readout->start + 1 + (interval - readout->start % interval) % interval; /* 1 more than a multiple */
  volley_node *stop = volley_node_get(map, "stop");
  if (end == 0) return; /* reported */
  if (readout->stop > end)
    volley_value_fault(reading, stop,
                       "learning stops at %.10g ms, but the run ends at %.10g ms; it must stop within the "
                       "run",
                       (double)readout->stop * dt, (double)end * dt);
  else if (readout->stop <= readout->start)
    volley_value_fault(reading, stop, "stop at %.10g ms is not after start at %.10g ms", (double)readout->stop * dt,
                       (double)readout->start * dt);
  else if (first >= readout->stop)
    volley_value_fault(reading, stop,
                       "nothing is learned: the first learning step after start is at %.10g ms, stop at %.10g ms",
                       (double)first * dt, (double)readout->stop * dt);
}

static void read_learning(volley_reading *reading, volley_node *map, volley_readout *readout) {
  readout->interval = 1;
  if (!map || !volley_check_section(reading, map, VOLLEY_SECTION_LEARNING)) return;
  readout->learner =
      volley_read_kind(reading, map, learning_key("solver"), (volley_pick){0}, volley_learners(), "solver");
  if (readout->learner && readout->learner->needs_petsc && volley_linear.lacks)
    volley_value_fault(reading, volley_node_get(map, "solver") ? volley_node_get(map, "solver") : map,
                       "readouts that learn need %s", volley_linear.lacks);
  readout->is_exact = volley_read_choice(reading, map, learning_key("update")) == 1;
  read_lambda(reading, map, readout);
  const int before = reading->faults;
  volley_read_steps(reading, map, learning_key("interval"), (volley_pick){0}, &readout->interval);
  volley_read_steps(reading, map, learning_key("start"), (volley_pick){0}, &readout->start);
  if (!volley_read_steps(reading, map, learning_key("stop"), (volley_pick){0}, &readout->stop)) return;
  if (reading->faults == before) check_window(reading, map, readout);
}

/* The gain into each population that is fed, in the unit of its current: one number only where all have the same. */
static void read_gains(volley_reading *reading, volley_node *map, volley_readout *readout) {
  const volley_population *populations = reading->experiment->populations;
  const volley_pool *fed = &readout->fed;
  const volley_node *given = volley_node_get(map, "gain");
  volley_key_info gain = *volley_key_find(VOLLEY_SECTION_FEEDBACK, "gain");
  readout->gains = volley_arena_alloc(reading->arena, (size_t)reading->experiment->n_populations, sizeof(double));
  for (int i = 0; i < fed->n; i++) {
    const volley_population *population = &populations[fed->populations[i]];
    const char *last = gain.unit;
    gain.unit = volley_current_unit(population->model);
    if (!volley_check_reachable(reading, &readout->place, "readout's feedback", population)) return;
    if (i > 0 && strcmp(gain.unit, last) != 0 && given && given->kind != VOLLEY_NODE_LIST) {
      volley_value_fault(
          reading, map,
          "the models of its populations have currents in '%s' and in '%s'; give a gain for each, as a list", last,
          gain.unit);
      return;
    }
    volley_read_number(reading, map, &gain, (volley_pick){.row = i, .rows = fed->n},
                       &readout->gains[fed->populations[i]]);
  }
}

static void read_feedback(volley_reading *reading, volley_node *map, volley_readout *readout) {
  const volley_distribution uniform = {.kind = VOLLEY_UNIFORM, .a = -1, .b = 1, .min = -INFINITY, .max = INFINITY};
  if (!map || !volley_check_section(reading, map, VOLLEY_SECTION_FEEDBACK)) return;
  volley_node *eta = volley_node_get(map, "eta"), *populations = volley_node_get(map, "population");
  readout->fed = readout->reads;
  if (populations) read_pool(reading, populations, "feeds", memset(&readout->fed, 0, sizeof readout->fed));
  read_gains(reading, map, readout);
  volley_read_flag(reading, map, volley_key_find(VOLLEY_SECTION_FEEDBACK, "clamp"), (volley_pick){0}, &readout->clamps);
  if (!eta || !volley_read_value(reading, eta, "", (volley_pick){0}, VOLLEY_OF_FILE_ROWS, &readout->eta))
    readout->eta = uniform;
}

/* `all`, or a number that the matrix can have. */
static void read_eigenvalues(volley_reading *reading, const volley_node *entry, volley_readout *readout) {
  volley_node *node = NULL;
  char why[256];
  double number;
  const char *text = volley_read_text(reading, entry, readout_key("eigenvalues"), (volley_pick){0}, &node);
  if (!node) return;
  if (strcmp(text, "all") == 0) {
    readout->eigenvalues = -1;
  } else if (!volley_unit_convert(text, "", &number, why, sizeof why) || number != nearbyint(number) || number < 0 ||
             number > fmin(readout->reads.size, INT_MAX)) {
    volley_value_fault(reading, node, "'%.60s' given; a whole number from 0 to %u is expected, or all", text,
                       readout->reads.size);
  } else {
    readout->eigenvalues = (int)number;
  }
  if (readout->eigenvalues != 0 && volley_eigen.lacks)
    volley_value_fault(reading, node, "eigenvalues need %s", volley_eigen.lacks);
}

static void read_readout(volley_reading *reading, volley_node *entry, volley_readout *readout) {
  const char *name = volley_read_text(reading, entry, readout_key("name"), (volley_pick){0}, NULL);
  volley_node *supervisor = volley_node_get(entry, "supervisor");
  volley_check_name(reading, volley_node_get(entry, "name"));
  readout->name = name ? name : ""; /* reported */
  readout->place = volley_node_place(reading->arena, entry);
  read_pool(reading, volley_node_get(entry, "population"), "reads", &readout->reads);
  read_filter(reading, volley_node_get(entry, "filter"), readout);
  if (supervisor) readout->supervisor = volley_read_signal(reading, supervisor);
  read_learning(reading, volley_node_get(entry, "learning"), readout);
  read_feedback(reading, volley_node_get(entry, "feedback"), readout);
  volley_node *decoders = volley_node_get(entry, "decoders");
  volley_note_default(reading, entry, readout_key("decoders"));
  volley_read_value(reading, decoders, "", (volley_pick){0}, VOLLEY_OF_FILE_ROWS, &readout->decoders);
  read_eigenvalues(reading, entry, readout);
}

void volley_read_readouts(volley_reading *reading, volley_node *section) {
  volley_experiment *experiment = reading->experiment;
  bool *lost = &reading->lost[VOLLEY_SECTION_READOUTS];
  *lost = section;
  if (!section || !volley_check_list(reading, section)) return;
  *lost = false;
  experiment->readouts = volley_arena_alloc(reading->arena, (size_t)section->n + 1, sizeof *experiment->readouts);
  for (int i = 0; i < section->n; i++)
    if (volley_check_section(reading, section->items[i], VOLLEY_SECTION_READOUTS))
      read_readout(reading, section->items[i], &experiment->readouts[experiment->n_readouts++]);
    else
      *lost = true;
  volley_refuse_same_names(reading, section, "readout");
}

static const volley_key_info *ablation_key(const char *name) { return volley_key_find(VOLLEY_SECTION_ABLATIONS, name); }

static void read_window(volley_reading *reading, volley_node *entry, volley_pick pick, volley_ablation *ablation) {
  const double dt = reading->experiment->simulation.dt;
  volley_read_steps(reading, entry, ablation_key("start"), pick, &ablation->start);
  ablation->stop = INT64_MAX;
  const bool stops = volley_read_steps(reading, entry, ablation_key("stop"), pick, &ablation->stop);
  volley_note_window(reading, &ablation->place, "the ablation", (double)ablation->start * dt,
                     stops ? (double)ablation->stop * dt : INFINITY);
  if (ablation->stop <= ablation->start)
    volley_value_fault(reading, volley_node_get(entry, "stop"), "stop at %.10g ms is not after start at %.10g ms",
                       (double)ablation->stop * dt, (double)ablation->start * dt);
}

/* Channels of a stimulus; how many there are need not be known yet. */
static void read_silent_channels(volley_reading *reading, volley_node *entry, volley_ablation *ablation) {
  const volley_experiment *experiment = reading->experiment;
  volley_node *named = volley_node_get(entry, "stimulus"), *channels = volley_node_get(entry, "channels");
  if (volley_node_get(entry, "population") || volley_node_get(entry, "neurons"))
    volley_key_fault(reading, named, "'stimulus' silences channels, 'population' neurons; keep one of them");
  ablation->stimulus = volley_find_named(reading, named, VOLLEY_SECTION_STIMULI, "stimulus", experiment->stimuli,
                                         experiment->n_stimuli, sizeof *experiment->stimuli);
  if (ablation->stimulus >= 0 && !experiment->stimuli[ablation->stimulus].kind->takes_signal)
    volley_value_fault(reading, named, "the stimulus '%s' plays no signal; it is of type %s", named->text,
                       experiment->stimuli[ablation->stimulus].kind->name);
  if (channels) volley_read_indices(reading, channels, "channels", &ablation->channels, &ablation->n_channels);
}

void volley_read_ablations(volley_reading *reading, volley_node *section) {
  volley_experiment *experiment = reading->experiment;
  if (!section || !volley_check_list(reading, section)) return;
  const size_t room = volley_count_entries(reading, section, "population", VOLLEY_MAX_ENTRIES, "ablations");
  if (room == 0) return;
  experiment->ablations = volley_arena_alloc(reading->arena, room, sizeof *experiment->ablations);
  for (int i = 0; i < section->n; i++) {
    volley_node **names, *entry = section->items[i];
    if (!volley_check_section(reading, entry, VOLLEY_SECTION_ABLATIONS)) continue;
    volley_ablation next = {.place = volley_node_place(reading->arena, entry), .population = -1, .stimulus = -1};
    if (volley_node_get(entry, "stimulus")) {
      read_silent_channels(reading, entry, &next);
      read_window(reading, entry, (volley_pick){0}, &next);
      if (next.stimulus >= 0) experiment->ablations[experiment->n_ablations++] = next;
      continue;
    }
    if (!volley_node_get(entry, "population"))
      volley_entry_fault(reading, &next.place, "this silences nothing: 'population' or 'stimulus' is missing");
    const int n_names = volley_read_names(reading, volley_node_get(entry, "population"), &names);
    for (int k = 0; k < n_names; k++) {
      const volley_pick pick = {.row = k, .rows = n_names};
      volley_ablation *ablation = &experiment->ablations[experiment->n_ablations];
      *ablation = next;
      ablation->population = volley_find_population(reading, names[k]);
      if (ablation->population < 0) continue;
      experiment->n_ablations++;
      volley_read_selection(reading, entry, ablation_key("neurons"), experiment->populations[ablation->population].size,
                            pick, &ablation->neurons);
      read_window(reading, entry, pick, ablation);
    }
  }
}
