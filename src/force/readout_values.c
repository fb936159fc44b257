#include "force/readout_values.h"

#include "force/spectrum.h"
#include "learner/learner.h"
#include "rule/rule.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint32_t *volley_readout_number(const volley_experiment *experiment, const volley_pool *pool) {
  uint32_t next = 0;
  uint32_t *first = volley_alloc((size_t)experiment->n_populations, sizeof *first, "a readout");
  for (int p = 0; p < experiment->n_populations; p++) first[p] = UINT32_MAX;
  for (int k = 0; k < pool->n; k++) {
    first[pool->populations[k]] = next;
    next += experiment->populations[pool->populations[k]].size;
  }
  return first;
}

/* The values of either purpose: where they come from, and for how many neurons. */
static const volley_distribution *values_of(const volley_readout *readout, volley_purpose purpose, uint32_t *n) {
  const bool is_eta = purpose == VOLLEY_PURPOSE_ETA;
  *n = is_eta ? readout->fed.size : readout->reads.size;
  return is_eta ? &readout->eta : &readout->decoders;
}

/* [n][dimension] values of a dataset, into values. Collective; every rank finds the same faults. */
static volley_status read_dataset(const volley_readout *readout, const volley_distribution *from, uint32_t n,
                                  const volley_reader *reader, double *values) {
  const size_t k = (size_t)readout->supervisor->dimension;
  uint64_t rows = 0, columns = 0;
  double *read = NULL;
  if (from->given) {
    if ((uint64_t)from->n_given != n * (uint64_t)k)
      return volley_fault(VOLLEY_USAGE, &readout->place,
                          "%d values are given; %u x %zu are expected: neurons of the readout by dimensions of its "
                          "supervisor",
                          from->n_given, n, k);
    memcpy(values, from->given, (size_t)n * k * sizeof *values);
    return VOLLEY_OK;
  }
  volley_arena *arena = volley_arena_create();
  volley_status status =
      reader->series(reader->context, &readout->place, from->file, from->dataset, arena, &read, &rows, &columns);
  if (status == VOLLEY_OK && (rows != n || columns != k))
    status =
        volley_fault(VOLLEY_USAGE, &readout->place,
                     "%s has %llu x %llu values; %u x %zu are expected: neurons of the readout by dimensions of "
                     "its supervisor",
                     volley_distribution_file(from).text, (unsigned long long)rows, (unsigned long long)columns, n, k);
  if (status == VOLLEY_OK) memcpy(values, read, (size_t)n * k * sizeof *values);
  volley_arena_destroy(arena);
  return status;
}

volley_status volley_readout_draw(const volley_experiment *experiment, const volley_readout *readout,
                                  volley_purpose purpose, const volley_reader *reader, double *values) {
  const uint32_t number = (uint32_t)(readout - experiment->readouts);
  uint32_t n;
  const volley_distribution *distribution = values_of(readout, purpose, &n);
  const size_t k = (size_t)readout->supervisor->dimension;
  const volley_key key = volley_key_of(experiment->simulation.seed, purpose, number);
  if (distribution->kind == VOLLEY_DATASET) return read_dataset(readout, distribution, n, reader, values);
  for (uint32_t i = 0; i < n; i++) volley_distribution_draw(distribution, key, i, 0, k, values + (size_t)i * k);
  return VOLLEY_OK;
}

volley_status volley_readouts_check(const volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  volley_status status = VOLLEY_OK;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const volley_purpose purposes[] = {VOLLEY_PURPOSE_DECODER, VOLLEY_PURPOSE_ETA};
    for (size_t v = 0; v < sizeof purposes / sizeof *purposes; v++) {
      uint32_t n;
      const volley_distribution *from = values_of(readout, purposes[v], &n);
      if (n == 0 || from->kind != VOLLEY_DATASET) continue;
      double *values =
          volley_alloc((size_t)n * (size_t)readout->supervisor->dimension, sizeof *values, "the values of a readout");
      const volley_status found = read_dataset(readout, from, n, reader, values);
      if (status == VOLLEY_OK) status = found;
      free(values);
    }
  }
  const volley_status agreed = volley_agree(comm);
  return agreed != VOLLEY_OK ? agreed : status;
}

bool volley_readouts_want_eigenvalues(const volley_experiment *experiment) {
  bool wants = false;
  for (int r = 0; r < experiment->n_readouts; r++) wants |= experiment->readouts[r].eigenvalues != 0;
  return wants;
}

/* Of a rank, in the mean; of those in files nothing is known yet. */
static double plastic_synapses(const volley_experiment *experiment, int ranks) {
  double n = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    const double expected = projection->plasticity.model ? projection->rule->expected(experiment, projection) : 0;
    if (!isnan(expected)) n += expected / ranks;
  }
  return n;
}

uint64_t volley_readouts_expected_bytes(const volley_experiment *experiment, int ranks) {
  uint64_t bytes = 0;
  if (volley_readouts_want_eigenvalues(experiment))
    bytes += 2 * sizeof(double) * (uint64_t)plastic_synapses(experiment, ranks);
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const uint64_t n = readout->reads.size, fed = readout->fed.size, k = (uint64_t)readout->supervisor->dimension;
    const uint64_t own = fed / (uint64_t)ranks + 1;
    /* decoders, while they are made the feedback too; filters, gains, neurons that moved; feedback of own neurons */
    bytes += volley_learner_of(readout)->bytes(readout, ranks) + (n * (k + 4) + (fed + own) * k) * sizeof(double);
    bytes += volley_spectrum_bytes(readout, ranks);
  }
  return bytes;
}
