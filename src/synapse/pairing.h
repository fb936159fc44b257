/* What rules share that pair spikes of source and target. Traces are named by their numbers in the model's table. */
#ifndef VOLLEY_SYNAPSE_PAIRING_H
#define VOLLEY_SYNAPSE_PAIRING_H

#include "base/power.h"
#include "neuron/kernel.h"
#include "synapse/synapse.h"

/* The target's spikes that take effect at the synapse since it was last dealt with: first .. end - 1. */
typedef struct volley_pairs {
  const volley_recent_spikes *recent;
  uint32_t first, end;
  double power; /* that the rule needs next, if it does */
} volley_pairs;

enum { VOLLEY_AHEAD = 16 }; /* how many synapses ahead the spikes of their targets are asked for */

/* All spikes that are kept of the target. */
static inline const volley_past_spike *volley_past_of(const volley_synapse_view *b,
                                                      const volley_recent_spikes *recent) {
  return b->past[recent - b->recent].spikes;
}

/* The step of the target's spike so many before its last one. */
static inline int64_t volley_spike_before(const volley_synapse_view *b, const volley_recent_spikes *recent,
                                          uint32_t before) {
  return before < VOLLEY_RECENT ? b->swept + recent->steps[before]
                                : volley_past_of(b, recent)[recent->n - 1 - before].step;
}

static inline volley_pairs volley_find_pairs(const volley_synapse_view *b, uint32_t i) {
  enum { USUAL = 4 };
  const volley_recent_spikes *recent = &b->recent[b->ids[i]];
  const int64_t shift = b->constants->is_axonal ? 1 : b->dendritic; /* what takes effect first at equal times */
  const int64_t after = b->since - shift, until = b->now - shift;
  uint32_t fresh = 0, late = 0;
  if (b->count - i > VOLLEY_AHEAD) __builtin_prefetch(&b->recent[b->ids[i + VOLLEY_AHEAD]]);
  for (int s = 0; s < USUAL; s++) fresh += recent->steps[s] > (int32_t)(after - b->swept); /* no branch: they are few */
  while (fresh >= USUAL && fresh < recent->n && volley_spike_before(b, recent, fresh) > after) fresh++;
  while (late < fresh && volley_spike_before(b, recent, late) > until) late++;
  return (volley_pairs){recent, recent->n - fresh, recent->n - late, 1};
}

/* When spike k of the target reaches the synapse. */
static inline int64_t volley_arrival(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k) {
  return volley_spike_before(b, pairs->recent, pairs->recent->n - 1 - k) + b->dendritic;
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
  const volley_recent_spikes *recent = pairs->recent;
  const int64_t step = b->now - b->dendritic;
  uint32_t k = pairs->end;
  if (k == 0) return 0;
  if (k == recent->n && recent->last != step)
    return recent->traces[of->number] * volley_decay_at(of, step - recent->last);
  const volley_past_spike *spikes = volley_past_of(b, recent);
  if (spikes[k - 1].step == step) k--;
  return k > 0 ? spikes[k - 1].traces[of->number] * volley_decay_at(of, step - spikes[k - 1].step) : 0;
}

/* A trace of the target when its spike k arrives, without it. */
static inline double volley_target_trace_before(const volley_synapse_view *b, int trace, const volley_pairs *pairs,
                                                uint32_t k) {
  const volley_trace *of = &b->constants->traces[trace];
  if (k == 0) return 0;
  const volley_past_spike *spike = &volley_past_of(b, pairs->recent)[k - 1];
  return spike->traces[of->number] * volley_decay_at(of, spike[1].step - spike->step);
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
 * the source's, of which `loss` is the same for all. */
typedef double volley_at_target(const volley_synapse_view *b, const volley_pairs *pairs, uint32_t k, int64_t arrival,
                                double weight);
typedef double volley_at_source(const volley_synapse_view *b, const volley_pairs *pairs, double loss, double weight);

/* The power that such a rule needs: of a number that depends on the weight, to a parameter. base: NULL, or a constant function */
typedef struct volley_pair_power {
  double (*base)(const double *parameters, double weight);
  int mu;
} volley_pair_power;

enum { VOLLEY_RUN = 128 }; /* synapses taken together: one byte numbers them */

/* Finds the powers of the synapses of a list. */
VOLLEY_INLINE void volley_find_powers(const volley_synapse_view *b, const double *weights, const uint8_t *list,
                                      uint32_t n, volley_pair_power of, volley_pairs *pairs) {
  const double *parameters = b->constants->parameters;
  double bases[VOLLEY_RUN], powers[VOLLEY_RUN];
  if (!of.base) return;
  for (uint32_t e = 0; e < n; e++) bases[e] = of.base(parameters, weights[list[e]]);
  volley_powers(bases, n, parameters[of.mu], powers);
  for (uint32_t e = 0; e < n; e++) pairs[list[e]].power = powers[e];
}

/* Synapses from .. end - 1 take in the spikes of their targets: the first one of each, then the second one of those that
 * have one, and so on. So no branch depends on how many a synapse has. */
VOLLEY_INLINE void volley_take_pairs(const volley_synapse_view *b, uint32_t from, uint32_t end, volley_pairs *pairs,
                                     volley_at_target *at_target, volley_pair_power power) {
  double *weights = b->states[0] + from;
  uint32_t next[VOLLEY_RUN], n = 0;
  uint8_t list[VOLLEY_RUN + 1];
  for (uint32_t i = 0; i < end - from; i++) {
    pairs[i] = volley_find_pairs(b, from + i);
    next[i] = pairs[i].first;
    list[n] = (uint8_t)i;
    n += pairs[i].first < pairs[i].end;
  }
  while (n > 0) {
    uint32_t rest = 0;
    volley_find_powers(b, weights, list, n, power, pairs);
    for (uint32_t e = 0; e < n; e++) {
      const uint32_t i = list[e], k = next[i]++;
      const int64_t arrival = volley_arrival(b, &pairs[i], k);
      if (volley_learns(b->constants, arrival)) weights[i] = at_target(b, &pairs[i], k, arrival, weights[i]);
      list[rest] = (uint8_t)i;
      rest += next[i] < pairs[i].end;
    }
    n = rest;
  }
}

/* What a rule does, by constant functions. */
typedef struct volley_pairing {
  volley_at_target *at_target;
  volley_at_source *at_source; /* NULL: nothing */
  volley_pair_power target_power, source_power;
} volley_pairing;

/* spike() and catch_up() of such a rule. */
VOLLEY_INLINE void volley_pairing_spike(const volley_synapse_view *view, double *input, volley_pairing of,
                                        double loss) {
  const volley_synapse_view own = *view, *b = &own; /* that no store to a weight can change */
  const bool learns = of.at_source && volley_learns(b->constants, b->now);
  double *weights = b->states[0];
  volley_pairs pairs[VOLLEY_RUN];
  uint8_t all[VOLLEY_RUN];
  for (int i = 0; i < VOLLEY_RUN && of.source_power.base; i++) all[i] = (uint8_t)i;
  for (uint32_t from = 0; from < b->count; from += VOLLEY_RUN) {
    const uint32_t end = b->count - from < VOLLEY_RUN ? b->count : from + VOLLEY_RUN;
    volley_take_pairs(b, from, end, pairs, of.at_target, of.target_power);
    if (learns) volley_find_powers(b, weights + from, all, end - from, of.source_power, pairs);
    for (uint32_t i = from; i < end && learns; i++) weights[i] = of.at_source(b, &pairs[i - from], loss, weights[i]);
    for (uint32_t i = from; i < end; i++) input[b->ids[i]] += b->sign * weights[i];
  }
}

VOLLEY_INLINE void volley_pairing_catch_up(const volley_synapse_view *b, volley_pairing of) {
  volley_pairs pairs[VOLLEY_RUN];
  for (uint32_t from = 0; from < b->count; from += VOLLEY_RUN)
    volley_take_pairs(b, from, b->count - from < VOLLEY_RUN ? b->count : from + VOLLEY_RUN, pairs, of.at_target,
                      of.target_power);
}

#endif
