#include "app/estimate.h"

#include "app/threads.h"
#include "base/text.h"
#include "build/blocks.h"
#include "build/edge_list.h"
#include "build/plastic.h"
#include "build/rule.h"
#include "force/readout_values.h"
#include "record/record.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const double volley_assumed_rate = 10;

double volley_expected_rate(const volley_population *population) {
  return isnan(population->mean_rate) ? volley_assumed_rate : population->mean_rate;
}

enum { SAMPLES = 4096, FEW_SAMPLES = 64, MANY = 1000, SIGNS = 2 };

/* Bytes that tables take while they are built: a record a synapse, kept until its row is written. */
static const double record_size = 8, plastic_record_size = 16;
/* An entry of the index of sources: it is at most half full, on average three eighths. */
static const double index_size = 16 / 0.375;

/* What HDF5 and MPI-IO take for an open file, measured with Open MPI 4.1 and HDF5 1.10 on a network of 77 neurons. */
static const double file_bytes = 9.5e6;

/* What the libraries of PETSc take when its first matrix is made. */
static const double petsc_bytes = 18e6;

/* Every stride-th edge of a file, at most SAMPLES. */
typedef struct edge_sample {
  const volley_experiment *experiment;
  const volley_projection *projection;
  double edges; /* in the file */
  uint64_t stride;
  int n;
  bool has_delays, has_weights;
  double delays[SAMPLES], weights[SAMPLES];
} edge_sample;

/* Makes room in a full sample. */
static void thin(edge_sample *sample) {
  sample->n = SAMPLES / 2;
  sample->stride *= 2;
  for (int k = 0; k < sample->n; k++) {
    sample->delays[k] = sample->delays[2 * k];
    sample->weights[k] = sample->weights[2 * k];
  }
}

static volley_status take_slab(void *taker, const volley_edge_slab *slab) {
  edge_sample *sample = taker;
  VOLLEY_TRY(volley_edge_slab_check(sample->experiment, sample->projection, slab));
  sample->edges += (double)slab->count;
  sample->has_delays = slab->delay != NULL;
  sample->has_weights = slab->weight != NULL;
  for (size_t i = 0; i < slab->count; i++) {
    if ((slab->first + i) % sample->stride != 0) continue;
    if (sample->n == SAMPLES) thin(sample);
    if ((slab->first + i) % sample->stride != 0) continue;
    if (slab->delay) sample->delays[sample->n] = slab->delay[i];
    if (slab->weight) sample->weights[sample->n] = slab->weight[i];
    sample->n++;
  }
  return VOLLEY_OK;
}

/* Expected synapses of each projection, [n_projections], and a sample of those that come from a file, else NULL.
 * Collective, agreed status. */
static volley_status expect_synapses(const volley_experiment *experiment, const volley_reader *reader, double *out,
                                     edge_sample **samples) {
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    out[p] = projection->rule->expected(experiment, projection);
    if (!isnan(out[p])) continue;
    samples[p] = volley_alloc(1, sizeof *samples[p], "an estimate");
    *samples[p] = (edge_sample){.experiment = experiment, .projection = projection, .stride = 1};
    VOLLEY_TRY(
        reader->edges(reader->context, &projection->place, projection->file, projection->group, take_slab, samples[p]));
    out[p] = samples[p]->edges;
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
} row_shape;

static void add_to_shape(const volley_experiment *experiment, row_shape *shape, int p, const edge_sample *sample,
                         double per_row, volley_estimate *estimate) {
  const volley_projection *projection = &experiment->projections[p];
  const double mean = volley_distribution_mean(&projection->weight);
  const bool weights_listed = sample && sample->has_weights, delays_listed = sample && sample->has_delays;
  const bool constant = !weights_listed && volley_distribution_is_constant(&projection->weight);
  shape->equal = constant && (shape->synapses == 0 || (shape->equal && shape->weight == mean));
  shape->weight = mean;
  shape->synapses += per_row;
  const int drawn = experiment->n_projections < MANY ? SAMPLES : FEW_SAMPLES; /* many share the shape of a row */
  double delays[SAMPLES];
  volley_distribution_draw(&projection->delay, volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, (uint32_t)p), 0, 0,
                           (size_t)drawn, delays);
  const int n = sample ? sample->n : drawn;
  for (int k = 0; k < n; k++) {
    const double delay = delays_listed ? sample->delays[k] : delays[k];
    const double step = fmin(fmax(volley_round_steps(delay, experiment->simulation.dt), 1), VOLLEY_MAX_DELAY);
    const bool is_negative = (weights_listed ? sample->weights[k] : mean) < 0;
    shape->due[is_negative][(int)step] += per_row / n;
    if ((int)step > shape->longest) shape->longest = (int)step;
    estimate->min_delay = fmin(estimate->min_delay, step * experiment->simulation.dt);
    estimate->max_delay = fmax(estimate->max_delay, step * experiment->simulation.dt);
  }
}

/* Adds the tables of all rows of one source population onto all blocks of a rank; plastic: their model, or NULL. The number
 * of synapses of a run is about Poisson distributed, so a run is there with probability 1 - exp(-mean). */
static void add_rows(const volley_experiment *experiment, const row_shape *shape, int source,
                     const volley_synapse_model *plastic, volley_estimate *estimate) {
  const double rows = (double)experiment->populations[source].size * estimate->blocks * -expm1(-shape->synapses);
  double runs = 0;
  for (int sign = 0; sign < SIGNS; sign++) {
    for (int d = 0; d <= shape->longest; d++) runs -= expm1(-shape->due[sign][d]);
  }
  runs *= (double)experiment->populations[source].size * estimate->blocks;
  const double synapses = (double)experiment->populations[source].size * estimate->blocks * shape->synapses;
  if (plastic) {
    estimate->rows += rows;
    estimate->runs += runs;
    estimate->table_bytes +=
        synapses * (8.0 * plastic->n_states + 2) + runs * (double)sizeof(volley_plastic_run) + rows * index_size;
    return;
  }
  const double data = shape->equal ? 2 * synapses + 4 * runs : 6 * synapses;
  estimate->rows += rows;
  estimate->runs += runs;
  estimate->table_bytes += data + runs * (sizeof(volley_run) + 1) + rows * (4 + 1 + index_size);
}

static void clear_shape(row_shape *shape) {
  for (int sign = 0; sign < SIGNS; sign++) memset(shape->due[sign], 0, ((size_t)shape->longest + 1) * sizeof(double));
  shape->synapses = 0;
  shape->longest = 0;
}

static void estimate_tables(const volley_experiment *experiment, const double *synapses, edge_sample *const *samples,
                            volley_estimate *estimate) {
  const double blocks = (double)estimate->ranks * estimate->blocks;
  row_shape shape = {0};
  for (int sign = 0; sign < SIGNS; sign++) {
    shape.due[sign] = volley_alloc(VOLLEY_MAX_DELAY + 1, sizeof(double), "an estimate");
  }
  for (int source = 0; source < experiment->n_populations; source++) {
    clear_shape(&shape);
    for (int p = 0; p < experiment->n_projections; p++) {
      const volley_projection *projection = &experiment->projections[p];
      if (projection->source != source || synapses[p] == 0 || projection->plasticity.model) continue;
      const double per_row = synapses[p] / experiment->populations[source].size / blocks;
      add_to_shape(experiment, &shape, p, samples[p], per_row, estimate);
    }
    if (shape.synapses > 0) add_rows(experiment, &shape, source, NULL, estimate);
  }
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    if (!projection->plasticity.model || synapses[p] == 0) continue;
    clear_shape(&shape);
    add_to_shape(experiment, &shape, p, samples[p],
                 synapses[p] / experiment->populations[projection->source].size / blocks, estimate);
    add_rows(experiment, &shape, projection->source, projection->plasticity.model, estimate);
  }
  for (int sign = 0; sign < SIGNS; sign++) free(shape.due[sign]);
}

/* Edges that stand in a list while tables are built take their size three times: list, sorted copy, what is received. */
static void estimate_build(const volley_experiment *experiment, const double *synapses, volley_estimate *estimate) {
  double listed = 0, records = estimate->rows * (24 + index_size);
  for (int p = 0; p < experiment->n_projections; p++) {
    const bool is_plastic = experiment->projections[p].plasticity.model != NULL;
    if (experiment->projections[p].rule->is_listed) listed += synapses[p];
    records += (is_plastic ? plastic_record_size : record_size) * synapses[p] / estimate->ranks;
  }
  estimate->listed = listed / estimate->ranks;
  estimate->build_bytes = fmax(0, records - estimate->table_bytes) + 3 * sizeof(volley_edge) * estimate->listed;
}

static void estimate_neurons(const volley_experiment *experiment, volley_estimate *estimate) {
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const volley_neuron_model *model = population->model;
    const double n = ceil((double)population->size / estimate->ranks);
    const bool per_neuron = volley_population_is_per_neuron(population);
    int columns = model->n_states + model->n_receptors + (per_neuron ? model->n_coefficients : 0);
    for (int r = 0; r < model->n_receptors; r++) columns -= model->receptors[r].state >= 0 ? 1 : 0;
    estimate->neuron_bytes += n * (columns * 8.0 + 2 * 4);
    for (int s = 0; s < experiment->n_stimuli; s++) {
      const volley_stimulus *stimulus = &experiment->stimuli[s];
      if (stimulus->target != p) continue;
      estimate->neuron_bytes += n * 8 * (stimulus->signal ? stimulus->signal->dimension : 1);
    }
  }
}

static void estimate_recorders(const volley_experiment *experiment, volley_estimate *estimate) {
  estimate->record_bytes = file_bytes;
  for (int r = 0; r < experiment->n_recorders; r++) {
    const volley_recorder *recorder = &experiment->recorders[r];
    const int64_t end = recorder->stop < experiment->simulation.steps ? recorder->stop : experiment->simulation.steps;
    const double rows = fmax(0, floor((double)(end - recorder->start) / (double)recorder->interval));
    const double values = fmin(VOLLEY_VALUES_AT_ONCE, rows * (double)volley_recorder_width(experiment, recorder));
    const double spikes = VOLLEY_SPIKES_AT_ONCE * 16.0; /* a time and an id */
    estimate->record_bytes += recorder->kind == VOLLEY_RECORD_SPIKES ? spikes : values * 8 / estimate->ranks;
  }
}

static void estimate_spikes(const volley_experiment *experiment, const double *synapses, volley_estimate *estimate) {
  const double seconds = 1e-3 * (double)experiment->simulation.steps * experiment->simulation.dt;
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    const double rate = volley_expected_rate(population);
    estimate->assumed_rates |= isnan(population->mean_rate);
    estimate->spikes += seconds * rate * population->size;
    for (int k = 0; k < experiment->n_projections; k++) {
      if (experiment->projections[k].source == p) estimate->events += seconds * rate * synapses[k];
    }
  }
}

/* The load of a neuron is the expected number of synapses onto it. */
static void estimate_balance(const volley_experiment *experiment, const double *synapses, volley_estimate *estimate) {
  double *indegrees = volley_alloc((size_t)experiment->n_populations, sizeof *indegrees, "an estimate");
  for (int p = 0; p < experiment->n_projections; p++) {
    const int target = experiment->projections[p].target;
    indegrees[target] += synapses[p] / experiment->populations[target].size;
  }
  estimate->neuron_balance = volley_partition_balance(experiment, estimate->ranks, NULL);
  estimate->synapse_balance = volley_partition_balance(experiment, estimate->ranks, indegrees);
  free(indegrees);
}

volley_status volley_estimate_make(const volley_experiment *experiment, const volley_reader *reader, int ranks,
                                   int threads, bool with_balance, volley_estimate *out) {
  double *synapses = volley_alloc((size_t)experiment->n_projections, sizeof *synapses, "an estimate");
  edge_sample **samples = volley_alloc((size_t)experiment->n_projections, sizeof *samples, "an estimate");
  uint32_t *counts = volley_alloc((size_t)experiment->n_populations, sizeof *counts, "an estimate");
  for (int p = 0; p < experiment->n_populations; p++) {
    const uint64_t size = experiment->populations[p].size, of = (uint64_t)ranks;
    counts[p] = (uint32_t)((size + of - 1) / of);
  }
  *out = (volley_estimate){.ranks = ranks, .threads = threads, .min_delay = INFINITY};
  out->blocks = volley_blocks_count(experiment, counts, threads);
  out->plastic = volley_alloc((size_t)experiment->n_projections, sizeof *out->plastic, "an estimate");
  out->base_bytes = (double)volley_present_rss();
  const volley_status status = expect_synapses(experiment, reader, synapses, samples);
  if (status == VOLLEY_OK) {
    for (int p = 0; p < experiment->n_projections; p++) {
      out->synapses += synapses[p];
      if (experiment->projections[p].plasticity.model) out->plastic[p] = synapses[p];
    }
    if (with_balance) estimate_balance(experiment, synapses, out);
    estimate_tables(experiment, synapses, samples, out);
    estimate_build(experiment, synapses, out);
    estimate_neurons(experiment, out);
    estimate_recorders(experiment, out);
    if (experiment->n_readouts > 0)
      out->readout_bytes = petsc_bytes + (double)volley_readouts_bytes(experiment, out->ranks);
    estimate_spikes(experiment, synapses, out);
    if (out->synapses == 0) out->min_delay = out->max_delay = 0;
    out->peak_bytes = out->base_bytes + out->neuron_bytes + out->table_bytes +
                      fmax(out->build_bytes, out->record_bytes + out->readout_bytes);
  }
  for (int p = 0; p < experiment->n_projections; p++) free(samples[p]);
  free(samples);
  free(synapses);
  free(counts);
  return status;
}

void volley_estimate_release(volley_estimate *estimate) { free(estimate->plastic); }

volley_status volley_memory_check(const volley_experiment *experiment, const volley_reader *reader, int threads,
                                  MPI_Comm comm) {
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_estimate estimate;
  const volley_status status = volley_estimate_make(experiment, reader, ranks, threads, false, &estimate);
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
