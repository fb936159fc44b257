/* What rules share that pair spikes of source and target. Traces are named by their numbers in the model's table. */
#ifndef VOLLEY_SYNAPSE_PAIRING_H
#define VOLLEY_SYNAPSE_PAIRING_H

#include "neuron/kernel.h"
#include "synapse/synapse.h"

/* The target's spikes that take effect at the synapse since it was last dealt with: spikes[first .. end - 1]. */
typedef struct volley_pairs {
  const volley_past_spike *spikes;
  uint32_t first, end;
} volley_pairs;

static inline volley_pairs volley_find_pairs(const volley_synapse_view *b, uint32_t i) {
  const volley_past_spikes *past = &b->past[b->ids[i]];
  const volley_past_spike *spikes = past->spikes;
  const int64_t shift = b->constants->is_axonal ? 1 : b->dendritic; /* what takes effect first at equal times */
  const int64_t after = b->since - shift, until = b->now - shift;
  uint32_t end = past->n;
  while (end > 0 && spikes[end - 1].step > until) end--;
  uint32_t first = end;
  while (first > 0 && spikes[first - 1].step > after) first--;
  return (volley_pairs){spikes, first, end};
}

/* When spike k of the target reaches the synapse. */
static inline int64_t volley_arrival(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k) {
  return pairs->spikes[k].step + b->dendritic;
}

/* A trace of the source when a spike of the target arrives: at equal times without the source's own spike. */
static inline double volley_source_trace(const volley_synapse_view *b, int trace, int64_t arrival) {
  const volley_trace *of = &b->constants->traces[trace];
  const double *row = &b->row[2 * of->number];
  const int64_t steps = arrival - b->last;
  return steps > 0 ? row[1] * volley_decay_at(of, steps) : row[0];
}

/* A trace of the source when its spike arrives, without it. */
static inline double volley_source_trace_now(const volley_synapse_view *b, int trace) {
  const volley_trace *of = &b->constants->traces[trace];
  return b->row[2 * of->number + 1] * volley_decay_at(of, b->now - b->last);
}

/* A trace of the target when the source's spike arrives, without a spike that arrives at the same time. */
static inline double volley_target_trace(const volley_synapse_view *b, int trace, const volley_pairs *pairs) {
  const volley_trace *of = &b->constants->traces[trace];
  const int64_t step = b->now - b->dendritic;
  uint32_t k = pairs->end;
  if (k > 0 && pairs->spikes[k - 1].step == step) k--;
  if (k == 0) return 0;
  const volley_past_spike *spike = &pairs->spikes[k - 1];
  return spike->traces[of->number] * volley_decay_at(of, step - spike->step);
}

/* A trace of the target when its spike k arrives, without it. */
static inline double volley_target_trace_before(const volley_synapse_view *b, int trace, const volley_pairs *pairs,
                                                uint32_t k) {
  const volley_trace *of = &b->constants->traces[trace];
  if (k == 0) return 0;
  const volley_past_spike *spike = &pairs->spikes[k - 1];
  return spike->traces[of->number] * volley_decay_at(of, pairs->spikes[k].step - spike->step);
}

/* Dopamine: the last level that stands at a time. */
static inline uint32_t volley_dopamine_find(const volley_synapse_view *b, int64_t at) {
  uint32_t k = b->dopamine->n - 1;
  while (k > 0 && b->dopamine->levels[k].step > at) k--;
  return k;
}

/* The concentration at a time that level k stands at. trace: that of dopamine */
static inline double volley_dopamine_level(const volley_synapse_view *b, int trace, uint32_t k, int64_t at) {
  const volley_past_spike *level = &b->dopamine->levels[k];
  return level->traces[0] * volley_decay_at(&b->constants->traces[trace], at - level->step);
}

static inline double volley_clip(double value, double low, double high) {
  return value < low ? low : value > high ? high : value;
}

/* The weight after its size has changed, which stays within 0 and that of Wmax. */
static inline double volley_change_size(double weight, double change, double Wmax) {
  return copysign(volley_clip(fabs(weight) + change, 0, fabs(Wmax)), Wmax);
}

/* A rule whose only state is the weight: what becomes of it at spike k of the target, which arrives at this time, and at
 * the source's, of which `loss` is a constant. */
typedef double volley_at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                                double weight);
typedef double volley_at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight);

VOLLEY_INLINE double volley_take_pairs(const volley_synapse_view *b, const volley_pairs *pairs, double weight,
                                       volley_at_target *at_target) {
  for (uint32_t k = pairs->first; k < pairs->end; k++) {
    const int64_t arrival = volley_arrival(b, pairs, k);
    if (volley_learns(b->constants, arrival)) weight = at_target(b, pairs, k, arrival, weight);
  }
  return weight;
}

/* spike() and catch_up() of such a rule, with constant functions; at_source: NULL, or called where it learns. */
VOLLEY_INLINE void volley_pairing_spike(const volley_synapse_view *b, double *input, volley_at_target *at_target,
                                        volley_at_source *at_source, double loss) {
  const bool learns = at_source && volley_learns(b->constants, b->now);
  double *weights = b->states[0];
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    double weight = volley_take_pairs(b, &pairs, weights[i], at_target);
    if (learns) weight = at_source(b, &pairs, loss, weight);
    weights[i] = weight;
    input[b->ids[i]] += b->sign * weight;
  }
}

VOLLEY_INLINE void volley_pairing_catch_up(const volley_synapse_view *b, volley_at_target *at_target) {
  double *weights = b->states[0];
  for (uint32_t i = 0; i < b->count; i++) {
    const volley_pairs pairs = volley_find_pairs(b, i);
    weights[i] = volley_take_pairs(b, &pairs, weights[i], at_target);
  }
}

#endif
