#include "record/record.h"

#include "base/memory.h"
#include "base/search.h"
#include "model/nodes.h"

#include <math.h>
#include <stdlib.h>

/* Every so many steps rank 0 looks at the clock: what was recorded does not stay in memory for long. */
enum { CLOCK_STEPS = 1000 };
static const double flush_interval = 10; /* s */

/* A recorder at work. */
struct volley_record {
  volley_recording *recording;
  const volley_recorder *recorder;
  int number;
  void *own; /* the kind's */

  /* Spikes. */
  double *times;   /* [VOLLEY_SPIKES_AT_ONCE] ms */
  uint64_t *ids;   /* index within the population */
  uint64_t count;  /* held here */
  uint64_t window; /* number of the first spike of the window */
  uint64_t total;  /* spikes of the recorder so far, on all ranks */
  double time;     /* of the spike that is being handed over, ms */
  size_t *next;    /* of nodes: [its populations + 1] their next spike */

  /* Rows. */
  double *rows;      /* [capacity][width] */
  uint64_t width;    /* columns of this rank */
  uint64_t capacity; /* rows, the same on every rank */
  uint64_t held, written;
  uint64_t origin; /* row from which windows are counted */
};

struct volley_recording {
  const volley_network *network;
  volley_sink sink;
  double flushed;                /* time of the last flush of all buffers, s; rank 0 */
  uint64_t looked;               /* how often there was an occasion for it */
  volley_record *records;        /* [n] */
  volley_trace_columns *columns; /* [n] */
  int n;
};

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
  const volley_recorder_kind *kind = experiment->recorders[r].kind;
  if (kind->holds_spikes) return fmin(rows, VOLLEY_SPIKES_AT_ONCE) * (double)(sizeof(double) + sizeof(uint64_t));
  return ((double)sizeof(double) * volley_expected_window(width, rows) + (double)kind->column_bytes * width) / ranks;
}

static void make_buffers(void *context) {
  volley_record *record = context;
  if (record->recorder->kind->holds_spikes) {
    record->times = volley_alloc_unset(VOLLEY_SPIKES_AT_ONCE, sizeof *record->times, "a spike recorder");
    record->ids = volley_alloc_unset(VOLLEY_SPIKES_AT_ONCE, sizeof *record->ids, "a spike recorder");
    const size_t populations = (size_t)record->recording->network->experiment->n_populations;
    if (record->recorder->of_nodes) record->next = volley_alloc(populations + 1, sizeof(size_t), "a spike recorder");
  } else {
    record->rows = volley_alloc_unset(record->capacity * record->width, sizeof *record->rows, "a trace recorder");
  }
}

/* No memory is a fault of this rank. */
static void prepare(volley_recording *recording, const volley_readouts *readouts, int number) {
  const volley_network *network = recording->network;
  const volley_recorder *recorder = &network->experiment->recorders[number];
  const volley_recorder_kind *kind = recorder->kind;
  volley_record *record = &recording->records[number];
  *record = (volley_record){.recording = recording, .recorder = recorder, .number = number};
  if (kind->create) record->own = kind->create(network, readouts, recorder, &recording->columns[number]);
  if (kind->create && !volley_is_made(record->own, "recorder", recorder->name, network->comm)) return;
  record->width = recording->columns[number].count;
  record->capacity = volley_window_rows(volley_recorder_width(network->experiment, recorder));
  (void)volley_memory_try(make_buffers, record);
}

volley_recording *volley_recording_create(const volley_network *network, const volley_readouts *readouts) {
  volley_recording *recording = volley_alloc(1, sizeof *recording, "the recorders");
  recording->network = network;
  recording->flushed = MPI_Wtime();
  recording->n = network->experiment->n_recorders;
  recording->records = volley_alloc((size_t)recording->n, sizeof *recording->records, "the recorders");
  recording->columns = volley_alloc((size_t)recording->n, sizeof *recording->columns, "the recorders");
  for (int r = 0; r < recording->n; r++) prepare(recording, readouts, r);
  return recording;
}

void volley_recording_destroy(volley_recording *recording) {
  if (!recording) return;
  for (int r = 0; r < recording->n; r++) {
    const volley_record *record = &recording->records[r];
    if (record->own && record->recorder->kind->destroy) record->recorder->kind->destroy(record->own);
    free(record->times);
    free(record->ids);
    free(record->rows);
    free(record->next);
    free(recording->columns[r].columns);
    free(recording->columns[r].sources);
    free(recording->columns[r].targets);
    free(recording->columns[r].delays);
  }
  free(recording->records);
  free(recording->columns);
  free(recording);
}

const volley_trace_columns *volley_recording_columns(const volley_recording *recording) { return recording->columns; }

void volley_recording_set_sink(volley_recording *recording, volley_sink sink) { recording->sink = sink; }

void volley_recording_go_on_from(volley_recording *recording, const uint64_t *positions) {
  for (int r = 0; r < recording->n; r++) {
    volley_record *record = &recording->records[r];
    record->window = record->total = record->written = record->origin = positions[r];
  }
}

double *volley_recording_state(volley_recording *recording, int r, uint64_t *n) {
  const volley_record *record = &recording->records[r];
  *n = 0;
  return record->recorder->kind->state ? record->recorder->kind->state(record->own, n) : NULL;
}

static volley_status flush_spikes(volley_record *record) {
  const volley_recording *recording = record->recording;
  if (record->total == record->window) return VOLLEY_OK;
  const uint64_t first = record->window + (uint64_t)recording->network->rank * VOLLEY_SPIKES_AT_ONCE;
  const uint64_t count = record->count;
  record->window = record->total;
  record->count = 0;
  return recording->sink.spikes(recording->sink.context, record->number, first, count, record->times, record->ids,
                                record->total);
}

static volley_status flush_rows(volley_record *record) {
  const volley_recording *recording = record->recording;
  if (record->held == 0) return VOLLEY_OK;
  const uint64_t first = record->written, rows = record->held;
  record->written += rows;
  record->held = 0;
  return recording->sink.traces(recording->sink.context, record->number, first, rows, record->rows);
}

/* Hands over what is in all buffers. Collective, agreed status. */
static volley_status flush_all(volley_recording *recording) {
  for (int r = 0; r < recording->n; r++) {
    VOLLEY_TRY(flush_spikes(&recording->records[r]));
    VOLLEY_TRY(flush_rows(&recording->records[r]));
  }
  return VOLLEY_OK;
}

volley_status volley_recording_flush(volley_recording *recording) {
  VOLLEY_TRY(flush_all(recording));
  for (int r = 0; r < recording->n; r++) recording->records[r].origin = recording->records[r].written;
  return VOLLEY_OK;
}

/* Kept if it falls into this rank's part of the window. */
volley_status volley_record_spike(volley_record *record, int64_t step, uint32_t index) {
  const volley_network *network = record->recording->network;
  const uint64_t place = record->total++ - record->window;
  (void)step;
  if (place / VOLLEY_SPIKES_AT_ONCE == (uint64_t)network->rank) {
    record->times[record->count] = record->time;
    record->ids[record->count++] = index;
  }
  if (place + 1 < (uint64_t)network->ranks * VOLLEY_SPIKES_AT_ONCE) return VOLLEY_OK;
  return flush_spikes(record);
}

static double *next_row(volley_record *record) { return record->rows + record->held * record->width; }

void volley_record_fill(volley_record *record, double value) {
  for (uint64_t c = 0; c < record->width; c++) next_row(record)[c] = value;
}

volley_status volley_record_end_row(volley_record *record) {
  const uint64_t rows = record->written - record->origin + ++record->held;
  return rows % record->capacity == 0 ? flush_rows(record) : VOLLEY_OK;
}

static volley_gid gid_at(const volley_gid *gids, size_t stride, size_t i) {
  return *(const volley_gid *)(const void *)((const char *)gids + i * stride);
}

/* Hands over spikes of nodes at one time, n gids `stride` bytes apart and ascending, by their ids: those of each of their
 * populations ascend. */
static volley_status take_nodes(volley_record *record, int64_t step, const volley_gid *gids, size_t stride, size_t n) {
  const volley_experiment *experiment = record->recording->network->experiment;
  const volley_nodes *nodes = experiment->populations[record->recorder->population].nodes;
  const volley_population *parts = &experiment->populations[nodes->first];
  size_t i = 0;
  for (int k = 0; k <= nodes->count; k++) {
    const volley_population *last = &parts[nodes->count - 1];
    const uint64_t first = k < nodes->count ? parts[k].first_gid : (uint64_t)last->first_gid + last->size;
    while (i < n && gid_at(gids, stride, i) < first) i++;
    record->next[k] = i;
  }
  const size_t end = record->next[nodes->count];
  for (;;) {
    uint32_t least = UINT32_MAX, column;
    int from = -1;
    for (int k = 0; k < nodes->count; k++) {
      const size_t limit = k + 1 < nodes->count ? parts[k + 1].first_gid : UINT64_MAX;
      if (record->next[k] >= end || gid_at(gids, stride, record->next[k]) >= limit) continue;
      const uint32_t id =
          volley_nodes_id(parts[k].nodes, volley_index_in(&parts[k], gid_at(gids, stride, record->next[k])));
      if (from >= 0 && id > least) continue;
      least = id;
      from = k;
    }
    if (from < 0) return VOLLEY_OK;
    record->next[from]++;
    if (volley_selection_column(&record->recorder->neurons, least, &column))
      VOLLEY_TRY(record->recorder->kind->spike(record->own, record, step, least));
  }
}

static volley_status take_spikes(void *context, int64_t step, const volley_gid *gids, uint32_t n) {
  volley_recording *recording = context;
  for (int r = 0; r < recording->n; r++) {
    volley_record *record = &recording->records[r];
    const volley_recorder *recorder = record->recorder;
    if (!recorder->kind->spike || step + 1 <= recorder->start || step + 1 > recorder->stop) continue;
    record->time = (double)(step + 1) * recording->network->experiment->simulation.dt;
    if (recorder->of_nodes) {
      VOLLEY_TRY(take_nodes(record, step, gids, sizeof *gids, n));
      continue;
    }
    const volley_population *population = &recording->network->experiment->populations[recorder->population];
    const uint32_t end = volley_gids_below(gids, n, (uint64_t)population->first_gid + population->size);
    for (uint32_t i = volley_gids_below(gids, n, population->first_gid); i < end; i++) {
      uint32_t column;
      const uint32_t index = volley_index_in(population, gids[i]);
      if (!volley_selection_column(&recorder->neurons, index, &column)) continue;
      VOLLEY_TRY(recorder->kind->spike(record->own, record, step, index));
    }
    if (recorder->kind->end_step) VOLLEY_TRY(recorder->kind->end_step(record->own, record, step));
  }
  return VOLLEY_OK;
}

/* Where spikes are recorded or counted, every rank does so with all of them. */
static bool needs_spikes(void *context, int population) {
  const volley_recording *recording = context;
  for (int r = 0; r < recording->n; r++) {
    const volley_recorder *recorder = recording->records[r].recorder;
    if (recorder->kind->spike && volley_recorder_covers(recording->network->experiment, recorder, population))
      return true;
  }
  return false;
}

/* Whether a recorder has a row at this step that comes of looking at the network. */
static bool is_sampled(const volley_recorder *recorder, int64_t step) {
  return !recorder->kind->spike && step > recorder->start && step <= recorder->stop &&
         (step - recorder->start) % recorder->interval == 0;
}

static void sample_before(void *context, int block, int64_t step) {
  volley_recording *recording = context;
  for (int r = 0; r < recording->n; r++) {
    volley_record *record = &recording->records[r];
    const volley_recorder_kind *kind = record->recorder->kind;
    if (kind->before && is_sampled(record->recorder, step)) kind->before(record->own, block, step, next_row(record));
  }
}

static void sample(void *context, int block, int slice, int64_t step) {
  volley_recording *recording = context;
  for (int r = 0; r < recording->n; r++) {
    volley_record *record = &recording->records[r];
    const volley_recorder_kind *kind = record->recorder->kind;
    if (kind->sample && is_sampled(record->recorder, step))
      kind->sample(record->own, block, slice, step, next_row(record));
  }
}

/* Whether it is time to flush: rank 0 decides for all. */
static bool is_time(volley_recording *recording) {
  const double now = MPI_Wtime();
  int due = now - recording->flushed > flush_interval;
  VOLLEY_MPI(MPI_Bcast(&due, 1, MPI_INT, 0, recording->network->comm));
  if (due) recording->flushed = now;
  return due;
}

/* Hands over what is in the buffers from time to time. */
static volley_status flush_sometimes(volley_recording *recording) {
  const bool looks = recording->n > 0 && recording->looked++ % CLOCK_STEPS == CLOCK_STEPS - 1;
  if (!looks || !is_time(recording)) return VOLLEY_OK;
  VOLLEY_TRY(flush_all(recording));
  return recording->sink.flush(recording->sink.context);
}

static volley_status advance(void *context, int64_t step) {
  volley_recording *recording = context;
  for (int r = 0; r < recording->n; r++) {
    volley_record *record = &recording->records[r];
    const volley_recorder_kind *kind = record->recorder->kind;
    if (!is_sampled(record->recorder, step)) continue;
    if (kind->advance) kind->advance(record->own, next_row(record));
    VOLLEY_TRY(volley_record_end_row(record));
  }
  return recording->network->experiment->simulation.continuous ? VOLLEY_OK : flush_sometimes(recording);
}

/* Ends the steps of a recorder of rows that are over before `time`; after: those at this very time, too. */
static volley_status end_steps(volley_record *record, double time, bool after) {
  const volley_recorder *recorder = record->recorder;
  const volley_experiment *experiment = record->recording->network->experiment;
  if (!recorder->kind->end_step) return VOLLEY_OK;
  for (;;) {
    const int64_t end = recorder->start + (int64_t)(record->written + record->held + 1) * recorder->interval;
    const double at = volley_time_of(experiment, end);
    if (end > recorder->stop || at > time || (at == time && !after)) return VOLLEY_OK;
    VOLLEY_TRY(recorder->kind->end_step(record->own, record, end - 1));
  }
}

static volley_status take_timed(void *context, const volley_timed_spike *spikes, size_t n, double until) {
  volley_recording *recording = context;
  const volley_experiment *experiment = recording->network->experiment;
  for (int r = 0; r < recording->n; r++) {
    volley_record *record = &recording->records[r];
    const volley_recorder *recorder = record->recorder;
    if (!recorder->kind->spike) continue;
    const volley_population *population = &experiment->populations[recorder->population];
    const double start = volley_time_of(experiment, recorder->start), stop = volley_time_of(experiment, recorder->stop);
    for (size_t k = 0, end; recorder->of_nodes && k < n; k = end) {
      record->time = spikes[k].time;
      for (end = k + 1; end < n && spikes[end].time == record->time;) end++;
      if ((record->time > start || recorder->start == 0) && record->time <= stop)
        VOLLEY_TRY(take_nodes(record, 0, &spikes[k].gid, sizeof *spikes, end - k));
    }
    for (size_t k = 0; !recorder->of_nodes && k < n; k++) {
      uint32_t column;
      if (spikes[k].gid - population->first_gid >= population->size) continue;
      const uint32_t index = volley_index_in(population, spikes[k].gid);
      if (!volley_selection_column(&recorder->neurons, index, &column)) continue;
      record->time = spikes[k].time;
      VOLLEY_TRY(end_steps(record, record->time, false));
      if ((record->time > start || recorder->start == 0) && record->time <= stop)
        VOLLEY_TRY(recorder->kind->spike(record->own, record, 0, index));
    }
    VOLLEY_TRY(end_steps(record, until, true));
  }
  return flush_sometimes(recording);
}

static int64_t next_sample(void *context, int population, int64_t step) {
  const volley_recording *recording = context;
  int64_t next = INT64_MAX;
  for (int r = 0; r < recording->n; r++) {
    const volley_recorder *recorder = recording->records[r].recorder;
    const volley_experiment *experiment = recording->network->experiment;
    const bool looks = recorder->kind->of == VOLLEY_OF_PROJECTION
                           ? experiment->projections[recorder->projection].target == population
                           : volley_recorder_covers(experiment, recorder, population);
    if (recorder->kind->spike || (population >= 0 && !looks)) continue;
    const int64_t first = step > recorder->start ? step - recorder->start : 1;
    const int64_t sample = recorder->start + (first + recorder->interval - 1) / recorder->interval * recorder->interval;
    if (sample <= recorder->stop && sample < next) next = sample;
  }
  return next;
}

volley_observer volley_recording_observer(volley_recording *recording) {
  return (volley_observer){.context = recording,
                           .before = sample_before,
                           .sample = sample,
                           .spikes = take_spikes,
                           .timed = take_timed,
                           .next = next_sample,
                           .needs = needs_spikes,
                           .advance = advance};
}
