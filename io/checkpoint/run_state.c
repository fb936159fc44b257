/* Sections of the run's own state: spikes of each population so far, and those that may still be on their way; how many
 * spikes or rows each recorder has handed over, and the files that hold them. */
#include "io/checkpoint/section.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char spikes_path[] = "volley_checkpoint/population_spikes",
                  positions_path[] = "volley_checkpoint/recorder_positions",
                  files_path[] = "volley_checkpoint/recorded_files", counts_path[] = "recent_spikes/counts",
                  gids_path[] = "recent_spikes/gids", times_path[] = "recent_spikes/times";

/* Bytes of the names of n structs of `stride` bytes, which begin with one, and of a count for each. */
static uint64_t bytes_of(int n, const void *structs, size_t stride) {
  return (uint64_t)n * (volley_texts_width((size_t)n, structs, stride) + sizeof(uint64_t));
}

static uint64_t count_bytes(const volley_experiment *experiment) {
  return bytes_of(experiment->n_populations, experiment->populations, sizeof *experiment->populations) +
         bytes_of(experiment->n_recorders, experiment->recorders, sizeof *experiment->recorders);
}

static void *create_counts(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  const size_t populations = (size_t)experiment->n_populations, recorders = (size_t)experiment->n_recorders;
  volley_contents_add_texts(contents, "volley_checkpoint/population_names", populations, experiment->populations,
                            sizeof *experiment->populations);
  volley_contents_add(contents, H5T_NATIVE_UINT64, populations, NULL, saved->state->counts, spikes_path);
  volley_contents_add_texts(contents, "volley_checkpoint/recorder_names", recorders, experiment->recorders,
                            sizeof *experiment->recorders);
  volley_contents_add(contents, H5T_NATIVE_UINT64, recorders, NULL, saved->past->positions, positions_path);
  volley_contents_add_texts(contents, files_path, (size_t)saved->past->n_files, saved->past->files,
                            sizeof *saved->past->files);
  return NULL;
}

static void read_counts(volley_checkpoint *checkpoint) {
  volley_checkpoint_info *info = &checkpoint->info;
  uint64_t n_populations = 0, n_files = 0, n_recorders = 0;
  info->state.counts = volley_checkpoint_counts(checkpoint, spikes_path, &n_populations);
  info->past.files = volley_checkpoint_texts(checkpoint, files_path, &n_files);
  info->past.positions = volley_checkpoint_counts(checkpoint, positions_path, &n_recorders);
  if (n_populations > INT_MAX || n_files > INT_MAX || n_recorders > INT_MAX)
    volley_checkpoint_refuse(checkpoint, "it holds too much");
  info->state.n_populations = (int)n_populations;
  info->past.n_files = (int)n_files;
  info->n_recorders = (int)n_recorders;
}

/* Gids while they are made shorter. */
typedef struct narrowing {
  volley_arena *arena;
  const volley_run_state *state;
  uint32_t *gids;
} narrowing;

static void narrow(void *context) {
  narrowing *n = context;
  n->gids = volley_arena_alloc(n->arena, n->state->n_gids, sizeof *n->gids);
  for (uint64_t i = 0; i < n->state->n_gids; i++) n->gids[i] = (uint32_t)n->state->gids[i];
}

/* Gids take 32 bits in a file where these name all neurons of the network, in any build. */
static void add_gids(volley_contents *contents, const volley_saved *saved) {
  const volley_network *network = saved->parts->network;
  narrowing n = {contents->arena, saved->state, NULL};
  if (sizeof(volley_gid) == sizeof *n.gids || volley_gid_above(network->experiment->neurons) > 0)
    volley_contents_add(contents, VOLLEY_HDF5_GID, n.state->n_gids, NULL, n.state->gids, gids_path);
  else if (volley_all(volley_memory_try(narrow, &n) == VOLLEY_OK, network->comm))
    volley_contents_add(contents, H5T_NATIVE_UINT32, n.state->n_gids, NULL, n.gids, gids_path);
}

static void *create_recent(volley_contents *contents, const volley_saved *saved) {
  const volley_run_state *state = saved->state;
  volley_contents_add(contents, H5T_NATIVE_UINT64, (uint64_t)state->n_recent, NULL, state->recent_counts, counts_path);
  add_gids(contents, saved);
  if (saved->parts->network->experiment->simulation.continuous)
    volley_contents_add(contents, H5T_NATIVE_DOUBLE, state->n_times, "ms", state->times, times_path);
  return NULL;
}

/* Of a continuous run. */
static void read_times(volley_checkpoint *checkpoint) {
  volley_run_state *state = &checkpoint->info.state;
  double *times = volley_checkpoint_numbers(checkpoint, times_path, &state->n_times);
  state->times = volley_arena_alloc(checkpoint->arena, state->n_times, sizeof *times);
  if (state->n_times > 0) memcpy(state->times, times, state->n_times * sizeof *times);
  free(times);
  if (state->n_times != state->n_gids) volley_checkpoint_refuse(checkpoint, "the times of recent spikes do not fit");
}

static void read_recent(volley_checkpoint *checkpoint) {
  volley_run_state *state = &checkpoint->info.state;
  uint64_t n_recent = 0, sum = 0;
  state->recent_counts = volley_checkpoint_counts(checkpoint, counts_path, &n_recent);
  volley_dataset dataset = volley_checkpoint_dataset(checkpoint, gids_path);
  state->n_recent = (int64_t)n_recent;
  state->n_gids = checkpoint->file.failed ? 0 : dataset.count;
  state->gids = volley_arena_alloc(checkpoint->arena, state->n_gids, sizeof *state->gids);
  volley_dataset_get(&checkpoint->file, &dataset, VOLLEY_HDF5_GID, 0, state->n_gids, state->gids);
  volley_dataset_release(&checkpoint->file, &dataset);
  if (H5Lexists(checkpoint->handle, times_path, H5P_DEFAULT) > 0) read_times(checkpoint);
  for (uint64_t i = 0; i < n_recent && sum <= state->n_gids; i++) {
    if (state->recent_counts[i] > state->n_gids)
      volley_checkpoint_refuse(checkpoint, "the numbers of recent spikes do not fit");
    sum += state->recent_counts[i];
  }
  if (sum != state->n_gids || state->step < state->n_recent)
    volley_checkpoint_refuse(checkpoint, "the numbers of recent spikes do not fit");
  for (uint64_t i = 0; i < state->n_gids; i++)
    if (state->gids[i] >= checkpoint->info.neurons)
      volley_checkpoint_refuse(checkpoint, "a recent spike is of no neuron");
}

const volley_section volley_section_counts = {
    .name = "volley_checkpoint", .bytes = count_bytes, .create = create_counts, .read = read_counts};
const volley_section volley_section_recent_spikes = {
    .name = "recent_spikes", .create = create_recent, .read = read_recent};
