/* What the tables of models say, for programs. */
#include "app/models_json.h"
#include "app/json.h"
#include "stimulus/stimulus.h"
#include "synapse/synapse.h"

#include <math.h>
#include <stdio.h>

/* Members with texts that a table may lack. */
static void put_text(const char *key, const char *text, const char *before) {
  if (text) volley_json_member_text(key, text, before);
}

/* Begins the n-th member of an object, which is an object. */
static void open_entry(const char *name, int n) {
  volley_json_member(name, n > 0 ? ",\n        " : "\n        ");
  printf("{");
}

static void put_bounds(double min, double max) {
  volley_json_member_number("min", min, ", ");
  volley_json_member_number("max", max, ", ");
}

static void put_keys(const volley_key_info *keys, int n_keys, int *n) {
  for (int i = 0; i < n_keys; i++) {
    const volley_key_info *info = &keys[i];
    open_entry(info->name, (*n)++);
    volley_json_member_text("unit", info->unit ? info->unit : "", "");
    volley_json_member_number("default", info->fallback, ", ");
    put_bounds(info->min, info->max);
    volley_json_member_text("doc", info->doc, ", ");
    printf("}");
  }
}

static void put_parameters(const volley_key_info *keys, int n_keys) {
  int n = 0;
  volley_json_member("parameters", ",\n      ");
  printf("{");
  put_keys(keys, n_keys, &n);
  printf("}");
}

static void put_states(const volley_state_info *states, int n) {
  volley_json_member("states", ",\n      ");
  printf("{");
  for (int i = 0; i < n; i++) {
    open_entry(states[i].name, i);
    volley_json_member_text("unit", states[i].unit, "");
    put_bounds(states[i].min, states[i].max);
    volley_json_member_text("doc", states[i].doc, ", ");
    printf("}");
  }
  printf("}");
}

static void put_neuron(const void *kind) {
  const volley_neuron_model *model = kind;
  put_text("reference", model->reference, ",\n      ");
  put_text("lists", model->lists, ",\n      ");
  if (model->sizes) model = model->sizes[VOLLEY_MAX_RECEPTORS - 1]; /* with all that it can have */
  volley_json_member("event_driven", ",\n      ");
  printf(model->events ? "true" : "false");
  put_parameters(model->parameters, model->n_parameters);
  put_states(model->states, model->n_states);
  volley_json_member("receptors", ",\n      ");
  printf("{");
  for (int i = 0; i < model->n_receptors; i++) {
    open_entry(model->receptors[i].name, i);
    volley_json_member_text("unit", model->receptors[i].unit, "");
    volley_json_member_text("doc", model->receptors[i].doc, ", ");
    printf("}");
  }
  printf("}");
}

static void put_synapse(const void *kind) {
  const volley_synapse_model *model = kind;
  put_text("equations", model->equations, ",\n      ");
  put_text("reference", model->reference, ",\n      ");
  put_parameters(model->parameters, model->n_parameters);
  put_states(model->states, model->n_states);
}

static void put_stimulus(const void *kind) {
  volley_keys tables[VOLLEY_STIMULUS_TABLES];
  const int n_tables = volley_stimulus_keys(kind, tables);
  int n = 0;
  volley_json_member("parameters", ",\n      ");
  printf("{");
  for (int t = 0; t < n_tables; t++) put_keys(tables[t].keys, tables[t].n_keys, &n);
  printf("}");
}

void volley_models_print_json(void) {
  static const struct {
    const char *name;
    volley_registry *(*registry)(void);
    void (*put)(const void *model);
  } sorts[] = {{"neurons", volley_neuron_registry, put_neuron},
               {"synapses", volley_synapse_registry, put_synapse},
               {"stimuli", volley_stimulus_registry, put_stimulus}};
  for (size_t s = 0; s < sizeof sorts / sizeof *sorts; s++) {
    volley_json_member(sorts[s].name, s > 0 ? ",\n  " : "{\n  ");
    printf("{");
    const char *const *const *model = volley_registry_all(sorts[s].registry());
    for (int n = 0; model[n]; n++) {
      volley_json_member(model[n][0], n > 0 ? ",\n    " : "\n    ");
      volley_json_member_text("doc", model[n][1], "{\n      ");
      sorts[s].put(model[n]);
      printf("}");
    }
    printf("}");
  }
  printf("\n}\n");
}
