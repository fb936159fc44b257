/* Neurons whose potential obeys a linear equation at given synaptic variables: a step is split into parts that are exact, all
 * neurons in vectors. Synaptic variables have their exact course; with their means over the step V is exponential, stable
 * at any rate. What the variables do within the step is seen to second order, by a small factor: it matters only as far
 * as the potential that V strives for moves meanwhile; where V follows it at once, V lags by half a step. Strang (1968),
 * SIAM J. Numer. Anal. 5: 506-517; the rule is the first term of Magnus (1954), Comm. Pure Appl. Math. 7: 649-673. Where
 * rate and drive depend on V, they are those of a V half a step ahead. */
#ifndef VOLLEY_NEURON_SPLITTING_H
#define VOLLEY_NEURON_SPLITTING_H

#include "neuron/cash_karp.h"

/* Sets the synaptic variables, at stage 0, to their means over the step. */
VOLLEY_INLINE void volley_set_means(const volley_equations *of, volley_cell *cell) {
  for (int x = 0; x < of->synapses; x++) {
    cell->x[x][0] = cell->start[x] * volley_synapse_course(cell, x, VOLLEY_MEAN);
    if (of->rise[x] >= 0) cell->x[x][0] += cell->slope[x] * volley_synapse_course(cell, x, VOLLEY_MEAN_RISE);
  }
}

/* V after h ms with the rate and the drive of y and this stage. */
VOLLEY_INLINE double volley_relaxed(const volley_equations *of, const volley_cell *cell, int stage, double h,
                                    const double *y, double v) {
  double rate, drive;
  of->membrane(cell, stage, y, &rate, &drive);
  return v + (drive - rate * v) * h * volley_mean_fraction(rate * h);
}

/* Takes neuron i through the step; `current` is injected into it. Returns 1, and leaves V, where it has no solution. */
VOLLEY_INLINE int volley_split_neuron(const volley_equations *of, const volley_slice *slice, const volley_chunk *k,
                                      uint32_t i, double current) {
  volley_cell cell = volley_cell_of(of, slice, i, k->c, k->cs, current);
  double *v = slice->states[0];
  volley_set_means(of, &cell);
  const double h = volley_course(&cell, VOLLEY_STEP), now = v[i];
  const double ahead = of->is_curved ? volley_relaxed(of, &cell, 0, 0.5 * h, &now, now) : now;
  const double end = volley_relaxed(of, &cell, 0, h, &ahead, now);
  const int moves = cell.refractory <= 0, is_finite = fabs(end) <= 1e300, is_lost = moves & (is_finite == 0),
            stays = (moves == 0) | is_lost;
  v[i] = stays ? now : end;
  volley_end_neuron(of, slice, &cell, i);
  return is_lost;
}

/* Takes a chunk through the step by the scheme that the run asks for. */
VOLLEY_INLINE void volley_split(const volley_equations *of, const volley_chunk *k) {
  if (k->slice->is_adaptive) {
    volley_integrate(of, k);
  } else {
    const volley_slice slice = *k->slice; /* as in volley_advance() */
    double lost[VOLLEY_CHUNK];
    int any = 0;
#pragma omp simd reduction(| : any)
    for (uint32_t i = k->first; i < k->end; i++) {
      const int is_lost = volley_split_neuron(of, &slice, k, i, volley_injected(k, i));
      lost[i - k->first] = is_lost;
      any |= is_lost;
    }
    for (uint32_t i = k->first; any && i < k->end; i++)
      if (lost[i - k->first] != 0) volley_give_up(k->slice, i);
  }
}

#endif
