/* Section of the files that the run reads. */
#include "io/checkpoint/section.h"

#include "experiment/check.h"

#include <inttypes.h>
#include <limits.h>
#include <string.h>

/* What the checkpoint knows of an input; -1: nothing. Names of entries may occur twice, so that keys may, too. */
static int find(const volley_input_file *input, const volley_checkpoint_info *info) {
  int found = -1;
  for (int i = 0; i < info->n_inputs; i++) {
    if (strcmp(info->input_keys[i], input->place.path) != 0) continue;
    found = i;
    if (info->input_bytes[i] == input->bytes && info->input_checksums[i] == input->checksum) return i;
  }
  return found;
}

volley_status volley_inputs_compare(const volley_experiment *experiment, const volley_checkpoint_info *info) {
  for (int i = 0; i < experiment->n_inputs; i++) {
    const volley_input_file *input = &experiment->inputs[i];
    const int then = find(input, info);
    if (volley_key_is_free(input->place.path)) continue;
    if (then >= 0 && info->input_bytes[then] == input->bytes && info->input_checksums[then] == input->checksum)
      continue;
    volley_fault(
        VOLLEY_USAGE, &input->place,
        "'%s' does not hold what %s'%s' held when checkpoint '%s' was written (%" PRIu64 " bytes with checksum "
        "%016" PRIx64 " now, %" PRIu64 " with %016" PRIx64 " then): the results would not be those of one run; "
        "put the file back as it was, or start from the beginning",
        input->path, then >= 0 ? "" : "anything like ", then >= 0 ? info->input_files[then] : input->path, info->path,
        input->bytes, input->checksum, then >= 0 ? info->input_bytes[then] : 0,
        then >= 0 ? info->input_checksums[then] : 0);
  }
  return volley_local_status();
}

static uint64_t count_bytes(const volley_experiment *experiment) {
  const volley_input_file *inputs = experiment->inputs;
  const size_t n = (size_t)experiment->n_inputs;
  const size_t widths = n ? volley_texts_width(n, &inputs->place.path, sizeof *inputs) +
                                volley_texts_width(n, &inputs->path, sizeof *inputs)
                          : 0;
  return n * (widths + 2 * sizeof(uint64_t));
}

static void *create(volley_contents *contents, const volley_saved *saved) {
  const volley_experiment *experiment = saved->parts->network->experiment;
  const volley_input_file *inputs = experiment->inputs;
  const size_t n = (size_t)experiment->n_inputs;
  uint64_t *numbers = volley_arena_alloc(contents->arena, 2 * n, sizeof *numbers);
  for (size_t i = 0; i < n; i++) {
    numbers[i] = inputs[i].bytes;
    numbers[n + i] = inputs[i].checksum;
  }
  volley_contents_add_texts(contents, "volley_checkpoint/input_keys", n, n ? &inputs->place.path : NULL,
                            sizeof *inputs);
  volley_contents_add_texts(contents, "volley_checkpoint/input_files", n, n ? &inputs->path : NULL, sizeof *inputs);
  volley_contents_add(contents, H5T_NATIVE_UINT64, n, NULL, numbers, "volley_checkpoint/input_bytes");
  volley_contents_add(contents, H5T_NATIVE_UINT64, n, NULL, numbers + n, "volley_checkpoint/input_checksums");
  return NULL;
}

static void read_inputs(volley_checkpoint *checkpoint) {
  volley_checkpoint_info *info = &checkpoint->info;
  uint64_t n[4] = {0};
  info->input_keys = volley_checkpoint_texts(checkpoint, "volley_checkpoint/input_keys", &n[0]);
  info->input_files = volley_checkpoint_texts(checkpoint, "volley_checkpoint/input_files", &n[1]);
  info->input_bytes = volley_checkpoint_counts(checkpoint, "volley_checkpoint/input_bytes", &n[2]);
  info->input_checksums = volley_checkpoint_counts(checkpoint, "volley_checkpoint/input_checksums", &n[3]);
  if (n[1] != n[0] || n[2] != n[0] || n[3] != n[0] || n[0] > INT_MAX)
    volley_checkpoint_refuse(checkpoint, "what it says of the files that were read does not fit");
  info->n_inputs = (int)n[0];
}

const volley_section volley_section_inputs = {
    .name = "volley_checkpoint", .bytes = count_bytes, .create = create, .read = read_inputs};
