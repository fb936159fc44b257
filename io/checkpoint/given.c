/* Section of weights of static synapses that a program has set (network/given.h): group /plastic/set/NUMBER for each such projection, NUMBER
 * from 0 in the order of the experiment: `counts`, the synapses onto each target, and their `weights`, target by target. */
#include "network/given.h"

#include "io/checkpoint/section.h"
#include "network/synapse_order.h"

#include <stdlib.h>

static const char parent[] = "plastic/set";

static uint32_t count_targets(const volley_network *network, int p) {
  const volley_experiment *experiment = network->experiment;
  return experiment->populations[experiment->projections[p].target].size;
}

/* Returns the datasets of weights, [n_projections]. */
static void *create(volley_contents *contents, const volley_saved *saved) {
  const volley_network *network = saved->parts->network;
  const int n = network->experiment->n_projections;
  volley_dataset **weights = volley_arena_alloc(contents->arena, (size_t)n + 1, sizeof *weights);
  bool is_any = false;
  for (int p = 0; p < n; p++) {
    if (!volley_is_given(network, p)) continue;
    const uint64_t *firsts = network->given_firsts[p];
    const uint32_t targets = count_targets(network, p);
    double *counts = volley_contents_numbers(contents, targets, network->comm);
    if (!counts) break;
    if (!is_any) volley_contents_add_group(contents, "%s", parent);
    is_any = true;
    for (uint32_t t = 0; t < targets; t++) counts[t] = (double)(firsts[t + 1] - firsts[t]);
    const char *group = volley_arena_format(contents->arena, "%s/%d", parent, p);
    volley_contents_add_group(contents, "%s", group);
    volley_contents_add_text(contents, group, "projection", network->experiment->projections[p].name);
    volley_contents_add(contents, H5T_NATIVE_DOUBLE, targets, NULL, counts, "%s/counts", group);
    weights[p] = volley_contents_add(contents, H5T_NATIVE_DOUBLE, firsts[targets], NULL, NULL, "%s/weights", group);
  }
  return weights;
}

/* Weights of a projection that are written, or read. */
typedef struct moving {
  volley_hdf5 *file;
  volley_network *network;
  int projection;
  volley_dataset *dataset;
  uint64_t *firsts; /* of those that are read */
} moving;

static void put_weights(void *context) {
  const moving *m = context;
  for (int b = 0; b < m->network->n_blocks; b++)
    for (volley_given_piece piece = {0};
         volley_given_next(m->network, &m->network->blocks[b], m->projection, &piece);) {
      double *values = volley_alloc(piece.count, sizeof *values, "a checkpoint");
      for (uint64_t k = 0; k < piece.count; k++) values[k] = (double)piece.weights[k];
      volley_dataset_put(m->file, m->dataset, piece.first, piece.count, values);
      free(values);
    }
}

static void put(volley_hdf5 *file, const volley_saved *saved, void *own) {
  volley_dataset **weights = own;
  moving m = {.file = file, .network = saved->parts->network};
  for (; m.projection < m.network->experiment->n_projections; m.projection++) {
    m.dataset = weights[m.projection];
    if (m.dataset && volley_memory_try(put_weights, &m) != VOLLEY_OK) file->failed = true;
  }
}

static void get_weights(void *context) {
  moving *m = context;
  volley_given_make(m->network, m->projection, m->firsts);
  m->firsts = NULL;
  for (int b = 0; b < m->network->n_blocks; b++)
    for (volley_given_piece piece = {0};
         volley_given_next(m->network, &m->network->blocks[b], m->projection, &piece);) {
      double *values = volley_alloc(piece.count, sizeof *values, "a checkpoint");
      volley_dataset_get(m->file, m->dataset, H5T_NATIVE_DOUBLE, piece.first, piece.count, values);
      for (uint64_t k = 0; k < piece.count; k++) piece.weights[k] = (float)values[k];
      free(values);
    }
}

/* Where the synapses of each target begin. */
static uint64_t *read_firsts(volley_checkpoint *checkpoint, uint32_t targets, const char *group) {
  uint64_t n, *firsts = volley_alloc_or_fault((size_t)targets + 1, sizeof *firsts, "a checkpoint");
  double *counts =
      volley_checkpoint_numbers(checkpoint, volley_arena_format(checkpoint->arena, "%s/counts", group), &n);
  if (n != targets) volley_checkpoint_refuse(checkpoint, "weights that were set do not fit");
  for (uint32_t t = 0; firsts && !checkpoint->file.failed && t < targets; t++) firsts[t] = (uint64_t)counts[t];
  if (firsts) volley_add_up_counts(firsts, targets);
  free(counts);
  if (!firsts) checkpoint->file.failed = true;
  return firsts;
}

/* group: of projection p, as it was when it was saved. */
static void restore_projection(volley_checkpoint *checkpoint, volley_network *network, int p, const char *group) {
  const uint32_t targets = count_targets(network, p);
  volley_dataset dataset =
      volley_checkpoint_dataset(checkpoint, volley_arena_format(checkpoint->arena, "%s/weights", group));
  moving m = {&checkpoint->file, network, p, &dataset, read_firsts(checkpoint, targets, group)};
  if (!checkpoint->file.failed && m.firsts[targets] != dataset.count)
    volley_checkpoint_refuse(checkpoint, "weights that were set do not fit");
  if (!checkpoint->file.failed && volley_memory_try(get_weights, &m) != VOLLEY_OK) checkpoint->file.failed = true;
  free(m.firsts);
  volley_dataset_release(&checkpoint->file, &dataset);
  network->weights_given = true;
}

static const char *group_of(const volley_checkpoint *checkpoint, int projection) {
  return volley_arena_format(checkpoint->arena, "%s/%d", parent, projection);
}

bool volley_given_is_saved(const volley_checkpoint *checkpoint, int projection) {
  return H5Lexists(checkpoint->handle, parent, H5P_DEFAULT) > 0 &&
         H5Lexists(checkpoint->handle, group_of(checkpoint, projection), H5P_DEFAULT) > 0;
}

static void restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  for (int p = 0; p < parts->network->experiment->n_projections && !checkpoint->file.failed; p++) {
    const int there = checkpoint->taking ? checkpoint->taking->given[p] : p;
    if (there >= 0 && volley_given_is_saved(checkpoint, there))
      restore_projection(checkpoint, parts->network, p, group_of(checkpoint, there));
  }
}

const volley_section volley_section_given_weights = {
    .name = "plastic", .create = create, .put = put, .restore = restore};
