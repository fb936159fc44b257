#include "app/activity.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* Spikes of a recorder in a window: of each neuron the last spike's time, and count, sum and sum of squares of its
 * intervals; of each 3 ms the spikes. */
typedef struct seen {
  double start_ms, stop_ms, latest_ms;
  uint64_t size, spikes;
  double *last, *sum, *squares;
  uint32_t *counts; /* spikes */
  size_t n_bins;
  uint32_t *bins; /* spikes */
  bool damaged;   /* an id outside of the population */
} seen;

static void take_spikes(void *taker, size_t n, const double *times, const uint64_t *ids) {
  seen *s = taker;
  for (size_t i = 0; i < n; i++) {
    const uint64_t id = ids[i];
    if (times[i] <= s->start_ms || times[i] > s->stop_ms) continue;
    if (id >= s->size) {
      s->damaged = true;
      continue;
    }
    if (s->counts[id]++) {
      const double interval = times[i] - s->last[id];
      s->sum[id] += interval;
      s->squares[id] += interval * interval;
    }
    const double bin = (times[i] - s->start_ms) / VOLLEY_SYNCHRONY_MS;
    if (bin < (double)s->n_bins) s->bins[(size_t)bin]++;
    s->latest_ms = s->last[id] = times[i];
    s->spikes++;
  }
}

/* Mean over the neurons with enough spikes of standard deviation / mean of their intervals. */
static double mean_cv(const seen *s, uint64_t *regular) {
  double total = 0;
  *regular = 0;
  for (uint64_t i = 0; i < s->size; i++) {
    if (s->counts[i] < VOLLEY_CV_SPIKES) continue;
    const double n = s->counts[i] - 1, mean = s->sum[i] / n;
    const double variance = s->squares[i] / n - mean * mean;
    if (mean > 0) total += sqrt(fmax(variance, 0)) / mean;
    ++*regular;
  }
  return *regular ? total / (double)*regular : NAN;
}

/* Of the whole bins before stop. */
static double synchrony(const seen *s) {
  const double end = (s->stop_ms - s->start_ms) / VOLLEY_SYNCHRONY_MS + 1e-9;
  const size_t n = end < (double)s->n_bins ? (size_t)fmax(end, 0) : s->n_bins;
  double mean = 0, variance = 0;
  for (size_t b = 0; b < n; b++) mean += s->bins[b] / (double)n;
  for (size_t b = 0; b < n; b++) variance += (s->bins[b] - mean) * (s->bins[b] - mean) / (double)n;
  return n > 1 && mean > 0 ? variance / mean : NAN;
}

static volley_status measure(volley_output_file *file, int recorder, double start, double stop, volley_activity *out) {
  const volley_output_info *info = volley_output_file_info(file);
  const volley_recorder_info *which = &info->recorders[recorder];
  seen s = {.start_ms = fmax(start, which->start_ms), .stop_ms = fmin(stop, which->stop_ms)};
  s.size = out->population->size;
  s.n_bins = (size_t)ceil(fmax(fmin(s.stop_ms, info->duration_ms) - s.start_ms, 0) / VOLLEY_SYNCHRONY_MS);
  s.last = volley_alloc(3 * s.size, sizeof(double), "statistics of spikes");
  s.sum = s.last + s.size;
  s.squares = s.sum + s.size;
  s.counts = volley_alloc(s.size, sizeof *s.counts, "statistics of spikes");
  s.bins = volley_alloc(s.n_bins + 1, sizeof *s.bins, "statistics of spikes");
  volley_status status = volley_output_file_spikes(file, recorder, s.start_ms, take_spikes, &s);
  if (s.damaged)
    status =
        volley_fault(VOLLEY_USAGE, NULL, "recorder '%s' holds spikes of neurons that population '%s' does not have",
                     which->name, which->population);
  const double known_ms = isnan(info->recorded_ms) ? s.latest_ms : info->recorded_ms;
  s.stop_ms = fmax(s.start_ms, fmin(s.stop_ms, known_ms));
  const double seconds = 1e-3 * (s.stop_ms - s.start_ms);
  out->recorder = which;
  out->start_ms = s.start_ms;
  out->stop_ms = s.stop_ms;
  out->spikes = s.spikes;
  out->rate_hz = seconds > 0 && which->neurons ? (double)s.spikes / (double)which->neurons / seconds : NAN;
  out->cv = mean_cv(&s, &out->regular);
  out->synchrony = synchrony(&s);
  free(s.last);
  free(s.counts);
  free(s.bins);
  return status;
}

volley_status volley_activity_measure(volley_output_file *file, double start, double stop, volley_activity *activities,
                                      int *n) {
  const volley_output_info *info = volley_output_file_info(file);
  const bool whole = start <= 0 && stop >= info->duration_ms;
  *n = 0;
  for (int p = 0; p < info->n_populations; p++) {
    bool recorded = false;
    for (int r = 0; r < info->n_recorders; r++) {
      if (info->recorders[r].population_number != p) continue;
      activities[*n].population = &info->populations[p];
      VOLLEY_TRY(measure(file, r, start, stop, &activities[(*n)++]));
      recorded = true;
    }
    if (recorded) continue;
    const double rate = whole ? info->populations[p].rate_hz : NAN;
    activities[(*n)++] = (volley_activity){.population = &info->populations[p],
                                           .rate_hz = rate,
                                           .cv = NAN,
                                           .synchrony = NAN,
                                           .stop_ms = info->duration_ms};
  }
  return VOLLEY_OK;
}
