#include "engine/tally.h"

#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"

#include <stdlib.h>

volley_tally volley_tally_create(const volley_experiment *experiment) {
  const int n = VOLLEY_TALLY_COUNTS + experiment->n_populations;
  return (volley_tally){.n = n, .sums = volley_alloc((size_t)n, sizeof(uint64_t), "the step loop")};
}

void volley_tally_free(volley_tally *tally) { free(tally->sums); }

void volley_tally_take(volley_tally *tally, const volley_experiment *experiment, int64_t step, const volley_gid *gids,
                       uint32_t n) {
  const uint64_t high = volley_scramble((uint64_t)step + UINT64_C(0x9E3779B97F4A7C15));
  uint64_t *counts = tally->sums + VOLLEY_TALLY_COUNTS, *digest = tally->sums + VOLLEY_TALLY_DIGEST;
  int p = 0;
  for (uint32_t i = 0; i < n; i++) {
    p = volley_population_of(experiment, gids[i], p);
    counts[p]++;
    digest[0] += volley_scramble(high ^ gids[i]);
    digest[1] += volley_scramble(high + UINT64_C(0xD1B54A32D192ED03) * (gids[i] + UINT64_C(1)));
  }
  tally->sums[VOLLEY_TALLY_SPIKES] += n;
}

void volley_tally_add(volley_tally *sum, const volley_tally *tally) {
  for (int i = 0; i < sum->n; i++) sum->sums[i] += tally->sums[i];
}

void volley_tally_reduce(volley_tally *tally, MPI_Comm comm) {
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, tally->sums, tally->n, MPI_UINT64_T, MPI_SUM, comm));
}

volley_run_state volley_tally_state(const volley_tally *sum, const volley_network *network, int64_t step) {
  return (volley_run_state){.step = step,
                            .spikes = sum->sums[VOLLEY_TALLY_SPIKES],
                            .digest = {sum->sums[VOLLEY_TALLY_DIGEST], sum->sums[VOLLEY_TALLY_DIGEST + 1]},
                            .synaptic_events = sum->sums[VOLLEY_TALLY_EVENTS],
                            .synapses = network->synapses,
                            .n_populations = network->experiment->n_populations};
}
