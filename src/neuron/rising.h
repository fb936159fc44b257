/* Neurons whose potential obeys a linear equation at given synaptic variables, but for a term by which it rises to a spike: half
 * a step of the linear part, with the means of the variables over the step (splitting.h), a whole step of the term, half a
 * step of the linear part, each exact: symmetric, of second order (Strang 1968, SIAM J. Numer. Anal. 5: 506-517). Another
 * variable of the membrane takes its step between, at the mean potential of the term. V at rest moves by less than 1e-4 mV.
 *
 * The error of a step h follows from the commutators of the parts L and E, h^3 ([L, [L, E]] / 24 + [E, [E, L]] / 12), and of
 * them with the other variable. Neurons for which it is too large, those about to spike, and those that reach the peak take the
 * step with error control. */
#ifndef VOLLEY_NEURON_RISING_H
#define VOLLEY_NEURON_RISING_H

#include "neuron/splitting.h"

/* mV: the estimated error of a step above which a neuron takes it with error control. */
static const double volley_rising_error = 1e-4;

/* The most of its way to infinity that the term may go in a step. */
static const double volley_rising_part = 0.25;

/* Such a model. Constants of its loops. */
typedef struct volley_rising {
  const volley_equations *equations; /* membrane(): the linear part */
  /* v after h ms of the term alone. part: how much of its way to infinity it goes; bend: h times its second derivative
   * by v, per mV. What it returns counts only where part is at most volley_rising_part. */
  double (*rise)(const volley_cell *cell, double h, double v, double *part, double *bend);
  /* Takes y[1] through the step at a potential v. NULL: V is all. */
  void (*adapt)(const volley_cell *cell, double v, double *y);
  /* What this adds to twelve times the error of a step of h ms from `start` to y, in mV; not finite: split steps are not
   * for it. */
  double (*strain)(const volley_cell *cell, double h, double rate, const double *start, const double *y);
  int reset; /* coefficient: the potential of a refractory period */
} volley_rising;

/* Takes neuron i through the step; `current` is injected into it. Returns more than 0, and leaves it, where that is not accurate.
 * No number here is of another size than those of the loop, or it would not be in vectors. */
VOLLEY_INLINE double volley_rise_neuron(const volley_rising *of, const volley_slice *slice, const volley_chunk *k,
                                        uint32_t i, double current) {
  const volley_equations *equations = of->equations;
  volley_cell cell = volley_cell_of(equations, slice, i, k->c, k->cs, current);
  volley_set_means(equations, &cell);
  double start[VOLLEY_MAX_DIMENSION], y[VOLLEY_MAX_DIMENSION], rate, drive, part, bend;
  for (int d = 0; d < equations->n; d++) start[d] = y[d] = slice->states[d][i];
  const double h = volley_course(&cell, VOLLEY_STEP);
  equations->membrane(&cell, 0, y, &rate, &drive);
  const double half = 0.5 * h * volley_mean_fraction(0.5 * h * rate);
  const double before = y[0] + (drive - rate * y[0]) * half, after = of->rise(&cell, h, before, &part, &bend);
  const double reset = volley_cell_at(&cell, of->reset), middle = 0.5 * (before + after);
  if (of->adapt) of->adapt(&cell, cell.refractory > 0 ? reset : middle, y);
  equations->membrane(&cell, 0, y, &rate, &drive);
  y[0] = after + (drive - rate * after) * half;
  const double moved = y[0] - start[0], bent = fabs(bend) * moved * moved * (1.0 / 24);
  const double pulled = of->adapt ? of->strain(&cell, h, rate, start, y) : 0;
  const double error = bent + (fabs(part * (after - before) * rate) * h + pulled) * (1.0 / 12);
  const double faults = (error <= volley_rising_error ? 0.0 : 1.0) + (part <= volley_rising_part ? 0.0 : 1.0) +
                        (y[0] < volley_cell_at(&cell, equations->peak) ? 0.0 : 1.0);
  const double fails = cell.refractory > 0 ? 0 : faults, stays = cell.refractory > 0 ? 1 : faults;
  slice->states[0][i] = stays == 0 ? y[0] : start[0];
  for (int d = 1; d < equations->n; d++) slice->states[d][i] = fails == 0 ? y[d] : start[d];
  return fails;
}

/* Tries that step of the neurons of a chunk and marks those that it is not for: [VOLLEY_CHUNK]. Returns whether there are any. */
VOLLEY_INLINE bool volley_attempt_rise(const volley_rising *of, const volley_chunk *k, double *restrict failed) {
  const volley_slice slice = *k->slice; /* as in volley_advance() */
  double marks = 0;
#pragma omp simd reduction(+ : marks)
  for (uint32_t i = k->first; i < k->end; i++) {
    const double fails = volley_rise_neuron(of, &slice, k, i, volley_injected(k, i));
    failed[(size_t)i - k->first] = fails;
    marks += fails;
  }
  return marks > 0;
}

/* Takes a chunk through the step by the scheme that the run asks for, and lists its spikes. */
VOLLEY_INLINE void volley_rise(const volley_rising *of, const volley_chunk *k) {
  double failed[VOLLEY_CHUNK];
  const bool any =
      k->slice->is_adaptive ? volley_attempt(of->equations, k, failed) != 0 : volley_attempt_rise(of, k, failed);
  for (uint32_t i = k->first; any && i < k->end; i++)
    if (failed[i - k->first] != 0) volley_small_steps(of->equations, k, i);
  volley_end_step(of->equations, k);
}

#endif
