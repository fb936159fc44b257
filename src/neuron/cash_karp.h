/* Runge-Kutta steps with error control for equations without an exact propagator.
 * Cash & Karp (1990), ACM Trans. Math. Softw. 16: 201-222: fifth order, with an error estimate of fourth.
 *
 * An update loop first tries the whole step of every neuron, in vectors (volley_cash_karp). The few whose estimated
 * error exceeds their tolerance, or which spike within the step, take it again by halved steps, one by one
 * (volley_substeps). Nothing is kept from step to step, so that a neuron's result depends on its state alone.
 *
 * What obeys linear equations of its own, conductances and currents of synapses, does not take part: its course over
 * the step is known exactly and given at the stages (volley_course_*). */
#ifndef VOLLEY_NEURON_CASH_KARP_H
#define VOLLEY_NEURON_CASH_KARP_H

#include "neuron/arithmetic.h"

#include <math.h>

enum { VOLLEY_STAGES = 6, VOLLEY_MAX_DIMENSION = 4 };

/* Time of each stage within the step, in steps. */
static const double volley_stage_time[VOLLEY_STAGES] = {0, 1.0 / 5, 3.0 / 10, 3.0 / 5, 1, 7.0 / 8};

/* Equations dy/dt = f(t, y) of one neuron, whose constants and courses are its `cell`. */
typedef struct volley_equations {
  int n; /* of components of y, at most VOLLEY_MAX_DIMENSION */
  /* Slopes of y, per ms, at this stage. */
  void (*slopes)(const void *cell, int stage, const double *y, double *slopes);
  /* Sets the courses of the cell for the stages of a step of h from `start`, both in ms since the whole step began. */
  void (*prepare)(void *cell, double start, double h);
  /* NULL where the equations are continuous; else whether y has reached the end of a spike, and what then happens. */
  bool (*reached)(const void *cell, const double *y);
  void (*spike)(void *cell, double *y);
  void (*look)(void *cell, const double *y); /* NULL, or is shown the end of every step that is taken */
} volley_equations;

/* A step of h ms from y to end; returns the sum of the estimated errors of the components, maybe not a number. */
VOLLEY_INLINE double volley_cash_karp(const volley_equations *of, const void *cell, double h, const double *y,
                                      double *end) {
  double k1[VOLLEY_MAX_DIMENSION], k2[VOLLEY_MAX_DIMENSION], k3[VOLLEY_MAX_DIMENSION], k4[VOLLEY_MAX_DIMENSION];
  double k5[VOLLEY_MAX_DIMENSION], k6[VOLLEY_MAX_DIMENSION], at[VOLLEY_MAX_DIMENSION], error = 0;
  of->slopes(cell, 0, y, k1);
  for (int d = 0; d < of->n; d++) at[d] = y[d] + h * (1.0 / 5 * k1[d]);
  of->slopes(cell, 1, at, k2);
  for (int d = 0; d < of->n; d++) at[d] = y[d] + h * (3.0 / 40 * k1[d] + 9.0 / 40 * k2[d]);
  of->slopes(cell, 2, at, k3);
  for (int d = 0; d < of->n; d++) at[d] = y[d] + h * (3.0 / 10 * k1[d] - 9.0 / 10 * k2[d] + 6.0 / 5 * k3[d]);
  of->slopes(cell, 3, at, k4);
  for (int d = 0; d < of->n; d++)
    at[d] = y[d] + h * (-11.0 / 54 * k1[d] + 5.0 / 2 * k2[d] - 70.0 / 27 * k3[d] + 35.0 / 27 * k4[d]);
  of->slopes(cell, 4, at, k5);
  for (int d = 0; d < of->n; d++)
    at[d] = y[d] + h * (1631.0 / 55296 * k1[d] + 175.0 / 512 * k2[d] + 575.0 / 13824 * k3[d] +
                        44275.0 / 110592 * k4[d] + 253.0 / 4096 * k5[d]);
  of->slopes(cell, 5, at, k6);
  for (int d = 0; d < of->n; d++) {
    end[d] = y[d] + h * (37.0 / 378 * k1[d] + 250.0 / 621 * k3[d] + 125.0 / 594 * k4[d] + 512.0 / 1771 * k6[d]);
    error +=
        fabs(h * ((37.0 / 378 - 2825.0 / 27648) * k1[d] + (250.0 / 621 - 18575.0 / 48384) * k3[d] +
                  (125.0 / 594 - 13525.0 / 55296) * k4[d] - 277.0 / 14336 * k5[d] + (512.0 / 1771 - 1.0 / 4) * k6[d]));
  }
  return error;
}

/* A step of h ms from `start`, in ms since the whole step began, where rates are so large that explicit steps would have
 * no end: RODAS3 (Sandu et al. 1997, Atmos. Environ. 31: 3459), implicit, L-stable, of third order, by a Jacobian of
 * differences. Returns as volley_cash_karp() does. */
double volley_rosenbrock(const volley_equations *of, void *cell, double start, double h, const double *y, double *end);

/* Whether explicit steps through the next h ms from `start` would be thousands, for stability and not for accuracy. */
bool volley_is_stiff(const volley_equations *of, void *cell, double start, double h, const double *y);

/* Attempts after which stiffness is looked for, the most of them in either way, and spikes of a neuron in a step. */
enum { VOLLEY_LOOK_AT = 64, VOLLEY_MAX_ATTEMPTS = 1 << 14, VOLLEY_MAX_SPIKES = 1000 };

/* Takes y through the whole step of dt ms by steps that are halved until the error of each is below tolerance and
 * doubled where it is far below. The end of a spike is found to a thousandth of dt. Returns false, and leaves y as it
 * was, where this has no end: values that are not finite, an error that no step is short enough for, a thousand spikes. */
VOLLEY_INLINE bool volley_substeps(const volley_equations *of, void *cell, double dt, double tolerance, double *y) {
  const double least = 0x1p-40, least_of_spike = 0x1p-10;
  double passed = 0, part = 0.5, now[VOLLEY_MAX_DIMENSION], end[VOLLEY_MAX_DIMENSION]; /* in steps: exact */
  int spikes = 0;
  bool is_implicit = false;
  for (int d = 0; d < of->n; d++) now[d] = y[d];
  for (int attempts = 1; passed < 1; attempts++) {
    if (attempts > VOLLEY_MAX_ATTEMPTS || spikes > VOLLEY_MAX_SPIKES || (is_implicit && part < least)) return false;
    const bool looks = !is_implicit && attempts % VOLLEY_LOOK_AT == 0;
    if ((!is_implicit && part < least) || (looks && attempts == VOLLEY_MAX_ATTEMPTS) ||
        (looks && volley_is_stiff(of, cell, passed * dt, (1 - passed) * dt, now))) {
      is_implicit = true;
      attempts = 1;
      part = 1 - passed;
    }
    if (!is_implicit) of->prepare(cell, passed * dt, part * dt);
    const double error = is_implicit ? volley_rosenbrock(of, cell, passed * dt, part * dt, now, end)
                                     : volley_cash_karp(of, cell, part * dt, now, end);
    const bool is_near = error <= tolerance, is_spike = of->reached && of->reached(cell, end);
    if (!is_near || (is_spike && part > least_of_spike)) {
      part *= 0.5;
      continue;
    }
    if (of->look) of->look(cell, end);
    for (int d = 0; d < of->n; d++) now[d] = end[d];
    if (is_spike) of->spike(cell, now);
    if (is_spike) attempts = 0;
    spikes += is_spike;
    passed += part;
    part = fmin(error <= tolerance / 64 ? 2 * part : part, 1 - passed);
  }
  for (int d = 0; d < of->n; d++) y[d] = now[d];
  return true;
}

/* Factors by which a synapse's variable with time constant tau has decayed at the stages 1 .. 5 of a step of dt. */
enum { VOLLEY_N_STAGE_DECAYS = VOLLEY_STAGES - 1, VOLLEY_LAST_STAGE_DECAY = 3 /* at the end of the step */ };

static inline void volley_stage_decays(double tau, double dt, double *out) {
  for (int s = 1; s < VOLLEY_STAGES; s++) out[s - 1] = exp(-volley_stage_time[s] * dt / tau);
}

/* The course (value + rise t) exp(-t / tau) at the stages of the whole step of dt; rises: a constant, false: rise is 0.
 * decays: columns of volley_stage_decays. */
VOLLEY_INLINE void volley_course_of_step(const volley_column *decays, uint32_t stride, uint32_t i, double value,
                                         double rise, bool rises, double dt, double *at) {
  at[0] = value;
  for (int s = 1; s < VOLLEY_STAGES; s++) {
    const double now = rises ? value + rise * (volley_stage_time[s] * dt) : value;
    at[s] = now * volley_at(decays[s - 1], stride, i);
  }
}

/* The same at the stages of a step of h ms that begins at `start`. */
VOLLEY_INLINE void volley_course_of_part(double value, double rise, double tau, double start, double h, double *at) {
  for (int s = 0; s < VOLLEY_STAGES; s++) {
    const double t = start + volley_stage_time[s] * h;
    at[s] = (value + rise * t) * volley_exponential(-t / tau);
  }
}

/* How an update loop takes the first states of a model, which are the components y of its equations, through a step. The
 * functions are constants of the loop, cs and is its strides. */
typedef struct volley_steps {
  int n; /* components */
  /* Takes y of neuron i through the whole step to end; returns 1 where that would not be accurate or needs smaller steps. */
  int (*whole)(const volley_slice *slice, const volley_column *c, uint32_t i, const double *y, double *end, uint32_t cs,
               uint32_t is);
  /* The same in place by smaller steps, and what follows from spikes on the way. Returns false where this has no end. */
  bool (*parts)(volley_slice *slice, const volley_column *c, uint32_t i, double *y, void *context, uint32_t cs,
                uint32_t is);
} volley_steps;

/* Tries the whole step of the neurons first .. end - 1 and marks those that it is too long for: [VOLLEY_CHUNK]. Returns
 * whether there are any. */
VOLLEY_INLINE int volley_attempt(const volley_steps *of, const volley_slice *slice, const volley_column *c,
                                 uint32_t first, uint32_t end, double *restrict failed, uint32_t cs, uint32_t is) {
  double *states[VOLLEY_MAX_DIMENSION];
  for (int d = 0; d < of->n; d++) states[d] = slice->states[d];
  int any = 0;
#pragma omp simd reduction(| : any)
  for (uint32_t i = first; i < end; i++) {
    double y[VOLLEY_MAX_DIMENSION], after[VOLLEY_MAX_DIMENSION];
    for (int d = 0; d < of->n; d++) y[d] = states[d][i];
    const int fails = of->whole(slice, c, i, y, after, cs, is);
    for (int d = 0; d < of->n; d++) states[d][i] = fails ? y[d] : after[d];
    failed[i - first] = fails;
    any |= fails;
  }
  return any;
}

/* Takes the marked ones through the step by smaller ones. context: of parts() */
VOLLEY_INLINE void volley_mend(const volley_steps *of, volley_slice *slice, const volley_column *c, uint32_t first,
                               uint32_t end, const double *failed, void *context, uint32_t cs, uint32_t is) {
  for (uint32_t i = first; i < end; i++) {
    if (failed[i - first] == 0) continue;
    double y[VOLLEY_MAX_DIMENSION];
    for (int d = 0; d < of->n; d++) y[d] = slice->states[d][i];
    if (!of->parts(slice, c, i, y, context, cs, is)) {
      volley_give_up(slice, i);
      continue;
    }
    for (int d = 0; d < of->n; d++) slice->states[d][i] = y[d];
  }
}

#endif
