/* Neuron models of one's own: a C file that ends with VOLLEY_PLUGIN(&my_model) is compiled to a shared object, which an
 * experiment names under `plugins`. docs/adding-a-model.md shows how. */
#ifndef VOLLEY_NEURON_PLUGIN_H
#define VOLLEY_NEURON_PLUGIN_H

#include "neuron/neuron.h"

#include <stddef.h>

/* Grows with every change of neuron.h or kernel.h that a compiled model could not stand. */
enum { VOLLEY_PLUGIN_INTERFACE = 3, VOLLEY_PLUGIN_SIZES = 6 };

/* What a shared object shows: the one symbol volley_plugin. The first member stays where it is for ever. */
typedef struct volley_plugin_table {
  uint64_t interface;                              /* VOLLEY_PLUGIN_INTERFACE */
  uint64_t sizes[VOLLEY_PLUGIN_SIZES];             /* VOLLEY_PLUGIN_STRUCTS */
  const struct volley_neuron_model *const *models; /* ended by NULL */
} volley_plugin_table;

/* Sizes of the structs that a model is made of: they show a change that was forgotten above. */
#define VOLLEY_PLUGIN_STRUCTS                                                                                          \
  {                                                                                                                    \
    sizeof(volley_neuron_model), sizeof(volley_key_info), sizeof(volley_state_info), sizeof(volley_receptor_info),     \
        sizeof(volley_slice), sizeof(volley_spike_list)                                                                \
  }

/* Makes the models at the given addresses a plugin; once a shared object, without a semicolon after it. */
#define VOLLEY_PLUGIN(...)                                                                                             \
  static const volley_neuron_model *const volley_plugin_models[] = {__VA_ARGS__, NULL};                                \
  extern const volley_plugin_table volley_plugin;                                                                      \
  __attribute__((visibility("default")))                                                                               \
  const volley_plugin_table volley_plugin = {VOLLEY_PLUGIN_INTERFACE, VOLLEY_PLUGIN_STRUCTS, volley_plugin_models};

/* Loads a shared object, for the rest of the program, and adds its models to those of volley_neuron_models(). Loading
 * it again does nothing. Returns NULL, or what is wrong, written into buffer of `size` bytes. Not collective: every rank
 * loads it for itself. Not to be called by several threads at a time. */
const char *volley_plugin_load(const char *path, char *buffer, size_t size);

#endif
