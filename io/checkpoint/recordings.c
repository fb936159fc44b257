/* Section of the recordings: how many spikes or rows each recorder has handed over, and the files that hold them. */
#include "io/checkpoint/section.h"

#include <limits.h>
#include <string.h>

static const char names_path[] = "volley_checkpoint/recorder_names",
                  positions_path[] = "volley_checkpoint/recorder_positions",
                  files_path[] = "volley_checkpoint/recorded_files";

static uint64_t count_bytes(const volley_experiment *experiment) {
  uint64_t most = 1;
  for (int r = 0; r < experiment->n_recorders; r++)
    if (strlen(experiment->recorders[r].name) >= most) most = strlen(experiment->recorders[r].name) + 1;
  return (uint64_t)experiment->n_recorders * (most + sizeof(uint64_t));
}

static void *create(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  const size_t n = (size_t)experiment->n_recorders;
  const char **names = volley_arena_alloc(volley_contents_arena(contents), n, sizeof *names);
  for (size_t r = 0; r < n; r++) names[r] = experiment->recorders[r].name;
  volley_contents_add_texts(contents, names_path, n, names);
  volley_contents_add(contents, H5T_NATIVE_UINT64, n, NULL, saved->past->positions, positions_path);
  volley_contents_add_texts(contents, files_path, (size_t)saved->past->n_files,
                            (const char *const *)saved->past->files);
  return NULL;
}

static void read_recordings(volley_checkpoint *checkpoint) {
  uint64_t n_files = 0, n_recorders = 0;
  checkpoint->info.past.files = volley_checkpoint_texts(checkpoint, files_path, &n_files);
  checkpoint->info.past.positions = volley_checkpoint_counts(checkpoint, positions_path, &n_recorders);
  if (n_files > INT_MAX || n_recorders > INT_MAX) volley_checkpoint_refuse(checkpoint, "it holds too much");
  checkpoint->info.past.n_files = (int)n_files;
  checkpoint->info.n_recorders = (int)n_recorders;
}

const volley_section volley_section_recordings = {
    .name = "volley_checkpoint", .bytes = count_bytes, .create = create, .read = read_recordings};
