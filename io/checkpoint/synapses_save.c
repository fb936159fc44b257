#include "io/checkpoint/synapses.h"

#include <stdlib.h>
#include <string.h>

/* What is put of one projection. */
typedef struct datasets {
  volley_dataset *columns[VOLLEY_MAX_SYNAPSE_COLUMNS], *counts, *steps, *traces;
} datasets;

typedef struct saving {
  volley_saved_projection *projections; /* [n] */
  datasets *datasets;                   /* [n] */
  int n;
} saving;

static uint64_t *count_past(const volley_network *network, const volley_saved_projection *p) {
  uint64_t *counts = volley_alloc((size_t)p->n_targets + 1, sizeof *counts, "a checkpoint");
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], p->projection);
    for (uint32_t t = 0; plastic && t < plastic->n_targets; t++)
      counts[volley_plastic_target(network, &network->blocks[b], plastic, t)] = plastic->past[t].n;
  }
  volley_sum_counts(counts, p->n_targets, network->comm);
  volley_add_up(counts, p->n_targets);
  return counts;
}

/* The dopamine of a projection, the same on all ranks that have some of it: what was released before `step`. Returns
 * [2][*n] steps and levels, the arena's. Collective. */
static double *copy_dopamine(const volley_network *network, int projection, int64_t step, volley_arena *arena,
                             uint64_t *n) {
  const volley_plastic_table *plastic = NULL;
  int holder = network->ranks;
  for (int b = 0; b < network->n_blocks && !plastic; b++)
    plastic = volley_block_plastic(&network->blocks[b], projection);
  if (plastic) holder = network->rank;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &holder, 1, MPI_INT, MPI_MIN, network->comm));
  const volley_past_spike *levels = plastic ? plastic->dopamine.levels : NULL;
  if (plastic)
    for (*n = 0; *n < plastic->dopamine.n; ++*n)
      if (levels[*n].step - plastic->dopamine_delay >= step) break;
  VOLLEY_MPI(MPI_Bcast(n, 1, MPI_UINT64_T, holder, network->comm));
  double *dopamine = volley_arena_alloc(arena, 2 * *n, sizeof(double));
  for (uint64_t k = 0; plastic && k < *n; k++) {
    dopamine[k] = (double)levels[k].step;
    dopamine[*n + k] = levels[k].traces[0];
  }
  VOLLEY_MPI(MPI_Bcast(dopamine, (int)(2 * *n), MPI_DOUBLE, holder, network->comm));
  return dopamine;
}

static void add_projection(volley_contents *contents, const volley_saved *saved, const volley_saved_projection *p,
                           datasets *sets) {
  const volley_network *network = saved->parts->network;
  const hid_t type = H5T_NATIVE_DOUBLE;
  const uint64_t past = p->past[p->n_targets];
  uint64_t n_levels = 0;
  const double *dopamine = copy_dopamine(network, p->projection, saved->state->step - saved->state->n_recent,
                                         volley_contents_arena(contents), &n_levels);
  const char *group = volley_arena_format(volley_contents_arena(contents), "plastic/%d", p->number);
  volley_contents_add_group(contents, "%s", group);
  volley_contents_add_text(contents, group, "projection", network->experiment->projections[p->projection].name);
  volley_synapse_column columns[VOLLEY_MAX_SYNAPSE_COLUMNS];
  const int n = volley_synapse_columns(p->model, columns);
  for (int c = 0; c < n; c++)
    sets->columns[c] = volley_contents_add(contents, type, volley_synapse_order_total(&p->order), NULL, NULL, "%s/%s",
                                           group, columns[c].name);
  sets->counts = volley_contents_add(contents, type, p->n_targets, NULL, NULL, "%s/past_counts", group);
  sets->steps = volley_contents_add(contents, type, past, NULL, NULL, "%s/past_steps", group);
  sets->traces =
      volley_contents_add(contents, type, past * volley_saved_traces(p->model), NULL, NULL, "%s/past_traces", group);
  volley_contents_add(contents, type, 2 * n_levels, NULL, dopamine, "%s/dopamine", group);
}

void *volley_synapses_create(volley_contents *contents, const volley_saved *saved) {
  saving *s = volley_alloc(1, sizeof *s, "a checkpoint");
  s->projections = volley_saved_projections(saved->parts->network, &s->n);
  s->datasets = volley_alloc((size_t)s->n, sizeof *s->datasets, "a checkpoint");
  for (int k = 0; k < s->n; k++) {
    s->projections[k].past = count_past(saved->parts->network, &s->projections[k]);
    add_projection(contents, saved, &s->projections[k], &s->datasets[k]);
  }
  return s;
}

void volley_synapses_release(void *own) {
  saving *s = own;
  volley_saved_projections_release(s->projections, s->n);
  free(s->datasets);
  free(s);
}

/* Puts a block's values, target by target, in as large pieces as are contiguous. width: values that firsts counts as one */
static void put_values(volley_hdf5 *file, volley_dataset *dataset, const volley_saved_block *block,
                       const uint64_t *firsts, uint64_t width, const double *values) {
  uint64_t first, count;
  for (uint32_t t = 0; volley_saved_block_next(block, firsts, &t, &first, &count); values += count * width)
    volley_dataset_put(file, dataset, first * width, count * width, values);
}

static void put_columns(volley_hdf5 *file, const datasets *sets, const volley_saved_projection *p,
                        const volley_saved_block *block) {
  const volley_plastic_table *plastic = block->plastic;
  volley_synapse_column columns[VOLLEY_MAX_SYNAPSE_COLUMNS];
  const int n = volley_synapse_columns(p->model, columns);
  double *values = volley_alloc(plastic->synapses, sizeof *values, "a checkpoint");
  for (int c = 0; c < n; c++) {
    for (uint32_t g = 0; g < plastic->n_groups; g++) {
      const volley_plastic_group *group = &plastic->groups[g];
      for (uint64_t s = group->first; s < group->first + group->count; s++)
        values[block->places[s]] = columns[c].get(plastic, group, s, columns[c].k);
    }
    put_values(file, sets->columns[c], block, p->order.firsts, 1, values);
  }
  free(values);
}

/* Spikes of the targets. */
static void put_past(volley_hdf5 *file, const datasets *sets, const volley_saved_projection *p,
                     const volley_saved_block *block) {
  const volley_plastic_table *plastic = block->plastic;
  const size_t width = volley_saved_traces(p->model);
  uint64_t n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) n += plastic->past[t].n;
  double *counts = volley_alloc(plastic->n_targets, sizeof *counts, "a checkpoint");
  double *steps = volley_alloc(n, sizeof *steps, "a checkpoint"),
         *traces = volley_alloc(n * width, sizeof *traces, "a checkpoint");
  n = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    counts[t] = plastic->past[t].n;
    for (uint32_t k = 0; k < plastic->past[t].n; k++, n++) {
      steps[n] = (double)plastic->past[t].spikes[k].step;
      memcpy(traces + n * width, plastic->past[t].spikes[k].traces, width * sizeof *traces);
    }
  }
  put_values(file, sets->counts, block, p->ones, 1, counts);
  put_values(file, sets->steps, block, p->past, 1, steps);
  put_values(file, sets->traces, block, p->past, width, traces);
  free(counts);
  free(steps);
  free(traces);
}

void volley_synapses_put(volley_hdf5 *file, const volley_saved *saved, void *own) {
  const saving *s = own;
  const volley_network *network = saved->parts->network;
  for (int k = 0; k < s->n; k++) {
    for (int b = 0; b < network->n_blocks; b++) {
      volley_saved_block block = volley_saved_block_make(network, &s->projections[k], b);
      if (!block.plastic) continue;
      put_columns(file, &s->datasets[k], &s->projections[k], &block);
      put_past(file, &s->datasets[k], &s->projections[k], &block);
      volley_saved_block_release(&block);
    }
  }
}
