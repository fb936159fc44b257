/* Sections of the run's own state: spikes of each population so far, and those that may still be on their way. */
#include "io/checkpoint/section.h"

#include <limits.h>
#include <string.h>

static const char spikes_path[] = "volley_checkpoint/population_spikes", counts_path[] = "recent_spikes/counts",
                  gids_path[] = "recent_spikes/gids";

static uint64_t count_bytes(const volley_experiment *experiment) {
  uint64_t most = 1;
  for (int p = 0; p < experiment->n_populations; p++)
    if (strlen(experiment->populations[p].name) >= most) most = strlen(experiment->populations[p].name) + 1;
  return (uint64_t)experiment->n_populations * (most + sizeof(uint64_t));
}

static void *create_counts(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  const size_t n = (size_t)experiment->n_populations;
  const char **names = volley_arena_alloc(volley_contents_arena(contents), n, sizeof *names);
  for (size_t p = 0; p < n; p++) names[p] = experiment->populations[p].name;
  volley_contents_add_texts(contents, "volley_checkpoint/population_names", n, names);
  volley_contents_add(contents, H5T_NATIVE_UINT64, n, NULL, saved->state->counts, spikes_path);
  return NULL;
}

static void read_counts(volley_checkpoint *checkpoint) {
  uint64_t n = 0;
  checkpoint->info.state.counts = volley_checkpoint_counts(checkpoint, spikes_path, &n);
  if (n > INT_MAX) volley_checkpoint_refuse(checkpoint, "it holds too much");
  checkpoint->info.state.n_populations = (int)n;
}

static void *create_recent(volley_contents *contents, const volley_saved *saved) {
  const volley_run_state *state = saved->state;
  volley_contents_add(contents, H5T_NATIVE_UINT64, (uint64_t)state->n_recent, NULL, state->recent_counts, counts_path);
  volley_contents_add(contents, H5T_NATIVE_UINT32, state->n_gids, NULL, state->gids, gids_path);
  return NULL;
}

static void read_recent(volley_checkpoint *checkpoint) {
  volley_run_state *state = &checkpoint->info.state;
  uint64_t n_recent = 0, sum = 0;
  state->recent_counts = volley_checkpoint_counts(checkpoint, counts_path, &n_recent);
  volley_dataset dataset = volley_checkpoint_dataset(checkpoint, gids_path);
  state->n_recent = (int64_t)n_recent;
  state->n_gids = checkpoint->file.failed ? 0 : dataset.count;
  state->gids = volley_arena_alloc(checkpoint->arena, state->n_gids, sizeof *state->gids);
  volley_dataset_get(&checkpoint->file, &dataset, H5T_NATIVE_UINT32, 0, state->n_gids, state->gids);
  volley_dataset_release(&checkpoint->file, &dataset);
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
