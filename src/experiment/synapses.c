/* Keys synapse, delay_is and normalize of the projections. */
#include "experiment/reading.h"

#include "neuron/neuron.h"
#include "synapse/synapse.h"

#include <math.h>
#include <string.h>

static const volley_key_info *synapse_key(const char *name) { return volley_key_find(VOLLEY_SECTION_SYNAPSE, name); }

/* Unit of the weights of a projection. */
static const char *weight_unit(const volley_reading *reading, const volley_projection *projection) {
  return volley_weight_unit(reading->experiment->populations[projection->target].model, projection->receptor);
}

static bool counts(const volley_reading *reading, const volley_projection *projection) {
  const volley_neuron_model *model = reading->experiment->populations[projection->target].model;
  return model && model->receptors[projection->receptor >= 0 ? projection->receptor : 0].weights == VOLLEY_COUNTS;
}

/* The model that the map names; NULL if it is static, or after a fault. */
static const volley_synapse_model *read_model(volley_reading *reading, volley_node *map, volley_pick pick) {
  volley_names known = volley_names_of_section(reading, VOLLEY_SECTION_SYNAPSE);
  volley_node *node = NULL;
  if (!volley_node_get(map, "model")) {
    for (const volley_synapse_model *const *model = volley_synapse_models(); *model; model++)
      volley_names_add_keys(reading, &known, (*model)->parameters, (*model)->n_parameters);
    volley_check_keys(reading, map, known);
  }
  const char *name = volley_read_text(reading, map, synapse_key("model"), pick, &node);
  if (!name) {
    volley_check_required(reading, map, synapse_key("model"), 1);
    return NULL;
  }
  const volley_synapse_model *model = volley_synapse_model_find(name);
  if (model || strcmp(name, "static") == 0) return model;
  volley_names names = volley_names_of_registry(reading, volley_synapse_models());
  volley_names_add(reading, &names, "static");
  volley_unknown(reading, node, "synapse model", names);
  return NULL;
}

/* Reports keys that are known but not to this model. model: NULL for static */
static void check_taken(volley_reading *reading, volley_node *map, const volley_synapse_model *model) {
  const bool dopamine = model && model->dopamine;
  const struct {
    const char *key;
    bool is_taken;
  } keys[] = {{"pairing", model && model->pairs},
              {"learning", model && model->keeps_past},
              {"dopamine", dopamine},
              {"dopamine_neurons", dopamine},
              {"dopamine_delay", dopamine},
              {"dopamine_on", model && model->takes_schedule}};
  for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) {
    volley_node *node = volley_node_get(map, keys[k].key);
    if (node && !keys[k].is_taken)
      volley_key_fault(reading, node, "synapse model %s takes no '%s'", model ? model->name : "static", keys[k].key);
  }
}

static bool check_keys(volley_reading *reading, volley_node *map, const volley_synapse_model *model) {
  volley_names known = volley_names_of_section(reading, VOLLEY_SECTION_SYNAPSE);
  if (model) volley_names_add_keys(reading, &known, model->parameters, model->n_parameters);
  if (!volley_check_keys(reading, map, known)) return false;
  check_taken(reading, map, model);
  return true;
}

static void read_parameters(volley_reading *reading, volley_node *map, volley_pick pick,
                            const volley_projection *projection, volley_plasticity_plan *out) {
  const volley_synapse_model *model = out->model;
  out->parameters = volley_arena_alloc(reading->arena, (size_t)model->n_parameters + 1, sizeof *out->parameters);
  for (int i = 0; i < model->n_parameters; i++) {
    const volley_key_info *info = &model->parameters[i];
    const char *unit = strcmp(info->unit, "weight") == 0 ? weight_unit(reading, projection) : info->unit;
    volley_key_info key = *info;
    key.unit = unit;
    out->parameters[i] = info->fallback;
    volley_read_number(reading, map, &key, pick, &out->parameters[i]);
  }
}

/* Begins and ends of windows of time. */
static void read_windows(volley_reading *reading, volley_node *map, enum volley_section section,
                         volley_window_of_time **out, int *n) {
  double *starts = NULL, *stops = NULL;
  int n_starts = 0, n_stops = 0;
  if (!map || !volley_check_section(reading, map, section)) return;
  volley_node *start = volley_node_get(map, "start"), *stop = volley_node_get(map, "stop");
  if (!start || !stop) return; /* reported */
  if (!volley_read_list(reading, start, volley_key_find(section, "start"), &starts, &n_starts)) return;
  if (!volley_read_list(reading, stop, volley_key_find(section, "stop"), &stops, &n_stops)) return;
  if (n_starts != n_stops) {
    volley_value_fault(reading, stop, "%d ends for %d begins", n_stops, n_starts);
    return;
  }
  const volley_place place = volley_node_place(reading->arena, map);
  *out = volley_arena_alloc(reading->arena, (size_t)n_starts + 1, sizeof **out);
  for (int w = 0; w < n_starts; w++) {
    volley_window_of_time *window = &(*out)[w];
    if (!volley_whole_steps(reading, start, starts[w], false, &window->start)) return;
    if (!volley_whole_steps(reading, stop, stops[w], false, &window->stop)) return;
    if (starts[w] >= stops[w] || (w > 0 && starts[w] < stops[w - 1])) {
      volley_value_fault(reading, stop, "begin %g ms and end %g ms are no window behind the one before", starts[w],
                         stops[w]);
      return;
    }
    volley_note_window(reading, &place, "a window", starts[w], stops[w]);
  }
  *n = n_starts;
}

static void read_dopamine(volley_reading *reading, volley_node *map, volley_pick pick, volley_plasticity_plan *out) {
  volley_node *node = volley_pick_node(reading, volley_node_get(map, "dopamine"), pick);
  volley_node *neurons = volley_node_get(map, "dopamine_neurons"), *delay = volley_node_get(map, "dopamine_delay");
  int64_t steps = 1;
  out->dopamine = -1;
  if (!node) {
    if (neurons) volley_key_fault(reading, neurons, "'dopamine_neurons' needs 'dopamine', their population");
    if (delay) volley_key_fault(reading, delay, "'dopamine_delay' needs 'dopamine', a population");
    return;
  }
  out->dopamine = volley_find_population(reading, node);
  if (out->dopamine < 0) return;
  volley_read_selection(reading, map, synapse_key("dopamine_neurons"),
                        reading->experiment->populations[out->dopamine].size, (volley_pick){0}, &out->dopamine_neurons);
  volley_read_steps(reading, map, synapse_key("dopamine_delay"), pick, &steps);
  if (steps > VOLLEY_MAX_DELAY) volley_value_fault(reading, delay, "at most %d steps are possible", VOLLEY_MAX_DELAY);
  out->dopamine_delay = (double)steps * reading->experiment->simulation.dt;
}

/* Weights that can lie outside of the range that they may begin in. */
static void check_weight(volley_reading *reading, volley_node *node, const volley_projection *projection,
                         const volley_plasticity_plan *plan) {
  double low, high;
  if (!node || projection->balanced || isnan(projection->weight.a)) return;
  plan->model->range(plan->parameters, &low, &high);
  volley_check_value(reading, node, &projection->weight, low, high, false, weight_unit(reading, projection));
}

/* Bounds between which a weight could change its sign, but not its receptor. */
static void check_sign(volley_reading *reading, volley_node *map, const volley_projection *projection,
                       const volley_plasticity_plan *plan) {
  const volley_neuron_model *model = reading->experiment->populations[projection->target].model;
  const bool by_sign = projection->receptor == VOLLEY_RECEPTOR_BY_SIGN;
  const int receptor = by_sign ? model->receptor_of_sign[1] : projection->receptor;
  double low, high;
  plan->model->range(plan->parameters, &low, &high);
  if (!plan->model->keeps_past || low >= 0 || (by_sign && high <= 0)) return;
  const bool chooses = by_sign && model->receptor_of_sign[0] != model->receptor_of_sign[1];
  if (model->receptors[receptor].weights == VOLLEY_CONDUCTANCE)
    volley_value_fault(
        reading, map,
        "weights can become %g to %g, but receptor '%s' of %s is a conductance, which is never negative: "
        "%s",
        low, high, model->receptors[receptor].name, model->name,
        by_sign ? "let both bounds have one sign" : "let no bound be negative");
  else if (chooses)
    volley_value_fault(
        reading, map,
        "weights can become %g to %g, but the sign that a weight begins with chooses its receptor, '%s' or "
        "'%s', and later signs do not: let both bounds have one sign, or name the receptor",
        low, high, model->receptors[model->receptor_of_sign[0]].name,
        model->receptors[model->receptor_of_sign[1]].name);
}

static void read_plan(volley_reading *reading, volley_node *entry, volley_node *map, volley_pick pick,
                      const volley_projection *projection, volley_plasticity_plan *out) {
  const int before = reading->faults;
  if (counts(reading, projection)) {
    volley_value_fault(reading, map, "the receptor counts spikes: its weights are 1 and cannot learn");
    return;
  }
  read_parameters(reading, map, pick, projection, out);
  const int pairing = out->model->pairs ? volley_read_choice(reading, map, synapse_key("pairing")) : 0;
  if (pairing < 0) return;
  out->nearest = pairing == 1;
  read_windows(reading, volley_node_get(map, "learning"), VOLLEY_SECTION_SYNAPSE_LEARNING, &out->learning,
               &out->n_learning);
  read_windows(reading, volley_node_get(map, "dopamine_on"), VOLLEY_SECTION_SYNAPSE_DOPAMINE_ON, &out->dopamine_on,
               &out->n_dopamine_on);
  read_dopamine(reading, map, pick, out);
  if (reading->faults != before) return;
  const char *wrong = out->model->check ? out->model->check(out->parameters) : NULL;
  if (out->model->dopamine == VOLLEY_DOPAMINE_NEEDED && out->dopamine < 0)
    wrong = "'dopamine' is missing: the population whose spikes release it";
  if (wrong)
    volley_value_fault(reading, map, "%s", wrong);
  else
    check_weight(reading, volley_pick_node(reading, volley_node_get(entry, "weight"), pick), projection, out);
  if (!wrong) check_sign(reading, map, projection, out);
}

/* Weights of both signs have no sum that a factor could restore. */
static void read_normalize(volley_reading *reading, volley_node *entry, volley_pick pick, volley_plasticity_plan *out) {
  volley_node *map = volley_node_get(entry, "normalize");
  double low, high;
  if (!map) return;
  if (!out->model || !out->model->keeps_past) {
    volley_key_fault(reading, map, "synapses that do not learn take no 'normalize'");
    return;
  }
  if (!volley_check_section(reading, map, VOLLEY_SECTION_NORMALIZE)) return;
  volley_read_steps(reading, map, volley_key_find(VOLLEY_SECTION_NORMALIZE, "every"), pick, &out->normalize);
  out->model->range(out->parameters, &low, &high);
  if (low < 0 && high > 0)
    volley_value_fault(
        reading, map,
        "weights can become %g to %g, but only those of one sign have a sum that a factor restores: let both "
        "bounds have one sign",
        low, high);
}

void volley_read_plasticity(volley_reading *reading, volley_node *entry, volley_pick pick,
                            const volley_projection *projection, volley_plasticity_plan *out) {
  volley_node *map = volley_node_get(entry, "synapse"), *delay_is = volley_node_get(entry, "delay_is");
  *out = (volley_plasticity_plan){.dopamine = -1};
  if (map && map->kind != VOLLEY_NODE_MAP) {
    volley_value_fault(reading, map, "a mapping is expected, like {model: stdp}");
    return;
  }
  const int before = reading->faults;
  const volley_synapse_model *model = map ? read_model(reading, map, pick) : NULL;
  if (reading->faults != before || (map && !check_keys(reading, map, model))) return;
  out->model = model;
  if (model && model->keeps_past)
    out->is_axonal = volley_read_choice(reading, entry, volley_key_find(VOLLEY_SECTION_PROJECTIONS, "delay_is")) == 1;
  else if (delay_is)
    volley_key_fault(reading, delay_is, "synapses that do not learn take no 'delay_is'");
  if (model) read_plan(reading, entry, map, pick, projection, out);
  if (reading->faults == before) read_normalize(reading, entry, pick, out);
}
