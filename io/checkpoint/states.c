/* Section of the neurons' states: group /populations/NAME, a dataset for each state of the model, in order of the
 * neurons' indices. */
#include "network/states.h"

#include "base/text.h"
#include "io/checkpoint/section.h"

#include <stdlib.h>

/* In a continuous run the time that the states are of is one more. */
static int count_states(const volley_experiment *experiment, int p) {
  return experiment->populations[p].model->n_states + experiment->simulation.continuous;
}

static const volley_state_info *state_of(const volley_population *population, int k) {
  static const volley_state_info time = {.name = "time", .unit = "ms"};
  return k < population->model->n_states ? &population->model->states[k] : &time;
}

static int number_of(const volley_population *population, int k) {
  return k < population->model->n_states ? k : VOLLEY_STATE_TIME;
}

static uint64_t count_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const uint64_t states = (uint64_t)count_states(experiment, p);
    bytes += VOLLEY_BYTES_OF_GROUP + states * (population->size * sizeof(double) + VOLLEY_BYTES_OF_DATASET);
  }
  return bytes;
}

/* Returns the datasets, population by population. */
static void *create(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  size_t n = 0;
  for (int p = 0; p < experiment->n_populations; p++) n += (size_t)count_states(experiment, p);
  volley_dataset **datasets = volley_arena_alloc(contents->arena, n, sizeof *datasets), **next = datasets;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    volley_contents_add_group(contents, "populations/%s", population->name);
    for (int k = 0; k < count_states(experiment, p); k++) {
      const volley_state_info *state = state_of(population, k);
      *next++ = volley_contents_add(contents, H5T_NATIVE_DOUBLE, population->size, state->unit, NULL,
                                    "populations/%s/%s", population->name, state->name);
    }
  }
  return datasets;
}

static void put(volley_hdf5 *file, const volley_saved *saved, void *own) {
  const volley_network *network = saved->parts->network;
  volley_dataset **datasets = own;
  for (int p = 0; p < network->experiment->n_populations; p++) {
    volley_states *states = volley_states_create(network, p, VOLLEY_ALL_RANKS);
    const volley_span slab = volley_states_slab(states);
    const volley_population *population = &network->experiment->populations[p];
    for (int k = 0; k < count_states(network->experiment, p); k++, datasets++) {
      const double *values = volley_states_get(states, number_of(population, k));
      if (values) volley_dataset_put(file, *datasets, slab.first, slab.count, values);
    }
    volley_states_destroy(states);
  }
}

static volley_dataset open_state(volley_checkpoint *checkpoint, const volley_population *population, int k) {
  const char *path =
      volley_arena_format(checkpoint->arena, "populations/%s/%s", population->name, state_of(population, k)->name);
  const volley_dataset dataset = volley_checkpoint_dataset(checkpoint, path);
  if (dataset.count != population->size)
    volley_hdf5_fault(&checkpoint->file, "'%s' is of another experiment: population %s has %s there and %u here",
                      checkpoint->info.path, population->name, volley_count(dataset.count, "neuron").text,
                      population->size);
  return dataset;
}

static void restore_population(volley_checkpoint *checkpoint, const volley_network *network, int p) {
  const volley_population *population = &network->experiment->populations[p];
  volley_states *states = volley_states_create(network, p, VOLLEY_ALL_RANKS);
  const volley_span slab = volley_states_slab(states);
  double *values = volley_alloc_or_fault(slab.count, sizeof *values, "a checkpoint");
  const bool all = volley_all(values, network->comm);
  for (int k = 0; all && k < count_states(network->experiment, p); k++) {
    volley_dataset dataset = open_state(checkpoint, population, k);
    volley_dataset_get(&checkpoint->file, &dataset, H5T_NATIVE_DOUBLE, slab.first, slab.count, values);
    volley_states_set(states, number_of(population, k), values);
    volley_dataset_release(&checkpoint->file, &dataset);
  }
  free(values);
  volley_states_destroy(states);
}

static void restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  for (int p = 0; p < parts->network->experiment->n_populations; p++)
    if (!checkpoint->taking || checkpoint->taking->populations[p] >= 0)
      restore_population(checkpoint, parts->network, p);
}

const volley_section volley_section_states = {
    .name = "populations", .bytes = count_bytes, .create = create, .put = put, .restore = restore};
