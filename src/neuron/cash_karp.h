/* Neurons whose equations have no exact propagator: Runge-Kutta steps with error control. Those of models that splitting.h
 * takes through their steps only where `integration: adaptive` is asked for.
 * Cash & Karp (1990), ACM Trans. Math. Softw. 16: 201-222: fifth order, with an error estimate of fourth.
 *
 * An update first tries the whole step of every neuron, in vectors. The few whose estimated error exceeds their tolerance,
 * or which are reset within the step, take it again by halved steps, one by one (volley_substeps). Nothing is kept from step
 * to step, so that a neuron's result depends on its state alone.
 *
 * What obeys linear equations of its own, conductances or currents of synapses, does not take part: its course over the
 * step is known exactly. Each of these models has two such variables x or more, of its receptors or set off by spikes, that
 * decay, and maybe one for each that makes it rise, with the same time constant or, in beta functions, another:
 *
 *   dx/dt = rise e / tau - x / tau,          drise/dt = -rise / tau
 *   dx/dt = rise peak - x / tau_rise,        drise/dt = -rise / tau_decay */
#ifndef VOLLEY_NEURON_CASH_KARP_H
#define VOLLEY_NEURON_CASH_KARP_H

#include "neuron/action_potential.h"
#include "neuron/arithmetic.h"
#include "neuron/propagator.h"

#include <math.h>
#include <string.h>

enum { VOLLEY_STAGES = 6, VOLLEY_MAX_DIMENSION = 4, VOLLEY_MAX_SYNAPSES = 8 };

/* Time of each stage within the step, in steps. */
static const double volley_stage_time[VOLLEY_STAGES] = {0, 1.0 / 5, 3.0 / 10, 3.0 / 5, 1, 7.0 / 8};

/* Coefficients of such a model, the last ones. Those of a variable are factors by which x has decayed at stages 1 .. 5; those
 * of what makes it rise, which follow where the two differ, are what it has then added, and by how much it has decayed
 * when the step ends. */
enum {
  VOLLEY_TIME,
  VOLLEY_SLOPE /* of x by what makes it rise */,
  VOLLEY_DECAYS,
  VOLLEY_MEAN = VOLLEY_DECAYS + 5 /* over the step, of an x that nothing makes rise */,
  VOLLEY_MEAN_RISE /* of what a slope of 1 adds to it */,
  VOLLEY_N_SYNAPSE,
  VOLLEY_RISE_DECAY = VOLLEY_SLOPE,
  VOLLEY_GAINS = VOLLEY_DECAYS
};
enum { VOLLEY_STEP /* ms */, VOLLEY_TOLERANCE, VOLLEY_OF_SYNAPSES };
#define VOLLEY_COURSES_OF(synapses) (VOLLEY_OF_SYNAPSES + (synapses)*VOLLEY_N_SYNAPSE)
enum { VOLLEY_N_COURSES = VOLLEY_COURSES_OF(2), VOLLEY_N_BETA_COURSES = VOLLEY_COURSES_OF(4) };

/* Sets them for a step of dt ms; taus: [n] time constants of the variables. out: [VOLLEY_COURSES_OF(n)] */
static inline void volley_courses_prepare(const double *taus, int n, double tolerance, double dt, double *out) {
  out[VOLLEY_STEP] = dt;
  out[VOLLEY_TOLERANCE] = tolerance;
  out += VOLLEY_OF_SYNAPSES;
  for (int x = 0; x < n; x++, out += VOLLEY_N_SYNAPSE) {
    out[VOLLEY_TIME] = taus[x];
    out[VOLLEY_SLOPE] = exp(1) / taus[x];
    for (int s = 1; s < VOLLEY_STAGES; s++) out[VOLLEY_DECAYS + s - 1] = exp(-volley_stage_time[s] * dt / taus[x]);
    out[VOLLEY_MEAN] = volley_mean_decay(dt / taus[x]);
    out[VOLLEY_MEAN_RISE] = dt * volley_mean_alpha(dt / taus[x]);
  }
}

/* The same of beta functions, whose peak is 1. rises, decays: [n]. out: [VOLLEY_COURSES_OF(2 n)] */
static inline void volley_beta_courses_prepare(const double *rises, const double *decays, int n, double tolerance,
                                               double dt, double *out) {
  volley_courses_prepare(rises, n, tolerance, dt, out);
  double *synapse = out + VOLLEY_OF_SYNAPSES, *rise = synapse + n * VOLLEY_N_SYNAPSE;
  for (int x = 0; x < n; x++, synapse += VOLLEY_N_SYNAPSE, rise += VOLLEY_N_SYNAPSE) {
    synapse[VOLLEY_SLOPE] = 1 / volley_beta(rises[x], decays[x], volley_beta_peak(rises[x], decays[x]));
    synapse[VOLLEY_MEAN_RISE] = volley_mean_beta(rises[x], decays[x], dt);
    rise[VOLLEY_TIME] = decays[x];
    rise[VOLLEY_RISE_DECAY] = exp(-dt / decays[x]);
    for (int s = 1; s < VOLLEY_STAGES; s++)
      rise[VOLLEY_GAINS + s - 1] = volley_beta(rises[x], decays[x], volley_stage_time[s] * dt);
  }
}

/* One neuron as its equations see it. */
typedef struct volley_cell {
  const volley_column *c; /* coefficients; courses: the last ones */
  const volley_column *courses;
  uint32_t cs, i;
  double current;                                                /* injected during the step */
  double x[VOLLEY_MAX_SYNAPSES][VOLLEY_STAGES];                  /* synaptic variables at the stages of a step */
  double start[VOLLEY_MAX_SYNAPSES], slope[VOLLEY_MAX_SYNAPSES]; /* when the whole step begins */
  double refractory;                                             /* steps left, this one included */
  int n_spikes;
  volley_action_potential shape; /* of models that have one */
} volley_cell;

/* The equations dy/dt = f(t, y) of a model. All of it are constants of its loops. */
typedef struct volley_equations {
  int n; /* of components of y, at most VOLLEY_MAX_DIMENSION: the first states of the model */
  int n_coefficients;
  int synapses;                                          /* synaptic variables, at most VOLLEY_MAX_SYNAPSES */
  int x[VOLLEY_MAX_SYNAPSES], rise[VOLLEY_MAX_SYNAPSES]; /* their states; rise -1: nothing makes x rise */
  bool beta;                 /* rise has a time constant of its own; coefficients of volley_beta_courses_prepare() */
  bool adds_input;           /* to receptor 1 when the step ends, since it is no state itself */
  int refractory;            /* state: steps of a period, in which V stands still; -1: there is none */
  const volley_shape *shape; /* of models that are never reset, else NULL */
  /* Slopes of y, per ms, at this stage; NULL: that of V, the only one, follows from membrane(). */
  void (*slopes)(const volley_cell *cell, int stage, const double *y, double *slopes);
  /* Of models whose V is linear: dV/dt = drive - rate V, per ms, with the synaptic variables of this stage. */
  void (*membrane)(const volley_cell *cell, int stage, const double *y, double *rate, double *drive);
  bool is_curved; /* rate and drive depend on V after all */
  /* What a spike does to y where V, y[0], reaches the peak; NULL: there is none. Then these coefficients count. */
  void (*spike)(const volley_cell *cell, double *y);
  int peak, refractory_steps;
} volley_equations;

/* Coefficients of a neuron: any, of the step, and of one of its receptors. */
VOLLEY_INLINE double volley_cell_at(const volley_cell *cell, int number) {
  return volley_at(cell->c[number], cell->cs, cell->i);
}

VOLLEY_INLINE double volley_course(const volley_cell *cell, int number) {
  return volley_at(cell->courses[number], cell->cs, cell->i);
}

VOLLEY_INLINE double volley_synapse_course(const volley_cell *cell, int x, int number) {
  return volley_course(cell, VOLLEY_OF_SYNAPSES + x * VOLLEY_N_SYNAPSE + number);
}

/* Slopes of y at this stage. */
VOLLEY_INLINE void volley_slopes(const volley_equations *of, const volley_cell *cell, int stage, const double *y,
                                 double *slopes) {
  if (of->slopes) {
    of->slopes(cell, stage, y, slopes);
    return;
  }
  double rate, drive;
  of->membrane(cell, stage, y, &rate, &drive);
  slopes[0] = cell->refractory > 0 ? 0 : drive - rate * y[0];
}

/* Whether y ends a spike. */
VOLLEY_INLINE int volley_is_spike(const volley_equations *of, const volley_cell *cell, const double *y) {
  if (!of->spike) return 0;
  const int moves = cell->refractory <= 0, is_high = y[0] >= volley_cell_at(cell, of->peak);
  return moves & is_high;
}

/* A step of h ms from y to end; returns the sum of the estimated errors of the components, maybe not a number. */
VOLLEY_INLINE double volley_cash_karp(const volley_equations *of, const volley_cell *cell, double h, const double *y,
                                      double *end) {
  double k1[VOLLEY_MAX_DIMENSION], k2[VOLLEY_MAX_DIMENSION], k3[VOLLEY_MAX_DIMENSION], k4[VOLLEY_MAX_DIMENSION];
  double k5[VOLLEY_MAX_DIMENSION], k6[VOLLEY_MAX_DIMENSION], at[VOLLEY_MAX_DIMENSION], error = 0;
  volley_slopes(of, cell, 0, y, k1);
  for (int d = 0; d < of->n; d++) at[d] = y[d] + h * (1.0 / 5 * k1[d]);
  volley_slopes(of, cell, 1, at, k2);
  for (int d = 0; d < of->n; d++) at[d] = y[d] + h * (3.0 / 40 * k1[d] + 9.0 / 40 * k2[d]);
  volley_slopes(of, cell, 2, at, k3);
  for (int d = 0; d < of->n; d++) at[d] = y[d] + h * (3.0 / 10 * k1[d] - 9.0 / 10 * k2[d] + 6.0 / 5 * k3[d]);
  volley_slopes(of, cell, 3, at, k4);
  for (int d = 0; d < of->n; d++)
    at[d] = y[d] + h * (-11.0 / 54 * k1[d] + 5.0 / 2 * k2[d] - 70.0 / 27 * k3[d] + 35.0 / 27 * k4[d]);
  volley_slopes(of, cell, 4, at, k5);
  for (int d = 0; d < of->n; d++)
    at[d] = y[d] + h * (1631.0 / 55296 * k1[d] + 175.0 / 512 * k2[d] + 575.0 / 13824 * k3[d] +
                        44275.0 / 110592 * k4[d] + 253.0 / 4096 * k5[d]);
  volley_slopes(of, cell, 5, at, k6);
  for (int d = 0; d < of->n; d++) {
    end[d] = y[d] + h * (37.0 / 378 * k1[d] + 250.0 / 621 * k3[d] + 125.0 / 594 * k4[d] + 512.0 / 1771 * k6[d]);
    error +=
        fabs(h * ((37.0 / 378 - 2825.0 / 27648) * k1[d] + (250.0 / 621 - 18575.0 / 48384) * k3[d] +
                  (125.0 / 594 - 13525.0 / 55296) * k4[d] - 277.0 / 14336 * k5[d] + (512.0 / 1771 - 1.0 / 4) * k6[d]));
  }
  return error;
}

/* Sets the synaptic variables at the stages of a step of h ms that begins `start` ms after the whole step. */
static inline void volley_set_courses(const volley_equations *of, volley_cell *cell, double start, double h) {
  for (int x = 0; x < of->synapses; x++) {
    const double tau = volley_synapse_course(cell, x, VOLLEY_TIME);
    for (int s = 0; s < VOLLEY_STAGES; s++) {
      const double t = start + volley_stage_time[s] * h, decay = volley_exponential(-t / tau);
      cell->x[x][s] = of->beta ? cell->start[x] * decay +
                                     cell->slope[x] *
                                         volley_beta(tau, volley_synapse_course(cell, of->synapses + x, VOLLEY_TIME), t)
                               : (cell->start[x] + cell->slope[x] * t) * decay;
    }
  }
}

/* A step of h ms from `start`, in ms since the whole step began, where rates are so large that explicit steps would have
 * no end: RODAS3 (Sandu et al. 1997, Atmos. Environ. 31: 3459), implicit, L-stable, of third order, by a Jacobian of
 * differences. Returns as volley_cash_karp() does. */
double volley_rosenbrock(const volley_equations *of, volley_cell *cell, double start, double h, const double *y,
                         double *end);

/* Whether explicit steps through the next h ms from `start` would be thousands, for stability and not for accuracy. */
bool volley_is_stiff(const volley_equations *of, volley_cell *cell, double start, double h, const double *y);

/* Attempts after which stiffness is looked for, the most of them in either way, and spikes of a neuron in a step. */
enum { VOLLEY_LOOK_AT = 64, VOLLEY_MAX_ATTEMPTS = 1 << 14, VOLLEY_MAX_SPIKES = 1000 };

/* Takes y through the whole step by steps that are halved until the error of each is below tolerance and
 * doubled where it is far below. The end of a spike is found to a thousandth of it. Returns false, and leaves y as it
 * was, where this has no end: values that are not finite, an error that no step is short enough for, a thousand spikes. */
VOLLEY_INLINE bool volley_substeps(const volley_equations *of, volley_cell *cell, double *y) {
  const double dt = volley_course(cell, VOLLEY_STEP), tolerance = volley_course(cell, VOLLEY_TOLERANCE);
  const double least = 0x1p-40, least_of_spike = 0x1p-10;
  double passed = 0, part = 0.5, now[VOLLEY_MAX_DIMENSION], end[VOLLEY_MAX_DIMENSION]; /* in steps: exact */
  bool is_implicit = false;
  for (int d = 0; d < of->n; d++) now[d] = y[d];
  for (int attempts = 1; passed < 1; attempts++) {
    if (attempts > VOLLEY_MAX_ATTEMPTS || cell->n_spikes > VOLLEY_MAX_SPIKES || (is_implicit && part < least))
      return false;
    const bool looks = !is_implicit && attempts % VOLLEY_LOOK_AT == 0;
    if ((!is_implicit && part < least) || (looks && attempts == VOLLEY_MAX_ATTEMPTS) ||
        (looks && volley_is_stiff(of, cell, passed * dt, (1 - passed) * dt, now))) {
      is_implicit = true;
      attempts = 1;
      part = 1 - passed;
    }
    if (!is_implicit) volley_set_courses(of, cell, passed * dt, part * dt);
    const double error = is_implicit ? volley_rosenbrock(of, cell, passed * dt, part * dt, now, end)
                                     : volley_cash_karp(of, cell, part * dt, now, end);
    const bool is_near = error <= tolerance, is_spike = volley_is_spike(of, cell, end);
    if (!is_near || (is_spike && part > least_of_spike)) {
      part *= 0.5;
      continue;
    }
    if (of->shape) volley_action_potential_look(&cell->shape, end[of->shape->potential]);
    for (int d = 0; d < of->n; d++) now[d] = end[d];
    if (is_spike) {
      const double steps = volley_cell_at(cell, of->refractory_steps);
      of->spike(cell, now);
      cell->refractory = steps > 0 ? steps + 1 : 0;
      cell->n_spikes++;
      attempts = 0;
    }
    passed += part;
    part = fmin(error <= tolerance / 64 ? 2 * part : part, 1 - passed);
  }
  for (int d = 0; d < of->n; d++) y[d] = now[d];
  return true;
}

/* How many of its coefficients are those of courses. */
VOLLEY_INLINE int volley_n_courses(const volley_equations *of) {
  return VOLLEY_COURSES_OF(of->synapses * (of->beta ? 2 : 1));
}

/* Neuron i when a step begins, with these coefficients. */
VOLLEY_INLINE volley_cell volley_cell_of(const volley_equations *of, const volley_slice *slice, uint32_t i,
                                         const volley_column *c, uint32_t cs, double current) {
  volley_cell cell = {
      .c = c, .courses = c + of->n_coefficients - volley_n_courses(of), .cs = cs, .i = i, .current = current};
  for (int x = 0; x < of->synapses; x++) {
    cell.start[x] = slice->states[of->x[x]][i];
    if (of->rise[x] >= 0) cell.slope[x] = slice->states[of->rise[x]][i] * volley_synapse_course(&cell, x, VOLLEY_SLOPE);
  }
  if (of->refractory >= 0) cell.refractory = slice->states[of->refractory][i];
  return cell;
}

/* Takes y of a neuron through the whole step to end; returns 1 where that would not be accurate, or where it is reset. */
VOLLEY_INLINE int volley_whole_step(const volley_equations *of, volley_cell *cell, const double *y, double *end) {
  const double h = volley_course(cell, VOLLEY_STEP);
  for (int x = 0; x < of->synapses; x++) {
    cell->x[x][0] = cell->start[x];
    for (int s = 1; s < VOLLEY_STAGES; s++) {
      const bool rises = of->rise[x] >= 0 && !of->beta;
      const double now = rises ? cell->start[x] + cell->slope[x] * (volley_stage_time[s] * h) : cell->start[x];
      cell->x[x][s] = now * volley_synapse_course(cell, x, VOLLEY_DECAYS + s - 1);
      if (of->beta)
        cell->x[x][s] += cell->slope[x] * volley_synapse_course(cell, of->synapses + x, VOLLEY_GAINS + s - 1);
    }
  }
  const double error = volley_cash_karp(of, cell, h, y, end);
  const int is_wrong = !(error <= volley_course(cell, VOLLEY_TOLERANCE)), is_spike = volley_is_spike(of, cell, end);
  return is_wrong | is_spike;
}

/* Tries the whole step of the neurons of a chunk and marks those that it is too long for: [VOLLEY_CHUNK]. Returns whether
 * there are any. */
VOLLEY_INLINE int volley_attempt(const volley_equations *of, const volley_chunk *k, double *restrict failed) {
  const volley_slice slice = *k->slice; /* as in volley_advance() */
  int any = 0;
#pragma omp simd reduction(| : any)
  for (uint32_t i = k->first; i < k->end; i++) {
    double y[VOLLEY_MAX_DIMENSION], after[VOLLEY_MAX_DIMENSION];
    volley_cell cell = volley_cell_of(of, &slice, i, k->c, k->cs, volley_injected(k, i));
    for (int d = 0; d < of->n; d++) y[d] = slice.states[d][i];
    const int fails = volley_whole_step(of, &cell, y, after);
    for (int d = 0; d < of->n; d++) slice.states[d][i] = fails ? y[d] : after[d];
    failed[(size_t)i - k->first] = fails;
    any |= fails;
  }
  return any;
}

/* Takes neuron i through the step by smaller ones, and lists the spikes that reset it. Returns the action potentials that
 * are over by the end of the step. */
VOLLEY_INLINE double volley_small_steps(const volley_equations *of, const volley_chunk *k, uint32_t i) {
  volley_column c[VOLLEY_MAX_COEFFICIENTS]; /* a copy: k->c, seen by others, would not stay in registers */
  for (int n = 0; n < of->n_coefficients; n++) c[n] = (volley_column){.fixed = volley_at(k->c[n], k->cs, i)};
  double *const *states = k->slice->states, y[VOLLEY_MAX_DIMENSION];
  volley_cell cell = volley_cell_of(of, k->slice, i, c, 0, volley_injected(k, i));
  for (int d = 0; d < of->n; d++) y[d] = states[d][i];
  if (of->shape)
    cell.shape =
        volley_action_potential_at(y[of->shape->potential], c[of->shape->threshold].fixed, states[of->shape->fired][i]);
  if (!volley_substeps(of, &cell, y)) {
    volley_give_up(k->slice, i);
    return 0;
  }
  for (int d = 0; d < of->n; d++) states[d][i] = y[d];
  if (of->refractory >= 0) states[of->refractory][i] = cell.refractory;
  if (of->shape) states[of->shape->fired][i] = cell.shape.fired;
  for (int n = 0; n < cell.n_spikes; n++) volley_spike_push(k->spikes, k->slice->offset + i);
  return cell.shape.passed;
}

/* Synaptic variables and the refractory period of neuron i when the step ends. */
VOLLEY_INLINE void volley_end_neuron(const volley_equations *of, const volley_slice *slice, const volley_cell *cell,
                                     uint32_t i) {
  for (int x = 0; x < of->synapses; x++) {
    const double decay = volley_synapse_course(cell, x, VOLLEY_DECAYS + 3); /* stage 4 is the end */
    double *now = &slice->states[of->x[x]][i], *last = now;
    if (of->rise[x] >= 0) last = &slice->states[of->rise[x]][i];
    if (of->beta) {
      const double slope = *last * volley_synapse_course(cell, x, VOLLEY_SLOPE);
      *now = *now * decay + slope * volley_synapse_course(cell, of->synapses + x, VOLLEY_GAINS + 3);
    } else if (of->rise[x] >= 0) {
      *now = (*now + *last * (volley_synapse_course(cell, x, VOLLEY_SLOPE) * volley_course(cell, VOLLEY_STEP))) * decay;
    }
    *last *= of->beta ? volley_synapse_course(cell, of->synapses + x, VOLLEY_RISE_DECAY) : decay;
    if (x == 1 && of->adds_input) *last += slice->inputs[x][i];
    if (x == 1 && of->adds_input) slice->inputs[x][i] = 0;
  }
  if (of->refractory >= 0) {
    double *left = &slice->states[of->refractory][i];
    *left = *left > 0 ? *left - 1 : 0;
  }
}

/* The same of a chunk. */
VOLLEY_INLINE void volley_end_step(const volley_equations *of, const volley_chunk *k) {
  const volley_slice slice = *k->slice; /* as in volley_advance() */
#pragma omp simd
  for (uint32_t i = k->first; i < k->end; i++) {
    const volley_cell cell = {.courses = k->c + of->n_coefficients - volley_n_courses(of), .cs = k->cs, .i = i};
    volley_end_neuron(of, &slice, &cell, i);
  }
}

/* Takes a chunk through the step. Lists the spikes by which neurons are reset within it, and action potentials. */
VOLLEY_INLINE void volley_integrate(const volley_equations *of, const volley_chunk *k) {
  double failed[VOLLEY_CHUNK], before[VOLLEY_CHUNK], passed[VOLLEY_CHUNK];
  if (of->shape)
    memcpy(before, k->slice->states[of->shape->potential] + k->first, (k->end - k->first) * sizeof *before);
  if (volley_attempt(of, k, failed)) {
    for (uint32_t i = k->first; i < k->end; i++)
      if (failed[i - k->first] != 0) passed[i - k->first] = volley_small_steps(of, k, i);
  }
  volley_end_step(of, k);
  if (of->shape) volley_action_potential_fire(of->shape, k, before, failed, passed);
}

#endif
