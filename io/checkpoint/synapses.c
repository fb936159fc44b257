#include "io/checkpoint/synapses.h"

#include "base/memory.h"
#include "network/synapse_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_PER_DATASET = 2048 + 64, BYTES_PER_GROUP = 4096, FEW = 4 }; /* FEW: datasets that are not of synapses */

/* One projection: where the values of a target begin in the datasets, by index of the target, [n_targets + 1]. */
typedef struct piece {
  int projection;
  uint32_t n_targets;
  volley_synapse_order order; /* of the synapses */
  uint64_t *past;             /* of the spikes that are kept */
  uint64_t *ones;             /* one value a target */
  double *dopamine;           /* [2][n_levels] */
  uint64_t n_levels;
} piece;

struct volley_plastic_saving {
  const volley_network *network;
  piece *pieces; /* [n] */
  int n;
};

static const volley_synapse_model *model_of(const volley_network *network, int projection) {
  return network->experiment->projections[projection].plasticity.model;
}

/* Number of datasets of one value a synapse: states, last, states of the row. */
static int count_columns(const volley_synapse_model *model) { return model->n_states + 1 + model->n_row_states; }

uint64_t volley_plastic_synapse_bytes(const volley_synapse_model *model) {
  return (uint64_t)count_columns(model) * sizeof(double);
}

static const char *column_name(const volley_synapse_model *model, int c) {
  if (c < model->n_states) return model->states[c].name;
  return c == model->n_states ? "last" : model->row_states[c - model->n_states - 1];
}

/* A column's value of synapse s of a group; to be set if `set` is not NULL. Steps are kept as numbers. */
static double exchange_value(volley_plastic_table *plastic, volley_plastic_group *group, uint64_t s, int c,
                             const double *set) {
  const int n_states = plastic->model->n_states;
  if (c == n_states) {
    if (set) group->last = (int64_t)*set;
    return (double)group->last;
  }
  double *value = c < n_states ? &plastic->states[c][s] : &group->row[c - n_states - 1];
  if (set) *value = *set;
  return *value;
}

/* Turns counts into beginnings; counts[n] becomes the sum. */
static void add_up(uint64_t *counts, uint32_t n) {
  uint64_t total = 0;
  for (uint32_t t = 0; t <= n; t++) {
    const uint64_t count = t < n ? counts[t] : 0;
    counts[t] = total;
    total += count;
  }
}

static uint64_t *count_past(const volley_network *network, const piece *p) {
  uint64_t *counts = volley_alloc((size_t)p->n_targets + 1, sizeof *counts, "a checkpoint");
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], p->projection);
    for (uint32_t t = 0; plastic && t < plastic->n_targets; t++)
      counts[volley_plastic_target(network, &network->blocks[b], plastic, t)] = plastic->past[t].n;
  }
  volley_sum_counts(counts, p->n_targets, network->comm);
  add_up(counts, p->n_targets);
  return counts;
}

/* The dopamine of a projection, the same on all ranks that have some of it: what was released before `step`. */
static void copy_dopamine(const volley_network *network, piece *p, int64_t step) {
  const volley_plastic_table *plastic = NULL;
  int holder = network->ranks;
  for (int b = 0; b < network->n_blocks && !plastic; b++)
    plastic = volley_block_plastic(&network->blocks[b], p->projection);
  if (plastic) holder = network->rank;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &holder, 1, MPI_INT, MPI_MIN, network->comm));
  const volley_past_spike *levels = plastic ? plastic->dopamine.levels : NULL;
  if (plastic)
    for (p->n_levels = 0; p->n_levels < plastic->dopamine.n; p->n_levels++)
      if (levels[p->n_levels].step - plastic->dopamine_delay >= step) break;
  VOLLEY_MPI(MPI_Bcast(&p->n_levels, 1, MPI_UINT64_T, holder, network->comm));
  p->dopamine = volley_alloc(2 * p->n_levels, sizeof(double), "a checkpoint");
  for (uint64_t k = 0; plastic && k < p->n_levels; k++) {
    p->dopamine[k] = (double)levels[k].step;
    p->dopamine[p->n_levels + k] = levels[k].trace;
  }
  VOLLEY_MPI(MPI_Bcast(p->dopamine, (int)(2 * p->n_levels), MPI_DOUBLE, holder, network->comm));
}

/* What is known of a projection before its values: how many synapses each target has. Collective. */
static piece begin_piece(const volley_network *network, int projection) {
  const volley_experiment *experiment = network->experiment;
  piece p = {.projection = projection,
             .n_targets = experiment->populations[experiment->projections[projection].target].size};
  p.order = volley_synapse_order_make(network, projection, NULL, NULL);
  p.ones = volley_alloc((size_t)p.n_targets + 1, sizeof *p.ones, "a checkpoint");
  for (uint64_t t = 0; t <= p.n_targets; t++) p.ones[t] = t;
  return p;
}

static void release_piece(piece *p) {
  volley_synapse_order_release(&p->order);
  free(p->past);
  free(p->ones);
  free(p->dopamine);
}

volley_plastic_saving *volley_plastic_saving_create(const volley_network *network, const volley_run_state *state) {
  const volley_experiment *experiment = network->experiment;
  volley_plastic_saving *saving = volley_alloc(1, sizeof *saving, "a checkpoint");
  saving->network = network;
  saving->pieces = volley_alloc((size_t)experiment->n_projections, sizeof *saving->pieces, "a checkpoint");
  for (int k = 0; k < experiment->n_projections; k++) {
    if (!experiment->projections[k].plasticity.model) continue;
    piece *p = &saving->pieces[saving->n++];
    *p = begin_piece(network, k);
    p->past = count_past(network, p);
    copy_dopamine(network, p, state->step - state->n_recent);
  }
  return saving;
}

void volley_plastic_saving_destroy(volley_plastic_saving *saving) {
  if (!saving) return;
  for (int k = 0; k < saving->n; k++) release_piece(&saving->pieces[k]);
  free(saving->pieces);
  free(saving);
}

size_t volley_plastic_saving_datasets(const volley_plastic_saving *saving) {
  size_t n = 0;
  for (int k = 0; k < saving->n; k++)
    n += FEW + (size_t)count_columns(model_of(saving->network, saving->pieces[k].projection));
  return n;
}

uint64_t volley_plastic_saving_bytes(const volley_plastic_saving *saving) {
  uint64_t bytes = volley_plastic_saving_datasets(saving) * BYTES_PER_DATASET;
  for (int k = 0; k < saving->n; k++) {
    const piece *p = &saving->pieces[k];
    const uint64_t columns = (uint64_t)count_columns(model_of(saving->network, p->projection));
    const uint64_t values =
        columns * volley_synapse_order_total(&p->order) + p->n_targets + 2 * (p->past[p->n_targets] + p->n_levels);
    bytes += BYTES_PER_GROUP + values * sizeof(double);
  }
  return bytes;
}

static void group_name(int k, char name[24]) { snprintf(name, 24, "%d", k); }

void volley_plastic_create_datasets(volley_hdf5 *file, hid_t parent, const volley_plastic_saving *saving,
                                    volley_dataset *datasets) {
  for (int k = 0; k < saving->n; k++) {
    const piece *p = &saving->pieces[k];
    const volley_synapse_model *model = model_of(saving->network, p->projection);
    const uint64_t past = p->past[p->n_targets];
    const hid_t type = H5T_NATIVE_DOUBLE;
    char name[24];
    group_name(k, name);
    const hid_t group = volley_hdf5_put_group(file, parent, name);
    volley_hdf5_put_text(file, group, "projection", saving->network->experiment->projections[p->projection].name);
    for (int c = 0; c < count_columns(model); c++)
      *datasets++ = volley_dataset_create(file, group, column_name(model, c), type,
                                          volley_synapse_order_total(&p->order), NULL, NULL);
    *datasets++ = volley_dataset_create(file, group, "past_counts", type, p->n_targets, NULL, NULL);
    *datasets++ = volley_dataset_create(file, group, "past_steps", type, past, NULL, NULL);
    *datasets++ = volley_dataset_create(file, group, "past_traces", type, past, NULL, NULL);
    *datasets++ = volley_dataset_create(file, group, "dopamine", type, 2 * p->n_levels, NULL, p->dopamine);
    volley_hdf5_release(file, group);
  }
}

/* The targets of a block and where their values are in a dataset. */
typedef struct stretch_of_targets {
  const uint64_t *firsts;  /* in the dataset, by index */
  const uint32_t *indices; /* [n] */
  uint32_t n;
} stretch_of_targets;

/* Goes through a block's values, target by target, in as large pieces as are contiguous: puts them, or gets them. */
static void go_through(volley_hdf5 *file, volley_dataset *dataset, const stretch_of_targets *targets, bool puts,
                       double *values) {
  for (uint32_t t = 0; t < targets->n;) {
    const uint64_t first = targets->firsts[targets->indices[t]];
    uint64_t end = first;
    do {
      end = targets->firsts[targets->indices[t++] + 1];
    } while (t < targets->n && targets->firsts[targets->indices[t]] == end);
    if (end == first) continue;
    if (puts)
      volley_dataset_put(file, dataset, first, end - first, values);
    else
      volley_dataset_get(file, dataset, H5T_NATIVE_DOUBLE, first, end - first, values);
    values += end - first;
  }
}

/* A block's synapses: where each is among them, target by target. */
typedef struct placing {
  const volley_plastic_table *plastic;
  const volley_synapse_order *order;
  const uint32_t *indices;
  uint64_t *starts; /* [n_targets] */
  uint64_t *places; /* [synapses] */
} placing;

static void place(void *context, uint32_t group, uint32_t synapse, uint64_t number) {
  const placing *p = context;
  const uint64_t s = p->plastic->groups[group].first + synapse;
  const uint32_t t = p->plastic->ids[s] - p->plastic->first_id;
  p->places[s] = p->starts[t] + number - p->order->firsts[p->indices[t]];
}

static uint64_t *find_places(const volley_block *block, const volley_plastic_table *plastic, const piece *p,
                             const uint32_t *indices) {
  placing placed = {plastic, &p->order, indices, NULL, NULL};
  placed.starts = volley_alloc(plastic->n_targets, sizeof *placed.starts, "a checkpoint");
  placed.places = volley_alloc(plastic->synapses, sizeof *placed.places, "a checkpoint");
  uint64_t start = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    placed.starts[t] = start;
    start += p->order.firsts[indices[t] + 1] - p->order.firsts[indices[t]];
  }
  volley_synapse_order_walk(&p->order, block, plastic, place, &placed);
  free(placed.starts);
  return placed.places;
}

static uint32_t *find_indices(const volley_network *network, const volley_block *block,
                              const volley_plastic_table *plastic) {
  uint32_t *indices = volley_alloc(plastic->n_targets, sizeof *indices, "a checkpoint");
  for (uint32_t t = 0; t < plastic->n_targets; t++) indices[t] = volley_plastic_target(network, block, plastic, t);
  return indices;
}

/* Brings a column of a block's synapses to the file, or from there. */
static void exchange_column(volley_hdf5 *file, volley_dataset *dataset, const stretch_of_targets *targets,
                            volley_plastic_table *plastic, const uint64_t *places, int c, bool puts, double *values) {
  if (!puts) go_through(file, dataset, targets, false, values);
  for (uint32_t r = 0; r < plastic->n_groups && !file->failed; r++) {
    volley_plastic_group *group = &plastic->groups[r];
    for (uint64_t s = group->first; s < group->first + group->count; s++) {
      if (puts)
        values[places[s]] = exchange_value(plastic, group, s, c, NULL);
      else
        (void)exchange_value(plastic, group, s, c, &values[places[s]]);
    }
  }
  if (puts) go_through(file, dataset, targets, true, values);
}

static void exchange_synapses(volley_hdf5 *file, volley_dataset *datasets, const piece *p, const volley_block *block,
                              volley_plastic_table *plastic, const uint32_t *indices, bool puts) {
  const stretch_of_targets targets = {p->order.firsts, indices, plastic->n_targets};
  uint64_t *places = find_places(block, plastic, p, indices);
  double *values = volley_alloc(plastic->synapses, sizeof *values, "a checkpoint");
  for (int c = 0; c < count_columns(plastic->model); c++)
    exchange_column(file, &datasets[c], &targets, plastic, places, c, puts, values);
  free(values);
  free(places);
}

/* Spikes of the targets. datasets: past_counts, past_steps, past_traces */
static void put_past(volley_hdf5 *file, volley_dataset *datasets, const piece *p, const volley_plastic_table *plastic,
                     const uint32_t *indices) {
  const stretch_of_targets one = {p->ones, indices, plastic->n_targets}, many = {p->past, indices, plastic->n_targets};
  uint64_t n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) n += plastic->past[t].n;
  double *counts = volley_alloc(plastic->n_targets, sizeof *counts, "a checkpoint");
  double *steps = volley_alloc(n, sizeof *steps, "a checkpoint"),
         *traces = volley_alloc(n, sizeof *traces, "a checkpoint");
  n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    counts[t] = plastic->past[t].n;
    for (uint32_t k = 0; k < plastic->past[t].n; k++, n++) {
      steps[n] = (double)plastic->past[t].spikes[k].step;
      traces[n] = plastic->past[t].spikes[k].trace;
    }
  }
  go_through(file, &datasets[0], &one, true, counts);
  go_through(file, &datasets[1], &many, true, steps);
  go_through(file, &datasets[2], &many, true, traces);
  free(counts);
  free(steps);
  free(traces);
}

void volley_plastic_put(volley_hdf5 *file, const volley_plastic_saving *saving, volley_dataset *datasets) {
  const volley_network *network = saving->network;
  for (int k = 0; k < saving->n; k++) {
    const piece *p = &saving->pieces[k];
    const int n = count_columns(model_of(network, p->projection));
    for (int b = 0; b < network->n_blocks; b++) {
      const volley_block *block = &network->blocks[b];
      volley_plastic_table *plastic = volley_block_plastic(block, p->projection);
      if (!plastic) continue;
      uint32_t *indices = find_indices(network, block, plastic);
      exchange_synapses(file, datasets, p, block, plastic, indices, true);
      put_past(file, datasets + n, p, plastic, indices);
      free(indices);
    }
    if (network->rank == 0) volley_dataset_put_whole(file, &datasets[n + FEW - 1]);
    datasets += n + FEW;
  }
}

/* What is read of one projection. */
typedef struct reading {
  volley_hdf5 *file;
  hid_t group;
  uint64_t file_bytes;
  const volley_projection *projection;
} reading;

/* Opens a dataset of `count` values; UINT64_MAX: of any number. */
static volley_dataset open_dataset(const reading *r, const char *name, uint64_t count) {
  volley_dataset dataset = volley_dataset_open(r->file, r->group, name, r->file_bytes);
  if (r->file->failed || count == UINT64_MAX || dataset.count == count) return dataset;
  r->file->failed = true;
  volley_fault(VOLLEY_USAGE, &r->projection->place,
               "'%s' is of another experiment: projection '%s' has %llu values of %s there and %llu here",
               r->file->path, r->projection->name, (unsigned long long)dataset.count, name, (unsigned long long)count);
  return dataset;
}

/* All values of a dataset; owned by the caller. */
static double *get_all(const reading *r, const char *name, uint64_t expected, uint64_t *n) {
  volley_dataset dataset = open_dataset(r, name, expected);
  *n = r->file->failed ? 0 : dataset.count;
  double *values = volley_alloc(*n, sizeof *values, "a checkpoint");
  volley_dataset_get(r->file, &dataset, H5T_NATIVE_DOUBLE, 0, *n, values);
  volley_dataset_release(r->file, &dataset);
  return values;
}

/* Reads how many spikes of each target are kept. */
static void get_counts(const reading *r, piece *p) {
  uint64_t n;
  double *counts = get_all(r, "past_counts", p->n_targets, &n);
  p->past = volley_alloc((size_t)p->n_targets + 1, sizeof *p->past, "a checkpoint");
  for (uint64_t t = 0; t < n; t++) p->past[t] = (uint64_t)counts[t];
  add_up(p->past, p->n_targets);
  free(counts);
}

static void set_past(const reading *r, volley_dataset *datasets, const piece *p, volley_plastic_table *plastic,
                     const uint32_t *indices) {
  const stretch_of_targets targets = {p->past, indices, plastic->n_targets};
  uint64_t n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) n += p->past[indices[t] + 1] - p->past[indices[t]];
  double *steps = volley_alloc(n, sizeof *steps, "a checkpoint"),
         *traces = volley_alloc(n, sizeof *traces, "a checkpoint");
  go_through(r->file, &datasets[0], &targets, false, steps);
  go_through(r->file, &datasets[1], &targets, false, traces);
  n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    volley_past_spikes *past = &plastic->past[t];
    past->n = past->capacity = (uint32_t)(p->past[indices[t] + 1] - p->past[indices[t]]);
    past->spikes = volley_grow(past->spikes, past->n, sizeof *past->spikes, "a checkpoint");
    for (uint32_t k = 0; k < past->n; k++, n++) past->spikes[k] = (volley_past_spike){(int64_t)steps[n], traces[n]};
  }
  free(steps);
  free(traces);
}

static void set_dopamine(volley_plastic_table *plastic, const double *values, uint64_t n) {
  volley_dopamine *dopamine = &plastic->dopamine;
  if (n == 0) return;
  dopamine->n = dopamine->capacity = (uint32_t)n;
  dopamine->levels = volley_grow(dopamine->levels, n, sizeof *dopamine->levels, "a checkpoint");
  for (uint64_t k = 0; k < n; k++) dopamine->levels[k] = (volley_past_spike){(int64_t)values[k], values[n + k]};
}

/* The last sweep before a step. */
static int64_t last_sweep(int64_t step) { return step > 0 ? (step - 1) / VOLLEY_SWEEP_STEPS * VOLLEY_SWEEP_STEPS : 0; }

static void restore_blocks(const reading *r, volley_dataset *datasets, const piece *p, volley_network *network,
                           int64_t step) {
  uint64_t n = 0;
  double *dopamine = get_all(r, "dopamine", UINT64_MAX, &n);
  const int n_columns = count_columns(model_of(network, p->projection));
  for (int b = 0; b < network->n_blocks && !r->file->failed; b++) {
    const volley_block *block = &network->blocks[b];
    volley_plastic_table *plastic = volley_block_plastic(block, p->projection);
    if (!plastic) continue;
    uint32_t *indices = find_indices(network, block, plastic);
    exchange_synapses(r->file, datasets, p, block, plastic, indices, false);
    set_past(r, datasets + n_columns, p, plastic, indices);
    set_dopamine(plastic, dopamine, n / 2);
    plastic->swept = last_sweep(step);
    free(indices);
  }
  free(dopamine);
}

static void restore_projection(const reading *r, piece *p, volley_network *network, int64_t step) {
  const volley_synapse_model *model = model_of(network, p->projection);
  const int n = count_columns(model);
  volley_dataset datasets[VOLLEY_MAX_SYNAPSE_STATES + 1 + VOLLEY_MAX_ROW_STATES + 2];
  get_counts(r, p);
  for (int c = 0; c < n; c++)
    datasets[c] = open_dataset(r, column_name(model, c), volley_synapse_order_total(&p->order));
  datasets[n] = open_dataset(r, "past_steps", p->past[p->n_targets]);
  datasets[n + 1] = open_dataset(r, "past_traces", p->past[p->n_targets]);
  restore_blocks(r, datasets, p, network, step);
  for (int c = 0; c < n + 2; c++) volley_dataset_release(r->file, &datasets[c]);
}

void volley_plastic_restore(volley_hdf5 *file, hid_t root, uint64_t file_bytes, volley_network *network, int64_t step) {
  const volley_experiment *experiment = network->experiment;
  for (int projection = 0, k = 0; projection < experiment->n_projections; projection++) {
    if (!experiment->projections[projection].plasticity.model) continue;
    char name[48] = "plastic/";
    group_name(k++, name + strlen(name));
    const hid_t group = volley_hdf5_check(file, H5Gopen2(root, name, H5P_DEFAULT), "find plastic synapses in");
    const reading r = {file, group, file_bytes, &experiment->projections[projection]};
    piece p = begin_piece(network, projection);
    restore_projection(&r, &p, network, step);
    release_piece(&p);
    volley_hdf5_release(file, group);
  }
}
