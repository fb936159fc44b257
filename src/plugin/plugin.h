/* Models of one's own: C files that end with VOLLEY_PLUGIN(.neurons = {&my_model}) and the like are compiled to a shared
 * object, which an experiment names under `plugins`. docs/adding-a-model.md shows how. */
#ifndef VOLLEY_PLUGIN_PLUGIN_H
#define VOLLEY_PLUGIN_PLUGIN_H

#include "neuron/neuron.h"
#include "stimulus/stimulus.h"
#include "synapse/synapse.h"

#include <stddef.h>

/* Grows with every change of the headers that a compiled model could not stand. */
enum { VOLLEY_PLUGIN_INTERFACE = 7, VOLLEY_PLUGIN_SIZES = 13, VOLLEY_PLUGIN_MOST = 16 };

/* What a shared object shows: the one symbol volley_plugin. The first member stays where it is for ever. */
typedef struct volley_plugin_table {
  uint64_t interface;                                         /* VOLLEY_PLUGIN_INTERFACE */
  uint64_t sizes[VOLLEY_PLUGIN_SIZES];                        /* VOLLEY_PLUGIN_STRUCTS */
  const volley_neuron_model *neurons[VOLLEY_PLUGIN_MOST + 1]; /* each ended by NULL */
  const volley_synapse_model *synapses[VOLLEY_PLUGIN_MOST + 1];
  const volley_stimulus_kind *stimuli[VOLLEY_PLUGIN_MOST + 1];
} volley_plugin_table;

/* Sizes of a gid and of the structs that models are made of: they show a change that was forgotten above. */
#define VOLLEY_PLUGIN_STRUCTS                                                                                          \
  {                                                                                                                    \
    sizeof(volley_gid), sizeof(volley_neuron_model), sizeof(volley_key_info), sizeof(volley_state_info),               \
        sizeof(volley_receptor_info), sizeof(volley_slice), sizeof(volley_spike_list), sizeof(volley_synapse_model),   \
        sizeof(volley_synapse_view), sizeof(volley_synapse_constants), sizeof(volley_stimulus_kind),                   \
        sizeof(volley_stimulus), sizeof(volley_experiment)                                                             \
  }

/* Makes models a plugin: .neurons, .synapses and .stimuli, each a list of addresses in braces; once a shared object,
 * without a semicolon after it. */
#define VOLLEY_PLUGIN(...)                                                                                             \
  extern const volley_plugin_table volley_plugin;                                                                      \
  __attribute__((visibility("default"))) const volley_plugin_table volley_plugin = {                                   \
      .interface = VOLLEY_PLUGIN_INTERFACE, .sizes = VOLLEY_PLUGIN_STRUCTS, __VA_ARGS__};

/* Loads a shared object, for the rest of the program, and adds its models to those that there are. Loading it again does
 * nothing. Returns NULL, or what is wrong, written into buffer of `size` bytes. Not collective: every rank loads it for
 * itself. Not to be called by several threads at a time. */
const char *volley_plugin_load(const char *path, char *buffer, size_t size);

#endif
