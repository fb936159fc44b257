/* A toy partitioner: owners from a file with one number a neuron, populations one after the other, modulo the ranks. */
#include "partition/partition.h"

#include <stdlib.h>

typedef struct parameters {
  const char *file;
} parameters;

static const volley_key_info keys[] = {
    {"file", .type = VOLLEY_KEY_PATH, .required = true, .offset = offsetof(parameters, file),
     .doc = "text file (CSV) of one column: the rank of each neuron"},
};

typedef struct state {
  const double *numbers; /* [neurons] the arena's */
  uint32_t counts[];     /* [n_populations][ranks] */
} state;

static int owner(const volley_owners *owners, int population, uint32_t index) {
  const state *s = owners->state;
  return (int)s->numbers[owners->experiment->populations[population].first_gid + index] % owners->ranks;
}

static uint32_t count(const volley_owners *owners, int population, int rank) {
  const state *s = owners->state;
  return s->counts[population * owners->ranks + rank];
}

static volley_status create(volley_owners *owners, const volley_reader *reader, MPI_Comm comm) {
  const volley_experiment *experiment = owners->experiment;
  const parameters *p = experiment->simulation.partition_parameters;
  const volley_place place = {.file = experiment->file, .path = "simulation.partition.file"};
  double *numbers;
  uint64_t rows, columns;
  VOLLEY_TRY(reader->series(reader->context, &place, p->file, NULL, experiment->arena, &numbers, &rows, &columns));
  if (rows != experiment->neurons || columns != 1)
    volley_fault(VOLLEY_USAGE, &place, "'%s' has %llu x %llu numbers; one for each of the %u neurons is needed",
                 p->file, (unsigned long long)rows, (unsigned long long)columns, experiment->neurons);
  for (uint64_t i = 0; i < rows * columns; i++)
    if (!(numbers[i] >= 0 && numbers[i] < 1e9))
      return volley_fault(VOLLEY_USAGE, &place, "'%s': %g is no rank", p->file, numbers[i]), volley_agree(comm);
  VOLLEY_TRY(volley_agree(comm));
  const size_t n = (size_t)experiment->n_populations * (size_t)owners->ranks;
  state *s = owners->state = volley_alloc(1, sizeof *s + n * sizeof *s->counts, "owners");
  s->numbers = numbers;
  for (int q = 0; q < experiment->n_populations; q++)
    for (uint32_t i = 0; i < experiment->populations[q].size; i++) s->counts[q * owners->ranks + owner(owners, q, i)]++;
  return VOLLEY_OK;
}

const volley_partitioner volley_partitioner_listed = {
    .name = "listed",
    .doc = "as a file has it",
    VOLLEY_KEYS(keys),
    .size = sizeof(parameters),
    .create = create,
    .destroy = free,
    .owner = owner,
    .count = count,
};
