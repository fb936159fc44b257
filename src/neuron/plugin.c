#include "neuron/plugin.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is wrong with the tables of a model: half a sentence, or NULL. */
static const char *check_tables(const volley_neuron_model *model) {
  if (!model->name || !*model->name || !model->doc) return "has no name or no doc";
  if (model->n_parameters < 0 || model->n_parameters > VOLLEY_MAX_PARAMETERS) return "has too many parameters";
  if (model->n_coefficients < 0 || model->n_coefficients > VOLLEY_MAX_COEFFICIENTS) return "has too many coefficients";
  if (model->n_states < 0 || model->n_states > VOLLEY_MAX_STATES) return "has too many states";
  if (model->n_receptors < 1 || model->n_receptors > VOLLEY_MAX_RECEPTORS)
    return "has no receptors or too many of them";
  if ((model->n_parameters && !model->parameters) || (model->n_states && !model->states) || !model->receptors)
    return "lacks a table";
  if (!model->prepare || !model->mean_current || !model->update) return "lacks prepare, mean_current or update";
  for (int sign = 0; sign < 2; sign++) {
    if (model->receptor_of_sign[sign] < 0 || model->receptor_of_sign[sign] >= model->n_receptors)
      return "has a receptor_of_sign that is none of its receptors";
  }
  return NULL;
}

/* What is wrong with the entries of the tables. */
static const char *check_entries(const volley_neuron_model *model) {
  for (int p = 0; p < model->n_parameters; p++) {
    const volley_key_info *info = &model->parameters[p];
    if (!info->name || !info->unit || !info->doc) return "has a parameter without name, unit or doc";
  }
  for (int s = 0; s < model->n_states; s++) {
    const volley_state_info *info = &model->states[s];
    if (!info->name || !info->unit || !info->doc) return "has a state without name, unit or doc";
    if (info->from_parameter >= model->n_parameters) return "has a state that starts from no parameter";
  }
  for (int r = 0; r < model->n_receptors; r++) {
    const volley_receptor_info *info = &model->receptors[r];
    if (!info->name || !info->unit || !info->doc) return "has a receptor without name, unit or doc";
    if (info->state >= model->n_states) return "has a receptor that is none of its states";
  }
  return NULL;
}

static const char *check_model(const char *path, const volley_neuron_model *model, char *buffer, size_t size) {
  const char *wrong = check_tables(model);
  if (!wrong) wrong = check_entries(model);
  if (!wrong && volley_neuron_model_find(model->name)) wrong = "has the name of a model that is there already";
  if (!wrong) return NULL;
  snprintf(buffer, size, "the model '%s' of plugin '%s' %s", model->name ? model->name : "", path, wrong);
  return buffer;
}

static const char *check_interface(const char *path, const volley_plugin_table *table, char *buffer, size_t size) {
  static const uint64_t sizes[VOLLEY_PLUGIN_SIZES] = VOLLEY_PLUGIN_STRUCTS;
  if (table->interface != VOLLEY_PLUGIN_INTERFACE)
    snprintf(buffer, size,
             "the plugin '%s' is made for interface %" PRIu64 ", this program has interface %d; compile it with the "
             "headers of this program",
             path, table->interface, VOLLEY_PLUGIN_INTERFACE);
  else if (memcmp(table->sizes, sizes, sizeof sizes) != 0)
    snprintf(buffer, size,
             "the plugin '%s' is made with the headers of another version; compile it with those of this program",
             path);
  else
    return NULL;
  return buffer;
}

static bool is_known(const volley_neuron_model *model) {
  return model->name && volley_neuron_model_find(model->name) == model;
}

const char *volley_plugin_load(const char *path, char *buffer, size_t size) {
  char local[4096];
  snprintf(local, sizeof local, "%s%s", strchr(path, '/') ? "" : "./", path); /* else the library path is searched */
  void *object = dlopen(local, RTLD_NOW | RTLD_LOCAL);
  if (!object) {
    snprintf(buffer, size, "the plugin '%s' cannot be loaded: %s", path, dlerror());
    return buffer;
  }
  const volley_plugin_table *table = dlsym(object, "volley_plugin");
  if (!table) {
    snprintf(buffer, size, "'%s' is no plugin: it has no volley_plugin; its source must end with VOLLEY_PLUGIN(&model)",
             path);
    return buffer;
  }
  const char *wrong = check_interface(path, table, buffer, size);
  for (int m = 0; !wrong && table->models[m]; m++) {
    if (is_known(table->models[m])) continue;
    wrong = check_model(path, table->models[m], buffer, size);
    if (!wrong) volley_neuron_model_add(table->models[m]);
  }
  return wrong;
}
