/* A toy section of checkpoints, group /saves: `count`, how often the run was saved, from its beginning on. */
#include "io/checkpoint/section.h"

static const char path[] = "saves/count";
static uint64_t saves;

static uint64_t count_bytes(const volley_experiment *experiment) {
  (void)experiment;
  return VOLLEY_BYTES_OF_GROUP + VOLLEY_BYTES_OF_DATASET + sizeof saves;
}

static void *create(volley_contents *contents, const volley_saved *saved) {
  (void)saved;
  saves++;
  volley_contents_add(contents, H5T_NATIVE_UINT64, 1, NULL, &saves, path);
  return NULL;
}

static void restore(volley_checkpoint *checkpoint, const volley_run_parts *parts) {
  (void)parts;
  uint64_t n;
  const uint64_t *count = volley_checkpoint_counts(checkpoint, path, &n);
  if (n == 1)
    saves = *count;
  else
    volley_checkpoint_refuse(checkpoint, "it does not know how often the run was saved");
}

const volley_section volley_section_saves = {
    .name = "saves", .bytes = count_bytes, .create = create, .restore = restore};
