/* Recorders in memory, and the sink that they hand full buffers to. The engine never calls io: io implements the sink.
 *
 * Every rank sees every spike of a step, sorted by gid, so every rank knows each recorded spike's place in the file:
 * its number among the recorder's spikes, counted over steps and gids. In a window of ranks * capacity spikes rank r
 * keeps the r-th part, contiguous in the file; the file is sorted by time, ties by id, without any communication. */
#ifndef VOLLEY_RECORD_RECORD_H
#define VOLLEY_RECORD_RECORD_H

#include "model/experiment.h"
#include "neuron/neuron.h"

#include <mpi.h>

/* Where recorded data go. All calls are collective over the ranks of the run and made in the same order on each;
 * they return an agreed status. */
typedef struct volley_sink {
  void *context;
  /* count spikes of this rank, numbers first .. first + count - 1 of the recorder; total is the number of the
   * recorder's spikes after this call, all ranks together. ids: index within the population, times in ms. */
  volley_status (*spikes)(void *context, int recorder, uint64_t first, uint64_t count, const double *times,
                          const uint64_t *ids, uint64_t total);
  /* rows first_row .. first_row + rows - 1; data: [rows][columns of this rank], columns as given at opening. */
  volley_status (*traces)(void *context, int recorder, uint64_t first_row, uint64_t rows, const double *data);
} volley_sink;

/* Columns of a trace recorder that this rank holds. */
typedef struct volley_trace_columns {
  uint64_t *columns; /* [count] ascending; column c is the c-th selected neuron, by index */
  uint64_t count;
} volley_trace_columns;

#endif
