/* Parameters that are lists, and the size of a model that they decide. The values of a list NAME have the keys NAME_1,
 * NAME_2, ...; a list has all of them, and a single value under NAME is that of each. */
#include "experiment/reading.h"

#include "base/text.h"
#include "neuron/neuron.h"

#include <stdlib.h>
#include <string.h>

/* Position of `name` in a list, from 1; 0: it is not of that list. */
static int position(const char *list, const char *name) {
  const size_t n = strlen(list);
  return strncmp(name, list, n) == 0 && name[n] == '_' ? atoi(name + n + 1) : 0;
}

/* How many values a list of a model has. */
static int length(const volley_neuron_model *model, const char *list) {
  int n = 0;
  for (int k = 0; k < model->n_parameters; k++) n += position(list, model->parameters[k].name) > 0;
  return n;
}

/* What is given for a list: a list of lists has one for each population. */
static volley_node *given(volley_reading *reading, const volley_node *parameters, const char *list, volley_pick pick) {
  volley_node *node = volley_node_expand(reading->arena, volley_node_get(parameters, list));
  if (!node || node->kind != VOLLEY_NODE_LIST) return node;
  bool nested = node->n > 0;
  for (int i = 0; i < node->n; i++)
    nested &= node->items[i]->kind == VOLLEY_NODE_LIST || node->items[i]->kind == VOLLEY_NODE_NUMBERS;
  return nested ? volley_node_expand(reading->arena, volley_pick_node(reading, node, pick)) : node;
}

/* How many values of a list are given, by a list or by the keys of single ones. */
static int count_given(volley_reading *reading, const volley_node *parameters, const char *list, int most,
                       volley_pick pick) {
  volley_node *node = given(reading, parameters, list, pick);
  int n = node && node->kind == VOLLEY_NODE_LIST ? node->n : 0;
  if (n > most) volley_value_fault(reading, node, "%d values of %s are given; at most %d are possible", n, list, most);
  for (int k = 1; k <= most; k++)
    if (volley_node_get(parameters, volley_arena_format(reading->arena, "%s_%d", list, k)) && k > n) n = k;
  return n < most ? n : most;
}

const volley_neuron_model *volley_sized_model(volley_reading *reading, const volley_neuron_model *model,
                                              const volley_node *parameters, volley_pick pick) {
  if (!model->lists || !parameters || parameters->kind != VOLLEY_NODE_MAP) return model;
  const volley_names lists = volley_names_of_words(reading, model->lists);
  for (int i = 0, size = 1; i < lists.n && model->sizes; i++) {
    const int most = length(model->sizes[VOLLEY_MAX_RECEPTORS - 1], lists.names[i]);
    const int n = count_given(reading, parameters, lists.names[i], most, pick);
    while (length(model->sizes[size - 1], lists.names[i]) < n) size++;
    model = model->sizes[size - 1];
  }
  volley_check_lists(reading, model, parameters, pick);
  return model;
}

void volley_check_lists(volley_reading *reading, const volley_neuron_model *model, const volley_node *parameters,
                        volley_pick pick) {
  const volley_names lists = volley_names_of_words(reading, model->lists ? model->lists : "");
  for (int i = 0; i < lists.n; i++) {
    volley_node *node = given(reading, parameters, lists.names[i], pick);
    const int n = length(model, lists.names[i]);
    if (node && node->kind == VOLLEY_NODE_LIST && node->n != n)
      volley_value_fault(reading, node, "%s of %s listed, but %s %s %d%s",
                         volley_count((uint64_t)node->n, "value").text, lists.names[i], model->name, "has", n,
                         model->sizes && n == model->n_receptors ? ", one for each receptor" : "");
  }
}

volley_node *volley_parameter_node(volley_reading *reading, const volley_neuron_model *model,
                                   const volley_node *parameters, const char *name, volley_pick pick, bool *is_listed) {
  const volley_names lists = volley_names_of_words(reading, model->lists ? model->lists : "");
  volley_node *own = volley_node_get(parameters, name);
  *is_listed = false;
  for (int i = 0; i < lists.n; i++) {
    const int k = position(lists.names[i], name);
    volley_node *list = k > 0 ? given(reading, parameters, lists.names[i], pick) : NULL;
    *is_listed |= list != NULL;
    if (list && own)
      volley_key_fault(reading, own, "it has a value from '%s' already; leave one of them out", lists.names[i]);
    if (list && list->kind != VOLLEY_NODE_LIST) return list;
    if (list) return k <= list->n && !volley_node_is_null(list->items[k - 1]) ? list->items[k - 1] : NULL;
  }
  return volley_pick_node(reading, own, pick);
}
