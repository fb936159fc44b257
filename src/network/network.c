#include "network/network.h"

#include "base/parallel.h"
#include "base/search.h"
#include "network/blocks.h"
#include "network/connect.h"
#include "network/given.h"
#include "network/sources.h"
#include "network/values.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void lay_out(void *network) { volley_blocks_lay_out(network); }
static void add_inputs(void *network) { volley_blocks_add_inputs(network); }

/* Values of a population, for its neurons. */
typedef struct setting {
  volley_network *network;
  int population;
  volley_values values;
} setting;

static void set_values(void *context) {
  const setting *s = context;
  volley_blocks_set_values(s->network, s->population, &s->values);
}

static volley_status make_neurons(volley_network *network, const volley_reader *reader) {
  (void)volley_memory_try(lay_out, network);
  VOLLEY_TRY(volley_agree_one(network->comm));
  for (setting s = {.network = network}; s.population < network->experiment->n_populations; s.population++) {
    VOLLEY_TRY(volley_values_make(network->partition, s.population, true, reader, network->comm, &s.values));
    (void)volley_memory_try(set_values, &s);
    volley_values_free(network->experiment->populations[s.population].model, &s.values);
    VOLLEY_TRY(volley_agree_one(network->comm));
  }
  (void)volley_memory_try(add_inputs, network);
  VOLLEY_TRY(volley_agree_one(network->comm));
  return volley_sources_load(network, reader);
}

/* What the threads that build tables share. */
typedef struct building {
  volley_network *network;
  const volley_edge_list *lists;
  bool again;
} building;

static void connect_blocks(void *context, int thread) {
  const building *b = context;
  for (int k = thread; k < b->network->n_blocks; k += b->network->threads) {
    volley_block *block = &b->network->blocks[k];
    if (b->again)
      volley_connect_block_again(b->network, b->lists, block);
    else
      volley_connect_block(b->network->experiment, b->lists, b->network->exact_weights, block);
  }
}

static volley_status make_synapses(volley_network *network, const volley_reader *reader, bool again) {
  volley_edge_list *lists;
  VOLLEY_TRY(volley_edge_lists_make(network->partition, false, reader, network->comm, &lists));
  network->exact_weights =
      network->experiment->simulation.continuous && volley_weights_are_few(network->experiment, lists, network->comm);
  volley_parallel(network->threads, connect_blocks, &(building){network, lists, again});
  volley_edge_lists_free(network->experiment, lists);
  return volley_agree_one(network->comm);
}

/* The signs of the weights of each population, on all ranks. */
static void share_signs(volley_network *network) {
  const int n = network->experiment->n_populations;
  network->outgoing = volley_alloc((size_t)n, 1, "signs of weights");
  for (int b = 0; b < network->n_blocks; b++)
    for (int p = 0; p < n; p++) network->outgoing[p] |= network->blocks[b].outgoing[p];
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, network->outgoing, n, MPI_UINT8_T, MPI_BOR, network->comm));
}

static void share_delays(volley_network *network) {
  double extremes[2] = {-INFINITY, 0};
  for (int b = 0; b < network->n_blocks; b++) {
    extremes[0] = fmax(extremes[0], -network->blocks[b].events.shortest);
    extremes[1] = fmax(extremes[1], network->blocks[b].events.longest);
    for (int k = 0; k < network->blocks[b].n_plastic; k++) {
      extremes[0] = fmax(extremes[0], -network->blocks[b].plastic[k].shortest);
      extremes[1] = fmax(extremes[1], network->blocks[b].plastic[k].longest);
    }
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 2, MPI_DOUBLE, MPI_MAX, network->comm));
  network->shortest = -extremes[0];
  network->longest = extremes[1];
}

/* What all ranks must know of each other's tables. */
static void share_figures(volley_network *network) {
  uint64_t sums[2] = {0};
  int min_delay = VOLLEY_MAX_DELAY + 1, max_due = 0;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    sums[0] += block->table.synapses + volley_event_table_synapses(&block->events);
    sums[1] += volley_table_bytes(&block->table) + volley_event_table_bytes(&block->events);
    for (int k = 0; k < block->n_plastic; k++) {
      sums[0] += block->plastic[k].synapses;
      sums[1] += volley_plastic_table_bytes(&block->plastic[k]);
      if (block->plastic[k].max_due > max_due) max_due = block->plastic[k].max_due;
    }
    if (block->min_delay < min_delay) min_delay = block->min_delay;
    if (block->table.max_due > max_due) max_due = block->table.max_due;
  }
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_UINT64_T, MPI_SUM, network->comm));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &min_delay, 1, MPI_INT, MPI_MIN, network->comm));
  VOLLEY_MPI(MPI_Allreduce(&max_due, &network->max_due, 1, MPI_INT, MPI_MAX, network->comm));
  network->synapses = sums[0];
  network->table_bytes = sums[1];
  network->min_delay = sums[0] > 0 ? min_delay : 1;
}

/* What changes will make of populations. */
static volley_status check_changes(const volley_network *network, const volley_reader *reader) {
  const volley_experiment *experiment = network->experiment;
  for (int p = 0; p < experiment->n_populations; p++)
    for (int c = experiment->n_changed; c < experiment->n_changes; c++) {
      if (experiment->changes[c].population != p) continue;
      VOLLEY_TRY(volley_values_check(network->partition, p, false, reader, network->comm));
      break;
    }
  return VOLLEY_OK;
}

volley_status volley_network_build(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                   MPI_Comm comm, volley_network **out) {
  int rank, ranks;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  return volley_network_build_share(experiment, reader, rank, ranks, threads, comm, out);
}

volley_status volley_network_build_share(const volley_experiment *experiment, const volley_reader *reader, int rank,
                                         int ranks, int threads, MPI_Comm comm, volley_network **out) {
  volley_network *network = volley_alloc(1, sizeof *network, "the network");
  *network = (volley_network){.experiment = experiment, .comm = comm, .threads = threads};
  VOLLEY_MPI(MPI_Comm_rank(comm, &network->rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &network->ranks));
  volley_status status = volley_partition_create(experiment, rank, ranks, reader, comm, &network->partition);
  if (status == VOLLEY_OK && ranks == network->ranks) status = volley_partition_check(network->partition, comm);
  if (status == VOLLEY_OK && ranks == network->ranks) status = check_changes(network, reader);
  if (status == VOLLEY_OK) status = make_neurons(network, reader);
  if (status == VOLLEY_OK) status = make_synapses(network, reader, false);
  if (status != VOLLEY_OK) {
    volley_network_destroy(network);
    return status;
  }
  share_figures(network);
  share_signs(network);
  if (experiment->simulation.continuous) share_delays(network);
  *out = network;
  return VOLLEY_OK;
}

volley_status volley_network_renew_weights(volley_network *network, const volley_reader *reader) {
  network->weights_given = false;
  return make_synapses(network, reader, true);
}

static void set_parameters(void *context) {
  const setting *s = context;
  volley_blocks_set_parameters(s->network, s->population, &s->values);
}

volley_status volley_network_renew_parameters(volley_network *network, int p, const volley_reader *reader) {
  setting s = {.network = network, .population = p};
  VOLLEY_TRY(volley_values_make(network->partition, p, false, reader, network->comm, &s.values));
  (void)volley_memory_try(set_parameters, &s);
  volley_values_free(network->experiment->populations[p].model, &s.values);
  return volley_agree_one(network->comm);
}

/* Copies states of all of the rank's neurons of population p to columns [n_states][counts[p]], or back. */
static void move_states(volley_network *network, int p, double *const *columns, bool back) {
  const int n = network->experiment->populations[p].model->n_states;
  uint32_t from = 0;
  for (int b = 0; b < network->n_blocks; b++)
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      const volley_slice *slice = &network->blocks[b].slices[s];
      const size_t bytes = slice->count * sizeof(double);
      if (slice->population != p) continue;
      for (int k = 0; k < n; k++)
        memcpy(back ? slice->states[k] : columns[k] + from, back ? columns[k] + from : slice->states[k], bytes);
      from += slice->count;
    }
}

volley_status volley_network_set_states(volley_network *network, const volley_change *change,
                                        const volley_reader *reader) {
  const size_t count = network->partition->counts[change->population];
  double *columns[VOLLEY_MAX_STATES];
  double *all = volley_alloc_or_fault(VOLLEY_MAX_STATES * count + 1, sizeof *all, "states of neurons");
  volley_status status = volley_agree_one(network->comm);
  for (int k = 0; k < VOLLEY_MAX_STATES; k++) columns[k] = all + (size_t)k * count;
  if (status == VOLLEY_OK) {
    move_states(network, change->population, columns, false);
    status = volley_values_set_states(network->partition, change, reader, network->comm, columns);
  }
  if (status == VOLLEY_OK) move_states(network, change->population, columns, true);
  free(all);
  return status;
}

void volley_network_destroy(volley_network *network) {
  if (!network) return;
  volley_given_free(network);
  volley_blocks_release(network);
  volley_partition_destroy(network->partition);
  free(network->outgoing);
  free(network);
}

/* Goes through the sources of an index: the least of what first_due tells of the rows of those of certain ranks. */
static int first_due_of(const volley_network *network, const bool *of_rank, const volley_source_index *sources,
                        int (*first_due)(const void *table, uint32_t row), const void *table) {
  const volley_experiment *experiment = network->experiment;
  volley_gid *gids = volley_source_index_gids(sources);
  int first = INT_MAX, p = 0;
  for (uint32_t r = 0; r < sources->n_rows; r++) {
    p = volley_population_of(experiment, gids[r], p);
    const uint32_t index = volley_index_in(&experiment->populations[p], gids[r]);
    if (!of_rank[volley_partition_owner(network->partition, p, index)]) continue;
    const int due = first_due(table, r);
    if (due < first) first = due;
  }
  free(gids);
  return first;
}

static int first_static(const void *table, uint32_t row) { return volley_table_first_due(table, row); }

static int first_plastic(const void *table, uint32_t row) {
  const volley_plastic_table *plastic = table;
  int first = INT_MAX;
  for (uint32_t g = plastic->firsts[row]; g < plastic->firsts[row + 1]; g++)
    if (plastic->groups[g].due < first) first = plastic->groups[g].due;
  return first;
}

int volley_network_first_due(const volley_network *network, const bool *of_rank) {
  int first = INT_MAX;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_block *block = &network->blocks[b];
    const int due = first_due_of(network, of_rank, &block->table.sources, first_static, &block->table);
    if (due < first) first = due;
    for (int k = 0; k < block->n_plastic; k++) {
      const int later = first_due_of(network, of_rank, &block->plastic[k].sources, first_plastic, &block->plastic[k]);
      if (later < first) first = later;
    }
  }
  return first;
}

volley_gid volley_block_gid(const volley_block *block, uint32_t id) {
  int end = 1; /* of the slices that begin at or before the id */
  VOLLEY_SEARCH(end, block->n_slices, s, block->slices[s].offset <= id)
  return block->slices[end - 1].gids[id - block->slices[end - 1].offset];
}

uint32_t *volley_block_targets(const volley_block *block) {
  uint32_t *ids = volley_alloc(block->target_stride, sizeof *ids, "the numbers of targets");
  for (int s = 0; s < block->n_slices; s++) {
    const volley_slice *slice = &block->slices[s];
    for (uint32_t i = 0; i < slice->count && slice->reached; i++) ids[slice->target_offset + i] = slice->offset + i;
  }
  return ids;
}
