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
#include <string.h>

double volley_expected_rate(const volley_population *population) {
  return isnan(population->mean_rate) ? volley_assumed_rate : population->mean_rate;
}

double volley_model_seconds(const volley_experiment *experiment) {
  return 1e-3 * (double)experiment->simulation.steps * experiment->simulation.dt;
}

enum { SAMPLES = 4096, FEW_SAMPLES = 64, MANY = 1000, SIGNS = 2 };

/* What HDF5 and MPI-IO take for an open file, a thread for its stack and heap, and MPI for other ranks, which a check by a
 * process alone does not see. Measured with Open MPI 4.1 and HDF5 1.10 on a network of ten neurons. */
static const double file_bytes = 7.2e6, thread_bytes = 1.6e6, launched_bytes = 3.8e6;
static const double petsc_bytes = 5e6; /* what its libraries take when its first matrix is made */

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
    const size_t near = experiment->n_projections < MANY ? SAMPLES / 4 : FEW_SAMPLES;
    if (!isnan(*expected)) volley_near_sample(experiment, p, near, &samples[p]);
    if (!isnan(*expected)) continue;
    const volley_edge_file file = volley_edge_file_of(experiment, projection);
    VOLLEY_TRY(reader->edge_sample(reader->context, &file, SAMPLES, &samples[p]));
    *expected = (double)samples[p].edges;
    if (checks) VOLLEY_TRY(check_edges(experiment, projection, reader, &file, *expected, estimate));
  }
  return VOLLEY_OK;
}

/* What the rows of one source population look like: synapses of one row that are due at each step, by sign of weight. */
typedef struct row_shape {
  double *due[SIGNS]; /* [VOLLEY_MAX_DELAY + 1] */
  int longest;        /* step that any of them is due at */
  double synapses;    /* of one row */
  bool equal;         /* all weights are one constant */
  double weight;
  double spikes; /* of the population, in the whole run */
} row_shape;

static void add_to_shape(const volley_experiment *experiment, row_shape *shape, int p, const volley_edge_sample *sample,
                         double per_row, volley_estimate *estimate) {
  const volley_projection *projection = &experiment->projections[p];
  const double mean = volley_distribution_mean(&projection->weight);
  const bool constant = !sample->weights && volley_distribution_is_constant(&projection->weight);
  shape->equal = constant && (shape->synapses == 0 || (shape->equal && shape->weight == mean));
  shape->weight = mean;
  shape->synapses += per_row;
  const int drawn = experiment->n_projections < MANY ? SAMPLES : FEW_SAMPLES; /* many share the shape of a row */
  double delays[SAMPLES];
  volley_distribution_draw(&projection->delay, volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, (uint32_t)p), 0, 0,
                           (size_t)drawn, delays);
  const int n = sample->n > 0 ? (int)sample->n : drawn;
  for (int k = 0; k < n; k++) {
    const double delay = sample->delays ? sample->delays[k] : delays[k];
    if (experiment->simulation.continuous) {
      estimate->min_delay = fmin(estimate->min_delay, delay);
      estimate->max_delay = fmax(estimate->max_delay, delay);
      continue;
    }
    const double step = fmin(fmax(volley_round_steps(delay, experiment->simulation.dt), 1), VOLLEY_MAX_DELAY);
    const bool is_negative = (sample->weights ? sample->weights[k] : mean) < 0;
    shape->due[is_negative][(int)step] += per_row / n;
    if ((int)step > shape->longest) shape->longest = (int)step;
    estimate->min_delay = fmin(estimate->min_delay, step * experiment->simulation.dt);
    estimate->max_delay = fmax(estimate->max_delay, step * experiment->simulation.dt);
  }
}

/* Groups of a row whose synapses are due in windows of 1 << step_bits steps from the first on. The number of synapses of a
 * group is about Poisson distributed, so a group is there with probability 1 - exp(-mean). */
static double count_groups(const row_shape *shape, int first, int step_bits) {
  double groups = 0;
  for (int sign = 0; sign < SIGNS; sign++) {
    double mean = 0;
    for (int d = first; d <= shape->longest; d++) {
      mean += shape->due[sign][d];
      if (d < shape->longest && (d + 1 - first) >> step_bits == (d - first) >> step_bits) continue;
      groups -= expm1(-mean);
      mean = 0;
    }
  }
  return groups;
}

/* On how many steps the synapses of a row are due, those on which many are counting for more. */
static double count_steps(const row_shape *shape) {
  double squares = 0;
  for (int d = 0; d <= shape->longest; d++)
    for (int sign = 0; sign < SIGNS; sign++) squares += shape->due[sign][d] * shape->due[sign][d];
  return fmax(1, shape->synapses * shape->synapses / squares);
}

/* Adds what all rows of one source population are to what layouts are chosen by. */
static void add_totals(const row_shape *shape, double sources, volley_table_shape *totals) {
  for (int d = 1; d <= shape->longest && (totals->min_due == 0 || d < totals->min_due); d++)
    if (shape->due[0][d] + shape->due[1][d] > 0) totals->min_due = d;
  if (shape->longest > totals->max_due) totals->max_due = shape->longest;
  totals->rows += sources * -expm1(-shape->synapses);
  totals->synapses += sources * shape->synapses;
  totals->longest = fmax(totals->longest, shape->synapses);
}

/* Adds the tables of all rows of one source population onto all blocks of a rank. */
static void add_rows(const row_shape *shape, double sources, const volley_table_shape *totals,
                     volley_estimate *estimate) {
  const volley_layout layout = volley_layout_choose(totals);
  const double blocks = estimate->blocks, there = -expm1(-shape->synapses), rows = sources * there;
  const double groups = layout.direct ? 0 : sources * count_groups(shape, totals->min_due, layout.step_bits);
  const double singles = sources * shape->synapses * exp(-shape->synapses);
  estimate->rows += rows * blocks;
  estimate->groups += groups * blocks;
  estimate->table_bytes +=
      blocks * volley_table_expected_bytes(layout, rows, singles, groups, sources * shape->synapses, shape->equal);
  estimate->visits.rows += shape->spikes * blocks * there;
  estimate->visits.synapses += shape->spikes * blocks * shape->synapses;
  estimate->visits.steps += shape->spikes * blocks * shape->synapses * count_steps(shape);
  if (shape->equal) estimate->visits.equal += shape->spikes * blocks * shape->synapses;
}

/* Adds the table of a plastic projection. */
static void add_plastic_rows(const row_shape *shape, double sources, const volley_synapse_model *model,
                             volley_estimate *estimate) {
  const double rows = sources * -expm1(-shape->synapses), groups = sources * count_groups(shape, 0, 0);
  estimate->rows += rows * estimate->blocks;
  estimate->groups += groups * estimate->blocks;
  estimate->table_bytes +=
      estimate->blocks * volley_plastic_table_expected_bytes(model, sources, rows, groups, sources * shape->synapses);
}

static void clear_shape(row_shape *shape, double spikes) {
  for (int sign = 0; sign < SIGNS; sign++) memset(shape->due[sign], 0, ((size_t)shape->longest + 1) * sizeof(double));
  shape->synapses = 0;
  shape->spikes = spikes;
  shape->longest = 0;
}

static double count_spikes(const volley_experiment *experiment, int population) {
  const volley_population *p = &experiment->populations[population];
  return volley_model_seconds(experiment) * volley_expected_rate(p) * p->size;
}

/* The rows of one source population, of synapses that do not change. */
static void shape_rows(const volley_experiment *experiment, int source, const volley_edge_sample *samples,
                       row_shape *shape, volley_estimate *estimate) {
  clear_shape(shape, count_spikes(experiment, source));
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    if (projection->source != source || estimate->expected[p] == 0 || projection->plasticity.model) continue;
    const double per_row =
        estimate->expected[p] / experiment->populations[source].size / estimate->ranks / estimate->blocks;
    add_to_shape(experiment, shape, p, &samples[p], per_row, estimate);
  }
}

/* Adds the tables of all synapses that do not change: their layout follows from all of them. */
static void add_static(const volley_experiment *experiment, const volley_edge_sample *samples, row_shape *shape,
                       volley_estimate *estimate) {
  volley_table_shape totals = {.stride = estimate->stride,
                               .receptors = 1,
                               .wanted = experiment->simulation.delivery,
                               .weight_bits = experiment->simulation.weight_bits};
  for (int p = 0; p < experiment->n_populations; p++)
    totals.receptors = (int)fmax(totals.receptors, experiment->populations[p].model->n_receptors);
  for (int pass = 0; pass < 2; pass++) {
    for (int source = 0; source < experiment->n_populations; source++) {
      shape_rows(experiment, source, samples, shape, estimate);
      if (shape->synapses == 0) continue;
      if (pass == 0)
        add_totals(shape, experiment->populations[source].size, &totals);
      else
        add_rows(shape, experiment->populations[source].size, &totals, estimate);
    }
  }
  estimate->table_bytes +=
      estimate->blocks * (volley_source_index_expected_bytes(totals.rows, (double)experiment->neurons) +
                          (double)volley_units_bytes(&totals) +
                          (double)volley_ring_bytes(volley_layout_choose(&totals), totals.receptors));
}

/* Adds the table of one projection whose synapses learn, and what is kept of its targets' spikes: those since the last
 * sweep, in an array that doubles. */
static void add_plastic(const volley_experiment *experiment, int p, const volley_edge_sample *samples, row_shape *shape,
                        volley_estimate *estimate) {
  const volley_projection *projection = &experiment->projections[p];
  const volley_population *source = &experiment->populations[projection->source];
  const volley_population *target = &experiment->populations[projection->target];
  const double steps = fmin(VOLLEY_SWEEP_STEPS, (double)experiment->simulation.steps);
  const double kept = 1e-3 * steps * experiment->simulation.dt * volley_expected_rate(target);
  clear_shape(shape, count_spikes(experiment, projection->source));
  add_to_shape(experiment, shape, p, &samples[p],
               estimate->expected[p] / source->size / estimate->ranks / estimate->blocks, estimate);
  if (experiment->simulation.continuous)
    estimate->table_bytes +=
        volley_plastic_table_expected_timed_bytes(projection, source->size * (double)estimate->blocks, shape->synapses);
  else
    add_plastic_rows(shape, source->size, projection->plasticity.model, estimate);
  estimate->table_bytes += volley_past_spikes_expected_bytes(ceil((double)target->size / estimate->ranks), kept);
}

/* Tables of a run without steps: bytes of a synapse by what its network has many of (network/event_table.h). */
static void estimate_event_tables(const volley_experiment *experiment, const volley_edge_sample *samples,
                                  row_shape *shape, volley_estimate *estimate) {
  bool weights = false, delays = false;
  double synapses = 0, rows = 0;
  for (int source = 0; source < experiment->n_populations; source++) {
    const double sources = experiment->populations[source].size;
    shape_rows(experiment, source, samples, shape, estimate);
    synapses += sources * shape->synapses * estimate->blocks;
    rows += sources * -expm1(-shape->synapses) * estimate->blocks;
  }
  for (int p = 0; p < experiment->n_projections; p++) {
    weights |= !volley_distribution_is_constant(&experiment->projections[p].weight);
    delays |= !volley_distribution_is_constant(&experiment->projections[p].delay);
  }
  estimate->rows = rows;
  estimate->table_bytes = volley_event_table_expected_bytes(rows, synapses, weights, delays) +
                          volley_source_index_expected_bytes(rows, (double)experiment->neurons * estimate->blocks);
}

static void estimate_tables(const volley_experiment *experiment, const volley_edge_sample *samples,
                            volley_estimate *estimate) {
  row_shape shape = {0};
  for (int sign = 0; sign < SIGNS; sign++)
    shape.due[sign] = volley_alloc(VOLLEY_MAX_DELAY + 1, sizeof(double), "an estimate");
  if (experiment->simulation.continuous)
    estimate_event_tables(experiment, samples, &shape, estimate);
  else
    add_static(experiment, samples, &shape, estimate);
  for (int p = 0; p < experiment->n_projections; p++) {
    if (experiment->projections[p].plasticity.model && estimate->expected[p] > 0)
      add_plastic(experiment, p, samples, &shape, estimate);
  }
  for (int sign = 0; sign < SIGNS; sign++) free(shape.due[sign]);
}

/* Blocks that are built at the same time, one a thread, hold records of their synapses until rows are written. */
static void estimate_build(const volley_experiment *experiment, volley_estimate *estimate) {
  double most, still = 0, learning = 0; /* synapses and what else builders hold of those that learn */
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const double sources = experiment->populations[projection->source].size * (double)estimate->blocks;
    const double synapses = estimate->expected[p] / estimate->ranks;
    if (projection->plasticity.model)
      learning += volley_plastic_table_builder_expected_bytes(sources, synapses);
    else
      still += synapses;
  }
  const double records =
      learning + (experiment->simulation.continuous
                      ? volley_event_table_builder_expected_bytes((double)experiment->neurons * estimate->blocks, still)
                      : volley_table_builder_expected_bytes(estimate->rows, still));
  const double at_once = (double)estimate->threads / estimate->blocks;
  const double kept = volley_edge_lists_expected_bytes(experiment, estimate->expected, estimate->ranks, &most);
  const double building = kept + at_once * fmax(0, records - estimate->table_bytes);
  estimate->build_bytes = fmax(building, most - estimate->table_bytes);
}

/* Batches of spikes under way, for populations that fire at 20 Hz, and the spikes of the last steps. */
static double exchange_bytes(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double dt = experiment->simulation.dt, steps = isfinite(estimate->min_delay) ? estimate->min_delay / dt : 1;
  const double block = 8 + 1e-3 * 20 * dt * experiment->neurons / estimate->ranks;
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
    estimate->spikes += count_spikes(experiment, p);
  }
  for (int k = 0; k < experiment->n_projections; k++) {
    const volley_population *source = &experiment->populations[experiment->projections[k].source];
    estimate->events += volley_model_seconds(experiment) * volley_expected_rate(source) * estimate->expected[k];
  }
}

/* The load of a neuron is the expected number of synapses onto it. */
static volley_status estimate_balance(const volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm,
                                      volley_estimate *estimate) {
  volley_owners owners;
  VOLLEY_TRY(volley_owners_find(experiment, estimate->ranks, reader, comm, &owners));
  double *indegrees = volley_alloc((size_t)experiment->n_populations, sizeof *indegrees, "an estimate");
  for (int p = 0; p < experiment->n_projections; p++) {
    const int target = experiment->projections[p].target;
    indegrees[target] += estimate->expected[p] / experiment->populations[target].size;
  }
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
  estimate_tables(experiment, samples, out);
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
  if (status == VOLLEY_OK && checks) status = estimate_balance(experiment, reader, comm, out);
  for (size_t p = 0; p < n; p++) {
    free(samples[p].weights);
    free(samples[p].delays);
  }
  free(samples);
  return status;
}

void volley_estimate_release(volley_estimate *estimate) { free(estimate->expected); }

volley_status volley_memory_check(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                  MPI_Comm comm) {
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_estimate estimate;
  const volley_status status = volley_estimate_make(experiment, reader, ranks, threads, false, comm, &estimate);
  volley_estimate_release(&estimate);
  VOLLEY_TRY(status);
  const int neighbours = volley_node_ranks(comm);
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
