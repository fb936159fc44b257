#include "network/blocks.h"

#include "model/change.h"
#include "neuron/events.h"
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PADDING = 8 }; /* doubles: slices begin on cache lines */

static uint32_t padded(uint32_t n) { return (n + PADDING - 1) / PADDING * PADDING; }

/* Neurons of a population's share of `n` that come before block b of `blocks`. */
static uint32_t share_before(uint32_t n, int b, int blocks) {
  return (uint32_t)((uint64_t)n * (uint64_t)b / (uint64_t)blocks);
}

/* The receptors of a population that static synapses of the experiment may reach: the same on any partition. */
static uint8_t find_reached(const volley_experiment *experiment, int population) {
  unsigned reached = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const int *of_sign = experiment->populations[population].model->receptor_of_sign;
    if (projection->target != population || projection->plasticity.model) continue;
    if (projection->receptor == VOLLEY_RECEPTOR_BY_SIGN)
      reached |= 1u << of_sign[0] | 1u << of_sign[1];
    else
      reached |= 1u << projection->receptor;
  }
  return (uint8_t)reached;
}

/* What the largest of so many blocks holds of a population. */
static uint32_t largest_share(uint32_t n, int blocks) {
  return padded((uint32_t)(((uint64_t)n + (uint64_t)blocks - 1) / (uint64_t)blocks));
}

uint32_t volley_blocks_target_stride(const volley_experiment *experiment, const uint32_t *counts, int blocks) {
  uint32_t stride = 0;
  for (int p = 0; p < experiment->n_populations; p++)
    if (find_reached(experiment, p)) stride += largest_share(counts[p], blocks);
  return stride;
}

static bool is_target(const volley_experiment *experiment, int population) {
  for (int p = 0; p < experiment->n_projections; p++)
    if (experiment->projections[p].target == population) return true;
  return false;
}

int volley_blocks_count(const volley_experiment *experiment, const uint32_t *counts, int threads) {
  for (int blocks = threads;; blocks += threads) {
    uint64_t largest = 0;
    for (int p = 0; p < experiment->n_populations; p++)
      if (is_target(experiment, p)) largest += largest_share(counts[p], blocks);
    if (largest <= VOLLEY_MAX_BLOCK) return blocks;
  }
}

static double *make_columns(size_t columns, uint32_t count) {
  return volley_alloc(columns * count, sizeof(double), "the neurons of a block");
}

/* Cuts the neurons from .. end - 1 of the rank's share of population p into slices. */
static void add_slices(volley_block *block, const volley_partition *partition, int p, uint32_t from, uint32_t end) {
  for (; from < end; from += VOLLEY_MAX_SLICE) {
    const uint32_t count = end - from < VOLLEY_MAX_SLICE ? end - from : VOLLEY_MAX_SLICE;
    block->slices =
        volley_grow(block->slices, (size_t)block->n_slices + 1, sizeof *block->slices, "the neurons of a block");
    volley_slice *slice = &block->slices[block->n_slices++];
    *slice = (volley_slice){.population = p, .count = count, .offset = block->stride};
    slice->gids = volley_alloc(count, sizeof *slice->gids, "the neurons of a block");
    memcpy(slice->gids, partition->gids[p] + from, count * sizeof *slice->gids);
    block->count += count;
    block->stride += padded(count);
  }
}

/* Gives the slices their inputs and states; a state that a receptor adds to lies among the inputs. */
static void allocate_states(volley_block *block, const volley_experiment *experiment) {
  block->receptors = 1;
  for (int s = 0; s < block->n_slices; s++) {
    const int n = experiment->populations[block->slices[s].population].model->n_receptors;
    if (n > block->receptors) block->receptors = n;
  }
  block->inputs = make_columns((size_t)block->receptors, block->stride);
  for (int s = 0; s < block->n_slices; s++) {
    volley_slice *slice = &block->slices[s];
    const volley_neuron_model *model = experiment->populations[slice->population].model;
    slice->reached = find_reached(experiment, slice->population);
    slice->target_offset = block->target_stride;
    if (slice->reached) block->target_stride += padded(slice->count);
    for (int r = 0; r < model->n_receptors; r++) {
      slice->inputs[r] = block->inputs + (size_t)r * block->stride + slice->offset;
      if (model->receptors[r].state >= 0) slice->states[model->receptors[r].state] = slice->inputs[r];
    }
    for (int k = 0; k < model->n_states; k++) {
      if (!slice->states[k]) slice->states[k] = make_columns(1, slice->count);
    }
  }
}

void volley_blocks_lay_out(volley_network *network) {
  const volley_partition *partition = network->partition;
  const volley_experiment *experiment = network->experiment;
  network->n_blocks = volley_blocks_count(experiment, partition->counts, network->threads);
  network->blocks = volley_alloc((size_t)network->n_blocks, sizeof *network->blocks, "the blocks of a rank");
  for (int b = 0; b < network->n_blocks; b++) {
    for (int p = 0; p < experiment->n_populations; p++) {
      const uint32_t from = share_before(partition->counts[p], b, network->n_blocks);
      const uint32_t end = share_before(partition->counts[p], b + 1, network->n_blocks);
      add_slices(&network->blocks[b], partition, p, from, end);
    }
    allocate_states(&network->blocks[b], experiment);
  }
}

/* Whether each neuron of a population needs a current of its own: a stimulus reaches only some, or gives each another one, or
 * a readout feeds back. */
static bool has_own_currents(const volley_experiment *experiment, int p) {
  for (int r = 0; r < experiment->n_readouts; r++) {
    if (volley_pool_has(&experiment->readouts[r].fed, p)) return true;
  }
  for (int s = 0; s < experiment->n_stimuli; s++) {
    const volley_stimulus *stimulus = &experiment->stimuli[s];
    const bool differs = stimulus->kind->is_own || stimulus->n_own > 0 ||
                         (stimulus->kind->differs && stimulus->kind->differs(stimulus)) ||
                         stimulus->neurons.count < experiment->populations[p].size;
    if (stimulus->target == p && stimulus->kind->is_current && differs) return true;
  }
  return false;
}

static void set_currents(volley_slice *slice, const volley_experiment *experiment) {
  for (uint32_t i = 0; i < (slice->current_stride ? slice->count : 1); i++)
    slice->current[i] = experiment->populations[slice->population].background_current;
}

void volley_slice_own_currents(volley_slice *slice) {
  if (slice->current_stride == 1) return;
  const double shared = slice->current[0];
  free(slice->current);
  slice->current = make_columns(1, slice->count);
  slice->current_stride = 1;
  for (uint32_t i = 0; i < slice->count; i++) slice->current[i] = shared;
}

static void set_coefficients(volley_slice *slice, const volley_experiment *experiment, const volley_values *values,
                             uint32_t from) {
  const volley_neuron_model *model = experiment->populations[slice->population].model;
  const uint32_t sets = values->per_neuron ? slice->count : 1;
  const volley_neuron_events *events = experiment->simulation.continuous ? model->events : NULL;
  const size_t n = (size_t)(events ? events->n_coefficients : model->n_coefficients);
  double own[VOLLEY_MAX_PARAMETERS], out[VOLLEY_MAX_COEFFICIENTS];
  free(slice->coefficients);
  slice->coefficients = NULL;
  slice->coefficient_stride = values->per_neuron ? 1 : 0;
  slice->is_adaptive = experiment->simulation.adaptive;
  slice->coefficients = make_columns(n, sets);
  for (uint32_t i = 0; i < sets; i++) {
    for (int k = 0; k < model->n_parameters; k++) own[k] = values->parameters[k][values->per_neuron ? from + i : 0];
    if (events) {
      events->prepare(own, slice->coefficients + i * n);
      continue;
    }
    model->prepare(own, experiment->simulation.dt, out);
    for (int c = 0; c < model->n_coefficients; c++) slice->coefficients[(size_t)c * sets + i] = out[c];
  }
}

void volley_blocks_set_values(volley_network *network, int p, const volley_values *values) {
  const volley_neuron_model *model = network->experiment->populations[p].model;
  uint32_t from = 0;
  for (int b = 0; b < network->n_blocks; b++) {
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      volley_slice *slice = &network->blocks[b].slices[s];
      if (slice->population != p) continue;
      for (int k = 0; k < model->n_states; k++) {
        memcpy(slice->states[k], values->states[k] + from, slice->count * sizeof(double));
      }
      set_coefficients(slice, network->experiment, values, from);
      slice->noise = volley_key_of(network->experiment->simulation.noise_seed, VOLLEY_PURPOSE_ESCAPE, (uint32_t)p);
      slice->current_stride = has_own_currents(network->experiment, p) ? 1 : 0;
      slice->current = make_columns(1, slice->current_stride ? slice->count : 1);
      set_currents(slice, network->experiment);
      if (network->experiment->simulation.continuous) slice->times = make_columns(1, slice->count);
      from += slice->count;
    }
  }
}

void volley_blocks_set_parameters(volley_network *network, int p, const volley_values *values) {
  uint32_t from = 0;
  for (int b = 0; b < network->n_blocks; b++)
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      volley_slice *slice = &network->blocks[b].slices[s];
      if (slice->population != p) continue;
      set_coefficients(slice, network->experiment, values, from);
      from += slice->count;
    }
}

void volley_block_add_input(volley_block *block, volley_input input) {
  block->generated =
      volley_grow(block->generated, (size_t)block->n_generated + 1, sizeof input, "the stimuli of a block");
  int at = block->n_generated++;
  for (; at > 0 && block->generated[at - 1].slice > input.slice; at--) block->generated[at] = block->generated[at - 1];
  block->generated[at] = input;
}

static void add_inputs(volley_block *block, const volley_experiment *experiment) {
  for (int s = 0; s < block->n_slices; s++) {
    for (int k = 0; k < experiment->n_stimuli; k++) {
      const volley_stimulus_kind *kind = experiment->stimuli[k].kind;
      if (block->slices[s].population != experiment->stimuli[k].target) continue;
      volley_generator *generator = volley_generator_create(experiment, k, &block->slices[s]);
      if (generator)
        volley_block_add_input(block, (volley_input){kind, generator, s, true, k,
                                                     volley_stimulus_receptor(experiment, &experiment->stimuli[k])});
    }
  }
}

void volley_blocks_add_inputs(volley_network *network) {
  for (int b = 0; b < network->n_blocks; b++) add_inputs(&network->blocks[b], network->experiment);
}

double volley_blocks_expected_bytes(const volley_experiment *experiment, int ranks) {
  const double ids = 2 * sizeof(volley_gid); /* in the partition and in its slice */
  double bytes = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const volley_neuron_model *model = population->model;
    int columns = model->n_states + model->n_receptors;
    if (volley_population_is_per_neuron(experiment, p, true)) columns += model->n_coefficients;
    for (int r = 0; r < model->n_receptors; r++) columns -= model->receptors[r].state >= 0;
    for (int s = 0; s < experiment->n_stimuli; s++) {
      const volley_stimulus *stimulus = &experiment->stimuli[s];
      if (stimulus->target == p) columns += stimulus->signal ? stimulus->signal->dimension : 1;
    }
    bytes += ceil((double)population->size / ranks) * (columns * (double)sizeof(double) + ids);
  }
  return bytes;
}

/* Those that are no stimuli stay, behind the stimuli of their slice. */
static void renew_inputs(volley_block *block, const volley_experiment *experiment) {
  volley_input *before = block->generated;
  const int n = block->n_generated;
  block->generated = NULL;
  block->n_generated = 0;
  add_inputs(block, experiment);
  for (int d = 0; d < n; d++) {
    if (before[d].is_stimulus)
      volley_generator_destroy(before[d].kind, before[d].generator);
    else
      volley_block_add_input(block, before[d]);
  }
  for (int s = 0; s < block->n_slices; s++) {
    if (has_own_currents(experiment, block->slices[s].population)) volley_slice_own_currents(&block->slices[s]);
    set_currents(&block->slices[s], experiment);
  }
  free(before);
}

void volley_network_renew_inputs(volley_network *network) {
  for (int b = 0; b < network->n_blocks; b++) renew_inputs(&network->blocks[b], network->experiment);
}

static bool lies_in_inputs(const volley_slice *slice, const double *state) {
  for (int r = 0; r < VOLLEY_MAX_RECEPTORS; r++) {
    if (slice->inputs[r] == state) return true;
  }
  return false;
}

static void release_block(volley_block *block) {
  for (int d = 0; d < block->n_generated; d++)
    volley_generator_destroy(block->generated[d].kind, block->generated[d].generator);
  for (int s = 0; s < block->n_slices; s++) {
    volley_slice *slice = &block->slices[s];
    for (int k = 0; k < VOLLEY_MAX_STATES; k++) {
      if (!lies_in_inputs(slice, slice->states[k])) free(slice->states[k]);
    }
    free(slice->gids);
    free(slice->coefficients);
    free(slice->times);
    free(slice->current);
  }
  free(block->generated);
  free(block->slices);
  free(block->inputs);
  free(block->outgoing);
  if (block->sums) volley_table_free(block->sums, volley_ring_bytes(block->table.layout, block->receptors));
  volley_table_release(&block->table);
  if (block->events.firsts) volley_event_table_release(&block->events);
  for (int k = 0; k < block->n_plastic; k++) volley_plastic_table_release(&block->plastic[k]);
  free(block->plastic);
}

void volley_blocks_release(volley_network *network) {
  for (int b = 0; b < network->n_blocks; b++) release_block(&network->blocks[b]);
  free(network->blocks);
}
