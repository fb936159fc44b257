#include "io/checkpoint/section.h"

#include <string.h>

/* clang-format off */
#define SECTIONS(X) \
  X(header) \
  X(counts) \
  X(inputs) \
  X(recent_spikes) \
  X(readouts) \
  X(states) \
  X(synapses) \
  X(given_weights) \
  X(recorders) \
  X(stop_when) \
  /* one line a section, in the order of the file */
/* clang-format on */

#define DECLARED(name) extern const volley_section volley_section_##name;
#define LISTED(name) &volley_section_##name,
SECTIONS(DECLARED)

const volley_section *const *volley_checkpoint_sections(void) {
  static const volley_section *const sections[] = {SECTIONS(LISTED) NULL};
  return sections;
}

void volley_checkpoint_refuse(volley_checkpoint *checkpoint, const char *what) {
  volley_hdf5_fault(&checkpoint->file, "'%s' is no sound checkpoint: %s", checkpoint->info.path, what);
}

volley_dataset volley_checkpoint_dataset(volley_checkpoint *checkpoint, const char *path) {
  return volley_dataset_open(&checkpoint->file, checkpoint->handle, path, checkpoint->info.bytes);
}

uint64_t *volley_checkpoint_counts(volley_checkpoint *checkpoint, const char *path, uint64_t *n) {
  volley_dataset dataset = volley_checkpoint_dataset(checkpoint, path);
  *n = checkpoint->file.failed ? 0 : dataset.count;
  uint64_t *counts = volley_arena_alloc(checkpoint->arena, *n, sizeof *counts);
  volley_dataset_get(&checkpoint->file, &dataset, H5T_NATIVE_UINT64, 0, *n, counts);
  volley_dataset_release(&checkpoint->file, &dataset);
  return counts;
}

char **volley_checkpoint_texts(volley_checkpoint *checkpoint, const char *path, uint64_t *n) {
  volley_hdf5 *file = &checkpoint->file;
  volley_dataset dataset = volley_checkpoint_dataset(checkpoint, path);
  if (!file->failed && H5Tget_class(dataset.type) != H5T_STRING)
    volley_checkpoint_refuse(checkpoint, "a dataset of texts holds none");
  *n = file->failed ? 0 : dataset.count;
  const size_t width = *n ? dataset.bytes : 0;
  char **texts = volley_arena_alloc(checkpoint->arena, *n, sizeof *texts);
  char *rows = volley_arena_alloc(checkpoint->arena, *n, width);
  volley_dataset_get(file, &dataset, dataset.type, 0, *n, rows);
  for (uint64_t i = 0; i < *n; i++) {
    texts[i] = volley_arena_alloc(checkpoint->arena, width + 1, 1);
    memcpy(texts[i], rows + i * width, width);
  }
  volley_dataset_release(file, &dataset);
  return texts;
}

double *volley_checkpoint_numbers(volley_checkpoint *checkpoint, const char *path, uint64_t *n) {
  volley_dataset dataset = volley_checkpoint_dataset(checkpoint, path);
  *n = checkpoint->file.failed ? 0 : dataset.count;
  double *values = volley_alloc_or_fault(*n, sizeof *values, "a checkpoint");
  if (!values) *n = 0, checkpoint->file.failed = true;
  volley_dataset_get(&checkpoint->file, &dataset, H5T_NATIVE_DOUBLE, 0, *n, values);
  volley_dataset_release(&checkpoint->file, &dataset);
  return values;
}
