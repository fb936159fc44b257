#include "force/readout.h"

#include <stdlib.h>

/* The neurons of one slice. */
struct volley_generator {
  VOLLEY_GENERATOR;
  const double *values; /* [dimension] not owned */
  double *gains;        /* [dimension][count] */
  int dimension;
};

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  double *restrict current = slice->current;
  (void)step;
  for (int d = 0; d < generator->dimension; d++) {
    const double *restrict gains = generator->gains + (size_t)d * slice->count;
    const double value = generator->values[d];
    for (uint32_t i = 0; i < slice->count; i++) current[i] += gains[i] * value;
  }
}

static void destroy(volley_generator *generator) { free(generator->gains); }

static const volley_stimulus_kind feedback = {
    .name = "feedback", .is_current = true, .apply = apply, .destroy = destroy};

static void add_to_slice(volley_block *block, int s, const volley_readout *readout, const volley_population *population,
                         uint32_t first, const double *eta, const double *values) {
  const volley_slice *slice = &block->slices[s];
  const double gain = readout->gains[slice->population];
  const int dimension = readout->supervisor->dimension;
  volley_generator *generator = volley_alloc(1, sizeof *generator, "feedback");
  generator->values = values;
  generator->dimension = dimension;
  generator->gains = volley_alloc((size_t)dimension * slice->count, sizeof(double), "feedback");
  for (uint32_t i = 0; i < slice->count; i++) {
    const size_t row = (size_t)first + volley_index_in(population, slice->gids[i]);
    for (int d = 0; d < dimension; d++)
      generator->gains[(size_t)d * slice->count + i] = gain * eta[row * (size_t)dimension + (size_t)d];
  }
  volley_block_add_input(block, (volley_input){.kind = &feedback, .generator = generator, .slice = s});
}

void volley_feedback_add(volley_network *network, const volley_readout *readout, const uint32_t *first,
                         const double *eta, const double *values) {
  for (int b = 0; b < network->n_blocks; b++) {
    volley_block *block = &network->blocks[b];
    for (int s = 0; s < block->n_slices; s++) {
      const int p = block->slices[s].population;
      if (first[p] == UINT32_MAX) continue;
      add_to_slice(block, s, readout, &network->experiment->populations[p], first[p], eta, values);
    }
  }
}
