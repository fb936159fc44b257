/* Sections simulation and populations. */
#include "experiment/reading.h"

#include "base/units.h"
#include "engine/engine.h"
#include "neuron/neuron.h"
#include "partition/partition.h"

#include <math.h>
#include <string.h>

/* Far above any use: every thread spends memory and time on each population, however small. */
enum { MAX_POPULATIONS = 8192 };

static const volley_key_info *simulation_key(const char *name) {
  return volley_key_find(VOLLEY_SECTION_SIMULATION, name);
}

/* A partitioner: its name, or a mapping with this name as `type` and the partitioner's own keys. */
static void read_partitioner(volley_reading *reading, volley_node *section) {
  volley_simulation *simulation = &reading->experiment->simulation;
  volley_node *node = volley_node_get(section, "partition");
  const bool is_map = node && node->kind == VOLLEY_NODE_MAP;
  volley_key_info key = *simulation_key("partition");
  if (is_map) key = (volley_key_info){.name = "type", .type = VOLLEY_KEY_WORD, .required = true, .doc = key.doc};
  if (is_map) volley_check_required(reading, node, &key, 1);
  const volley_partitioner *partitioner = simulation->partitioner =
      volley_read_kind(reading, is_map ? node : section, &key, (volley_pick){0}, volley_partitioners(), "partitioner");
  if (!partitioner || !node) return;
  simulation->partition_place = volley_node_place(reading->arena, node);
  volley_names known = volley_names_of_table(reading, partitioner->keys, partitioner->n_keys, sizeof key);
  volley_names_add(reading, &known, "type");
  if (is_map) volley_check_keys(reading, node, known);
  void *parameters = volley_arena_alloc(reading->arena, 1, partitioner->size);
  volley_keys_set_defaults(partitioner->keys, partitioner->n_keys, parameters);
  volley_read_keys(reading, &(volley_key_source){.entry = node, .target = -1}, partitioner->keys, partitioner->n_keys,
                   parameters);
  simulation->partition_parameters = parameters;
}

/* The engine, and the step that it takes. */
static void read_engine(volley_reading *reading, const volley_node *section) {
  static const char *const unused[] = {"dt", "exchange_interval", "delivery", "integration"};
  volley_simulation *simulation = &reading->experiment->simulation;
  simulation->engine =
      volley_read_kind(reading, section, simulation_key("engine"), (volley_pick){0}, volley_engine_kinds(), "engine");
  simulation->continuous = simulation->engine && simulation->engine->is_continuous;
  if (!simulation->continuous) {
    if (!volley_read_number(reading, section, simulation_key("dt"), (volley_pick){0}, &simulation->dt))
      simulation->dt = NAN; /* reported; checks against dt are left out */
    return;
  }
  simulation->dt = 1.0 / VOLLEY_STEPS_OF_MS;
  for (size_t k = 0; k < sizeof unused / sizeof *unused; k++) {
    const volley_node *node = volley_node_get(section, unused[k]);
    const volley_place place = node ? volley_node_place(reading->arena, node) : (volley_place){0};
    if (node) volley_note(reading, &place, "not used: the engine %s takes no steps", simulation->engine->name);
  }
}

/* How spikes are exchanged. Without steps they are numbers that all ranks need, which not all kinds take. */
static void read_exchange(volley_reading *reading, const volley_node *section) {
  volley_simulation *simulation = &reading->experiment->simulation;
  simulation->exchange = volley_read_kind(reading, section, simulation_key("exchange"), (volley_pick){0},
                                          volley_exchange_kinds(), "exchange");
  double group;
  if (volley_read_number(reading, section, simulation_key("exchange_group"), (volley_pick){0}, &group))
    simulation->exchange_group = (int)group;
  if (simulation->exchange_group > 0 && simulation->exchange && !simulation->exchange->has_groups) {
    const volley_place place = volley_node_place(reading->arena, volley_node_get(section, "exchange_group"));
    volley_note(reading, &place, "not used: the exchange %s knows no groups", simulation->exchange->name);
  }
  if (!simulation->continuous)
    simulation->batch_exchange = volley_read_choice(reading, section, simulation_key("exchange_interval")) == 1;
  else if (simulation->exchange && !simulation->exchange->takes_numbers)
    volley_value_fault(reading, volley_node_get(section, "exchange"),
                       "the engine %s cannot use the exchange %s; leave it out, or take %s", simulation->engine->name,
                       simulation->exchange->name, volley_exchange_kinds()[0]->name);
}

/* Small weights are those of an engine with steps. */
static void read_weight_bits(volley_reading *reading, const volley_node *section) {
  volley_simulation *simulation = &reading->experiment->simulation;
  const int bits = volley_read_choice(reading, section, simulation_key("weight_bits"));
  if (bits > 0 && simulation->continuous)
    volley_value_fault(reading, volley_node_get(section, "weight_bits"),
                       "the engine %s keeps all digits of weights: leave it out, or take an engine with steps",
                       simulation->engine->name);
  if (bits > 0) simulation->weight_bits = (volley_weight_bits)bits;
}

void volley_read_simulation(volley_reading *reading, volley_node *section) {
  volley_simulation *simulation = &reading->experiment->simulation;
  double duration, seed;
  if (!section || !volley_check_section(reading, section, VOLLEY_SECTION_SIMULATION)) return;
  read_engine(reading, section);
  if (volley_read_number(reading, section, simulation_key("duration"), (volley_pick){0}, &duration))
    volley_whole_steps(reading, volley_node_get(section, "duration"), duration, true, &simulation->steps);
  if (volley_read_number(reading, section, simulation_key("seed"), (volley_pick){0}, &seed))
    simulation->seed = simulation->noise_seed = (uint32_t)seed;
  if (volley_read_number(reading, section, simulation_key("noise_seed"), (volley_pick){0}, &seed))
    simulation->noise_seed = (uint32_t)seed;
  read_exchange(reading, section);
  if (!simulation->continuous)
    simulation->delivery = (volley_delivery)volley_read_choice(reading, section, simulation_key("delivery"));
  if (!simulation->continuous)
    simulation->adaptive = volley_read_choice(reading, section, simulation_key("integration")) == 1;
  read_weight_bits(reading, section);
  read_partitioner(reading, section);
}

static const volley_key_info *population_key(const char *name) {
  return volley_key_find(VOLLEY_SECTION_POPULATIONS, name);
}

/* Whether a state's value is the name of a parameter: every neuron starts at its own value of it. */
static bool read_parameter_name(volley_reading *reading, const volley_neuron_model *model, volley_node *node,
                                const char *unit, volley_distribution *out) {
  if (node->kind != VOLLEY_NODE_SCALAR) return false;
  for (int i = 0; i < model->n_parameters; i++) {
    if (strcmp(model->parameters[i].name, node->text) != 0) continue;
    if (strcmp(model->parameters[i].unit, unit) != 0)
      volley_value_fault(reading, node, "%s is in '%s', but the state is in '%s'", node->text,
                         model->parameters[i].unit, unit);
    *out = volley_constant(i);
    out->kind = VOLLEY_PARAMETER;
    return true;
  }
  return false;
}

/* A population's two maps and whose names they take. */
typedef struct model_keys {
  const char *key, *what; /* "initial", "state" */
  volley_names names;
} model_keys;

static model_keys parameter_keys(volley_reading *reading, const volley_neuron_model *model) {
  model_keys keys = {"parameters", "parameter",
                     volley_names_of_table(reading, model->parameters, model->n_parameters, sizeof *model->parameters)};
  const volley_names lists = volley_names_of_words(reading, model->lists ? model->lists : "");
  for (int i = 0; model->lists && i < lists.n; i++) volley_names_add(reading, &keys.names, lists.names[i]);
  return keys;
}

static model_keys state_keys(volley_reading *reading, const volley_neuron_model *model) {
  return (model_keys){"initial", "state",
                      volley_names_of_table(reading, model->states, model->n_states, sizeof *model->states)};
}

/* Whether all populations of an entry have one model, so that defaults can be told for all. */
static bool has_one_model(const volley_node *entry) {
  const volley_node *model = volley_node_get(entry, "model");
  return model && model->kind == VOLLEY_NODE_SCALAR;
}

/* One of the maps, checked against the model's table; NULL if there is none. others: keys of the other map. */
static volley_node *model_map(volley_reading *reading, const volley_node *entry, const volley_neuron_model *model,
                              volley_pick pick, model_keys own, model_keys others) {
  volley_node *whole = has_one_model(entry) ? volley_section_or_default(reading, entry, own.key, own.names)
                                            : volley_node_get(entry, own.key);
  volley_node *map = volley_pick_node(reading, whole, pick);
  for (int i = 0; map && map->kind == VOLLEY_NODE_MAP && i < map->n; i++)
    for (int k = 0; k < others.names.n; k++)
      if (strcmp(map->items[i]->key, others.names.names[k]) == 0)
        volley_key_fault(reading, map->items[i], "'%s' is a %s of %s; it belongs under '%s'", others.names.names[k],
                         others.what, model->name, others.key);
  return map && volley_check_keys(reading, map, own.names) ? map : NULL;
}

/* Whether a value is the infinity that the model itself begins with: no bound. */
static bool is_unbounded(const volley_node *node, const volley_key_info *info) {
  char why[256];
  double value;
  return node && node->kind == VOLLEY_NODE_SCALAR && isinf(info->fallback) &&
         volley_unit_convert(node->text, info->unit, &value, why, sizeof why) && value == info->fallback;
}

bool volley_read_switch(volley_node *node, const volley_key_info *info, volley_distribution *out) {
  const bool is_word = info->type == VOLLEY_KEY_FLAG && node->kind == VOLLEY_NODE_SCALAR && node->plain;
  if (!is_word || (strcmp(node->text, "true") != 0 && strcmp(node->text, "false") != 0)) return false;
  *out = volley_constant(node->text[0] == 't');
  volley_node_note_number(node, volley_unit_of_flags, out->a);
  return true;
}

static void read_parameters(volley_reading *reading, const volley_node *entry, volley_pick pick,
                            volley_population *population) {
  const volley_neuron_model *model = population->model;
  volley_node *map = model_map(reading, entry, model, pick, parameter_keys(reading, model), state_keys(reading, model));
  population->parameters =
      volley_arena_alloc(reading->arena, (size_t)model->n_parameters + 1, sizeof *population->parameters);
  for (int i = 0; i < model->n_parameters; i++) {
    const volley_key_info *info = &model->parameters[i];
    volley_distribution *out = &population->parameters[i];
    bool is_listed;
    volley_node *node = volley_parameter_node(reading, model, map, info->name, pick, &is_listed);
    if (is_unbounded(node, info)) {
      volley_node_note_number(node, info->unit, info->fallback);
      node = NULL;
    }
    if (!node && !is_listed && has_one_model(entry)) volley_note_default(reading, map, info);
    if (node && volley_read_switch(node, info, out)) continue;
    if (!node || !volley_read_value(reading, node, info->unit, pick, VOLLEY_OF_FILE_NUMBERS, out))
      *out = volley_constant(info->fallback);
    else
      volley_check_value(reading, node, out, info->min, info->max, info->positive, info->unit);
    volley_bound_numbers(out, info->min, info->max, info->positive);
    if (strcmp(info->name, "t_ref") == 0 && !reading->experiment->simulation.continuous &&
        volley_distribution_is_constant(out)) {
      const volley_place place = node ? volley_node_place(reading->arena, node) : population->place;
      volley_note_rounding(reading, &place, "t_ref", volley_distribution_mean(out));
    }
  }
}

static void read_initial(volley_reading *reading, const volley_node *entry, volley_pick pick,
                         volley_population *population) {
  const volley_neuron_model *model = population->model;
  volley_node *map = model_map(reading, entry, model, pick, state_keys(reading, model), parameter_keys(reading, model));
  population->initial = volley_arena_alloc(reading->arena, (size_t)model->n_states + 1, sizeof *population->initial);
  for (int i = 0; i < model->n_states; i++) {
    const volley_state_info *info = &model->states[i];
    volley_distribution *out = &population->initial[i];
    volley_node *node = volley_pick_node(reading, volley_node_get(map, info->name), pick);
    if (node && read_parameter_name(reading, model, node, info->unit, out)) continue;
    if (node && volley_read_value(reading, node, info->unit, pick, VOLLEY_OF_FILE_NUMBERS, out)) {
      volley_check_value(reading, node, out, info->min, info->max, false, info->unit);
      volley_bound_numbers(out, info->min, info->max, false);
      continue;
    }
    const volley_key_info start = {.name = info->name,
                                   .unit = info->unit,
                                   .fallback = info->fallback,
                                   .type = info->from_parameter < 0 ? VOLLEY_KEY_VALUE : VOLLEY_KEY_WORD,
                                   .text =
                                       info->from_parameter < 0 ? NULL : model->parameters[info->from_parameter].name};
    if (!node && has_one_model(entry)) volley_note_default(reading, map, &start);
    *out = volley_constant(info->from_parameter >= 0 ? info->from_parameter : info->fallback);
    if (info->from_parameter >= 0) out->kind = VOLLEY_PARAMETER;
  }
}

/* Whether the parameters fit together, where all neurons share them. */
static void check_parameters(volley_reading *reading, const volley_population *population) {
  double values[VOLLEY_MAX_PARAMETERS];
  const volley_neuron_model *model = population->model;
  for (int i = 0; i < model->n_parameters; i++) {
    if (!volley_distribution_is_constant(&population->parameters[i])) return;
    values[i] = volley_distribution_mean(&population->parameters[i]);
  }
  const char *wrong = model->check ? model->check(values) : NULL;
  if (!wrong) return;
  volley_place place = population->place;
  place.path = volley_arena_format(reading->arena, "populations.%s.parameters", population->name);
  volley_entry_fault(reading, &place, "%s", wrong);
}

static void read_population(volley_reading *reading, volley_node *entry, volley_pick pick,
                            volley_population *population) {
  double size;
  population->mean_rate = NAN;
  if (volley_read_number(reading, entry, population_key("size"), pick, &size)) population->size = (uint32_t)size;
  if (!volley_read_number(reading, entry, population_key("mean_rate"), pick, &population->mean_rate))
    population->mean_rate = NAN;
  population->model =
      volley_read_kind(reading, entry, population_key("model"), pick, volley_neuron_models(), "neuron model");
  if (!population->model) return;
  const int before = reading->faults;
  population->model = volley_sized_model(reading, population->model,
                                         volley_pick_node(reading, volley_node_get(entry, "parameters"), pick), pick);
  read_parameters(reading, entry, pick, population);
  read_initial(reading, entry, pick, population);
  volley_read_spikes(reading, entry, pick, population);
  volley_read_positions(reading, entry, pick, population);
  volley_read_nodes(reading, entry, pick, population);
  if (reading->faults == before) check_parameters(reading, population);
}

static void read_entry(volley_reading *reading, volley_node *entry, volley_node **names, int n) {
  volley_experiment *experiment = reading->experiment;
  for (int i = 0; i < n; i++) {
    volley_population *population = &experiment->populations[experiment->n_populations];
    const int before = reading->faults;
    volley_check_name(reading, names[i]);
    population->name = names[i]->text;
    population->place = volley_node_place(reading->arena, names[i]);
    population->place.path = volley_arena_format(reading->arena, "populations.%s", names[i]->text);
    read_population(reading, entry, (volley_pick){.row = i, .rows = n}, population);
    reading->population_valid[experiment->n_populations++] = reading->faults == before && population->size > 0;
  }
}

static void number_neurons(volley_reading *reading, const volley_node *section) {
  volley_experiment *experiment = reading->experiment;
  uint64_t neurons = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    experiment->populations[p].first_gid = (volley_gid)neurons;
    neurons += experiment->populations[p].size;
  }
  experiment->neurons = (volley_gid)neurons;
  const volley_place place = volley_node_place(reading->arena, section);
  if (neurons > VOLLEY_MOST_NEURONS)
    volley_entry_fault(reading, &place, "%llu neurons in all; at most %llu are possible%s", (unsigned long long)neurons,
                       (unsigned long long)VOLLEY_MOST_NEURONS,
                       VOLLEY_GID_BITS == 32 ? ", or more where Volley is built with -DVOLLEY_GID_BITS=64" : "");
}

void volley_read_populations(volley_reading *reading, volley_node *section) {
  volley_experiment *experiment = reading->experiment;
  bool *lost = &reading->lost[VOLLEY_SECTION_POPULATIONS];
  *lost = true;
  if (!section || !volley_check_list(reading, section)) return;
  const size_t room = volley_count_entries(reading, section, "name", MAX_POPULATIONS, "populations");
  if (room == 0) return;
  experiment->populations = volley_arena_alloc(reading->arena, room, sizeof *experiment->populations);
  reading->population_valid = volley_arena_alloc(reading->arena, room, sizeof *reading->population_valid);
  *lost = section->n == 0;
  for (int i = 0; i < section->n; i++) {
    volley_node **names = NULL, *entry = section->items[i];
    const bool is_map = volley_check_section(reading, entry, VOLLEY_SECTION_POPULATIONS);
    const int n = is_map ? volley_read_names(reading, volley_node_get(entry, "name"), &names) : 0;
    if (n == 0) *lost = true;
    read_entry(reading, entry, names, n);
  }
  const int n = experiment->n_populations;
  if (section->n == 0) volley_value_fault(reading, section, "at least one population is needed");
  volley_named *names = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *names);
  for (int p = 0; p < n; p++)
    names[p] = (volley_named){experiment->populations[p].name, experiment->populations[p].place};
  volley_refuse_duplicates(reading, names, n, "population");
  number_neurons(reading, section);
  volley_join_nodes(reading);
}
