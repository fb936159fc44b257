#include "run/injection.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

struct volley_injection {
  volley_network *network;
  double **values; /* [n_populations][size]; NULL: nothing was set yet */
};

/* The neurons of one slice. */
struct volley_generator {
  VOLLEY_GENERATOR;
  const double *values; /* of the population, not owned */
  volley_gid first_gid;
};

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  (void)step;
  for (uint32_t i = 0; i < slice->count; i++)
    slice->current[i] += generator->values[slice->gids[i] - generator->first_gid];
}

static const volley_stimulus_kind injected = {.name = "injected", .is_current = true, .is_own = true, .apply = apply};

volley_injection *volley_injection_create(volley_network *network) {
  volley_injection *injection = volley_alloc(1, sizeof *injection, "currents");
  injection->network = network;
  injection->values = volley_alloc((size_t)network->experiment->n_populations, sizeof(double *), "currents");
  return injection;
}

void volley_injection_destroy(volley_injection *injection) {
  if (!injection) return;
  for (int p = 0; p < injection->network->experiment->n_populations; p++) free(injection->values[p]);
  free(injection->values);
  free(injection);
}

static void add_to_slices(volley_injection *injection, int p) {
  const volley_network *network = injection->network;
  for (int b = 0; b < network->n_blocks; b++) {
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      if (network->blocks[b].slices[s].population != p) continue;
      volley_generator *generator = volley_alloc(1, sizeof *generator, "currents");
      generator->values = injection->values[p];
      generator->first_gid = network->experiment->populations[p].first_gid;
      volley_slice_own_currents(&network->blocks[b].slices[s]);
      volley_block_add_input(&network->blocks[b],
                             (volley_input){.kind = &injected, .generator = generator, .slice = s});
    }
  }
}

void volley_injection_set(volley_injection *injection, int p, const double *values) {
  const size_t size = injection->network->experiment->populations[p].size;
  const bool is_new = !injection->values[p];
  if (is_new) injection->values[p] = volley_alloc_or_fault(size, sizeof(double), "currents");
  if (!volley_all(injection->values[p], injection->network->comm)) {
    free(injection->values[p]); /* which all ranks lack now */
    injection->values[p] = NULL;
    return;
  }
  memcpy(injection->values[p], values, size * sizeof *values);
  if (is_new) add_to_slices(injection, p);
}
