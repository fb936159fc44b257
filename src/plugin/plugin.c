#include "plugin/plugin.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* What is wrong with a table of keys, of a struct of `size` bytes: half a sentence, or NULL. */
static const char *check_keys(const volley_key_info *keys, int n, size_t size) {
  if (n < 0 || (n > 0 && !keys)) return "lacks a table";
  for (int k = 0; k < n; k++) {
    if (!keys[k].name || !keys[k].doc) return "has a parameter without name or doc";
    if (keys[k].offset > size) return "has a parameter outside of its struct";
    if (volley_key_named(keys, k, keys[k].name)) return "has two parameters of one name";
  }
  return NULL;
}

static const char *check_states(const volley_state_info *states, int n, int most, int n_parameters) {
  if (n < 0 || n > most) return "has too many states";
  if (n > 0 && !states) return "lacks a table";
  for (int s = 0; s < n; s++) {
    if (!states[s].name || !states[s].unit || !states[s].doc) return "has a state without name, unit or doc";
    if (states[s].from_parameter >= n_parameters) return "has a state that starts from no parameter";
  }
  return NULL;
}

static const char *check_receptors(const volley_neuron_model *model) {
  if (model->n_receptors < 1 || model->n_receptors > VOLLEY_MAX_RECEPTORS)
    return "has no receptors or too many of them";
  if (!model->receptors) return "lacks a table";
  for (int r = 0; r < model->n_receptors; r++) {
    const volley_receptor_info *info = &model->receptors[r];
    if (!info->name || !info->unit || !info->doc) return "has a receptor without name, unit or doc";
    if (info->state >= model->n_states) return "has a receptor that is none of its states";
  }
  for (int n = 0; model->sizes && n < VOLLEY_MAX_RECEPTORS; n++)
    if (!model->sizes[n] || model->sizes[n]->n_receptors != n + 1 ||
        model->sizes[n]->n_parameters > VOLLEY_MAX_PARAMETERS)
      return "lacks a size, or has one with other receptors or too many parameters";
  for (int sign = 0; sign < 2; sign++)
    if (model->receptor_of_sign[sign] < 0 || model->receptor_of_sign[sign] >= model->n_receptors)
      return "has a receptor_of_sign that is none of its receptors";
  return NULL;
}

static const char *check_neuron(const void *kind) {
  const volley_neuron_model *model = kind;
  if (!model->doc) return "has no name or no doc";
  if (model->n_parameters > VOLLEY_MAX_PARAMETERS) return "has too many parameters";
  if (model->n_coefficients < 0 || model->n_coefficients > VOLLEY_MAX_COEFFICIENTS) return "has too many coefficients";
  if (!model->prepare || !model->mean_current || !model->update) return "lacks prepare, mean_current or update";
  const char *wrong = check_keys(model->parameters, model->n_parameters, 0);
  if (!wrong) wrong = check_states(model->states, model->n_states, VOLLEY_MAX_STATES, model->n_parameters);
  return wrong ? wrong : check_receptors(model);
}

static const char *check_synapse(const void *kind) {
  const volley_synapse_model *model = kind;
  if (!model->doc || !model->equations) return "has no name, doc or equations";
  if (!model->range || !model->spike) return "lacks range or spike";
  if (model->n_states < 1) return "lacks the state that is its weight";
  if (model->n_recordables > model->n_states && !model->look)
    return "lacks look, by which recorders find what is no state";
  if (model->n_traces < 0 || model->n_traces > VOLLEY_MAX_TRACES || (model->n_traces && !model->traces))
    return "has too many traces or no table of them";
  if (model->n_row_states < 0 || model->n_row_states > VOLLEY_MAX_ROW_STATES ||
      (model->n_row_states && !model->row_states))
    return "has too many states of a row or no names for them";
  const char *wrong = check_keys(model->parameters, model->n_parameters, 0);
  return wrong ? wrong : check_states(model->states, model->n_states, VOLLEY_MAX_SYNAPSE_STATES, model->n_parameters);
}

static const char *check_stimulus(const void *kind) {
  const volley_stimulus_kind *stimulus = kind;
  if (!stimulus->doc) return "has no name or no doc";
  if (!stimulus->apply || stimulus->generator == 0) return "lacks apply or the size of its generator";
  return check_keys(stimulus->keys, stimulus->n_keys, stimulus->size);
}

static const char *check_interface(const char *path, const volley_plugin_table *table, char *buffer, size_t size) {
  static const uint64_t sizes[VOLLEY_PLUGIN_SIZES] = VOLLEY_PLUGIN_STRUCTS;
  if (table->interface != VOLLEY_PLUGIN_INTERFACE)
    snprintf(buffer, size,
             "the plugin '%s' is made for interface %" PRIu64 ", this program has interface %d; compile it with the "
             "headers of this program",
             path, table->interface, VOLLEY_PLUGIN_INTERFACE);
  else if (table->sizes[0] != sizeof(volley_gid))
    snprintf(buffer, size,
             "the plugin '%s' is made for gids of %d bits, this program has %d; compile it with -DVOLLEY_GID_BITS=%d",
             path, (int)(8 * table->sizes[0]), VOLLEY_GID_BITS, VOLLEY_GID_BITS);
  else if (memcmp(table->sizes, sizes, sizeof sizes) != 0)
    snprintf(buffer, size,
             "the plugin '%s' is made with the headers of another version; compile it with those of this program",
             path);
  else
    return NULL;
  return buffer;
}

/* Kinds of one sort: where they are kept, and what is wrong with one. */
typedef struct sort {
  const char *what;
  const void *const *kinds; /* of the plugin, ended by NULL */
  volley_registry *registry;
  const char *(*check)(const void *kind);
} sort;

static const char *add_kinds(const sort *s, const char *path, char *buffer, size_t size) {
  for (const void *const *kind = s->kinds; *kind; kind++) {
    const char *name = *(const char *const *)*kind;
    const void *known = name ? volley_registry_find(s->registry, name) : NULL;
    if (known == *kind) continue;
    const char *wrong = known             ? "has the name of a model that is there already"
                        : !name || !*name ? "has no name or no doc"
                                          : s->check(*kind);
    if (wrong) {
      snprintf(buffer, size, "the %s '%s' of plugin '%s' %s", s->what, name ? name : "", path, wrong);
      return buffer;
    }
    volley_registry_add(s->registry, *kind);
  }
  return NULL;
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
    snprintf(buffer, size,
             "'%s' is no plugin: it has no volley_plugin; its source must end with "
             "VOLLEY_PLUGIN(.neurons = {&model})",
             path);
    return buffer;
  }
  const char *wrong = check_interface(path, table, buffer, size);
  if (wrong) return wrong;
  const sort sorts[] = {
      {"model", (const void *const *)table->neurons, volley_neuron_registry(), check_neuron},
      {"synapse model", (const void *const *)table->synapses, volley_synapse_registry(), check_synapse},
      {"stimulus", (const void *const *)table->stimuli, volley_stimulus_registry(), check_stimulus},
  };
  for (size_t s = 0; s < sizeof sorts / sizeof *sorts && !wrong; s++) wrong = add_kinds(&sorts[s], path, buffer, size);
  return wrong;
}
