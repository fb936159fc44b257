#include "io/checkpoint/inputs.h"

#include <inttypes.h>
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
