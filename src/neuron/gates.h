/* Neurons whose potential obeys a linear equation at given gates, and each gate one at a given potential: half a step of V, one of
 * the gates, half a step of V, each solved exactly or nearly so and stable at any rate: symmetric, of second order (Strang
 * 1968, SIAM J. Numer. Anal. 5: 506-517). Two such steps of half the length and one of the whole make one of fourth order
 * (Richardson's extrapolation), and the difference of their potentials says whether that is enough. Neurons for which it is
 * not, those in a spike, go through the step by 4 shorter ones, or 16, or 64: vectors go over a list of them. There are no
 * other steps: what one costs is bounded. */
#ifndef VOLLEY_NEURON_GATES_H
#define VOLLEY_NEURON_GATES_H

#include "neuron/cash_karp.h"

/* Differences above which neurons take shorter steps: of the whole step, and of these. */
static const double volley_whole_difference = 0.03, volley_short_difference = 1;

/* mV: what is beyond is no solution. */
static const double volley_highest = 1e9;

/* Levels of parts of a step, and how many of them make one. */
enum { VOLLEY_LEVELS = 4 };
#define VOLLEY_PARTS(level) (1 << 2 * (level))

/* Such a model, with the equations by which it takes steps where `integration: adaptive` is asked for. Constants of its loops. */
typedef struct volley_gated {
  const volley_equations *equations; /* y[0] is V, the others are gates; not beta */
  /* dV/dt = drive - rate V, per ms, with the gates of y and the synaptic variables of this stage. */
  void (*membrane)(const volley_cell *cell, int stage, const double *y, double *rate, double *drive);
  /* dy/dt = opening (1 - y) - closing y, per ms, of the gates y[1] ... at a potential v. */
  void (*gates)(const volley_cell *cell, double v, double *opening, double *closing);
  int halves; /* coefficients of volley_halves_prepare() */
  void (*take_part)(const volley_chunk *k, int level, double *differences); /* calls volley_take_parts() */
} volley_gated;

/* Coefficients of such a model: factors by which its synaptic variables decay in half a part of each level. out: [n
 * times VOLLEY_LEVELS] */
static inline void volley_halves_prepare(const double *taus, int n, double dt, double *out) {
  for (int k = 0; k < n * VOLLEY_LEVELS; k++)
    out[k] = exp(-0.5 * dt / VOLLEY_PARTS(k % VOLLEY_LEVELS) / taus[k / VOLLEY_LEVELS]);
}

/* x / (1 - exp(-x)), given exp(-x) too, as a fraction: returns its numerator. Near 0 it is a series over 1. */
VOLLEY_INLINE double volley_rise_fraction(double x, double exp_of_minus_x, double *denominator) {
  const double t = x * x, series = 1 + 0.5 * x + t * (1.0 / 12 - t * (1.0 / 720 - t * (1.0 / 30240)));
  const bool is_near = fabs(x) < 0.05;
  *denominator = is_near ? 1 : 1 - exp_of_minus_x;
  return is_near ? series : x;
}

/* x becomes 1 / x, of n numbers, n <= 4, by one division: their products must be numbers, too. */
VOLLEY_INLINE void volley_invert(double *x, int n) {
  double before[4] = {1}; /* the products of those before */
  for (int i = 1; i < n; i++) before[i] = before[i - 1] * x[i - 1];
  double inverse = 1 / (before[n - 1] * x[n - 1]);
  for (int i = n - 1; i > 0; i--) {
    const double here = x[i];
    x[i] = inverse * before[i];
    inverse *= here;
  }
  x[0] = inverse;
}

/* The slopes of its equations. */
VOLLEY_INLINE void volley_gated_slopes(const volley_gated *of, const volley_cell *cell, int stage, const double *y,
                                       double *slopes) {
  double rate, drive, opening[VOLLEY_MAX_DIMENSION], closing[VOLLEY_MAX_DIMENSION];
  of->membrane(cell, stage, y, &rate, &drive);
  slopes[0] = drive - rate * y[0];
  of->gates(cell, y[0], opening, closing);
  for (int d = 1; d < of->equations->n; d++) slopes[d] = opening[d - 1] * (1 - y[d]) - closing[d - 1] * y[d];
}

/* V after h ms with the rate and the drive of y and this stage. */
VOLLEY_INLINE double volley_gated_relaxed(const volley_gated *of, const volley_cell *cell, int stage, double h,
                                          const double *y) {
  double rate, drive;
  of->membrane(cell, stage, y, &rate, &drive);
  return y[0] + (drive - rate * y[0]) * h * volley_mean_fraction(rate * h);
}

/* Takes the gates y[1] ... through h ms at the potential y[0]. exp(-z) is (1 - z / 2 + z^2 / 12) / (1 + z / 2 + z^2 /
 * 12), Pade's approximation, which like it is symmetric, down to its least value; beyond, 1 / (1 + z + z^2 / 2), which falls
 * to 0. Both are between 0 and 1. */
VOLLEY_INLINE void volley_take_gates(const volley_gated *of, const volley_cell *cell, double h, double *y) {
  double opening[VOLLEY_MAX_DIMENSION], closing[VOLLEY_MAX_DIMENSION], under[VOLLEY_MAX_DIMENSION];
  of->gates(cell, y[0], opening, closing);
  for (int d = 1; d < of->equations->n; d++) {
    const double opens = opening[d - 1] * h, z = opens + closing[d - 1] * h;
    const bool is_far = z > 3.4641;
    const double square = is_far ? 0.5 : 1.0 / 12, line = is_far ? 1 : 0.5;
    under[d - 1] = volley_multiply_add(z, volley_multiply_add(z, square, line), 1);
    const double kept = is_far ? 1 : under[d - 1] - z, rises = is_far ? volley_multiply_add(0.5, z, 1) : 1;
    y[d] = volley_multiply_add(kept, y[d], opens * rises);
  }
  volley_invert(under, of->equations->n - 1);
  for (int d = 1; d < of->equations->n; d++) y[d] *= under[d - 1];
}

/* Takes y through h ms to end, from synaptic variables of stage 0 over those of stage 1 to those of stage 2. Returns the
 * difference between one split step and two: of potentials in mV, or of gates, whichever is greater. */
VOLLEY_INLINE double volley_take_part(const volley_gated *of, const volley_cell *cell, double h, const double *y,
                                      double *end) {
  double one[VOLLEY_MAX_DIMENSION], two[VOLLEY_MAX_DIMENSION];
  for (int d = 0; d < of->equations->n; d++) one[d] = two[d] = y[d];
  one[0] = volley_gated_relaxed(of, cell, 0, 0.5 * h, y);
  two[0] = volley_gated_relaxed(of, cell, 0, 0.25 * h, y);
  volley_take_gates(of, cell, h, one);
  one[0] = volley_gated_relaxed(of, cell, 2, 0.5 * h, one);
  volley_take_gates(of, cell, 0.5 * h, two);
  two[0] = volley_gated_relaxed(of, cell, 1, 0.5 * h, two);
  volley_take_gates(of, cell, 0.5 * h, two);
  two[0] = volley_gated_relaxed(of, cell, 2, 0.25 * h, two);
  double difference = fabs(two[0] - one[0]);
  end[0] = two[0] + (two[0] - one[0]) * (1.0 / 3);
  for (int d = 1; d < of->equations->n; d++) {
    const double beyond = two[d] - one[d], gate = two[d] + beyond * (1.0 / 3), from_zero = gate < 0 ? 0 : gate;
    end[d] = from_zero > 1 ? 1 : from_zero;
    difference = fabs(beyond) > difference ? fabs(beyond) : difference;
  }
  return difference;
}

/* Sets the synaptic variables of stages 0 to 2: when a part of h ms, of this level, begins, halfway, and when it ends. */
VOLLEY_INLINE void volley_set_halves(const volley_gated *of, volley_cell *cell, double h, int level) {
  for (int x = 0; x < of->equations->synapses; x++) {
    const double decay = volley_cell_at(cell, of->halves + x * VOLLEY_LEVELS + level), gain = 0.5 * h * cell->slope[x];
    cell->x[x][0] = cell->start[x];
    cell->x[x][1] = (cell->start[x] + gain) * decay;
    cell->x[x][2] = (cell->start[x] + 2 * gain) * (decay * decay);
  }
}

/* Synaptic variables of neuron i when such a part ends. */
VOLLEY_INLINE void volley_end_part(const volley_gated *of, const volley_slice *slice, const volley_cell *cell,
                                   int level) {
  for (int x = 0; x < of->equations->synapses; x++) {
    const double decay = volley_cell_at(cell, of->halves + x * VOLLEY_LEVELS + level);
    slice->states[of->equations->x[x]][cell->i] = cell->x[x][2];
    if (of->equations->rise[x] >= 0) slice->states[of->equations->rise[x]][cell->i] *= decay * decay;
  }
}

/* Whether it tells that the step is too long. */
VOLLEY_INLINE bool volley_is_too_long(double difference) { return !(difference <= volley_whole_difference); }

/* Takes neuron i through the whole step, if it is not too long for it, or through a part of this level; `current` is
 * injected into it. Returns the difference. */
VOLLEY_INLINE double volley_take_neuron(const volley_gated *of, const volley_slice *slice, const volley_chunk *k,
                                        uint32_t i, double current, bool is_whole, int level) {
  double y[VOLLEY_MAX_DIMENSION], end[VOLLEY_MAX_DIMENSION];
  volley_cell cell = volley_cell_of(of->equations, slice, i, k->c, k->cs, current);
  const double h = volley_course(&cell, VOLLEY_STEP) * (1.0 / VOLLEY_PARTS(level));
  for (int d = 0; d < of->equations->n; d++) y[d] = slice->states[d][i];
  volley_set_halves(of, &cell, h, level);
  const double difference = volley_take_part(of, &cell, h, y, end);
  const bool fails = is_whole && volley_is_too_long(difference);
  for (int d = 0; d < of->equations->n; d++) slice->states[d][i] = fails ? y[d] : end[d];
  if (!is_whole) volley_end_part(of, slice, &cell, level);
  return difference;
}

/* The same of a chunk. out: [VOLLEY_CHUNK] marks of those that the whole step is too long for, or sums of
 * differences, of a chunk that begins at 0. Returns whether there are marks. */
VOLLEY_INLINE bool volley_take_parts(const volley_gated *of, const volley_chunk *k, bool is_whole, int level,
                                     double *restrict out) {
  const volley_slice slice = *k->slice; /* as in volley_advance() */
  const volley_column current = {slice.current, slice.current[0]};
  double marks = 0; /* no number of another size than those of the loop */
#pragma omp simd reduction(+ : marks)
  for (uint32_t i = k->first; i < k->end; i++) {
    const double found = volley_take_neuron(of, &slice, k, i, volley_at(current, k->is, i), is_whole, level);
    const double mark = volley_is_too_long(found) ? 1 : 0;
    if (is_whole)
      out[(size_t)i - k->first] = mark;
    else
      out[i] += found;
    marks += mark;
  }
  return marks > 0;
}

enum { VOLLEY_VECTOR = 8 /* numbers in the longest */ };

/* Neurons that take shorter steps: a slice of their own. */
typedef struct volley_crowd {
  uint32_t n, n_padded, i[VOLLEY_CHUNK]; /* whole vectors of them; their positions in the slice that they are from */
  double states[VOLLEY_MAX_STATES][VOLLEY_CHUNK], coefficients[VOLLEY_MAX_COEFFICIENTS][VOLLEY_CHUNK];
  double current[VOLLEY_CHUNK], difference[VOLLEY_CHUNK]; /* of all parts so far */
  volley_action_potential seen[VOLLEY_CHUNK];
  volley_column c[VOLLEY_MAX_COEFFICIENTS];
} volley_crowd;

VOLLEY_INLINE void volley_gather(const double *from, const volley_crowd *crowd, double *to) {
  for (uint32_t j = 0; j < crowd->n_padded; j++) to[j] = from[crowd->i[j]];
}

/* All of them as they are when the step begins. */
VOLLEY_INLINE void volley_gather_crowd(const volley_gated *of, const volley_chunk *k, volley_crowd *crowd) {
  const volley_slice *slice = k->slice;
  for (crowd->n_padded = crowd->n; crowd->n_padded % VOLLEY_VECTOR != 0; crowd->n_padded++)
    crowd->i[crowd->n_padded] = crowd->i[0];
  for (int s = 0; s < of->equations->n; s++) volley_gather(slice->states[s], crowd, crowd->states[s]);
  for (int x = 0; x < of->equations->synapses; x++) {
    volley_gather(slice->states[of->equations->x[x]], crowd, crowd->states[of->equations->x[x]]);
    if (of->equations->rise[x] >= 0)
      volley_gather(slice->states[of->equations->rise[x]], crowd, crowd->states[of->equations->rise[x]]);
  }
  for (int n = 0; n < of->equations->n_coefficients; n++) {
    crowd->c[n] = (volley_column){crowd->coefficients[n], k->c[n].fixed};
    if (k->cs) volley_gather(k->c[n].values, crowd, crowd->coefficients[n]);
  }
  for (uint32_t j = 0; j < crowd->n_padded; j++) {
    const uint32_t i = crowd->i[j];
    crowd->current[j] = slice->current[k->is * i];
    crowd->difference[j] = 0;
    crowd->seen[j] = volley_action_potential_at(slice->states[of->equations->shape->potential][i],
                                                volley_at(k->c[of->equations->shape->threshold], k->cs, i),
                                                slice->states[of->equations->shape->fired][i]);
  }
}

/* Keeps what was found for neuron j of the crowd. Returns its action potentials that are over. */
VOLLEY_INLINE double volley_settle(const volley_gated *of, const volley_chunk *k, const volley_crowd *crowd,
                                   uint32_t j) {
  const uint32_t i = crowd->i[j];
  if (!(fabs(crowd->states[0][j]) <= volley_highest)) {
    volley_give_up(k->slice, i);
    return 0;
  }
  for (int d = 0; d < of->equations->n; d++) k->slice->states[d][i] = crowd->states[d][j];
  k->slice->states[of->equations->shape->fired][i] = crowd->seen[j].fired;
  return crowd->seen[j].passed;
}

/* Takes the marked neurons of a chunk through the step by shorter ones. passed: their action potentials that are over. */
VOLLEY_INLINE void volley_take_shorter(const volley_gated *of, const volley_chunk *k, const double *failed,
                                       double *passed) {
  volley_crowd crowd;
  volley_slice slice = {.current = crowd.current};
  for (int s = 0; s < VOLLEY_MAX_STATES; s++) slice.states[s] = crowd.states[s];
  crowd.n = 0;
  for (uint32_t i = k->first; i < k->end; i++)
    if (failed[i - k->first] != 0) crowd.i[crowd.n++] = i;
  for (int level = 1; crowd.n > 0; level++) {
    volley_gather_crowd(of, k, &crowd);
    const volley_chunk all = {&slice, k->spikes, crowd.c, 0, crowd.n_padded, k->cs, 1};
    for (int p = 0; p < VOLLEY_PARTS(level); p++) {
      of->take_part(&all, level, crowd.difference);
      for (uint32_t j = 0; j < crowd.n; j++)
        volley_action_potential_look(&crowd.seen[j], crowd.states[of->equations->shape->potential][j]);
    }
    uint32_t left = 0;
    for (uint32_t j = 0; j < crowd.n; j++) {
      const uint32_t i = crowd.i[j];
      if (crowd.difference[j] <= volley_short_difference || level == VOLLEY_LEVELS - 1)
        passed[i - k->first] = volley_settle(of, k, &crowd, j);
      else
        crowd.i[left++] = i;
    }
    crowd.n = left;
  }
}

/* Takes a chunk through the step by the scheme that the run asks for, and lists its action potentials. */
VOLLEY_INLINE void volley_split_gates(const volley_gated *of, const volley_chunk *k) {
  if (k->slice->is_adaptive) {
    volley_integrate(of->equations, k);
    return;
  }
  double failed[VOLLEY_CHUNK], before[VOLLEY_CHUNK], passed[VOLLEY_CHUNK];
  memcpy(before, k->slice->states[of->equations->shape->potential] + k->first, (k->end - k->first) * sizeof *before);
  if (volley_take_parts(of, k, true, 0, failed)) volley_take_shorter(of, k, failed, passed);
  volley_end_step(of->equations, k);
  volley_action_potential_fire(of->equations->shape, k, before, failed, passed);
}

#endif
