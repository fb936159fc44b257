/* Neurons whose potential obeys a linear equation at given gates, and each gate one at a given potential. A step looks at the
 * rates of the gates once, with their first and second derivatives by V, at a V about halfway: they are known from there all
 * along the way that V takes. Gates and V then go through the step in turns, twice, each by the exponential of Magnus'
 * series to fourth order (Magnus 1954, Comm. Pure Appl. Math. 7: 649-673; Iserles & Norsett 1999, Phil. Trans. R. Soc. A 357:
 * 983-1019) with what is known of the other: a V that is off by h^2 in the first turn is off by h^5 after the second. What
 * the second turn changes says whether that is enough. Neurons for which it is not, those in a spike, go through the
 * step by 4 shorter ones, or 16, or 64: vectors go over a list of them. There are no other steps: what one costs is bounded. */
#ifndef VOLLEY_NEURON_GATES_H
#define VOLLEY_NEURON_GATES_H

#include "neuron/cash_karp.h"

/* Differences above which neurons take shorter steps: of the whole step, and of these. */
static const double volley_whole_difference = 0.06, volley_short_difference = 1;

/* mV: what is beyond is no solution. */
static const double volley_highest = 1e9;

/* Levels of parts of a step, and how many of them make one. */
enum { VOLLEY_LEVELS = 4 };
#define VOLLEY_PARTS(level) (1 << 2 * (level))

/* A rate of a gate at some V, per ms, and its derivatives by V. */
typedef struct volley_rate {
  double value, slope, bend;
} volley_rate;

/* Such a model, with the equations by which it takes steps where `integration: adaptive` is asked for. Constants of its loops. */
typedef struct volley_gated {
  const volley_equations *equations; /* y[0] is V, the others are gates; not beta */
  /* dV/dt = drive - rate V, per ms, with the gates of y and the synaptic variables of this stage. */
  void (*membrane)(const volley_cell *cell, int stage, const double *y, double *rate, double *drive);
  /* dy/dt = opening (1 - y) - closing y of the gates y[1] ... at a potential v. */
  void (*gates)(const volley_cell *cell, double v, volley_rate *opening, volley_rate *closing);
  int halves; /* coefficients of volley_halves_prepare() */
  void (*take_part)(const volley_chunk *k, int level, double *differences); /* calls volley_take_parts() */
} volley_gated;

/* Coefficients of such a model: factors by which its synaptic variables decay in half a part of each level. out: [n
 * times VOLLEY_LEVELS] */
static inline void volley_halves_prepare(const double *taus, int n, double dt, double *out) {
  for (int k = 0; k < n * VOLLEY_LEVELS; k++)
    out[k] = exp(-0.5 * dt / VOLLEY_PARTS(k % VOLLEY_LEVELS) / taus[k / VOLLEY_LEVELS]);
}

/* |x| up to which x / (1 - exp(-x)) is taken from its series. */
static const double volley_near = 0.01;

/* 1 - exp(-x), given exp(-x), or 1 where it is not needed: what volley_rise() wants the inverse of. */
VOLLEY_INLINE double volley_rise_denominator(double x, double exp_of_minus_x) {
  return fabs(x) < volley_near ? 1 : 1 - exp_of_minus_x;
}

/* f(x) = x / (1 - exp(-x)) and its derivatives, given exp(-x) and 1 / volley_rise_denominator(): f' = (1 - f exp(-x)) / (1 -
 * exp(-x)), f'' = (f - 2 f') exp(-x) / (1 - exp(-x)). */
VOLLEY_INLINE volley_rate volley_rise(double x, double exp_of_minus_x, double inverse) {
  const double t = x * x;
  const bool is_near = fabs(x) < volley_near;
  const double value = is_near ? 1 + 0.5 * x + t * (1.0 / 12 - t * (1.0 / 720)) : x * inverse;
  const double slope = is_near ? 0.5 + x * (1.0 / 6) : inverse * volley_multiply_add(-value, exp_of_minus_x, 1);
  const double bend = is_near ? 1.0 / 6 : inverse * exp_of_minus_x * (value - 2 * slope);
  return (volley_rate){value, slope, bend};
}

/* factor f((v - v0) / scale), given f and its derivatives there; per_mv: 1 / scale. */
VOLLEY_INLINE volley_rate volley_scaled_rate(volley_rate f, double factor, double per_mv) {
  return (volley_rate){factor * f.value, factor * per_mv * f.slope, factor * per_mv * per_mv * f.bend};
}

/* factor exp(-x) f(x), given f and its derivatives. */
VOLLEY_INLINE volley_rate volley_falling_rate(volley_rate f, double exp_of_minus_x) {
  return (volley_rate){exp_of_minus_x * f.value, exp_of_minus_x * (f.slope - f.value),
                       exp_of_minus_x * (f.bend - 2 * f.slope + f.value)};
}

/* exp(x) and its derivatives. */
VOLLEY_INLINE volley_rate volley_exponential_rate(double exp_of_x) {
  return (volley_rate){exp_of_x, exp_of_x, exp_of_x};
}

/* 1 / (1 + exp(-x)) and its derivatives. */
VOLLEY_INLINE volley_rate volley_logistic_rate(double value) {
  const double slope = value * (1 - value);
  return (volley_rate){value, slope, slope * (1 - 2 * value)};
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
  double rate, drive;
  volley_rate opening[VOLLEY_MAX_DIMENSION], closing[VOLLEY_MAX_DIMENSION];
  of->membrane(cell, stage, y, &rate, &drive);
  slopes[0] = drive - rate * y[0];
  of->gates(cell, y[0], opening, closing);
  for (int d = 1; d < of->equations->n; d++)
    slopes[d] = opening[d - 1].value * (1 - y[d]) - closing[d - 1].value * y[d];
}

/* mV: how far from where the rates are known the mean of a way may be. Rates are positive that near. */
static const double volley_near_rates = 8;

/* mV: how far it may rise with rates that are known in one place; further, shorter steps are better. */
static const double volley_far = 10, volley_too_far = 16;

/* The way of V through a part of a step, as far as gates notice: its mean, from the V where the rates are known, and slope.
 * missed: about what bends of its drive within the part would add to V at a high rate, and no turn sees. */
typedef struct volley_way {
  double mean, slope, missed; /* mV, mV / ms, mV */
} volley_way;

VOLLEY_INLINE double volley_clamped(double x, double least, double greatest) {
  const double from_least = x < least ? least : x;
  return from_least > greatest ? greatest : from_least;
}

/* A rate on such a way: its mean, and its slope, per ms^2. */
typedef struct volley_course_of_rate {
  double mean, slope;
} volley_course_of_rate;

/* Of h ms. The first turn takes the mean for what it is where the rates are known. */
VOLLEY_INLINE volley_course_of_rate volley_rate_on(volley_rate rate, volley_way way, double h, bool is_first) {
  if (is_first) return (volley_course_of_rate){rate.value, rate.slope * way.slope};
  const double rise = way.slope * h;
  const double bent = volley_multiply_add(0.5 * way.mean, way.mean, rise * rise * (1.0 / 24));
  const double mean = volley_multiply_add(rate.bend, bent, volley_multiply_add(rate.slope, way.mean, rate.value));
  return (volley_course_of_rate){mean, rate.slope * way.slope};
}

/* A gate on such a way: dy/dt = opening - closing y, the closing that of both rates. */
typedef struct volley_gate_course {
  volley_course_of_rate opening, closing;
} volley_gate_course;

/* y after h ms of this as a fraction, of which it returns the numerator. exp(-z) is (1 - z / 2 + z^2 / 12) / (1 + z / 2 + z^2 /
 * 12), Pade's approximation, which like it is symmetric, down to its least value; beyond, 1 / (1 + z + z^2 / 2), which falls
 * to 0. */
VOLLEY_INLINE double volley_gate_fraction(volley_gate_course on, double h, double y, double *denominator) {
  const double z = on.closing.mean * h; /* below: Magnus' second term */
  const double lag = h * h * (1.0 / 12) * (on.closing.mean * on.opening.slope - on.closing.slope * on.opening.mean);
  const bool is_far = z > 3.4641;
  const double square = is_far ? 0.5 : 1.0 / 12, line = is_far ? 1 : 0.5;
  *denominator = volley_multiply_add(z, volley_multiply_add(z, square, line), 1);
  const double kept = is_far ? 1 : *denominator - z, rises = is_far ? volley_multiply_add(0.5, z, 1) : 1;
  return volley_multiply_add(kept, y, (on.opening.mean + lag) * h * rises);
}

/* Takes the gates y[1] ... y[n - 1] through h ms to end; V goes this way. halfway: the gates then. */
VOLLEY_INLINE void volley_take_gates(int n, const volley_rate *opening, const volley_rate *closing, volley_way way,
                                     double h, bool is_first, const double *y, double *halfway, double *end) {
  volley_gate_course on[VOLLEY_MAX_DIMENSION];
  double under[VOLLEY_MAX_DIMENSION];
  for (int d = 1; d < n; d++) {
    const volley_course_of_rate opens = volley_rate_on(opening[d - 1], way, h, is_first);
    const volley_course_of_rate closes = volley_rate_on(closing[d - 1], way, h, is_first);
    on[d] = (volley_gate_course){opens, {opens.mean + closes.mean, opens.slope + closes.slope}};
  }
  for (int d = 1; d < n; d++) end[d] = volley_gate_fraction(on[d], h, y[d], &under[d - 1]);
  volley_invert(under, n - 1);
  for (int d = 1; d < n; d++) {
    end[d] = volley_clamped(end[d] * under[d - 1], 0, 1);
    const double slows = volley_multiply_add(0.5 * h * on[d].closing.slope, y[d] + end[d], -h * on[d].opening.slope);
    const double turn = volley_multiply_add(on[d].closing.mean, end[d] - y[d], slows); /* its slope falls by this */
    halfway[d] = volley_clamped(volley_multiply_add(0.125 * h, turn, 0.5 * (y[d] + end[d])), 0, 1);
  }
}

/* V's equation, dV/dt = drive - rate V, at some time. */
typedef struct volley_drive {
  double rate, drive;
} volley_drive;

VOLLEY_INLINE volley_drive volley_drive_at(const volley_gated *of, const volley_cell *cell, int stage,
                                           const double *y) {
  volley_drive found;
  of->membrane(cell, stage, y, &found.rate, &found.drive);
  return found;
}

/* V after h ms of these drives: when they begin, halfway, and when they end. What a drive that rises by a line adds to the
 * mean one is Magnus' second term, which at a rate z / h is (z / 2 coth(z / 2) - 1) / z^2 of it, here 1 / 12 / (1 + z^2 / 60). */
VOLLEY_INLINE double volley_driven(volley_drive begin, volley_drive halfway, volley_drive end, double h, double v) {
  const double rate = volley_multiply_add(4, halfway.rate, begin.rate + end.rate) * (1.0 / 6);
  const double drive = volley_multiply_add(4, halfway.drive, begin.drive + end.drive) * (1.0 / 6);
  const double lags = volley_multiply_add(rate, end.drive - begin.drive, -(end.rate - begin.rate) * drive);
  const double z = rate * h, held = volley_multiply_add(z * z, 1.0 / 60, 1);
  const double slope = volley_multiply_add(-rate, v, drive) + h * (1.0 / 12) * lags / held;
  return volley_multiply_add(h * slope, volley_mean_fraction(z), v);
}

/* A part of a step as it begins, and the rates of its gates at the V from which its way is told. */
typedef struct volley_part {
  double h, v, slope, there; /* ms; V and its slope when it begins; where the rates are known */
  volley_drive begin;
  volley_rate opening[VOLLEY_MAX_DIMENSION], closing[VOLLEY_MAX_DIMENSION];
} volley_part;

/* Takes y through this part to end, the gates as V goes this way, V as the gates then go. Returns the way that V went. */
VOLLEY_INLINE volley_way volley_take_turn(const volley_gated *of, const volley_cell *cell, const volley_part *part,
                                          volley_way way, bool is_first, const double *y, double *end) {
  double halfway[VOLLEY_MAX_DIMENSION];
  const double h = part->h, v = part->v;
  volley_take_gates(of->equations->n, part->opening, part->closing, way, h, is_first, y, halfway, end);
  const volley_drive begin = part->begin, middle = volley_drive_at(of, cell, 1, halfway);
  const volley_drive then = volley_drive_at(of, cell, 2, end);
  end[0] = volley_driven(begin, middle, then, h, v);
  const double ends = then.drive - then.rate * end[0];
  const double mean = 0.5 * (v + end[0]) + h * (1.0 / 12) * (part->slope - ends) - part->there;
  const double slope = 1.5 / h * (end[0] - v) - 0.25 * (part->slope + ends);
  const double bend = begin.drive + then.drive - 2 * middle.drive - (begin.rate + then.rate - 2 * middle.rate) * end[0];
  const double z = h * middle.rate;
  return (volley_way){volley_clamped(mean, -volley_near_rates, volley_near_rates),
                      volley_clamped(slope, -volley_too_far / h, volley_too_far / h),
                      fabs(h * bend) * volley_clamped(z * z * (1.0 / 180), 0, 1.0 / 15)};
}

/* Takes y through h ms to end, from synaptic variables of stage 0 over those of stage 1 to those of stage 2. Returns what may be
 * wrong: what the second turn has changed, V in mV or a gate, whichever is greater, and what it missed; more than a whole
 * step may have where V has gone far, and infinity where it is no solution. */
VOLLEY_INLINE double volley_take_part(const volley_gated *of, const volley_cell *cell, double h, const double *y,
                                      double *end) {
  volley_part part = {.h = h, .v = y[0], .begin = volley_drive_at(of, cell, 0, y)};
  part.slope = part.begin.drive - part.begin.rate * y[0];
  const double ahead = 0.5 * h * part.slope * volley_mean_fraction(0.5 * h * part.begin.rate);
  part.there = y[0] + ahead;
  of->gates(cell, part.there, part.opening, part.closing);
  double first[VOLLEY_MAX_DIMENSION];
  const volley_way way = volley_take_turn(of, cell, &part, (volley_way){0, 2 / h * ahead, 0}, true, y, first);
  const volley_way went = volley_take_turn(of, cell, &part, way, false, y, end);
  double difference = fabs(end[0] - first[0]); /* stays, if it is no number */
  for (int d = 1; d < of->equations->n; d++) {
    const double change = fabs(end[d] - first[d]);
    difference = change > difference ? change : difference;
  }
  const double is_far = fabs(went.slope * h) > volley_far ? 2 * volley_whole_difference : 0;
  const double found = difference + went.missed + is_far;
  return fabs(end[0]) <= volley_highest ? found : INFINITY;
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
  float marks = 0; /* of half the size: two vectors at a time go through the loop, one while the other waits */
#pragma omp simd reduction(+ : marks)
  for (uint32_t i = k->first; i < k->end; i++) {
    const double found = volley_take_neuron(of, &slice, k, i, volley_injected(k, i), is_whole, level);
    if (is_whole) {
      const double mark = volley_is_too_long(found) ? 1 : 0;
      out[(size_t)i - k->first] = mark;
      marks += (float)mark;
    } else {
      out[i] += found;
    }
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
    crowd->current[j] = volley_injected(k, i);
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
  volley_slice slice = {0};
  for (int s = 0; s < VOLLEY_MAX_STATES; s++) slice.states[s] = crowd.states[s];
  crowd.n = 0;
  for (uint32_t i = k->first; i < k->end; i++)
    if (failed[i - k->first] != 0) crowd.i[crowd.n++] = i;
  for (int level = 1; crowd.n > 0; level++) {
    volley_gather_crowd(of, k, &crowd);
    const volley_chunk all = {&slice, k->spikes, crowd.c, crowd.current, 0, crowd.n_padded, k->cs, 1};
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
