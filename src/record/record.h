/* Recorders in memory, and the sink that they hand full buffers to. The engine never calls io: io implements the sink.
 *
 * Every rank sees every spike of a step, sorted by gid, so every rank knows each recorded spike's place in the file:
 * its number among the recorder's spikes, counted over steps and gids. In a window of ranks * capacity spikes rank r
 * keeps the r-th part, contiguous in the file; the file is sorted by time, ties by id, without any communication. */
#ifndef VOLLEY_RECORD_RECORD_H
#define VOLLEY_RECORD_RECORD_H

#include "engine/observer.h"
#include "record/kind.h"

/* Sizes of buffers: spikes of one rank and recorder in one window, values of all ranks of one trace recorder. */
enum { VOLLEY_SPIKES_AT_ONCE = 1 << 16, VOLLEY_VALUES_AT_ONCE = 1 << 20 };

/* Rows of a trace recorder of that width that are handed over at once, when there is time: a power of two. They begin at
 * multiples of this number, counted from the beginning of the run or from the last call of volley_recording_flush(). */
uint64_t volley_window_rows(uint64_t width);

/* Values in a full window where `rows` are recorded at most. */
double volley_expected_window(double width, double rows);

/* Bytes that recorder r takes of its buffers on one of some ranks, and of what it knows of its columns: `rows` of `width` values
 * are recorded, or that many spikes. */
double volley_recorder_expected_bytes(const volley_experiment *experiment, int r, int ranks, double width, double rows);

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
  /* What was handed over so far is to survive if the run is killed; asked for about every ten seconds. */
  volley_status (*flush)(void *context);
} volley_sink;

typedef struct volley_recording volley_recording;

/* Prepares the recorders of the network's experiment; faults of a rank, as of memory, are to be agreed on. readouts: NULL if it
 * has none. Collective. Owned by the caller; the
 * network and the readouts must outlive it. */
volley_recording *volley_recording_create(const volley_network *network, const volley_readouts *readouts);
void volley_recording_destroy(volley_recording *recording);

/* [n_recorders] the columns of this rank, empty for spike recorders. Owned by the recording. */
const volley_trace_columns *volley_recording_columns(const volley_recording *recording);

/* Where full buffers go; to be set before the run. */
void volley_recording_set_sink(volley_recording *recording, volley_sink sink);

/* Numbers go on from positions: [n_recorders] spikes or rows that were handed over before, in the run that is resumed. To
 * be set before the run. */
void volley_recording_go_on_from(volley_recording *recording, const uint64_t *positions);

/* What a checkpoint must keep of recorder r, the same on every rank: *n numbers, to be read or set between two steps; 0
 * and NULL if there is none. Not collective. */
double *volley_recording_state(volley_recording *recording, int r, uint64_t *n);

/* The observer that feeds the recorders. */
volley_observer volley_recording_observer(volley_recording *recording);

/* Hands what is left in the buffers to the sink. Collective, agreed status. */
volley_status volley_recording_flush(volley_recording *recording);

#endif
