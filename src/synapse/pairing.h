/* What rules share that pair spikes of source and target. Row states: the trace of the source's spikes at its last one,
 * that one left out (BEFORE) and included (AFTER). */
#ifndef VOLLEY_SYNAPSE_PAIRING_H
#define VOLLEY_SYNAPSE_PAIRING_H

#include "synapse/synapse.h"

enum { VOLLEY_TRACE_BEFORE, VOLLEY_TRACE_AFTER };

/* The target's spikes that reach the synapse after `from` and up to `now`: spikes[first .. end - 1]. */
typedef struct volley_pairs {
  const volley_past_spike *spikes;
  uint32_t first, end;
} volley_pairs;

static inline volley_pairs volley_find_pairs(const volley_synapse_view *b, uint32_t i) {

  const volley_past_spikes *past = &b->past[b->ids[i] - b->first_id];
  const volley_past_spike *spikes = past->spikes;
  uint32_t end = past->n;
  while (end > 0 && spikes[end - 1].step > b->until) end--;
  uint32_t first = end;
  while (first > 0 && spikes[first - 1].step > b->after) first--;
  return (volley_pairs){spikes, first, end};
}

/* When spike k of the target reaches the synapse. */
static inline int64_t volley_arrival(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k) {
  return pairs->spikes[k].step + b->dendritic;
}

/* The source's trace when a spike of the target arrives: at equal times without the source's own spike. */
static inline double volley_source_trace(const volley_synapse_view *b, int64_t arrival) {
  const int64_t steps = arrival - (*b->last + b->axonal);
  return steps > 0 ? b->row[VOLLEY_TRACE_AFTER] * volley_decay_at(&b->constants->source, steps)
                   : b->row[VOLLEY_TRACE_BEFORE];
}

/* The target's trace when the spike of step `now` arrives, without a spike that arrives at the same time. */
static inline double volley_target_trace(const volley_synapse_view *b, const volley_pairs *pairs) {
  const int64_t step = b->now + b->axonal - b->dendritic;
  uint32_t k = pairs->end;
  if (k > 0 && pairs->spikes[k - 1].step == step) k--;
  if (k == 0) return 0;
  const volley_past_spike *spike = &pairs->spikes[k - 1];
  return spike->trace * volley_decay_at(&b->constants->target, step - spike->step);
}

/* Counts the spike of step `now` in the source's trace. */
static inline void volley_advance_trace(const volley_synapse_view *b) {
  b->row[VOLLEY_TRACE_BEFORE] = b->row[VOLLEY_TRACE_AFTER] * volley_decay_at(&b->constants->source, b->now - *b->last);
  b->row[VOLLEY_TRACE_AFTER] = b->constants->plan->nearest ? 1 : b->row[VOLLEY_TRACE_BEFORE] + 1;
  *b->last = b->now;
}

static inline double volley_clip(double value, double low, double high) {
  return value < low ? low : value > high ? high : value;
}

#endif
