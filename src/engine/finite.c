#include "engine/finite.h"

#include "base/status.h"

#include <math.h>

static const char *const values[] = {"nan", "inf", "-inf"};

static uint64_t which(double value) { return isnan(value) ? 0 : value > 0 ? 1 : 2; }

/* The first state of a neuron that is not finite; n_states if there is none. */
static int find_state(const volley_slice *slice, int n_states, uint32_t i) {
  int s = 0;
  while (s < n_states && isfinite(slice->states[s][i])) s++;
  return s;
}

/* Whether all of a slice is finite: a loop in vectors. */
static bool is_finite(const volley_slice *slice, int n_states) {
  bool finite = true;
  for (int s = 0; s < n_states; s++)
    for (uint32_t i = 0; i < slice->count; i++) finite &= isfinite(slice->states[s][i]) != 0;
  return finite;
}

/* Counts the neurons of a slice, and brings *first down to the least of: gid, state and kind of value in one number. */
static uint64_t look(const volley_slice *slice, int n_states, uint64_t *first) {
  uint64_t found = 0;
  const uint32_t count = is_finite(slice, n_states) ? 0 : slice->count;
  for (uint32_t i = 0; i < count; i++) {
    const int s = find_state(slice, n_states, i);
    if (s == n_states) continue;
    const uint64_t place = (uint64_t)slice->gids[i] << 16 | (uint64_t)s << 2 | which(slice->states[s][i]);
    if (place < *first) *first = place;
    found++;
  }
  return found;
}

volley_not_finite volley_find_not_finite(const volley_network *network) {
  const volley_experiment *experiment = network->experiment;
  volley_not_finite found = {0};
  uint64_t first = UINT64_MAX;
  for (int b = 0; b < network->n_blocks; b++)
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      const volley_slice *slice = &network->blocks[b].slices[s];
      found.neurons += look(slice, experiment->populations[slice->population].model->n_states, &first);
    }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &found.neurons, 1, MPI_UINT64_T, MPI_SUM, network->comm));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_UINT64_T, MPI_MIN, network->comm));
  if (found.neurons == 0) return found;
  const volley_gid gid = (volley_gid)(first >> 16);
  found.population = volley_population_of(experiment, gid, 0);
  found.neuron = volley_index_in(&experiment->populations[found.population], gid);
  found.state = (int)(first >> 2 & 0x3fff);
  found.value = values[first & 3];
  return found;
}

/* Counts the synapses of a table of which a state is not finite, and brings *first down to the least of projection and state. */
static uint64_t look_at_synapses(const volley_plastic_table *plastic, uint64_t *first) {
  uint64_t found = 0;
  for (uint64_t i = 0; i < plastic->synapses; i++) {
    int k = 0;
    while (k < plastic->model->n_states && isfinite(plastic->states[k][i])) k++;
    if (k == plastic->model->n_states) continue;
    const uint64_t place = (uint64_t)plastic->projection << 8 | (uint64_t)k;
    if (place < *first) *first = place;
    found++;
  }
  return found;
}

volley_not_finite_synapses volley_find_not_finite_synapses(const volley_network *network) {
  uint64_t found = 0, first = UINT64_MAX;
  for (int b = 0; b < network->n_blocks; b++)
    for (int k = 0; k < network->blocks[b].n_plastic; k++)
      found += look_at_synapses(&network->blocks[b].plastic[k], &first);
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &found, 1, MPI_UINT64_T, MPI_SUM, network->comm));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_UINT64_T, MPI_MIN, network->comm));
  return (volley_not_finite_synapses){found, (int)(first >> 8), (int)(first & 0xff)};
}
