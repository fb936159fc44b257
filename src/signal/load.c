/* Signals before they are played: files are read, equations integrated, and their length compared with the run's. */
#include "signal/signal.h"

#include "base/text.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>

static const double tolerance = 1e-6; /* ms by which a signal may be too short: rounding */

typedef struct loading {
  const volley_experiment *experiment;
  const volley_reader *reader;
  MPI_Comm comm;
} loading;

/* Times, or signal times, in ms. */
typedef struct span {
  double from, to;
} span;

static span signal_times(const volley_signal *signal, span asked) {
  const double first = volley_signal_time(signal, asked.from), last = volley_signal_time(signal, asked.to);
  span times = {fmin(first, last), fmax(first, last)};
  for (int k = 0; k < signal->speed_times.n; k++) { /* where it may turn */
    const double turn = signal->speed_times.values[k];
    if (turn < asked.from || turn > asked.to) continue;
    const double t = volley_signal_time(signal, turn);
    times = (span){fmin(times.from, t), fmax(times.to, t)};
  }
  return times;
}

static volley_status check_values(volley_signal *signal) {
  const char *wrong = volley_signal_check(signal);
  return wrong ? volley_fault(VOLLEY_USAGE, &signal->place, "%s", wrong) : VOLLEY_OK;
}

static volley_status read_rows(const loading *l, volley_signal *signal) {
  volley_series *series = signal->parameters;
  VOLLEY_TRY(l->reader->series(l->reader->context, &signal->place, series->file, series->dataset, l->experiment->arena,
                               &series->values, &series->n_rows, &series->n_columns));
  if (series->n_rows > INT_MAX || series->n_columns > INT_MAX) {
    return volley_fault(VOLLEY_USAGE, &signal->place, "'%s' holds %s of %s; at most %d of each can be played",
                        series->file, volley_count(series->n_rows, "row").text,
                        volley_count(series->n_columns, "value").text, INT_MAX);
  }
  series->file = series->dataset = NULL;
  return check_values(signal);
}

/* Rank 0 integrates for all. */
static volley_status make_rows(const loading *l, volley_signal *signal, double latest) {
  int rank;
  volley_series *series = signal->parameters;
  if (latest > INT_MAX - 2)
    return volley_fault(VOLLEY_USAGE, &signal->place, "it is played until %g ms; it can last %d ms", latest,
                        INT_MAX - 2);
  const int n = (int)fmax(latest, 0) + 2;
  series->n_rows = (uint64_t)n;
  series->n_columns = (uint64_t)signal->dimension;
  series->values = volley_arena_alloc(l->experiment->arena, series->n_rows * series->n_columns, sizeof *series->values);
  VOLLEY_MPI(MPI_Comm_rank(l->comm, &rank));
  const char *wrong = rank == 0 ? signal->kind->make_rows(signal) : NULL;
  if (wrong) volley_fault(VOLLEY_USAGE, &signal->place, "%s", wrong);
  VOLLEY_TRY(volley_agree(l->comm));
  for (int d = 0; d < signal->dimension;
       d++) /* as many values at a time as there are rows: a count that an int holds */
    VOLLEY_MPI(MPI_Bcast(series->values + (size_t)d * series->n_rows, n, MPI_DOUBLE, 0, l->comm));
  return VOLLEY_OK;
}

static volley_status check_length(const volley_signal *signal, span times) {
  const double length = signal->kind->length ? signal->kind->length(signal) : 0;
  const uint64_t rows = signal->kind->has_series ? ((const volley_series *)signal->parameters)->n_rows : 0;
  if (length > 0 && times.from < -tolerance) {
    return volley_fault(VOLLEY_USAGE, &signal->place,
                        "the signal begins at 0 ms of its own time, but its speeds take it back to %g ms", times.from);
  }
  if (length > 0 && times.to > length + tolerance) {
    return volley_fault(VOLLEY_USAGE, &signal->place,
                        "the signal ends at %g ms (%s of %g ms), but it is played until %g ms of its own time; "
                        "repeat: true would play it again",
                        length, volley_count(rows, "row").text, length / (double)rows, times.to);
  }
  return VOLLEY_OK;
}

static volley_status load_signal(const loading *l, volley_signal *signal, span asked) {
  VOLLEY_TRY(check_values(signal));
  const span times = signal_times(signal, asked);
  const volley_series *series = signal->kind->has_series ? signal->parameters : NULL;
  if (series && series->file) VOLLEY_TRY(read_rows(l, signal));
  if (series && signal->kind->make_rows && !series->values) VOLLEY_TRY(make_rows(l, signal, times.to));
  return check_length(signal, times);
}

static volley_status read_gains(const loading *l, volley_stimulus *stimulus) {
  const volley_population *population = &l->experiment->populations[stimulus->target];
  const volley_distribution *gain = &stimulus->gain;
  const uint64_t dimension = (uint64_t)stimulus->signal->dimension;
  double *gains;
  uint64_t rows, columns;
  if (gain->given) {
    stimulus->gains = gain->given;
    if ((uint64_t)gain->n_given == population->size * dimension) return VOLLEY_OK;
    return volley_fault(VOLLEY_USAGE, &stimulus->place,
                        "gain: %s; %" PRIu64 " are expected: for each of %s one for each of %s of the signal",
                        volley_count((uint64_t)gain->n_given, "value").text, population->size * dimension,
                        volley_count(population->size, "neuron").text, volley_count(dimension, "value").text);
  }
  VOLLEY_TRY(l->reader->series(l->reader->context, &stimulus->place, gain->file, gain->dataset, l->experiment->arena,
                               &gains, &rows, &columns));
  stimulus->gains = gains;
  if (rows == population->size && columns == dimension) return VOLLEY_OK;
  return volley_fault(
      VOLLEY_USAGE, &stimulus->place, "%s holds %s of %s; %s of %s and %s of the signal need %" PRIu32 " by %d",
      volley_distribution_file(gain).text, volley_count(rows, "row").text, volley_count(columns, "gain").text,
      volley_count(population->size, "neuron").text, population->name, volley_count(dimension, "value").text,
      population->size, stimulus->signal->dimension);
}

/* Whether there are the channels that fall silent. */
static volley_status check_channels(const volley_experiment *experiment, const volley_ablation *ablation) {
  if (ablation->stimulus < 0) return VOLLEY_OK;
  const volley_stimulus *stimulus = &experiment->stimuli[ablation->stimulus];
  for (int c = 0; c < ablation->n_channels; c++) {
    if (ablation->channels[c] < stimulus->signal->dimension) continue;
    return volley_fault(VOLLEY_USAGE, &ablation->place,
                        "channels: %g is out of range: the signal of '%s' has channels 0-%d", ablation->channels[c],
                        stimulus->name, stimulus->signal->dimension - 1);
  }
  return VOLLEY_OK;
}

static volley_status load_all(const loading *l, volley_experiment *experiment) {
  const double end = (double)experiment->simulation.steps * experiment->simulation.dt;
  for (int r = 0; r < experiment->n_readouts; r++) {
    volley_signal *supervisor = experiment->readouts[r].supervisor;
    if (supervisor) VOLLEY_TRY(load_signal(l, supervisor, (span){0, end}));
  }
  for (int s = 0; s < experiment->n_stimuli; s++) {
    volley_stimulus *stimulus = &experiment->stimuli[s];
    if (!stimulus->signal) continue;
    const double stop = fmin(stimulus->stop, end);
    VOLLEY_TRY(load_signal(l, stimulus->signal, (span){fmin(stimulus->start, stop), stop}));
    if (stimulus->gain.kind == VOLLEY_DATASET && !stimulus->gains) VOLLEY_TRY(read_gains(l, stimulus));
  }
  for (int a = 0; a < experiment->n_ablations; a++) VOLLEY_TRY(check_channels(experiment, &experiment->ablations[a]));
  return VOLLEY_OK;
}

/* Every rank finds the same faults: what differs between ranks was agreed on before. */
volley_status volley_signals_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm) {
  const loading l = {experiment, reader, comm};
  const volley_status status = load_all(&l, experiment), agreed = volley_agree(comm);
  return agreed != VOLLEY_OK ? agreed : status;
}
