#include "build/network.h"

#include "build/connect.h"
#include "build/values.h"

#include <stdlib.h>
#include <string.h>

enum { PADDING = 8 }; /* doubles: slices begin on cache lines */

static uint32_t padded(uint32_t n) { return (n + PADDING - 1) / PADDING * PADDING; }

/* Neurons of a population's share of `n` that come before block b of `blocks`. */
static uint32_t share_before(uint32_t n, int b, int blocks) { return (uint32_t)((uint64_t)n * (uint64_t)b / (uint64_t)blocks); }

/* The fewest blocks, a multiple of the threads, that hold the rank's neurons with 16-bit ids. */
static int count_blocks(const volley_partition *partition, int threads) {
  const int n_populations = partition->experiment->n_populations;
  for (int blocks = threads;; blocks += threads) {
    uint64_t largest = 0;
    for (int p = 0; p < n_populations; p++) largest += padded(partition->counts[p] / (uint32_t)blocks + 1);
    if (largest <= VOLLEY_MAX_BLOCK) return blocks;
  }
}

static double *make_columns(size_t columns, uint32_t count) {
  return volley_alloc(columns * count, sizeof(double), "the neurons of a block");
}

/* Whether a current stimulus reaches only a part of the population, so that each neuron needs a current of its own. */
static bool has_partial_current(const volley_experiment *experiment, int p) {
  for (int s = 0; s < experiment->n_stimuli; s++) {
    const volley_stimulus *stimulus = &experiment->stimuli[s];
    if (stimulus->target == p && stimulus->kind->is_current &&
        stimulus->neurons.count < experiment->populations[p].size) {
      return true;
    }
  }
  return false;
}

static void prepare_coefficients(volley_slice *slice, const volley_experiment *experiment, const volley_values *values,
                                 uint32_t from) {
  const volley_neuron_model *model = experiment->populations[slice->population].model;
  const uint32_t sets = values->per_neuron ? slice->count : 1;
  double own[VOLLEY_MAX_PARAMETERS], out[VOLLEY_MAX_PARAMETERS];
  slice->coefficient_stride = values->per_neuron ? 1 : 0;
  slice->coefficients = make_columns((size_t)model->n_coefficients, sets);
  for (uint32_t i = 0; i < sets; i++) {
    for (int k = 0; k < model->n_parameters; k++) own[k] = values->parameters[k][values->per_neuron ? from + i : 0];
    model->prepare(own, experiment->simulation.dt, out);
    for (int c = 0; c < model->n_coefficients; c++) slice->coefficients[(size_t)c * sets + i] = out[c];
  }
}

/* Gives the block its neurons from .. from + count - 1 of the rank's share of population p. */
static void add_slice(volley_block *block, const volley_partition *partition, int p, const volley_values *values,
                      uint32_t from, uint32_t count) {
  const volley_experiment *experiment = partition->experiment;
  const volley_neuron_model *model = experiment->populations[p].model;
  volley_slice *slice = &block->slices[block->n_slices++];
  *slice = (volley_slice){.population = p, .count = count, .offset = block->stride};
  slice->gids = volley_alloc(count, sizeof *slice->gids, "the neurons of a block");
  memcpy(slice->gids, partition->gids[p] + from, count * sizeof *slice->gids);
  for (int s = 0; s < model->n_states; s++) {
    slice->states[s] = make_columns(1, count);
    memcpy(slice->states[s], values->states[s] + from, count * sizeof(double));
  }
  prepare_coefficients(slice, experiment, values, from);
  slice->current_stride = has_partial_current(experiment, p) ? 1 : 0;
  slice->current = make_columns(1, slice->current_stride ? count : 1);
  for (uint32_t i = 0; i < (slice->current_stride ? count : 1); i++) {
    slice->current[i] = experiment->populations[p].background_current;
  }
  block->count += count;
  block->stride += padded(count);
}

static void place_inputs(volley_block *block, const volley_experiment *experiment) {
  int receptors = 1;
  for (int s = 0; s < block->n_slices; s++) {
    const int n = experiment->populations[block->slices[s].population].model->n_receptors;
    receptors = n > receptors ? n : receptors;
  }
  block->inputs = make_columns((size_t)receptors, block->stride);
  for (int s = 0; s < block->n_slices; s++) {
    for (int r = 0; r < receptors; r++) {
      block->slices[s].inputs[r] = block->inputs + (size_t)r * block->stride + block->slices[s].offset;
    }
  }
}

static void make_drivers(volley_block *block, const volley_experiment *experiment) {
  block->drivers = volley_alloc((size_t)experiment->n_stimuli, sizeof *block->drivers, "the stimuli of a block");
  for (int k = 0; k < experiment->n_stimuli; k++) {
    const volley_stimulus_kind *kind = experiment->stimuli[k].kind;
    for (int s = 0; s < block->n_slices; s++) {
      if (block->slices[s].population != experiment->stimuli[k].target) continue;
      volley_generator *generator = kind->create(experiment, k, &block->slices[s]);
      if (generator) block->drivers[block->n_drivers++] = (volley_driver){kind, generator, s};
    }
  }
}

static volley_status make_neurons(volley_network *network, const volley_reader *reader) {
  const volley_experiment *experiment = network->experiment;
  for (int b = 0; b < network->n_blocks; b++) {
    network->blocks[b].slices =
        volley_alloc((size_t)experiment->n_populations, sizeof(volley_slice), "the neurons of a block");
  }
  for (int p = 0; p < experiment->n_populations; p++) {
    volley_values values;
    VOLLEY_TRY(volley_values_make(network->partition, p, reader, network->comm, &values));
    for (int b = 0; b < network->n_blocks; b++) {
      const uint32_t from = share_before(network->partition->counts[p], b, network->n_blocks);
      const uint32_t end = share_before(network->partition->counts[p], b + 1, network->n_blocks);
      if (end > from) add_slice(&network->blocks[b], network->partition, p, &values, from, end - from);
    }
    volley_values_free(experiment->populations[p].model, &values);
  }
  for (int b = 0; b < network->n_blocks; b++) {
    place_inputs(&network->blocks[b], experiment);
    make_drivers(&network->blocks[b], experiment);
  }
  return VOLLEY_OK;
}

static volley_status make_synapses(volley_network *network, const volley_reader *reader) {
  volley_edge_list *lists;
  VOLLEY_TRY(volley_edge_lists_make(network->partition, reader, network->comm, &lists));
#pragma omp parallel for num_threads(network->threads) schedule(static, 1)
  for (int b = 0; b < network->n_blocks; b++) volley_connect_block(network->experiment, lists, &network->blocks[b]);
  volley_edge_lists_free(network->experiment, lists);
  return volley_agree(network->comm);
}

/* What all ranks must know of each other's tables. */
static void share_figures(volley_network *network) {
  uint64_t sums[2] = {0};
  int delays[2] = {-VOLLEY_MAX_DELAY - 1, 0}; /* the negative of the least, and the greatest */
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_table *table = &network->blocks[b].table;
    sums[0] += table->synapses;
    sums[1] += table->pool_bytes + volley_gid_map_bytes(&table->rows);
    if (table->synapses > 0 && -table->min_delay > delays[0]) delays[0] = -table->min_delay;
    if (table->max_delay > delays[1]) delays[1] = table->max_delay;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_UINT64_T, MPI_SUM, network->comm));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, delays, 2, MPI_INT, MPI_MAX, network->comm));
  network->synapses = sums[0];
  network->table_bytes = sums[1];
  network->min_delay = sums[0] > 0 ? -delays[0] : 1;
  network->max_delay = sums[0] > 0 ? delays[1] : 1;
}

volley_status volley_network_build(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                   MPI_Comm comm, volley_network **out) {
  volley_network *network = volley_alloc(1, sizeof *network, "the network");
  *network = (volley_network){.experiment = experiment, .comm = comm, .threads = threads};
  VOLLEY_MPI(MPI_Comm_rank(comm, &network->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &network->ranks));
  network->partition = volley_partition_create(experiment, network->rank, network->ranks);
  network->n_blocks = count_blocks(network->partition, threads);
  network->blocks = volley_alloc((size_t)network->n_blocks, sizeof *network->blocks, "the blocks of a rank");
  volley_status status = volley_partition_check(network->partition, comm);
  if (status == VOLLEY_OK) status = make_neurons(network, reader);
  if (status == VOLLEY_OK) status = make_synapses(network, reader);
  if (status != VOLLEY_OK) {
    volley_network_destroy(network);
    return status;
  }
  share_figures(network);
  *out = network;
  return VOLLEY_OK;
}

static void release_block(volley_block *block, const volley_experiment *experiment) {
  for (int d = 0; d < block->n_drivers; d++) block->drivers[d].kind->destroy(block->drivers[d].generator);
  for (int s = 0; s < block->n_slices; s++) {
    volley_slice *slice = &block->slices[s];
    for (int k = 0; k < experiment->populations[slice->population].model->n_states; k++) free(slice->states[k]);
    free(slice->gids);
    free(slice->coefficients);
    free(slice->current);
  }
  free(block->drivers);
  free(block->slices);
  free(block->inputs);
  volley_table_release(&block->table);
}

void volley_network_destroy(volley_network *network) {
  if (!network) return;
  for (int b = 0; b < network->n_blocks; b++) release_block(&network->blocks[b], network->experiment);
  free(network->blocks);
  volley_partition_destroy(network->partition);
  free(network);
}

uint32_t volley_block_gid(const volley_block *block, uint32_t id) {
  int low = 0;
  for (int high = block->n_slices - 1; low < high;) {
    const int middle = (low + high + 1) / 2;
    if (block->slices[middle].offset <= id) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return block->slices[low].gids[id - block->slices[low].offset];
}

size_t volley_neuron_bytes(const volley_neuron_model *model, bool per_neuron) {
  const int columns = model->n_states + model->n_receptors + (per_neuron ? model->n_coefficients : 0);
  return (size_t)columns * sizeof(double) + sizeof(uint32_t);
}
