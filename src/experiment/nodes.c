/* Populations that are the nodes of one model of a SONATA population: keys nodes and node_ids. */
#include "model/nodes.h"

#include "base/text.h"
#include "experiment/reading.h"
#include "neuron/neuron.h"

#include <string.h>

static const volley_key_info *key_of(const char *name) { return volley_key_find(VOLLEY_SECTION_POPULATIONS, name); }

void volley_read_nodes(volley_reading *reading, const volley_node *entry, volley_pick pick,
                       volley_population *population) {
  volley_node *node = NULL, *ids = volley_node_get(entry, "node_ids");
  const char *name = volley_read_text(reading, entry, key_of("nodes"), pick, &node);
  if (!name && !ids) return;
  if (!name || !ids) {
    volley_entry_fault(reading, &population->place, "'nodes' and 'node_ids' go together, but '%s' is missing",
                       name ? "node_ids" : "nodes");
    return;
  }
  volley_nodes *nodes = volley_arena_alloc(reading->arena, 1, sizeof *nodes);
  volley_check_name(reading, node);
  nodes->population = name;
  volley_read_selection(reading, entry, key_of("node_ids"), UINT32_MAX, pick, &nodes->ids);
  if (nodes->ids.count != population->size && population->size > 0 && !volley_node_is_faulted(ids))
    volley_value_fault(reading, ids, "%s for a size of %u; one for each neuron is expected",
                       volley_count(nodes->ids.count, "node").text, population->size);
  else
    population->nodes = nodes;
}

static bool is_part(const volley_experiment *experiment, int p, const char *name) {
  const volley_nodes *nodes = p < experiment->n_populations ? experiment->populations[p].nodes : NULL;
  return nodes && strcmp(nodes->population, name) == 0;
}

/* Maps the nodes of populations first .. end - 1. Returns a node that none or several of them have; UINT32_MAX: there is none. */
static uint32_t map(volley_experiment *experiment, int first, int end) {
  uint64_t size = 0;
  uint32_t last = 0;
  for (int p = first; p < end; p++) {
    const volley_selection *ids = &experiment->populations[p].nodes->ids;
    const volley_range *range = &ids->ranges[ids->n_ranges - 1];
    size += ids->count;
    if (range->first + range->count - 1 > last) last = range->first + range->count - 1;
  }
  if (last >= size) return last;
  for (int p = first; p < end; p++) {
    volley_nodes *nodes = experiment->populations[p].nodes;
    nodes->n = (uint32_t)size;
    nodes->first = first;
    nodes->count = end - first;
    volley_nodes_map(experiment->arena, nodes);
  }
  for (uint32_t id = 0, index; id < size; id++) {
    int owners = 0;
    for (int p = first; p < end; p++) owners += volley_nodes_index(experiment->populations[p].nodes, id, &index);
    if (owners != 1) return id;
  }
  return UINT32_MAX;
}

void volley_join_nodes(volley_reading *reading) {
  volley_experiment *experiment = reading->experiment;
  for (int first = 0, end; first < experiment->n_populations; first = end) {
    const volley_population *population = &experiment->populations[first];
    const char *name = population->nodes ? population->nodes->population : NULL;
    for (end = first + 1; name && is_part(experiment, end, name);) end++;
    if (!name || reading->faults > 0) continue;
    for (int p = 0; p < experiment->n_populations; p++) {
      if (p >= end && is_part(experiment, p, name))
        volley_entry_fault(reading, &experiment->populations[p].place,
                           "the populations of the nodes '%s' must stand one after the other", name);
      if (strcmp(experiment->populations[p].name, name) == 0)
        volley_entry_fault(reading, &experiment->populations[p].place,
                           "'%s' is also what nodes are called; give the population another name", name);
    }
    if (experiment->scale_neurons != 1)
      volley_entry_fault(reading, &population->place, "nodes cannot be scaled; leave network.scale out");
    const uint32_t wrong = map(experiment, first, end);
    if (wrong != UINT32_MAX)
      volley_entry_fault(reading, &population->place,
                         "the nodes of '%s' must be numbered from 0 on, each in one of the populations with these "
                         "'nodes': %u is not",
                         name, wrong);
  }
}

const volley_nodes *volley_find_nodes(const volley_experiment *experiment, const char *name) {
  for (int p = 0; p < experiment->n_populations; p++)
    if (is_part(experiment, p, name)) return experiment->populations[p].nodes;
  return NULL;
}

/* Whether the recorder can be of a population: a state that is recorded is there. */
static int state_of(const volley_experiment *experiment, int p, const char *state) {
  const volley_neuron_model *model = experiment->populations[p].model;
  for (int k = 0; k < model->n_states; k++)
    if (!state || strcmp(model->states[k].name, state) == 0) return k;
  return state ? -1 : 0;
}

int volley_nodes_with_state(const volley_experiment *experiment, const volley_nodes *nodes, const char *state) {
  for (int p = nodes->first; p < nodes->first + nodes->count; p++)
    if (state_of(experiment, p, state) >= 0) return p;
  return nodes->first;
}

void volley_select_with_state(volley_reading *reading, const volley_place *place, const volley_nodes *nodes,
                              const char *state, volley_selection *selection) {
  const volley_selection all = *selection;
  uint32_t index;
  size_t room = 0;
  for (int p = nodes->first; p < nodes->first + nodes->count; p++)
    room += (size_t)reading->experiment->populations[p].nodes->ids.n_ranges;
  *selection = (volley_selection){
      .ranges = volley_arena_alloc(reading->arena, room + (size_t)all.n_ranges + 1, sizeof *selection->ranges)};
  for (int r = 0; r < all.n_ranges; r++)
    for (uint32_t i = 0, id = all.ranges[r].first; i < all.ranges[r].count; i++, id++) {
      if (state_of(reading->experiment, volley_nodes_find(reading->experiment, nodes, id, &index), state) < 0) continue;
      volley_range *last = &selection->ranges[selection->n_ranges - 1];
      if (selection->n_ranges > 0 && last->first + last->count == id)
        last->count++;
      else
        selection->ranges[selection->n_ranges++] = (volley_range){.first = id, .count = 1};
    }
  volley_selection_finish(selection);
  if (selection->count < all.count)
    volley_note(reading, place, "%s of '%s' left out: their models have no state '%s'",
                volley_count(all.count - selection->count, "node").text, nodes->population, state);
}
