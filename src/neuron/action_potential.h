/* Spikes of neurons whose potential is never reset: one for each time that it has been above a threshold, however long and
 * however short the steps. A spike is stamped at the end of the first step in which the potential, still above, has
 * fallen, or else, if it is below again by then, at the end of the step in which it fell below. */
#ifndef VOLLEY_NEURON_ACTION_POTENTIAL_H
#define VOLLEY_NEURON_ACTION_POTENTIAL_H

#include "neuron/kernel.h"

/* A potential while a step is taken by smaller ones. */
typedef struct volley_action_potential {
  double threshold;
  double fired;  /* 1 from a spike until the potential is below the threshold */
  double passed; /* times that it has come back from above without a spike so far */
  bool is_above;
} volley_action_potential;

static inline volley_action_potential volley_action_potential_at(double v, double threshold, double fired) {
  return (volley_action_potential){threshold, fired, 0, v >= threshold};
}

/* v: at the end of a smaller step. */
static inline void volley_action_potential_look(volley_action_potential *it, double v) {
  const bool is_above = v >= it->threshold;
  if (it->is_above && !is_above && it->fired == 0) it->passed++;
  if (!is_above) it->fired = 0;
  it->is_above = is_above;
}

/* Spikes of a neuron whose potential a step took from `before` to v; passed and *fired: from above. Moves *refractory, which
 * counts steps without a spike, and *fired. */
VOLLEY_INLINE double volley_action_potentials(double before, double v, double threshold, double passed,
                                              double refractory_steps, double *refractory, double *fired) {
  const double n = passed + (v >= threshold && *fired == 0 && before > v ? 1 : 0);
  const double spikes = *refractory > 0 ? 0 : n > 1 && refractory_steps > 0 ? 1 : n;
  *refractory = spikes > 0 ? refractory_steps : *refractory > 0 ? *refractory - 1 : 0;
  *fired = v >= threshold && (*fired != 0 || spikes > 0);
  return spikes;
}

/* States and coefficients of such a model. */
typedef struct volley_shape {
  int potential, refractory, fired; /* states */
  int refractory_steps, threshold;  /* coefficients */
} volley_shape;

/* Marks the neurons of a chunk whose potential was above the threshold when the step began or ended, or that took shorter
 * steps, and sees to the others. marks: [VOLLEY_CHUNK], like all. */
VOLLEY_INLINE void volley_action_potential_mark(const volley_shape *of, const volley_chunk *k,
                                                const double *restrict before, const double *restrict failed,
                                                double *restrict marks) {
  double *const *states = k->slice->states;
  double *v = states[of->potential], *r = states[of->refractory], *f = states[of->fired];
#pragma omp simd
  for (uint32_t i = k->first; i < k->end; i++) {
    const size_t at = (size_t)i - k->first;
    const double threshold = volley_at(k->c[of->threshold], k->cs, i), left = r[i] > 0 ? r[i] - 1 : 0;
    const double was_above = before[at] < threshold ? 0 : 1, is_above = v[i] < threshold ? 0 : 1;
    const double mark = was_above + is_above + failed[at];
    r[i] = mark == 0 ? left : r[i];
    f[i] = mark == 0 ? 0 : f[i];
    marks[at] = mark;
  }
}

/* Lists the spikes of a chunk, [VOLLEY_CHUNK] each: before: potentials when the step began; failed: 1 for neurons that took
 * shorter steps, and spikes of theirs that have passed. */
VOLLEY_INLINE void volley_action_potential_fire(const volley_shape *of, const volley_chunk *k, const double *before,
                                                const double *failed, const double *passed) {
  double *const *states = k->slice->states;
  double *v = states[of->potential], *r = states[of->refractory], *f = states[of->fired], marks[VOLLEY_CHUNK];
  volley_action_potential_mark(of, k, before, failed, marks);
  for (uint32_t i = k->first, at = 0; i < k->end; i++, at++) {
    if (marks[at] == 0) continue;
    const double threshold = volley_at(k->c[of->threshold], k->cs, i);
    const double steps = volley_at(k->c[of->refractory_steps], k->cs, i);
    volley_action_potential whole = volley_action_potential_at(before[at], threshold, f[i]);
    if (failed[at] == 0) {
      volley_action_potential_look(&whole, v[i]);
      f[i] = whole.fired;
    }
    const double over = failed[at] == 0 ? whole.passed : passed[at];
    double n = volley_action_potentials(before[at], v[i], threshold, over, steps, &r[i], &f[i]);
    for (; n > 0; n--) volley_spike_push(k->spikes, k->slice->offset + i);
  }
}

#endif
