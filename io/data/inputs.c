#include "io/data/inputs.h"

#include "base/memory.h"
#include "experiment/check.h"
#include "io/file/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void sum_input(volley_input_file *input) {
  const int code = volley_seal_sum_file(input->path, &input->bytes, &input->checksum);
  if (code) volley_fault(VOLLEY_USAGE, &input->place, "cannot read '%s': %s", input->path, strerror(code));
}

/* The first input of the same path. */
static volley_input_file *first_of(volley_input_file *inputs, int i) {
  for (int k = 0; k < i; k++)
    if (strcmp(inputs[k].path, inputs[i].path) == 0) return &inputs[k];
  return &inputs[i];
}

volley_status volley_inputs_sum(volley_experiment *experiment, MPI_Comm comm) {
  volley_input_file *inputs = experiment->inputs;
  const int n = experiment->n_inputs;
  int rank = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  uint64_t *sums = volley_alloc(2 * (size_t)n, sizeof *sums, "sums of files");
  for (int i = 0; i < n && rank == 0; i++) {
    const volley_input_file *first = first_of(inputs, i);
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
    const volley_input_file *input = &experiment->inputs[i];
    if (volley_key_is_free(input->place.path)) continue;
    const uint64_t words[4] = {volley_checksum(input->place.path, 0, strlen(input->place.path)), input->bytes,
                               input->checksum, sum};
    sum = volley_checksum(words, 0, sizeof words);
  }
  snprintf(hash, VOLLEY_INPUTS_HASH_SIZE, "%016" PRIx64, sum);
}
