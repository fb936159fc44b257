#include "synapse/timed.h"

#include "model/experiment.h"

#include <math.h>
#include <string.h>

static bool learns(const volley_synapse_constants *constants, double at) {
  for (int w = 0; w < constants->n_learning; w++) {
    const volley_window_of_time *window = &constants->learning[w];
    if ((double)window->start / VOLLEY_STEPS_OF_MS < at && at <= (double)window->stop / VOLLEY_STEPS_OF_MS) return true;
  }
  return constants->n_learning == 0;
}

static double decayed(const volley_trace *trace, double value, double h) { return value * exp(-h / trace->tau); }

/* The traces of the source when a spike of the target, which sees none of that time, or one of its own arrives. */
static void find_source_traces(const volley_synapse_constants *constants, const volley_timed_visit *visit, double at,
                               bool own, double *traces) {
  for (int t = 0; t < constants->model->n_traces; t++) {
    if (constants->model->traces[t].of != VOLLEY_OF_SOURCE) continue;
    const volley_trace *trace = &constants->traces[t];
    const double *row = &visit->row[2 * trace->number], h = at - visit->last;
    traces[t] = h > 0 || own ? decayed(trace, row[1], h) : row[0];
  }
}

/* The traces of the target h ms after a spike; NULL: before all. */
static void find_target_traces(const volley_synapse_constants *constants, const volley_past_spike *spike, double h,
                               double *traces) {
  for (int t = 0; t < constants->model->n_traces; t++) {
    if (constants->model->traces[t].of != VOLLEY_OF_TARGET) continue;
    const volley_trace *trace = &constants->traces[t];
    traces[t] = spike ? decayed(trace, spike->traces[trace->number], h) : 0;
  }
}

/* The number of the target's spikes that have reached the synapse at a time; those at that very time: with a dendritic delay. */
static uint32_t count_arrived(const volley_synapse_constants *constants, const volley_past_spikes *past,
                              const volley_timed_visit *visit, double at) {
  uint32_t n = past->n;
  while (n > 0 &&
         (constants->is_axonal ? past->spikes[n - 1].time >= at : past->spikes[n - 1].time + visit->dendritic > at))
    n--;
  return n;
}

/* Whether a spike of the target reached the synapse after the source's last one; k: spikes of the target up to it. */
static bool is_after(const volley_past_spikes *past, const volley_timed_visit *visit, uint32_t k) {
  return k > 0 && past->spikes[k - 1].time + visit->dendritic > visit->last;
}

/* Takes a synapse through the target's spikes first .. end - 1. */
static void take_targets(const volley_synapse_constants *constants, const volley_past_spikes *past,
                         const volley_timed_visit *visit, double *weight, double *own, uint32_t first, uint32_t end) {
  const volley_synapse_events *events = constants->model->events;
  double traces[VOLLEY_MAX_TRACES];
  for (uint32_t k = first; k < end; k++) {
    const volley_past_spike *spike = &past->spikes[k];
    const double arrival = spike->time + visit->dendritic;
    const bool meets = arrival == visit->last;
    const double centred = own ? decayed(&constants->traces[0], *own, arrival - visit->last) - meets : 0;
    if (own) *own = meets;
    if (!learns(constants, arrival) || (events->pairs_next && (meets || is_after(past, visit, k)))) continue;
    find_source_traces(constants, visit, arrival, false, traces);
    find_target_traces(constants, k > 0 ? spike - 1 : NULL, k > 0 ? spike->time - spike[-1].time : 0, traces);
    if (own) traces[0] = centred;
    *weight = events->at_target(constants->parameters, traces, *weight);
  }
}

void volley_timed_catch_up(const volley_synapse_constants *constants, const volley_past_spikes *past,
                           const volley_timed_visit *visit, double *weight, double *own) {
  if (!constants->model->events->at_target) return;
  const uint32_t end = count_arrived(constants, past, visit, visit->now);
  take_targets(constants, past, visit, weight, own, count_arrived(constants, past, visit, visit->since), end);
}

void volley_timed_take(const volley_synapse_constants *constants, const volley_past_spikes *past,
                       const volley_timed_visit *visit, double *weight, double *own) {
  const volley_synapse_events *events = constants->model->events;
  volley_timed_catch_up(constants, past, visit, weight, own);
  if (own) *own = decayed(&constants->traces[0], *own, visit->now - visit->last) + 1;
  if (!events->at_source || !learns(constants, visit->now)) return;
  double traces[VOLLEY_MAX_TRACES];
  uint32_t k = count_arrived(constants, past, visit, visit->now);
  if (events->pairs_next && !is_after(past, visit, k)) return;
  if (k > 0 && past->spikes[k - 1].time + visit->dendritic == visit->now) k--; /* at this very time */
  const volley_past_spike *before = k > 0 ? &past->spikes[k - 1] : NULL;
  find_source_traces(constants, visit, visit->now, true, traces);
  find_target_traces(constants, before, before ? visit->now - visit->dendritic - before->time : 0, traces);
  *weight = events->at_source(constants->parameters, traces, *weight);
}

/* What a spike at visit->now finds. */
static void find_row(const volley_synapse_constants *constants, const volley_timed_visit *visit, double *row) {
  const bool is_first = visit->last < 0;
  constants->model->events->find(constants->parameters, is_first ? visit->now : visit->now - visit->last, is_first,
                                 row);
}

double volley_timed_look(const volley_synapse_constants *constants, const volley_past_spikes *past,
                         const volley_timed_visit *visit, int k, const double *own) {
  double values[VOLLEY_MAX_ROW_STATES > VOLLEY_MAX_TRACES ? VOLLEY_MAX_ROW_STATES : VOLLEY_MAX_TRACES];
  if (constants->model->events->find) {
    memcpy(values, visit->row, sizeof visit->row);
    find_row(constants, visit, values);
    return values[k];
  }
  const uint32_t n = count_arrived(constants, past, visit, visit->now);
  const volley_past_spike *before = n > 0 ? &past->spikes[n - 1] : NULL;
  find_source_traces(constants, visit, visit->now, true, values);
  find_target_traces(constants, before, before ? visit->now - visit->dendritic - before->time : 0, values);
  if (own) values[0] = decayed(&constants->traces[0], *own, visit->now - visit->last);
  return values[k];
}

void volley_timed_row_advance(const volley_synapse_constants *constants, volley_timed_visit *visit, double *row) {
  const volley_synapse_events *events = constants->model->events;
  if (events->find) find_row(constants, visit, row);
  visit->part = events->release ? events->release(constants->parameters, row) : 1;
  for (int t = 0; t < constants->model->n_traces; t++) {
    if (constants->model->traces[t].of != VOLLEY_OF_SOURCE) continue;
    const volley_trace *trace = &constants->traces[t];
    double *without = &row[2 * trace->number], *with = without + 1;
    *without = visit->last < 0 ? 0 : decayed(trace, *with, visit->now - visit->last);
    *with = constants->nearest ? trace->jump : *without + trace->jump;
  }
}

double volley_timed_part(const volley_synapse_constants *constants, const volley_timed_visit *visit, volley_gid gid,
                         uint32_t number) {
  enum { WORDS = 4 };
  uint32_t words[WORDS];
  volley_random_block(visit->key, gid, number, 0, words);
  return constants->model->events->transmits(constants->parameters, volley_open_uniform(words[0])) ? visit->part : 0;
}

volley_past_spike volley_timed_target_traces(const volley_synapse_constants *constants, const volley_past_spike *before,
                                             double time) {
  volley_past_spike spike = {.time = time, .traces = {1}}; /* files have 1 where there is no trace */
  for (int t = 0; t < constants->model->n_traces; t++) {
    if (constants->model->traces[t].of != VOLLEY_OF_TARGET) continue;
    const volley_trace *trace = &constants->traces[t];
    double *with = &spike.traces[trace->number];
    *with = trace->jump;
    if (before && !constants->nearest) *with += decayed(trace, before->traces[trace->number], time - before->time);
  }
  return spike;
}
