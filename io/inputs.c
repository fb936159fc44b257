#include "io/inputs.h"

#include "base/memory.h"
#include "io/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sum_input(volley_input *input) {
  const int code = volley_seal_sum_file(input->path, &input->bytes, &input->checksum);
  if (code) volley_fault(VOLLEY_USAGE, &input->place, "cannot read '%s': %s", input->path, strerror(code));
}

/* The first input of the same path. */
static volley_input *first_of(volley_input *inputs, int i) {
  for (int k = 0; k < i; k++)
    if (strcmp(inputs[k].path, inputs[i].path) == 0) return &inputs[k];
  return &inputs[i];
}

volley_status volley_inputs_sum(volley_experiment *experiment, MPI_Comm comm) {
  volley_input *inputs = experiment->inputs;
  const int n = experiment->n_inputs;
  int rank = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  uint64_t *sums = volley_alloc(2 * (size_t)n, sizeof *sums, "sums of files");
  for (int i = 0; i < n && rank == 0; i++) {
    const volley_input *first = first_of(inputs, i);
    if (first == &inputs[i]) sum_input(&inputs[i]);
    sums[2 * i] = first->bytes;
    sums[2 * i + 1] = first->checksum;
  }
  VOLLEY_MPI(MPI_Bcast(sums, 2 * n, MPI_UINT64_T, 0, comm));
  for (int i = 0; i < n; i++) {
    inputs[i].bytes = sums[2 * i];
    inputs[i].checksum = sums[2 * i + 1];
  }
  free(sums);
  return volley_agree(comm);
}

void volley_inputs_hash(const volley_experiment *experiment, char hash[VOLLEY_INPUTS_HASH_SIZE]) {
  uint64_t sum = 0;
  for (int i = 0; i < experiment->n_inputs; i++) {
    const volley_input *input = &experiment->inputs[i];
    const uint64_t words[4] = {volley_checksum(input->place.path, 0, strlen(input->place.path)), input->bytes,
                               input->checksum, sum};
    sum = volley_checksum(words, 0, sizeof words);
  }
  snprintf(hash, VOLLEY_INPUTS_HASH_SIZE, "%016" PRIx64, sum);
}

/* What the checkpoint knows of an input; -1: nothing. Names of entries may occur twice, so that keys may, too. */
static int find(const volley_input *input, const volley_checkpoint_info *info) {
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
    const volley_input *input = &experiment->inputs[i];
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
