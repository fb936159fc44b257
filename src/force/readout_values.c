#include "force/readout_values.h"

#include <stdlib.h>
#include <string.h>

uint32_t *volley_readout_number(const volley_experiment *experiment, const volley_readout *readout) {
  uint32_t next = 0;
  uint32_t *first = volley_alloc((size_t)experiment->n_populations, sizeof *first, "a readout");
  for (int p = 0; p < experiment->n_populations; p++) first[p] = UINT32_MAX;
  for (int k = 0; k < readout->n_populations; k++) {
    first[readout->populations[k]] = next;
    next += experiment->populations[readout->populations[k]].size;
  }
  return first;
}

/* [N][dimension] values of a dataset, into values. Collective; every rank finds the same faults. */
static volley_status read_dataset(const volley_readout *readout, const volley_distribution *from,
                                  const volley_reader *reader, double *values) {
  const size_t k = (size_t)readout->supervisor->dimension;
  uint64_t rows = 0, columns = 0;
  double *read = NULL;
  volley_arena *arena = volley_arena_create();
  volley_status status =
      reader->series(reader->context, &readout->place, from->file, from->dataset, arena, &read, &rows, &columns);
  if (status == VOLLEY_OK && (rows != readout->size || columns != k))
    status = volley_fault(VOLLEY_USAGE, &readout->place,
                          "dataset '%s' of '%s' has %llu x %llu values; %u x %zu are expected: neurons of the readout "
                          "by dimensions of its supervisor",
                          from->dataset, from->file, (unsigned long long)rows, (unsigned long long)columns,
                          readout->size, k);
  if (status == VOLLEY_OK) memcpy(values, read, (size_t)readout->size * k * sizeof *values);
  volley_arena_destroy(arena);
  return status;
}

volley_status volley_readout_draw(const volley_experiment *experiment, const volley_readout *readout,
                                  volley_purpose purpose, const volley_distribution *distribution,
                                  const volley_reader *reader, double **out) {
  const uint32_t number = (uint32_t)(readout - experiment->readouts);
  const size_t k = (size_t)readout->supervisor->dimension;
  double *values = *out = volley_alloc((size_t)readout->size * k, sizeof *values, "the values of a readout");
  const volley_key key = volley_key_of(experiment->simulation.seed, purpose, number);
  if (distribution->kind == VOLLEY_DATASET) return read_dataset(readout, distribution, reader, values);
  for (uint32_t i = 0; i < readout->size; i++)
    volley_distribution_draw(distribution, key, i, 0, k, values + (size_t)i * k);
  return VOLLEY_OK;
}

volley_status volley_readouts_check(const volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  volley_status status = VOLLEY_OK;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const volley_distribution *const from[] = {&readout->decoders, readout->feeds_back ? &readout->eta : NULL};
    for (size_t v = 0; v < sizeof from / sizeof *from; v++) {
      if (!from[v] || from[v]->kind != VOLLEY_DATASET) continue;
      double *values = volley_alloc((size_t)readout->size * (size_t)readout->supervisor->dimension, sizeof *values,
                                    "the values of a readout");
      const volley_status found = read_dataset(readout, from[v], reader, values);
      if (status == VOLLEY_OK) status = found;
      free(values);
    }
  }
  const volley_status agreed = volley_agree(comm);
  return agreed != VOLLEY_OK ? agreed : status;
}
