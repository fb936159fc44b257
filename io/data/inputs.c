#include "io/data/inputs.h"

#include "experiment/check.h"
#include "io/file/seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Rank 0 reads the file; a fault is not agreed on yet. Collective. */
static void sum_input(volley_input_file *input, MPI_Comm comm) {
  int rank, code = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) code = volley_seal_sum_file(input->path, &input->bytes, &input->checksum);
  if (code) volley_fault(VOLLEY_USAGE, &input->place, "cannot read '%s': %s", input->path, strerror(code));
  uint64_t sums[2] = {input->bytes, input->checksum};
  VOLLEY_MPI(MPI_Bcast(sums, 2, MPI_UINT64_T, 0, comm));
  input->bytes = sums[0];
  input->checksum = sums[1];
}

/* The first input of that path; NULL: none. */
static const volley_input_file *first_of(const volley_experiment *experiment, const char *path) {
  for (int i = 0; i < experiment->n_inputs; i++)
    if (strcmp(experiment->inputs[i].path, path) == 0) return &experiment->inputs[i];
  return NULL;
}

volley_status volley_inputs_sum(volley_experiment *experiment, MPI_Comm comm) {
  for (volley_input_file *input = experiment->inputs; input < experiment->inputs + experiment->n_inputs; input++) {
    const volley_input_file *first = first_of(experiment, input->path);
    if (first == input) sum_input(input, comm);
    input->bytes = first->bytes;
    input->checksum = first->checksum;
  }
  return volley_agree(comm);
}

volley_status volley_input_sum(volley_input_file *input, MPI_Comm comm) {
  sum_input(input, comm);
  return volley_agree(comm);
}

volley_status volley_input_compare(const volley_input_file *then, MPI_Comm comm) {
  volley_input_file now = *then;
  VOLLEY_TRY(volley_input_sum(&now, comm));
  if (now.bytes != then->bytes || now.checksum != then->checksum)
    volley_fault(VOLLEY_USAGE, &then->place,
                 "'%s' has changed since the run read it, %" PRIu64 " bytes with checksum %016" PRIx64 " now, %" PRIu64
                 " with %016" PRIx64 " then: what is read now would not be of one run; put the file back as it was",
                 now.path, now.bytes, now.checksum, then->bytes, then->checksum);
  return volley_agree(comm);
}

volley_status volley_inputs_compare_path(const volley_experiment *experiment, const char *path, MPI_Comm comm) {
  const volley_input_file *then = path ? first_of(experiment, path) : NULL;
  return then ? volley_input_compare(then, comm) : VOLLEY_OK;
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
