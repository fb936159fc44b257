/* The given spikes of a population of sources: populations.spikes. */
#include "experiment/reading.h"

#include "base/text.h"
#include "neuron/neuron.h"

#include <math.h>
#include <string.h>

static const volley_key_info *key_of(const char *name) { return volley_key_find(VOLLEY_SECTION_SPIKES, name); }

/* The files, and the group of each of them or of all. */
static void read_files(volley_reading *reading, volley_node *map, volley_spike_plan *plan) {
  volley_node **files, **groups, *group = volley_node_get(map, "group");
  const int n = volley_read_names(reading, volley_node_get(map, "file"), &files);
  const int n_groups = volley_read_names(reading, group, &groups);
  plan->files = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *plan->files);
  plan->groups = volley_arena_alloc(reading->arena, (size_t)n + 1, sizeof *plan->groups);
  if (n_groups > 1 && n_groups != n)
    volley_value_fault(reading, group, "%s for %s; one for all or one for each is expected",
                       volley_count((uint64_t)n_groups, "group").text, volley_count((uint64_t)n, "file").text);
  for (int i = 0; i < n; i++) {
    plan->files[i] = volley_read_path(reading, files[i]);
    if (n_groups == 1 || n_groups == n) plan->groups[i] = groups[n_groups > 1 ? i : 0]->text;
  }
  plan->n_files = n;
}

/* A list for each neuron, into one of all times and one of their neurons. */
static void read_trains(volley_reading *reading, const volley_node *node, volley_spike_plan *plan) {
  volley_list *trains = volley_arena_alloc(reading->arena, (size_t)node->n, sizeof *trains);
  size_t n = 0;
  for (int i = 0; i < node->n; i++) {
    if (!volley_read_list(reading, node->items[i], key_of("times"), &trains[i].values, &trains[i].n)) return;
    n += (size_t)trains[i].n;
  }
  plan->times = (volley_list){volley_arena_alloc(reading->arena, n + 1, sizeof(double)), (int)n};
  plan->ids = (volley_list){volley_arena_alloc(reading->arena, n + 1, sizeof(double)), (int)n};
  n = 0;
  for (int i = 0; i < node->n; i++) {
    for (int k = 0; k < trains[i].n; k++, n++) {
      plan->times.values[n] = trains[i].values[k];
      plan->ids.values[n] = i;
    }
  }
}

/* Lists of times: for all neurons, for each, or with the neuron of each time. */
static void read_lists(volley_reading *reading, volley_node *map, volley_spike_plan *plan) {
  volley_node *times = volley_node_get(map, "times"), *ids = volley_node_get(map, "ids");
  const bool nested = times->kind == VOLLEY_NODE_LIST && times->n > 0 && times->items[0]->kind != VOLLEY_NODE_SCALAR;
  if (nested && ids)
    volley_value_fault(reading, ids, "there is a list of times for each neuron; leave the ids out");
  else if (nested && (uint32_t)times->n != plan->neurons)
    volley_value_fault(reading, times, "%s of times for %s; one for each is expected",
                       volley_count((uint64_t)times->n, "list").text, volley_count(plan->neurons, "neuron").text);
  else if (nested)
    read_trains(reading, times, plan);
  else if (volley_read_list(reading, times, key_of("times"), &plan->times.values, &plan->times.n) && ids)
    volley_read_list(reading, ids, key_of("ids"), &plan->ids.values, &plan->ids.n);
  for (int k = 0; ids && k < plan->ids.n; k++)
    if (plan->ids.values[k] != floor(plan->ids.values[k])) {
      volley_value_fault(reading, volley_node_item(reading->arena, ids, k),
                         "an id of a neuron is expected, a whole number");
      break;
    }
  if (ids && plan->ids.values && plan->ids.n != plan->times.n)
    volley_value_fault(reading, ids, "%s for %s; one for each is expected",
                       volley_count((uint64_t)plan->ids.n, "id").text,
                       volley_count((uint64_t)plan->times.n, "time").text);
  plan->count = (uint64_t)plan->times.n * (ids || nested ? 1 : plan->neurons);
}

/* Keys that go with a file only, or with lists only. */
static void check_sources(volley_reading *reading, const volley_node *map) {
  static const char *const of_files[] = {"population", "group", "first_id"}, *const of_lists[] = {"ids"};
  volley_node *file = volley_node_get(map, "file"), *times = volley_node_get(map, "times");
  const volley_place place = volley_node_place(reading->arena, map);
  if (file && times) volley_key_fault(reading, times, "'file' and 'times' are both given; keep one of them");
  if (!file && !times) volley_entry_fault(reading, &place, "'file' or 'times' is missing: where the spikes are");
  for (size_t k = 0; k < sizeof of_files / sizeof *of_files; k++) {
    volley_node *node = volley_node_get(map, of_files[k]);
    if (node && !file)
      volley_key_fault(reading, node, "'%s' says something of a file, which is not given", of_files[k]);
  }
  for (size_t k = 0; k < sizeof of_lists / sizeof *of_lists; k++) {
    volley_node *node = volley_node_get(map, of_lists[k]);
    if (node && !times) volley_key_fault(reading, node, "'%s' goes with 'times', which are not given", of_lists[k]);
  }
}

void volley_read_spikes(volley_reading *reading, volley_node *entry, volley_pick pick, volley_population *population) {
  volley_node *whole = volley_node_get(entry, "spikes"), *map = volley_pick_node(reading, whole, pick);
  if (!population->model->is_source) {
    if (map)
      volley_key_fault(reading, map, "%s finds its spikes itself; 'spikes' are those of a spike_source",
                       population->model->name);
    return;
  }
  if (!map) {
    volley_entry_fault(reading, &population->place, "the key 'spikes' is missing: the spikes of a %s",
                       population->model->name);
    return;
  }
  if (!volley_check_section(reading, map, VOLLEY_SECTION_SPIKES)) return;
  volley_spike_plan *plan = volley_arena_alloc(reading->arena, 1, sizeof *plan);
  plan->neurons = population->size;
  plan->place = volley_node_place(reading->arena, map);
  check_sources(reading, map);
  if (volley_node_get(map, "file")) {
    read_files(reading, map, plan);
    volley_read_number(reading, map, key_of("first_id"), (volley_pick){0}, &plan->first_id);
  }
  if (volley_node_get(map, "times")) read_lists(reading, map, plan);
  plan->population = volley_read_text(reading, map, key_of("population"), (volley_pick){0}, NULL);
  volley_read_number(reading, map, key_of("resolution"), (volley_pick){0}, &plan->resolution);
  plan->off_grid = (volley_off_grid)volley_read_choice(reading, map, key_of("off_grid"));
  population->spikes = plan;
}

bool volley_check_reachable(volley_reading *reading, const volley_place *place, const char *what,
                            const volley_population *population) {
  if (!population->model || !population->model->is_source) return true;
  return volley_entry_fault(reading, place, "a %s cannot reach %s: the spikes of a %s are given", what,
                            population->name, population->model->name);
}
