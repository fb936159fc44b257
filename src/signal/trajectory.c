#include "signal/trajectory.h"

#include "base/petsc_check.h"

#include <limits.h>
#include <math.h>
#include <petscts.h>

/* Steps of the integrator within a ms and values (in units of 1 / size) beyond which the equations count as wrong. */
enum { MAX_STEPS = 10000 };
static const double largest = 1e6;

static const double start = 0.1, millisecond = 1e-3, first_step = 1e-6, relative = 1e-10, absolute = 1e-12;

static void check(PetscErrorCode code) {
  if (code != 0) volley_die("PETSc could not integrate a signal: %s", volley_petsc_words((int)code));
}

typedef struct problem {
  const volley_signal *signal;
  volley_equations equations;
} problem;

static PetscErrorCode rates(TS solver, PetscReal t, Vec at, Vec out, void *context) {
  const problem *p = context;
  const PetscScalar *u;
  PetscScalar *rate;
  (void)solver, (void)t;
  check(VecGetArrayRead(at, &u));
  check(VecGetArray(out, &rate));
  p->equations(p->signal, u, rate);
  check(VecRestoreArray(out, &rate));
  check(VecRestoreArrayRead(at, &u));
  return 0;
}

/* Runge-Kutta 5(4) of Dormand and Prince, steps chosen by the error. Options of the command line do not reach it. */
static TS make_solver(problem *p) {
  TS solver;
  TSAdapt steps;
  volley_petsc_listen();
  check(TSCreate(PETSC_COMM_SELF, &solver));
  check(TSSetProblemType(solver, TS_NONLINEAR));
  check(TSSetRHSFunction(solver, NULL, rates, p));
  check(TSSetType(solver, TSRK));
  check(TSRKSetType(solver, TSRK5DP));
  check(TSGetAdapt(solver, &steps));
  check(TSAdaptSetType(steps, TSADAPTBASIC));
  check(TSAdaptSetClip(steps, 0.1, 2));
  check(TSSetTolerances(solver, absolute, NULL, relative, NULL));
  check(TSSetExactFinalTime(solver, TS_EXACTFINALTIME_MATCHSTEP));
  check(TSSetMaxSteps(solver, MAX_STEPS));
  check(TSSetMaxSNESFailures(solver, -1));
  check(TSSetMaxStepRejections(solver, -1));
  check(TSSetErrorIfStepFails(solver, PETSC_FALSE));
  return solver;
}

/* One ms on. step: the first one to try, and that of the next ms, not much longer than those of this ms: PETSc undoes a
 * rejected step by subtraction, which leaves nothing of the values if that step went far astray. Returns whether the
 * solution is good. */
static bool advance(TS solver, Vec u, double *step) {
  TSConvergedReason reason;
  PetscInt steps;
  check(TSSetTime(solver, 0));
  check(TSSetStepNumber(solver, 0));
  check(TSSetTimeStep(solver, *step));
  check(TSSetMaxTime(solver, millisecond));
  check(TSSolve(solver, u));
  check(TSGetConvergedReason(solver, &reason));
  check(TSGetStepNumber(solver, &steps));
  *step = fmin(millisecond, 2 * millisecond / fmax((double)steps, 1));
  return reason == TS_CONVERGED_TIME;
}

/* Copies the values to a row. Returns whether they are within bounds. */
static bool take_row(const volley_signal *signal, Vec u, double *row) {
  const PetscScalar *now;
  bool good = true;
  check(VecGetArrayRead(u, &now));
  for (int d = 0; d < signal->dimension; d++) {
    good = good && fabs(now[d]) * signal->size < largest;
    row[d] = now[d];
  }
  check(VecRestoreArrayRead(u, &now));
  return good;
}

const char *volley_trajectory_make(const volley_signal *signal, volley_equations equations, double transient,
                                   double *rows) {
  problem p = {signal, equations};
  const size_t width = (size_t)signal->dimension;
  const int before = (int)fmin(transient / millisecond, INT_MAX);
  TS solver = make_solver(&p);
  Vec u;
  double step = first_step;
  bool good = true;
  check(VecCreateSeq(PETSC_COMM_SELF, signal->dimension, &u));
  check(VecSet(u, start));
  for (int k = 0; k < before && good; k++) good = advance(solver, u, &step) && take_row(signal, u, rows);
  for (int k = 0; k < signal->n_rows && good; k++) {
    if (k > 0) good = advance(solver, u, &step);
    good = take_row(signal, u, rows + (size_t)k * width) && good;
  }
  check(VecDestroy(&u));
  check(TSDestroy(&solver));
  return good ? NULL
              : "the equations cannot be integrated with these values: they grow without bounds or change too fast";
}
