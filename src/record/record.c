#include "record/record.h"

#include "base/search.h"
#include "record/weights.h"

#include <stdlib.h>

/* Every so many steps rank 0 looks at the clock: what was recorded does not stay in memory for long. */
enum { CLOCK_STEPS = 1000 };
static const double flush_interval = 10; /* s */

typedef struct spike_buffer {
  double *times;   /* [VOLLEY_SPIKES_AT_ONCE] ms */
  uint64_t *ids;   /* index within the population */
  uint64_t count;  /* held here */
  uint64_t window; /* number of the first spike of the window */
  uint64_t total;  /* spikes of the recorder so far, on all ranks */
} spike_buffer;

typedef struct trace_buffer {
  double *rows;      /* [capacity][columns of this rank] */
  uint64_t capacity; /* rows, the same on every rank */
  uint64_t held, written;
  uint64_t origin; /* row from which windows are counted */
} trace_buffer;

/* One traced neuron: where its value is and where it goes. */
typedef struct probe {
  int recorder, slice;
  uint32_t position;
  uint64_t column; /* among this rank's */
} probe;

/* The probes of one block, by slice. */
typedef struct block_probes {
  probe *probes; /* [n] */
  size_t n;
  size_t *first; /* [n_slices + 1] number of the first probe of a slice */
} block_probes;

struct volley_recording {
  const volley_network *network;
  const volley_readouts *readouts; /* or NULL */
  volley_sink sink;
  double flushed;                 /* time of the last flush of all buffers, s; rank 0 */
  spike_buffer *spikes;           /* [n_recorders] */
  trace_buffer *traces;           /* [n_recorders] */
  volley_trace_columns *columns;  /* [n_recorders] */
  block_probes *probes;           /* [n_blocks] */
  volley_weight_probes **weights; /* [n_recorders] NULL of other kinds */
};

static const volley_experiment *experiment_of(const volley_recording *recording) {
  return recording->network->experiment;
}

/* The columns of the rank's neurons, ascending since its gids are. */
static volley_trace_columns find_columns(const volley_network *network, const volley_recorder *recorder) {
  const volley_partition *partition = network->partition;
  const uint32_t first_gid = network->experiment->populations[recorder->population].first_gid;
  const uint32_t n = partition->counts[recorder->population];
  volley_trace_columns found = {.columns = volley_alloc(n, sizeof(uint64_t), "a trace recorder")};
  uint32_t column;
  for (uint32_t i = 0; i < n; i++) {
    const uint32_t index = partition->gids[recorder->population][i] - first_gid;
    if (volley_selection_column(&recorder->neurons, index, &column)) found.columns[found.count++] = column;
  }
  return found;
}

/* All columns on rank 0: every rank knows the values. */
static volley_trace_columns list_columns(const volley_network *network, uint64_t width) {
  volley_trace_columns all = {.count = network->rank == 0 ? width : 0};
  all.columns = volley_alloc(all.count, sizeof(uint64_t), "a recorder of a readout");
  for (uint64_t c = 0; c < all.count; c++) all.columns[c] = c;
  return all;
}

static int compare_columns(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void add_probe(block_probes *block, probe new_probe) {
  block->probes = volley_grow(block->probes, block->n + 1, sizeof new_probe, "a trace recorder");
  block->probes[block->n++] = new_probe;
}

/* Adds the probes of one recorder to a slice. */
static void probe_slice(volley_recording *recording, int number, int b, int s) {
  const volley_recorder *recorder = &experiment_of(recording)->recorders[number];
  const volley_slice *slice = &recording->network->blocks[b].slices[s];
  const volley_trace_columns *columns = &recording->columns[number];
  const uint32_t first_gid = experiment_of(recording)->populations[recorder->population].first_gid;
  if (recorder->kind != VOLLEY_RECORD_TRACES || slice->population != recorder->population) return;
  for (uint32_t i = 0; i < slice->count; i++) {
    uint32_t column;
    if (!volley_selection_column(&recorder->neurons, slice->gids[i] - first_gid, &column)) continue;
    const uint64_t wanted = column;
    const uint64_t *found = bsearch(&wanted, columns->columns, columns->count, sizeof wanted, compare_columns);
    add_probe(&recording->probes[b], (probe){number, s, i, (uint64_t)(found - columns->columns)});
  }
}

static void place_probes(volley_recording *recording, int b) {
  block_probes *block = &recording->probes[b];
  const int n_slices = recording->network->blocks[b].n_slices;
  block->first = volley_alloc((size_t)n_slices + 1, sizeof *block->first, "the recorders");
  for (int s = 0; s < n_slices; s++) {
    for (int r = 0; r < experiment_of(recording)->n_recorders; r++) probe_slice(recording, r, b, s);
    block->first[s + 1] = block->n;
  }
}

double volley_expected_window(double width, double rows) {
  const double window = (double)volley_window_rows(width < 1 ? 1 : (uint64_t)width);
  return (rows < window ? rows : window) * width;
}

uint64_t volley_window_rows(uint64_t width) {
  uint64_t rows = 1;
  while (2 * rows * width <= VOLLEY_VALUES_AT_ONCE && rows < VOLLEY_VALUES_AT_ONCE) rows *= 2;
  return rows;
}

double volley_recorder_expected_bytes(const volley_experiment *experiment, int r, int ranks, double width,
                                      double rows) {
  const volley_recorder_kind kind = experiment->recorders[r].kind;
  const double column = kind == VOLLEY_RECORD_WEIGHTS ? 100 : 40, value = sizeof(double);
  if (kind == VOLLEY_RECORD_SPIKES) return VOLLEY_SPIKES_AT_ONCE * (double)(sizeof(double) + sizeof(uint64_t));
  return (value * volley_expected_window(width, rows) + column * width) / ranks;
}

static void prepare_recorder(volley_recording *recording, int number) {
  const volley_recorder *recorder = &experiment_of(recording)->recorders[number];
  if (recorder->kind == VOLLEY_RECORD_SPIKES) {
    recording->spikes[number].times = volley_alloc(VOLLEY_SPIKES_AT_ONCE, sizeof(double), "a spike recorder");
    recording->spikes[number].ids = volley_alloc(VOLLEY_SPIKES_AT_ONCE, sizeof(uint64_t), "a spike recorder");
    return;
  }
  trace_buffer *traces = &recording->traces[number];
  const uint64_t width = volley_recorder_width(experiment_of(recording), recorder);
  volley_trace_columns *columns = &recording->columns[number];
  if (recorder->kind == VOLLEY_RECORD_READOUT)
    *columns = list_columns(recording->network, width);
  else if (recorder->kind == VOLLEY_RECORD_TRACES)
    *columns = find_columns(recording->network, recorder);
  else
    recording->weights[number] = volley_weight_probes_create(recording->network, recorder, columns);
  traces->capacity = volley_window_rows(width);
  traces->rows = volley_alloc(traces->capacity * columns->count, sizeof(double), "a trace recorder");
}

volley_recording *volley_recording_create(const volley_network *network, const volley_readouts *readouts) {
  volley_recording *recording = volley_alloc(1, sizeof *recording, "the recorders");
  const size_t n = (size_t)network->experiment->n_recorders;
  recording->network = network;
  recording->readouts = readouts;
  recording->flushed = MPI_Wtime();
  recording->spikes = volley_alloc(n, sizeof *recording->spikes, "the recorders");
  recording->traces = volley_alloc(n, sizeof *recording->traces, "the recorders");
  recording->columns = volley_alloc(n, sizeof *recording->columns, "the recorders");
  recording->weights = volley_alloc(n, sizeof *recording->weights, "the recorders");
  recording->probes = volley_alloc((size_t)network->n_blocks, sizeof *recording->probes, "the recorders");
  for (int r = 0; r < network->experiment->n_recorders; r++) prepare_recorder(recording, r);
  for (int b = 0; b < network->n_blocks; b++) place_probes(recording, b);
  return recording;
}

void volley_recording_destroy(volley_recording *recording) {
  if (!recording) return;
  for (int r = 0; r < experiment_of(recording)->n_recorders; r++) {
    free(recording->spikes[r].times);
    free(recording->spikes[r].ids);
    free(recording->traces[r].rows);
    free(recording->columns[r].columns);
    free(recording->columns[r].sources);
    free(recording->columns[r].targets);
    free(recording->columns[r].delays);
    volley_weight_probes_destroy(recording->weights[r]);
  }
  for (int b = 0; b < recording->network->n_blocks; b++) {
    free(recording->probes[b].probes);
    free(recording->probes[b].first);
  }
  free(recording->spikes);
  free(recording->traces);
  free(recording->columns);
  free(recording->weights);
  free(recording->probes);
  free(recording);
}

const volley_trace_columns *volley_recording_columns(const volley_recording *recording) { return recording->columns; }

void volley_recording_set_sink(volley_recording *recording, volley_sink sink) { recording->sink = sink; }

void volley_recording_go_on_from(volley_recording *recording, const uint64_t *positions) {
  for (int r = 0; r < experiment_of(recording)->n_recorders; r++) {
    recording->spikes[r].window = recording->spikes[r].total = positions[r];
    recording->traces[r].written = recording->traces[r].origin = positions[r];
  }
}

static volley_status flush_spikes(volley_recording *recording, int number) {
  spike_buffer *buffer = &recording->spikes[number];
  if (buffer->total == buffer->window) return VOLLEY_OK;
  const uint64_t first = buffer->window + (uint64_t)recording->network->rank * VOLLEY_SPIKES_AT_ONCE;
  const uint64_t count = buffer->count;
  buffer->window = buffer->total;
  buffer->count = 0;
  return recording->sink.spikes(recording->sink.context, number, first, count, buffer->times, buffer->ids,
                                buffer->total);
}

static volley_status flush_traces(volley_recording *recording, int number) {
  trace_buffer *buffer = &recording->traces[number];
  if (buffer->held == 0) return VOLLEY_OK;
  const uint64_t first = buffer->written, rows = buffer->held;
  buffer->written += rows;
  buffer->held = 0;
  return recording->sink.traces(recording->sink.context, number, first, rows, buffer->rows);
}

/* Hands over what is in all buffers. Collective, agreed status. */
static volley_status flush_all(volley_recording *recording) {
  for (int r = 0; r < experiment_of(recording)->n_recorders; r++) {
    if (experiment_of(recording)->recorders[r].kind == VOLLEY_RECORD_SPIKES) {
      VOLLEY_TRY(flush_spikes(recording, r));
    } else {
      VOLLEY_TRY(flush_traces(recording, r));
    }
  }
  return VOLLEY_OK;
}

volley_status volley_recording_flush(volley_recording *recording) {
  VOLLEY_TRY(flush_all(recording));
  for (int r = 0; r < experiment_of(recording)->n_recorders; r++)
    recording->traces[r].origin = recording->traces[r].written;
  return VOLLEY_OK;
}

/* Numbers one spike; keeps it if it falls into this rank's part of the window. */
static volley_status take_spike(volley_recording *recording, int number, int64_t step, uint32_t index) {
  spike_buffer *buffer = &recording->spikes[number];
  const uint64_t place = buffer->total++ - buffer->window;
  if (place / VOLLEY_SPIKES_AT_ONCE == (uint64_t)recording->network->rank) {
    buffer->times[buffer->count] = (double)(step + 1) * experiment_of(recording)->simulation.dt;
    buffer->ids[buffer->count++] = index;
  }
  if (place + 1 < (uint64_t)recording->network->ranks * VOLLEY_SPIKES_AT_ONCE) return VOLLEY_OK;
  return flush_spikes(recording, number);
}

static volley_status take_spikes(void *context, int64_t step, const uint32_t *gids, uint32_t n) {
  volley_recording *recording = context;
  const volley_experiment *experiment = experiment_of(recording);
  for (int r = 0; r < experiment->n_recorders; r++) {
    const volley_recorder *recorder = &experiment->recorders[r];
    if (recorder->kind != VOLLEY_RECORD_SPIKES || step + 1 <= recorder->start || step + 1 > recorder->stop) continue;
    const volley_population *population = &experiment->populations[recorder->population];
    const uint32_t end = volley_gids_below(gids, n, (uint64_t)population->first_gid + population->size);
    for (uint32_t i = volley_gids_below(gids, n, population->first_gid); i < end; i++) {
      uint32_t column;
      const uint32_t index = gids[i] - population->first_gid;
      if (!volley_selection_column(&recorder->neurons, index, &column)) continue;
      VOLLEY_TRY(take_spike(recording, r, step, index));
    }
  }
  return VOLLEY_OK;
}

/* Where spikes are recorded, every rank numbers them all. */
static bool needs_spikes(void *context, int population) {
  const volley_experiment *experiment = experiment_of(context);
  for (int r = 0; r < experiment->n_recorders; r++) {
    const volley_recorder *recorder = &experiment->recorders[r];
    if (recorder->kind == VOLLEY_RECORD_SPIKES && recorder->population == population) return true;
  }
  return false;
}

static bool is_sampled(const volley_recorder *recorder, int64_t step) {
  return recorder->kind != VOLLEY_RECORD_SPIKES && step > recorder->start && step <= recorder->stop &&
         (step - recorder->start) % recorder->interval == 0;
}

/* The weights of a block at receptors of this lag. */
static void sample_weights(volley_recording *recording, int block, int64_t step, int lag) {
  for (int r = 0; r < experiment_of(recording)->n_recorders; r++) {
    const trace_buffer *buffer = &recording->traces[r];
    if (!recording->weights[r] || !is_sampled(&experiment_of(recording)->recorders[r], step)) continue;
    volley_weight_probes_sample(recording->weights[r], block, step, lag,
                                buffer->rows + buffer->held * recording->columns[r].count);
  }
}

static void sample_before(void *context, int block, int64_t step) { sample_weights(context, block, step, 0); }

static void sample(void *context, int block, int slice, int64_t step) {
  volley_recording *recording = context;
  if (slice == 0) sample_weights(recording, block, step, 1);
  const block_probes *probes = &recording->probes[block];
  for (size_t k = probes->first[slice]; k < probes->first[slice + 1]; k++) {
    const probe *p = &probes->probes[k];
    const volley_recorder *recorder = &experiment_of(recording)->recorders[p->recorder];
    if (!is_sampled(recorder, step)) continue;
    trace_buffer *buffer = &recording->traces[p->recorder];
    buffer->rows[buffer->held * recording->columns[p->recorder].count + p->column] =
        recording->network->blocks[block].slices[slice].states[recorder->state][p->position];
  }
}

/* The next row of a recorder, if it is one of a readout. */
static void sample_readout(volley_recording *recording, int number) {
  const volley_recorder *recorder = &experiment_of(recording)->recorders[number];
  const trace_buffer *buffer = &recording->traces[number];
  if (recorder->kind != VOLLEY_RECORD_READOUT || recording->network->rank != 0) return;
  volley_readouts_get(recording->readouts, recorder, buffer->rows + buffer->held * recording->columns[number].count);
}

/* Whether it is time to flush: rank 0 decides for all. */
static bool is_time(volley_recording *recording) {
  const double now = MPI_Wtime();
  int due = now - recording->flushed > flush_interval;
  VOLLEY_MPI(MPI_Bcast(&due, 1, MPI_INT, 0, recording->network->comm));
  if (due) recording->flushed = now;
  return due;
}

static volley_status advance(void *context, int64_t step) {
  volley_recording *recording = context;
  const volley_experiment *experiment = experiment_of(recording);
  for (int r = 0; r < experiment->n_recorders; r++) {
    if (!is_sampled(&experiment->recorders[r], step)) continue;
    sample_readout(recording, r);
    trace_buffer *buffer = &recording->traces[r];
    const uint64_t rows = buffer->written - buffer->origin + ++buffer->held;
    if (rows % buffer->capacity == 0) VOLLEY_TRY(flush_traces(recording, r));
  }
  const bool looks = experiment->n_recorders > 0 && step % CLOCK_STEPS == CLOCK_STEPS - 1;
  if (!looks || !is_time(recording)) return VOLLEY_OK;
  VOLLEY_TRY(flush_all(recording));
  return recording->sink.flush(recording->sink.context);
}

volley_observer volley_recording_observer(volley_recording *recording) {
  return (volley_observer){.context = recording,
                           .before = sample_before,
                           .sample = sample,
                           .spikes = take_spikes,
                           .needs = needs_spikes,
                           .advance = advance};
}
