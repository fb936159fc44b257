#include "support/stretches.h"

#include "base/memory.h"
#include "neuron/neuron.h"

#include <mpi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

volley_trace_columns stretches_columns[STRETCHES_RECORDERS];

static int rank, ranks;

uint32_t stretches_random(uint32_t n) {
  n = (n ^ (n >> 16)) * 0x7feb352du;
  n = (n ^ (n >> 15)) * 0x846ca68bu;
  return n ^ (n >> 16);
}

/* Nothing at all is recorded from step 700 to 800 and from 850 on. The last two recorders take several windows to join. */
static volley_range every[] = {{0, STRETCHES_SIZE, 0}}, some[] = {{3, 4, 0}, {20, 10, 4}};
volley_recorder stretches_recorders[STRETCHES_RECORDERS] = {
    {.name = "E_spikes",
     .kind = &volley_record_spikes,
     .neurons = {every, 1, STRETCHES_SIZE},
     .interval = 1,
     .stop = STRETCHES_STEPS},
    {.name = "silent", .kind = &volley_record_spikes, .neurons = {some, 2, 14}, .interval = 1, .stop = STRETCHES_STEPS},
    {.name = "few", .kind = &volley_record_traces, .neurons = {some, 2, 14}, .interval = 7, .start = 100, .stop = 600},
    {.name = "burst",
     .kind = &volley_record_spikes,
     .neurons = {every, 1, STRETCHES_SIZE},
     .interval = 1,
     .stop = STRETCHES_STEPS},
    {.name = "all",
     .kind = &volley_record_traces,
     .neurons = {every, 1, STRETCHES_SIZE},
     .interval = 1,
     .start = 400,
     .stop = 600},
};
static volley_population population = {.name = "E", .size = STRETCHES_SIZE};
volley_experiment stretches_experiment = {.file = "test.yaml",
                                          .title = "stretches",
                                          .resolved = "simulation: {dt: 0.1}\n",
                                          .simulation = {.dt = 0.1, .steps = STRETCHES_STEPS, .seed = 7},
                                          .populations = &population,
                                          .n_populations = 1,
                                          .recorders = stretches_recorders,
                                          .n_recorders = STRETCHES_RECORDERS,
                                          .neurons = STRETCHES_SIZE};

/* Spikes come in equal numbers in the steps from .. to - 1. */
static const struct {
  int64_t from, to;
  uint64_t each;
} firing[STRETCHES_RECORDERS] = {{0, 700, 100}, {0, 0, 1}, {0, 0, 1}, {800, 850, 8000}, {0, 0, 1}};

uint64_t stretches_records(int r, int64_t step) {
  const volley_recorder *recorder = &stretches_recorders[r];
  const bool traces = recorder->kind == &volley_record_traces;
  const int64_t from = traces ? recorder->start : firing[r].from, to = traces ? recorder->stop : firing[r].to;
  const int64_t end = step < from ? from : step < to ? step : to;
  return traces ? (uint64_t)((end - from) / recorder->interval) : (uint64_t)(end - from) * firing[r].each;
}

static double spike_time(int r, uint64_t k) {
  return 0.1 * (double)(firing[r].from + (int64_t)(k / firing[r].each) + 1);
}

/* Hands over one window of spikes, cut among the ranks at random; empty shares are frequent. */
static volley_status write_window(volley_sink sink, int r, uint64_t done, uint64_t size) {
  uint64_t cuts[9] = {0};
  for (int k = 0; k < ranks; k++) {
    const uint64_t share = stretches_random((uint32_t)done + (uint32_t)k) % 3 ? size / (uint64_t)ranks : 0;
    cuts[k + 1] = k == ranks - 1 ? size : cuts[k] + share;
  }
  const uint64_t first = done + cuts[rank], count = cuts[rank + 1] - cuts[rank];
  double *times = volley_alloc(count, sizeof *times, "test");
  uint64_t *ids = volley_alloc(count, sizeof *ids, "test");
  for (uint64_t i = 0; i < count; i++) times[i] = spike_time(r, first + i);
  for (uint64_t i = 0; i < count; i++) ids[i] = stretches_random((uint32_t)(first + i)) % STRETCHES_SIZE;
  const volley_status status = sink.spikes(sink.context, r, first, count, times, ids, done + size);
  free(times);
  free(ids);
  return status;
}

static volley_status write_rows(volley_sink sink, int r, const volley_trace_columns *mine, uint64_t first,
                                uint64_t rows) {
  double *data = volley_alloc(rows * mine->count, sizeof *data, "test");
  for (uint64_t row = 0; row < rows; row++)
    for (uint64_t c = 0; c < mine->count; c++)
      data[row * mine->count + c] = (double)(first + row) + 1e-4 * (double)mine->columns[c];
  const volley_status status = sink.traces(sink.context, r, first, rows, data);
  free(data);
  return status;
}

void stretches_record(volley_sink sink, int64_t from, int64_t to) {
  for (int r = 0; r < STRETCHES_RECORDERS; r++) {
    const bool traces = stretches_recorders[r].kind == &volley_record_traces;
    const uint64_t end = stretches_records(r, to);
    uint64_t done = stretches_records(r, from), size;
    for (; done < end; done += size) {
      size = 1 + stretches_random((uint32_t)done) % (traces ? 60 : 90000);
      if (size > end - done) size = end - done;
      const volley_status status =
          traces ? write_rows(sink, r, &stretches_columns[r], done, size) : write_window(sink, r, done, size);
      assert_int_equal(status, VOLLEY_OK);
    }
  }
  assert_int_equal(sink.flush(sink.context), VOLLEY_OK);
}

void stretches_begin(void) {
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  population.model = volley_neuron_model_find("iaf_psc_exp");
  for (int r = 0; r < STRETCHES_RECORDERS; r++) {
    if (stretches_recorders[r].kind != &volley_record_traces) continue;
    const uint64_t n = stretches_recorders[r].neurons.count;
    volley_trace_columns *columns = &stretches_columns[r];
    columns->columns = volley_alloc(n, sizeof(uint64_t), "test");
    for (uint32_t column = 0; column < n; column++)
      if ((int)(stretches_random(column) % (uint32_t)ranks) == rank) columns->columns[columns->count++] = column;
  }
}

void stretches_end(void) {
  for (int r = 0; r < STRETCHES_RECORDERS; r++) free(stretches_columns[r].columns);
}
