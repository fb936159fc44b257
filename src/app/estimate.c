#include "app/estimate.h"

#include "app/calibrate.h"
#include "app/launch.h"
#include "base/text.h"
#include "engine/event_block.h"
#include "engine/history.h"
#include "exchange/exchange.h"
#include "force/readout_values.h"
#include "io/checkpoint/checkpoint.h"
#include "io/output/layout.h"
#include "network/blocks.h"
#include "network/plastic_table.h"
#include "network/sources.h"
#include "network/table_builder.h"
#include "record/record.h"
#include "rule/edge_list.h"
#include "rule/near.h"
#include "rule/rule.h"
#include "run/step_cost.h"
#include "run/threads.h"

#include <math.h>
#include <stdlib.h>

double volley_model_seconds(const volley_experiment *experiment) {
  return 1e-3 * (double)experiment->simulation.steps * experiment->simulation.dt;
}

/* What HDF5 and MPI-IO take for an open file, a thread for its stack and heap, and MPI for other ranks, which a check by a
 * process alone does not see. Measured with Open MPI 4.1 and HDF5 1.10 on a network of ten neurons. */
static const double file_bytes = 4.6e6, thread_bytes = 1.6e6, launched_bytes = 3.8e6;
static const double petsc_bytes = 5e6; /* what its libraries take when its first matrix is made */

double volley_spikes_expect(const volley_experiment *experiment, int population) {
  const volley_population *p = &experiment->populations[population];
  return volley_model_seconds(experiment) * volley_expected_rate(p) * p->size;
}

/* Checks the edges of a file, and counts those of this rank's rows. */
typedef struct checking {
  const volley_experiment *experiment;
  const volley_projection *projection;
  double rows;
} checking;

static uint64_t check_slab(void *context, const volley_edge_slab *slab) {
  checking *c = context;
  c->rows += (double)slab->count;
  return volley_edges_check(c->experiment, c->projection, slab);
}

/* Checks all edges of a file; notes what reading them will take a rank of the run. Collective, agreed status. */
static volley_status check_edges(const volley_experiment *experiment, const volley_projection *projection,
                                 const volley_reader *reader, const volley_edge_file *file, double edges,
                                 volley_estimate *estimate) {
  checking c = {experiment, projection, 0};
  const volley_edge_taker taker = {.context = &c, .check = check_slab};
  const double begin = volley_thread_seconds();
  VOLLEY_TRY(reader->edges(reader->context, file, &taker));
  estimate->read_s += (volley_thread_seconds() - begin) / fmax(1, c.rows) * edges / estimate->ranks;
  return VOLLEY_OK;
}

/* Expected synapses of each projection, and samples of those of files: [n_projections]. Collective, agreed status. */
static volley_status expect_synapses(const volley_experiment *experiment, const volley_reader *reader, bool checks,
                                     volley_estimate *estimate, volley_edge_sample *samples) {
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    double *expected = &estimate->expected[p];
    *expected = projection->rule->expected(experiment, projection);
    const size_t near = experiment->n_projections < VOLLEY_MANY_PROJECTIONS ? VOLLEY_SOME_EDGES / 4 : VOLLEY_FEW_EDGES;
    if (!isnan(*expected)) volley_near_sample(experiment, p, near, &samples[p]);
    if (!isnan(*expected)) continue;
    const volley_edge_file file = volley_edge_file_of(experiment, projection);
    VOLLEY_TRY(reader->edge_sample(reader->context, &file, VOLLEY_SOME_EDGES, &samples[p]));
    *expected = (double)samples[p].edges;
    if (checks) VOLLEY_TRY(check_edges(experiment, projection, reader, &file, *expected, estimate));
  }
  return VOLLEY_OK;
}

/* Blocks that are built at the same time, one a thread, hold records of their synapses until rows are written. */
static void estimate_build(const volley_experiment *experiment, volley_estimate *estimate) {
  const double blocks = estimate->blocks;
  double most, still = 0, learning = 0; /* synapses and what else builders hold of those that learn */
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const double sources = experiment->populations[projection->source].size;
    const double synapses = estimate->expected[p] / estimate->ranks;
    if (projection->plasticity.model)
      learning += blocks * volley_plastic_table_builder_expected_bytes(sources, synapses / blocks);
    else
      still += synapses;
  }
  const double records =
      learning + (experiment->simulation.continuous
                      ? blocks * volley_event_table_builder_expected_bytes((double)experiment->neurons, still / blocks)
                      : blocks * volley_table_builder_expected_bytes(estimate->rows / blocks, still / blocks));
  const double at_once = estimate->threads / blocks, tables = estimate->table_bytes;
  const double first = fmin(tables, blocks * VOLLEY_HUGE_PAGE); /* pages of tables, before records give one back */
  const double kept = volley_edge_lists_expected_bytes(experiment, estimate->expected, estimate->ranks, &most);
  const double building = kept + at_once * fmax(0, records + first - tables);
  estimate->build_bytes = fmax(building, most - tables);
}

/* Batches of spikes under way, for populations that fire at 20 Hz, and the spikes of the last steps. */
static double exchange_bytes(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double dt = experiment->simulation.dt, steps = isfinite(estimate->min_delay) ? estimate->min_delay / dt : 1;
  const double block = 8 + 1e-3 * 20 * dt * (double)experiment->neurons / estimate->ranks;
  const volley_exchange_kind *kind = experiment->simulation.exchange;
  return (kind->expected_bytes ? kind->expected_bytes(estimate->ranks, fmax(1, steps), block) : 0) +
         volley_history_expected_bytes(estimate->max_delay / dt,
                                       estimate->spikes / (double)experiment->simulation.steps);
}

/* Buffers of recorders; rows are written one recorder at a time. */
static void estimate_recorders(const volley_experiment *experiment, volley_estimate *estimate) {
  double writing = 0;
  estimate->record_bytes = file_bytes + exchange_bytes(experiment, estimate);
  for (int r = 0; r < experiment->n_recorders; r++) {
    const volley_records records = volley_estimate_records(experiment, estimate, r);
    const int ranks = estimate->ranks;
    estimate->record_bytes += volley_recorder_expected_bytes(experiment, r, ranks, records.width, records.count);
    writing = fmax(writing, volley_track_writing_expected_bytes(experiment, r, ranks, records.width, records.count));
  }
  estimate->record_bytes += writing;
}

static void estimate_saving(const volley_experiment *experiment, volley_estimate *estimate) {
  const volley_checkpoint_plan *plan = &experiment->checkpoint;
  double learning = 0;
  if (plan->steps <= 0 && plan->wall <= 0) return;
  for (int p = 0; p < experiment->n_projections; p++)
    if (experiment->projections[p].plasticity.model) learning += estimate->expected[p] / estimate->ranks;
  estimate->record_bytes += volley_checkpoint_expected_bytes(learning);
}

static void estimate_spikes(const volley_experiment *experiment, volley_estimate *estimate) {
  for (int p = 0; p < experiment->n_populations; p++) {
    estimate->assumed_rates |= isnan(experiment->populations[p].mean_rate);
    estimate->spikes += volley_spikes_expect(experiment, p);
  }
  for (int k = 0; k < experiment->n_projections; k++) {
    const volley_population *source = &experiment->populations[experiment->projections[k].source];
    estimate->events += volley_model_seconds(experiment) * volley_expected_rate(source) * estimate->expected[k];
  }
}

double *volley_indegrees_expect(const volley_experiment *experiment, const volley_estimate *estimate) {
  double *indegrees = volley_alloc((size_t)experiment->n_populations, sizeof *indegrees, "an estimate");
  for (int p = 0; p < experiment->n_projections; p++) {
    const int target = experiment->projections[p].target;
    indegrees[target] += estimate->expected[p] / experiment->populations[target].size;
  }
  return indegrees;
}

/* The load of a neuron is the expected number of synapses onto it. */
static volley_status estimate_balance(const volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm,
                                      volley_estimate *estimate) {
  volley_owners owners;
  VOLLEY_TRY(volley_owners_find(experiment, estimate->ranks, reader, comm, &owners));
  double *indegrees = volley_indegrees_expect(experiment, estimate);
  estimate->neuron_balance = volley_partition_balance(&owners, NULL);
  estimate->synapse_balance = volley_partition_balance(&owners, indegrees);
  free(indegrees);
  volley_owners_release(&owners);
  return VOLLEY_OK;
}

/* Blocks of a rank, and how large they are. */
static void count_blocks(const volley_experiment *experiment, volley_estimate *estimate) {
  uint32_t *counts = volley_alloc((size_t)experiment->n_populations, sizeof *counts, "an estimate");
  for (int p = 0; p < experiment->n_populations; p++) {
    const uint64_t size = experiment->populations[p].size, of = (uint64_t)estimate->ranks;
    counts[p] = (uint32_t)((size + of - 1) / of);
  }
  estimate->blocks = volley_blocks_count(experiment, counts, estimate->threads);
  estimate->stride = volley_blocks_target_stride(experiment, counts, estimate->blocks);
  free(counts);
}

static void estimate_all(const volley_experiment *experiment, const volley_edge_sample *samples, volley_estimate *out) {
  for (int p = 0; p < experiment->n_projections; p++) out->synapses += out->expected[p];
  volley_estimate_tables(experiment, samples, out);
  if (out->synapses == 0) out->min_delay = out->max_delay = 0;
  estimate_build(experiment, out);
  double sources;
  out->neuron_bytes = volley_blocks_expected_bytes(experiment, out->ranks) +
                      volley_sources_expected_bytes(experiment, out->ranks, &sources);
  out->build_bytes = fmax(out->build_bytes, sources - out->table_bytes);
  estimate_spikes(experiment, out);
  const double ms = 1e3 * volley_model_seconds(experiment);
  const volley_event_traffic traffic = {out->spikes / ms, out->events / ms, out->min_delay, out->max_delay};
  if (experiment->simulation.continuous)
    out->neuron_bytes += volley_event_blocks_expected_bytes(experiment, out->ranks, out->blocks, &traffic);
  estimate_recorders(experiment, out);
  estimate_saving(experiment, out);
  if (experiment->n_readouts > 0)
    out->readout_bytes = petsc_bytes + (double)volley_readouts_expected_bytes(experiment, out->ranks);
  out->peak_bytes = out->base_bytes + out->neuron_bytes + out->table_bytes +
                    fmax(out->build_bytes, out->record_bytes + out->readout_bytes);
}

static double excess(const volley_balance *balance) { return balance->mean > 0 ? balance->most / balance->mean : 1; }

/* Shares may differ: memory is that of the fullest rank. */
static void take_fullest(volley_estimate *out) {
  const double neurons = excess(&out->neuron_balance), synapses = excess(&out->synapse_balance);
  out->neuron_bytes *= neurons;
  out->record_bytes *= neurons;
  out->table_bytes *= synapses;
  out->build_bytes *= synapses;
  out->peak_bytes = out->base_bytes + out->neuron_bytes + out->table_bytes +
                    fmax(out->build_bytes, out->record_bytes + out->readout_bytes);
}

volley_status volley_estimate_make(const volley_experiment *experiment, const volley_reader *reader, int ranks,
                                   int threads, bool checks, MPI_Comm comm, volley_estimate *out) {
  const size_t n = (size_t)experiment->n_projections;
  volley_edge_sample *samples = volley_alloc(n, sizeof *samples, "an estimate");
  *out = (volley_estimate){.ranks = ranks, .threads = threads, .min_delay = INFINITY};
  count_blocks(experiment, out);
  out->expected = volley_alloc(n, sizeof *out->expected, "an estimate");
  out->base_bytes = (double)volley_present_rss() + thread_bytes * (threads - 1);
  if (ranks > 1 && !volley_is_launched()) out->base_bytes += launched_bytes;
  volley_status status = expect_synapses(experiment, reader, checks, out, samples);
  if (status == VOLLEY_OK) estimate_all(experiment, samples, out);
  const bool is_even = experiment->simulation.partitioner->even;
  if (status == VOLLEY_OK && (checks || !is_even)) status = estimate_balance(experiment, reader, comm, out);
  if (status == VOLLEY_OK && !is_even) take_fullest(out);
  for (size_t p = 0; p < n; p++) {
    free(samples[p].weights);
    free(samples[p].delays);
  }
  free(samples);
  return status;
}

void volley_estimate_release(volley_estimate *estimate) { free(estimate->expected); }

volley_status volley_memory_check(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                  int node_ranks, MPI_Comm comm) {
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_estimate estimate;
  const volley_status status = volley_estimate_make(experiment, reader, ranks, threads, false, comm, &estimate);
  volley_estimate_release(&estimate);
  VOLLEY_TRY(status);
  const int neighbours = node_ranks > 0 ? node_ranks : volley_node_ranks(comm);
  const double needed = (estimate.peak_bytes - estimate.base_bytes) * neighbours;
  double left = (double)volley_available_memory();
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &left, 1, MPI_DOUBLE, MPI_MIN, comm));
  if (needed > left) {
    volley_fault(VOLLEY_FAILURE, NULL,
                 "this network needs about %.2f GB more memory on a node with %s, but %.2f GB are left there: use more "
                 "nodes, or network.scale for a smaller network",
                 needed * 1e-9, volley_count((uint64_t)neighbours, "rank").text, left * 1e-9);
  }
  return volley_agree(comm);
}
