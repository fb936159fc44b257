#include "io/checkpoint/synapses.h"

#include <stdlib.h>
#include <string.h>

/* What is read of one projection. */
typedef struct restoring {
  volley_checkpoint *checkpoint;
  volley_network *network;
  volley_saved_projection *p;
  volley_dataset columns[VOLLEY_MAX_SYNAPSE_COLUMNS], steps, traces;
  double *dopamine; /* [2][n_levels] steps and levels */
  uint64_t n_levels;
} restoring;

static const char *path_of(const restoring *r, const char *name) {
  return volley_arena_format(r->checkpoint->arena, "plastic/%d/%s", r->p->number, name);
}

/* Adds a fault if a dataset has not the number of values that the projection has here. */
static void check_count(const restoring *r, const char *name, uint64_t found, uint64_t expected) {
  const volley_projection *projection = &r->network->experiment->projections[r->p->projection];
  volley_hdf5 *file = &r->checkpoint->file;
  if (file->failed || found == expected) return;
  file->failed = true;
  volley_fault(VOLLEY_USAGE, &projection->place,
               "'%s' is of another experiment: projection '%s' has %llu values of %s there and %llu here", file->path,
               projection->name, (unsigned long long)found, name, (unsigned long long)expected);
}

static volley_dataset open_dataset(const restoring *r, const char *name, uint64_t expected) {
  const volley_dataset dataset = volley_checkpoint_dataset(r->checkpoint, path_of(r, name));
  check_count(r, name, dataset.count, expected);
  return dataset;
}

/* Reads how many spikes of each target are kept. */
static void read_counts(restoring *r) {
  uint64_t n;
  volley_saved_projection *p = r->p;
  double *counts = volley_checkpoint_numbers(r->checkpoint, path_of(r, "past_counts"), &n);
  check_count(r, "past_counts", n, p->n_targets);
  p->past = volley_alloc((size_t)p->n_targets + 1, sizeof *p->past, "a checkpoint");
  for (uint64_t t = 0; t < n && t < p->n_targets; t++) p->past[t] = (uint64_t)counts[t];
  volley_add_up(p->past, p->n_targets);
  free(counts);
}

/* Reads a block's values, target by target, in as large pieces as are contiguous. width: values that firsts counts as one */
static void get_values(volley_hdf5 *file, const volley_dataset *dataset, const volley_saved_block *block,
                       const uint64_t *firsts, uint64_t width, double *values) {
  uint64_t first, count;
  for (uint32_t t = 0; volley_saved_block_next(block, firsts, &t, &first, &count); values += count * width)
    volley_dataset_get(file, dataset, H5T_NATIVE_DOUBLE, first * width, count * width, values);
}

static void set_columns(const restoring *r, const volley_saved_block *block) {
  volley_plastic_table *plastic = block->plastic;
  volley_synapse_column columns[VOLLEY_MAX_SYNAPSE_COLUMNS];
  const int n = volley_synapse_columns(r->p->model, columns);
  double *values = volley_alloc(plastic->synapses, sizeof *values, "a checkpoint");
  for (int c = 0; c < n; c++) {
    get_values(&r->checkpoint->file, &r->columns[c], block, r->p->order.firsts, 1, values);
    for (uint32_t g = 0; g < plastic->n_groups && !r->checkpoint->file.failed; g++) {
      volley_plastic_group *group = &plastic->groups[g];
      for (uint64_t s = group->first; s < group->first + group->count; s++)
        columns[c].set(plastic, group, s, columns[c].k, values[block->places[s]]);
    }
  }
  free(values);
}

static void set_past(const restoring *r, const volley_saved_block *block) {
  volley_plastic_table *plastic = block->plastic;
  const uint64_t *firsts = r->p->past;
  const size_t width = volley_saved_traces(r->p->model);
  uint64_t n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) n += firsts[block->indices[t] + 1] - firsts[block->indices[t]];
  double *steps = volley_alloc(n, sizeof *steps, "a checkpoint"),
         *traces = volley_alloc(n * width, sizeof *traces, "a checkpoint");
  get_values(&r->checkpoint->file, &r->steps, block, firsts, 1, steps);
  get_values(&r->checkpoint->file, &r->traces, block, firsts, width, traces);
  n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    volley_past_spikes *past = &plastic->past[t];
    past->n = past->capacity = (uint32_t)(firsts[block->indices[t] + 1] - firsts[block->indices[t]]);
    past->spikes = volley_grow(past->spikes, past->n, sizeof *past->spikes, "a checkpoint");
    for (uint32_t k = 0; k < past->n; k++, n++) {
      past->spikes[k] = (volley_past_spike){.step = (int64_t)steps[n]};
      memcpy(past->spikes[k].traces, traces + n * width, width * sizeof *traces);
    }
  }
  free(steps);
  free(traces);
}

static void set_dopamine(volley_plastic_table *plastic, const double *values, uint64_t n) {
  volley_dopamine *dopamine = &plastic->dopamine;
  if (n == 0) return;
  dopamine->n = dopamine->capacity = (uint32_t)n;
  dopamine->levels = volley_grow(dopamine->levels, n, sizeof *dopamine->levels, "a checkpoint");
  for (uint64_t k = 0; k < n; k++) dopamine->levels[k] = (volley_past_spike){(int64_t)values[k], {values[n + k]}};
}

/* The last sweep before a step. */
static int64_t last_sweep(int64_t step) { return step > 0 ? (step - 1) / VOLLEY_SWEEP_STEPS * VOLLEY_SWEEP_STEPS : 0; }

static void set_blocks(const restoring *r) {
  for (int b = 0; b < r->network->n_blocks && !r->checkpoint->file.failed; b++) {
    volley_saved_block block = volley_saved_block_make(r->network, r->p, b);
    if (!block.plastic) continue;
    set_columns(r, &block);
    set_past(r, &block);
    set_dopamine(block.plastic, r->dopamine, r->n_levels);
    block.plastic->swept = last_sweep(r->checkpoint->info.state.step);
    volley_saved_block_release(&block);
  }
}

static void restore_projection(restoring *r) {
  volley_saved_projection *p = r->p;
  volley_hdf5 *file = &r->checkpoint->file;
  volley_synapse_column columns[VOLLEY_MAX_SYNAPSE_COLUMNS];
  const int n = volley_synapse_columns(p->model, columns);
  uint64_t n_values;
  read_counts(r);
  for (int c = 0; c < n; c++) r->columns[c] = open_dataset(r, columns[c].name, volley_synapse_order_total(&p->order));
  r->steps = open_dataset(r, "past_steps", p->past[p->n_targets]);
  r->traces = open_dataset(r, "past_traces", p->past[p->n_targets] * volley_saved_traces(p->model));
  r->dopamine = volley_checkpoint_numbers(r->checkpoint, path_of(r, "dopamine"), &n_values);
  r->n_levels = n_values / 2;
  set_blocks(r);
  free(r->dopamine);
  for (int c = 0; c < n; c++) volley_dataset_release(file, &r->columns[c]);
  volley_dataset_release(file, &r->steps);
  volley_dataset_release(file, &r->traces);
}

void volley_synapses_restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  int n;
  volley_saved_projection *projections = volley_saved_projections(parts->network, &n);
  for (int k = 0; k < n; k++) {
    restoring r = {.checkpoint = checkpoint, .network = parts->network, .p = &projections[k]};
    restore_projection(&r);
  }
  volley_saved_projections_release(projections, n);
}
