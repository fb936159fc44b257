#include "signal/trajectory.h"

#include <limits.h>
#include <math.h>
#include <petscts.h>
#include <string.h>

/* Steps of the integrator within a ms, after which the equations count as too fast. */
enum { MAX_STEPS = 100000 };
static const double start = 0.1, millisecond = 1e-3, relative = 1e-10, absolute = 1e-12;

static void check(PetscErrorCode code) {
  if (code != 0) volley_die("PETSc could not integrate a signal: its error %d", (int)code);
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
  check(TSCreate(PETSC_COMM_SELF, &solver));
  check(TSSetProblemType(solver, TS_NONLINEAR));
  check(TSSetRHSFunction(solver, NULL, rates, p));
  check(TSSetType(solver, TSRK));
  check(TSRKSetType(solver, TSRK5DP));
  check(TSGetAdapt(solver, &steps));
  check(TSAdaptSetType(steps, TSADAPTBASIC));
  check(TSSetTolerances(solver, absolute, NULL, relative, NULL));
  check(TSSetExactFinalTime(solver, TS_EXACTFINALTIME_MATCHSTEP));
  check(TSSetMaxSteps(solver, MAX_STEPS));
  check(TSSetMaxSNESFailures(solver, -1));
  check(TSSetMaxStepRejections(solver, -1));
  check(TSSetErrorIfStepFails(solver, PETSC_FALSE));
  return solver;
}

/* One ms on. Returns whether the solution is good. */
static bool advance(TS solver, Vec u) {
  TSConvergedReason reason;
  check(TSSetTime(solver, 0));
  check(TSSetStepNumber(solver, 0));
  check(TSSetTimeStep(solver, millisecond));
  check(TSSetMaxTime(solver, millisecond));
  check(TSSolve(solver, u));
  check(TSGetConvergedReason(solver, &reason));
  PetscReal size;
  check(VecNorm(u, NORM_INFINITY, &size));
  return reason == TS_CONVERGED_TIME && !PetscIsInfOrNanReal(size);
}

const char *volley_trajectory_make(const volley_signal *signal, volley_equations equations, double transient,
                                   double *rows) {
  problem p = {signal, equations};
  const size_t width = (size_t)signal->dimension;
  const int before = (int)fmin(transient / millisecond, INT_MAX);
  TS solver = make_solver(&p);
  Vec u;
  bool good = true;
  check(VecCreateSeq(PETSC_COMM_SELF, signal->dimension, &u));
  check(VecSet(u, start));
  for (int k = 0; k < before && good; k++) good = advance(solver, u);
  for (size_t k = 0; k < (size_t)signal->n_rows && good; k++) {
    const PetscScalar *now;
    if (k > 0) good = advance(solver, u);
    check(VecGetArrayRead(u, &now));
    memcpy(rows + k * width, now, width * sizeof *rows);
    check(VecRestoreArrayRead(u, &now));
  }
  check(VecDestroy(&u));
  check(TSDestroy(&solver));
  return good ? NULL
              : "the equations cannot be integrated with these values: they grow without bounds or change too fast";
}
