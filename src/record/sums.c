/* Sum of a state over the selected neurons of a population, as a proxy of a field potential is. Each block sums up its own
 * without rounding (base/exact_sum.h), so that the order changes no bit; rank 0 has the column. */
#include "record/sums.h"

#include "base/exact_sum.h"
#include "base/memory.h"
#include "record/probes.h"

#include <stdlib.h>
#include <string.h>

typedef struct sums {
  volley_probes probes;
  int state;
  double divisor;           /* 1, or of means the number of neurons */
  volley_exact_sum *blocks; /* [n_blocks] of the present row */
} sums;

void volley_sums_destroy(void *own) {
  sums *s = own;
  volley_probes_release(&s->probes);
  free(s->blocks);
  free(s);
}

void *volley_sums_create(const volley_network *network, const volley_readouts *readouts,
                         const volley_recorder *recorder, volley_trace_columns *columns) {
  (void)readouts;
  sums *s = volley_alloc(1, sizeof *s, "a recorder of sums");
  volley_trace_columns neurons = {0};
  s->state = recorder->state;
  s->divisor = recorder->kind == &volley_record_means ? recorder->neurons.count : 1;
  s->blocks = volley_alloc_or_fault((size_t)network->n_blocks, sizeof *s->blocks, "a recorder of sums");
  const bool made = s->blocks && volley_probes_find(&s->probes, network, recorder, &neurons) == VOLLEY_OK;
  free(neurons.columns);
  *columns = volley_columns_on_first(network, 1);
  if (!made) volley_sums_destroy(s);
  return made ? s : NULL;
}

void volley_sums_sample(void *own, int block, int slice, int64_t step, double *row) {
  (void)step, (void)row;
  const sums *s = own;
  const volley_block_probes *probes = &s->probes.blocks[block];
  const double *states = s->probes.network->blocks[block].slices[slice].states[s->state];
  for (size_t k = probes->first[slice]; k < probes->first[slice + 1]; k++)
    volley_exact_add(&s->blocks[block], states[probes->probes[k].position]);
}

void volley_sums_advance(void *own, double *row) {
  sums *s = own;
  const volley_network *network = s->probes.network;
  volley_exact_sum mine = {{0}}, all = {{0}};
  for (int b = 0; b < network->n_blocks; b++) {
    volley_exact_carry(&s->blocks[b]);
    for (int w = 0; w < VOLLEY_SUM_WORDS; w++) mine.words[w] += s->blocks[b].words[w];
  }
  volley_exact_carry(&mine);
  memset(s->blocks, 0, (size_t)network->n_blocks * sizeof *s->blocks);
  VOLLEY_MPI(MPI_Reduce(mine.words, all.words, VOLLEY_SUM_WORDS, MPI_INT64_T, MPI_SUM, 0, network->comm));
  if (network->rank == 0) row[0] = volley_exact_value(&all) / s->divisor;
}

const volley_recorder_kind volley_record_sums = {.name = "sums", .plural = "sums", VOLLEY_SUMS, .group = "sums"};
