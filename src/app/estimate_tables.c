/* Synapse tables of a rank: how many rows, groups and bytes, and what the spikes of a run find there. */
#include "app/estimate.h"

#include "base/memory.h"
#include "network/blocks.h"
#include "network/plastic_table.h"
#include "network/source_index.h"
#include "network/table_builder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIGNS = 2 };

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
  const int drawn = experiment->n_projections < VOLLEY_MANY_PROJECTIONS
                        ? VOLLEY_SOME_EDGES
                        : VOLLEY_FEW_EDGES; /* many share the shape of a row */
  double delays[VOLLEY_SOME_EDGES];
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

/* The rows of one source population, of synapses that do not change. */
static void shape_rows(const volley_experiment *experiment, int source, const volley_edge_sample *samples,
                       row_shape *shape, volley_estimate *estimate) {
  clear_shape(shape, volley_spikes_expect(experiment, source));
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
  estimate->table_bytes =
      estimate->blocks * (volley_huge_expected_bytes(estimate->table_bytes / estimate->blocks) +
                          volley_source_index_expected_bytes(totals.rows, (double)experiment->neurons) +
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
  clear_shape(shape, volley_spikes_expect(experiment, projection->source));
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

void volley_estimate_tables(const volley_experiment *experiment, const volley_edge_sample *samples,
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
