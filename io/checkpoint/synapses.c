/* Section of plastic synapses: group /plastic/NUMBER for each projection whose synapses change, NUMBER from 0 in the
 * order of the experiment. Datasets of one value a synapse, in the order of network/synapse_order.h: the states of the
 * model, `last` (step of the source's last spike that was delivered, in a continuous run its time in ms) and the states of the source's row;
 * `past_counts`, how many spikes of each target are kept, and these, target by target, as `past_steps` and
 * `past_traces`; `dopamine`, steps and levels. Steps are kept as numbers. Attribute `swept`: volley_swept_add(). */
#include "io/checkpoint/section.h"
#include "network/synapse_order.h"
#include "rule/rule.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = VOLLEY_MAX_SYNAPSE_STATES + 1 + VOLLEY_MAX_ROW_STATES };

/* A dataset of one value a synapse. */
typedef struct column {
  const char *name;
  enum { STATE, LAST, ROW } kind;
  int k; /* of the states, of the synapse or of its row */
} column;

/* One projection. Where the values of a target begin in a dataset is known by its index, [n_targets + 1]. */
typedef struct saved_projection {
  int projection, number; /* number: among those whose synapses change */
  const volley_synapse_model *model;
  column columns[MAX_COLUMNS];
  int n_columns;
  size_t n_traces; /* that are kept with each spike of a target; 1 where the model has none */
  uint32_t n_targets;
  volley_synapse_order order; /* of the synapses */
  uint64_t *past;             /* of the spikes that are kept */
  volley_dataset *sets[MAX_COLUMNS], *steps, *traces;
} saved_projection;

typedef struct saved_projections {
  saved_projection *list; /* [n] */
  int n;
} saved_projections;

/* The synapses of a block: where each is among them, target by target. */
typedef struct saved_block {
  volley_plastic_table *plastic; /* NULL: it has none of the projection */
  uint32_t *indices;             /* [targets] of the targets within their population */
  uint64_t *places;              /* [synapses] */
} saved_block;

/* The columns of a model in the order of the file; returns their number. */
static int list_columns(const volley_synapse_model *model, column *columns) {
  int n = 0;
  for (int k = 0; k < model->n_states; k++) columns[n++] = (column){model->states[k].name, STATE, k};
  columns[n++] = (column){"last", LAST, 0};
  for (int k = 0; k < model->n_row_states; k++) columns[n++] = (column){model->row_states[k], ROW, k};
  return n;
}

static uint64_t count_bytes(const volley_experiment *experiment) {
  uint64_t bytes = 0;
  column columns[MAX_COLUMNS];
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const volley_synapse_model *model = projection->plasticity.model;
    const double synapses = model ? projection->rule->expected(experiment, projection) : 0;
    if (synapses > 0) bytes += (uint64_t)synapses * (uint64_t)list_columns(model, columns) * sizeof(double);
  }
  return bytes;
}

/* The projections of a network whose synapses change, without `past` and datasets; *all: whether there is memory for all of
 * them on all ranks. Collective. */
static saved_projections list_projections(const volley_network *network, bool *all) {
  const volley_experiment *experiment = network->experiment;
  *all = true;
  saved_projections saved = {volley_alloc((size_t)experiment->n_projections, sizeof *saved.list, "a checkpoint"), 0};
  for (int k = 0; k < experiment->n_projections; k++) {
    const volley_projection *projection = &experiment->projections[k];
    const volley_synapse_model *model = projection->plasticity.model;
    if (!model) continue;
    saved_projection *p = &saved.list[saved.n];
    *p = (saved_projection){.projection = k,
                            .number = saved.n++,
                            .model = model,
                            .n_targets = experiment->populations[projection->target].size,
                            .order = volley_synapse_order_make(network, k, NULL, NULL)};
    p->n_columns = list_columns(model, p->columns);
    for (int t = 0; t < model->n_traces; t++) p->n_traces += model->traces[t].of == VOLLEY_OF_TARGET;
    if (p->n_traces == 0) p->n_traces = 1;
    p->past = volley_alloc_or_fault((size_t)p->n_targets + 1, sizeof *p->past, "a checkpoint");
    *all = volley_all(p->past && p->order.firsts, network->comm) && *all;
  }
  return saved;
}

static void release_projections(saved_projections *saved) {
  for (int k = 0; k < saved->n; k++) {
    volley_synapse_order_release(&saved->list[k].order);
    free(saved->list[k].past);
  }
  free(saved->list);
}

typedef struct placing {
  const saved_block *block;
  const volley_synapse_order *order;
  uint64_t *starts; /* [n_targets] */
} placing;

static void place(void *context, uint32_t group, uint32_t synapse, uint64_t number) {
  const placing *p = context;
  const volley_plastic_table *plastic = p->block->plastic;
  const uint64_t s = plastic->groups[group].first + synapse;
  const uint32_t t = plastic->ids[s];
  p->block->places[s] = p->starts[t] + number - p->order->firsts[p->block->indices[t]];
}

static saved_block make_block(const volley_network *network, const saved_projection *p, int b) {
  const volley_block *block = &network->blocks[b];
  saved_block made = {.plastic = volley_block_plastic(block, p->projection)};
  const volley_plastic_table *plastic = made.plastic;
  if (!plastic) return made;
  placing placed = {&made, &p->order, volley_alloc(plastic->n_targets, sizeof *placed.starts, "a checkpoint")};
  made.indices = volley_alloc(plastic->n_targets, sizeof *made.indices, "a checkpoint");
  made.places = volley_alloc(plastic->synapses, sizeof *made.places, "a checkpoint");
  uint64_t start = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    const uint32_t index = made.indices[t] = volley_plastic_target(network, block, plastic, t);
    placed.starts[t] = start;
    start += p->order.firsts[index + 1] - p->order.firsts[index];
  }
  volley_synapse_order_walk(&p->order, block, plastic, place, &placed);
  free(placed.starts);
  return made;
}

static void release_block(saved_block *block) {
  free(block->indices);
  free(block->places);
}

/* The next values of a block that are contiguous in a dataset: of targets from *t on, which moves behind them. firsts:
 * where those of a target begin. Returns false if there are none left. */
static bool next_values(const saved_block *block, const uint64_t *firsts, uint32_t *t, uint64_t *first,
                        uint64_t *count) {
  for (*count = 0; *count == 0 && *t < block->plastic->n_targets;) {
    uint64_t end = *first = firsts[block->indices[*t]];
    do {
      end = firsts[block->indices[(*t)++] + 1];
    } while (*t < block->plastic->n_targets && firsts[block->indices[*t]] == end);
    *count = end - *first;
  }
  return *count > 0;
}

/* Puts a block's values, target by target, in as large pieces as are contiguous, or gets them. width: values that firsts
 * counts as one */
static void move_values(volley_hdf5 *file, volley_dataset *dataset, const saved_block *block, const uint64_t *firsts,
                        uint64_t width, double *values, bool puts) {
  uint64_t first, count;
  for (uint32_t t = 0; next_values(block, firsts, &t, &first, &count); values += count * width)
    puts ? volley_dataset_put(file, dataset, first * width, count * width, values)
         : volley_dataset_get(file, dataset, H5T_NATIVE_DOUBLE, first * width, count * width, values);
}

static double get_value(const column *c, const volley_plastic_table *plastic, const volley_plastic_group *group,
                        uint64_t s) {
  switch (c->kind) {
    case STATE: return plastic->states[c->k][s];
    case LAST: return plastic->is_continuous ? group->last_time : (double)group->last;
    case ROW: return group->row[c->k];
  }
  return 0;
}

static int64_t time_in_memory(const volley_plastic_table *plastic, double value) {
  return plastic->is_continuous ? (volley_past_spike){.time = value}.step : (int64_t)value;
}

static void set_value(const column *c, volley_plastic_table *plastic, volley_plastic_group *group, uint64_t s,
                      double value) {
  switch (c->kind) {
    case STATE: plastic->states[c->k][s] = value; break;
    case LAST: group->last = time_in_memory(plastic, value); break;
    case ROW: group->row[c->k] = value; break;
  }
}

/* Puts the columns of a block's synapses, or gets and sets them. */
static void move_columns(volley_hdf5 *file, const saved_projection *p, const saved_block *block, bool puts) {
  volley_plastic_table *plastic = block->plastic;
  double *values = volley_alloc(plastic->synapses, sizeof *values, "a checkpoint");
  for (int c = 0; c < p->n_columns && !file->failed; c++) {
    if (!puts) move_values(file, p->sets[c], block, p->order.firsts, 1, values, puts);
    for (uint32_t g = 0; g < plastic->n_groups && !file->failed; g++) {
      volley_plastic_group *group = &plastic->groups[g];
      for (uint64_t s = group->first; s < group->first + group->count; s++)
        if (puts)
          values[block->places[s]] = get_value(&p->columns[c], plastic, group, s);
        else
          set_value(&p->columns[c], plastic, group, s, values[block->places[s]]);
    }
    if (puts) move_values(file, p->sets[c], block, p->order.firsts, 1, values, puts);
  }
  free(values);
}

/* Spikes of a block's targets that are kept. */
static uint64_t past_of(const saved_projection *p, const saved_block *block) {
  uint64_t n = 0;
  for (uint32_t t = 0; t < block->plastic->n_targets; t++)
    n += p->past[block->indices[t] + 1] - p->past[block->indices[t]];
  return n;
}

static void put_past(volley_hdf5 *file, const saved_projection *p, const saved_block *block) {
  const size_t width = p->n_traces;
  double *steps = volley_alloc(past_of(p, block), sizeof *steps, "a checkpoint"),
         *traces = volley_alloc(past_of(p, block) * width, sizeof *traces, "a checkpoint");
  uint64_t n = 0;
  for (uint32_t t = 0; t < block->plastic->n_targets; t++) {
    const volley_past_spikes *past = &block->plastic->past[t];
    for (uint32_t k = 0; k < past->n; k++, n++) {
      steps[n] = block->plastic->is_continuous ? past->spikes[k].time : (double)past->spikes[k].step;
      memcpy(traces + n * width, past->spikes[k].traces, width * sizeof *traces);
    }
  }
  move_values(file, p->steps, block, p->past, 1, steps, true);
  move_values(file, p->traces, block, p->past, width, traces, true);
  free(steps);
  free(traces);
}

static void set_past(volley_hdf5 *file, const saved_projection *p, const saved_block *block) {
  const size_t width = p->n_traces;
  double *steps = volley_alloc(past_of(p, block), sizeof *steps, "a checkpoint"),
         *traces = volley_alloc(past_of(p, block) * width, sizeof *traces, "a checkpoint");
  uint64_t n = 0;
  move_values(file, p->steps, block, p->past, 1, steps, false);
  move_values(file, p->traces, block, p->past, width, traces, false);
  for (uint32_t t = 0; t < block->plastic->n_targets; t++) {
    volley_past_spikes *past = &block->plastic->past[t];
    past->n = past->capacity = (uint32_t)(p->past[block->indices[t] + 1] - p->past[block->indices[t]]);
    past->spikes = volley_grow(past->spikes, past->n, sizeof *past->spikes, "a checkpoint");
    for (uint32_t k = 0; k < past->n; k++, n++) {
      past->spikes[k] = (volley_past_spike){.step = time_in_memory(block->plastic, steps[n])};
      memcpy(past->spikes[k].traces, traces + n * width, width * sizeof *traces);
    }
  }
  free(steps);
  free(traces);
}

/* Counts the spikes of each target that are kept. Returns the counts, the contents'; NULL after a fault. Collective. */
static double *count_past(const volley_network *network, saved_projection *p, volley_contents *contents) {
  double *counts = volley_contents_numbers(contents, p->n_targets, network->comm);
  if (!counts) return NULL;
  for (int b = 0; b < network->n_blocks; b++) {
    const volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], p->projection);
    for (uint32_t t = 0; plastic && t < plastic->n_targets; t++)
      p->past[volley_plastic_target(network, &network->blocks[b], plastic, t)] = plastic->past[t].n;
  }
  volley_sum_counts(p->past, p->n_targets, network->comm);
  for (uint32_t t = 0; t < p->n_targets; t++) counts[t] = (double)p->past[t];
  volley_add_up_counts(p->past, p->n_targets);
  return counts;
}

/* The dopamine of a projection, the same on all ranks that have some of it: what was released before `step`. Returns
 * [2][*n] steps and levels, the contents'; NULL after a fault. Collective. */
static double *copy_dopamine(const volley_network *network, int projection, int64_t step, volley_contents *contents,
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
  double *dopamine = volley_contents_numbers(contents, 2 * *n, network->comm);
  if (!dopamine) return NULL;
  for (uint64_t k = 0; plastic && k < *n; k++) {
    dopamine[k] = (double)levels[k].step;
    dopamine[*n + k] = levels[k].traces[0];
  }
  VOLLEY_MPI(MPI_Bcast(dopamine, (int)(2 * *n), MPI_DOUBLE, holder, network->comm));
  return dopamine;
}

static void add_projection(volley_contents *contents, const volley_saved *saved, saved_projection *p) {
  const volley_network *network = saved->parts->network;
  const hid_t type = H5T_NATIVE_DOUBLE;
  const uint64_t synapses = volley_synapse_order_total(&p->order);
  uint64_t n_levels = 0;
  const double *counts = count_past(network, p, contents);
  const double *dopamine =
      copy_dopamine(network, p->projection, saved->state->step - saved->state->n_recent, contents, &n_levels);
  const char *group = volley_arena_format(contents->arena, "plastic/%d", p->number);
  if (!counts || !dopamine) return;
  volley_contents_add_group(contents, "%s", group);
  volley_contents_add_text(contents, group, "projection", network->experiment->projections[p->projection].name);
  volley_swept_add(contents, saved, p->projection, group);
  for (int c = 0; c < p->n_columns; c++)
    p->sets[c] = volley_contents_add(contents, type, synapses, NULL, NULL, "%s/%s", group, p->columns[c].name);
  volley_contents_add(contents, type, p->n_targets, NULL, counts, "%s/past_counts", group);
  const uint64_t past = p->past[p->n_targets];
  p->steps = volley_contents_add(contents, type, past, NULL, NULL, "%s/past_steps", group);
  p->traces = volley_contents_add(contents, type, past * p->n_traces, NULL, NULL, "%s/past_traces", group);
  volley_contents_add(contents, type, 2 * n_levels, NULL, dopamine, "%s/dopamine", group);
}

static void *create(volley_contents *contents, const volley_saved *saved) {
  saved_projections *projections = volley_alloc(1, sizeof *projections, "a checkpoint");
  bool all;
  *projections = list_projections(saved->parts->network, &all);
  for (int k = 0; k < projections->n && all; k++) add_projection(contents, saved, &projections->list[k]);
  return projections;
}

/* A block that is written. */
typedef struct writing {
  volley_hdf5 *file;
  const volley_network *network;
  const saved_projection *p;
  int block;
} writing;

static void put_block(void *context) {
  const writing *w = context;
  saved_block block = make_block(w->network, w->p, w->block);
  if (!block.plastic) return;
  move_columns(w->file, w->p, &block, true);
  put_past(w->file, w->p, &block);
  release_block(&block);
}

static void put(volley_hdf5 *file, const volley_saved *saved, void *own) {
  const saved_projections *projections = own;
  writing w = {.file = file, .network = saved->parts->network};
  for (w.p = projections->list; w.p < projections->list + projections->n; w.p++)
    for (w.block = 0; w.block < w.network->n_blocks; w.block++)
      if (volley_memory_try(put_block, &w) != VOLLEY_OK) file->failed = true;
}

static void release(void *own) {
  release_projections(own);
  free(own);
}

/* A projection that is read. */
typedef struct restoring {
  volley_checkpoint *checkpoint;
  volley_network *network;
  saved_projection *p;
  double *dopamine; /* [2][n_dopamine] */
  uint64_t n_dopamine;
  int64_t swept; /* the step of the last sweep */
  int block;
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

static volley_dataset *open_dataset(const restoring *r, const char *name, uint64_t expected) {
  volley_dataset *dataset = volley_arena_alloc(r->checkpoint->arena, 1, sizeof *dataset);
  *dataset = volley_checkpoint_dataset(r->checkpoint, path_of(r, name));
  check_count(r, name, dataset->count, expected);
  return dataset;
}

/* Reads how many spikes of each target are kept. */
static void read_counts(const restoring *r) {
  uint64_t n, *past = r->p->past;
  double *counts = volley_checkpoint_numbers(r->checkpoint, path_of(r, "past_counts"), &n);
  check_count(r, "past_counts", n, r->p->n_targets);
  for (uint64_t t = 0; t < n && t < r->p->n_targets; t++) past[t] = (uint64_t)counts[t];
  volley_add_up_counts(past, r->p->n_targets);
  free(counts);
}

static void set_dopamine(volley_plastic_table *plastic, const double *values, uint64_t n) {
  volley_dopamine *dopamine = &plastic->dopamine;
  if (n == 0) return;
  dopamine->levels = volley_grow(dopamine->levels, n, sizeof *dopamine->levels, "a checkpoint");
  dopamine->n = dopamine->capacity = (uint32_t)n;
  for (uint64_t k = 0; k < n; k++)
    dopamine->levels[k] = (volley_past_spike){.step = (int64_t)values[k], .traces = {values[n + k]}};
}

static void get_block(void *context) {
  const restoring *r = context;
  saved_block block = make_block(r->network, r->p, r->block);
  if (!block.plastic) return;
  move_columns(&r->checkpoint->file, r->p, &block, false);
  set_past(&r->checkpoint->file, r->p, &block);
  set_dopamine(block.plastic, r->dopamine, r->n_dopamine);
  block.plastic->swept = r->swept;
  volley_plastic_table_find_recent(block.plastic);
  release_block(&block);
}

static void restore_projection(restoring *r) {
  saved_projection *p = r->p;
  volley_hdf5 *file = &r->checkpoint->file;
  r->swept = volley_swept_find(r->checkpoint, r->network, r->p->projection, r->p->number);
  read_counts(r);
  for (int c = 0; c < p->n_columns; c++)
    p->sets[c] = open_dataset(r, p->columns[c].name, volley_synapse_order_total(&p->order));
  p->steps = open_dataset(r, "past_steps", p->past[p->n_targets]);
  p->traces = open_dataset(r, "past_traces", p->past[p->n_targets] * p->n_traces);
  r->dopamine = volley_checkpoint_numbers(r->checkpoint, path_of(r, "dopamine"), &r->n_dopamine);
  r->n_dopamine /= 2;
  for (; r->block < r->network->n_blocks && !file->failed; r->block++)
    if (volley_memory_try(get_block, r) != VOLLEY_OK) file->failed = true;
  free(r->dopamine);
  for (int c = 0; c < p->n_columns; c++) volley_dataset_release(file, p->sets[c]);
  volley_dataset_release(file, p->steps);
  volley_dataset_release(file, p->traces);
}

static void restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  bool all;
  saved_projections projections = list_projections(parts->network, &all);
  for (int k = 0; k < projections.n && all; k++) {
    restoring r = {checkpoint, parts->network, &projections.list[k], .block = 0};
    const uint64_t synapses = volley_synapse_order_total(&r.p->order);
    if (volley_synapses_are_taken(checkpoint, parts->network, r.p->projection, synapses, &r.p->number))
      restore_projection(&r);
  }
  release_projections(&projections);
}

const volley_section volley_section_synapses = {
    .name = "plastic", .bytes = count_bytes, .create = create, .put = put, .release = release, .restore = restore};
