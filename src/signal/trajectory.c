#include "signal/rows.h"

#include "base/petsc.h"

#include <limits.h>
#include <math.h>

/* Steps of the integrator within a ms and values (in units of 1 / size) beyond which the equations count as wrong. */
enum { MAX_STEPS = 10000 };
static const double largest = 1e6;

static const double start = 0.1, millisecond = 1e-3, first_step = 1e-6, relative = 1e-10, absolute = 1e-12;

typedef struct problem {
  const volley_signal *signal;
  volley_equations equations;
} problem;

static PetscErrorCode rates(TS solver, PetscReal t, Vec at, Vec out, void *context) {
  const problem *p = context;
  const PetscScalar *u;
  PetscScalar *rate;
  (void)solver, (void)t;
  VOLLEY_PETSC(VecGetArrayRead(at, &u));
  VOLLEY_PETSC(VecGetArray(out, &rate));
  p->equations(p->signal, u, rate);
  VOLLEY_PETSC(VecRestoreArray(out, &rate));
  VOLLEY_PETSC(VecRestoreArrayRead(at, &u));
  return 0;
}

/* Runge-Kutta 5(4) of Dormand and Prince, steps chosen by the error. Options of the command line do not reach it. */
static TS make_solver(problem *p) {
  TS solver;
  TSAdapt steps;
  VOLLEY_PETSC(TSCreate(PETSC_COMM_SELF, &solver));
  VOLLEY_PETSC(TSSetProblemType(solver, TS_NONLINEAR));
  VOLLEY_PETSC(TSSetRHSFunction(solver, NULL, rates, p));
  VOLLEY_PETSC(TSSetType(solver, TSRK));
  VOLLEY_PETSC(TSRKSetType(solver, TSRK5DP));
  VOLLEY_PETSC(TSGetAdapt(solver, &steps));
  VOLLEY_PETSC(TSAdaptSetType(steps, TSADAPTBASIC));
  VOLLEY_PETSC(TSAdaptSetClip(steps, 0.1, 2));
  VOLLEY_PETSC(TSSetTolerances(solver, absolute, NULL, relative, NULL));
  VOLLEY_PETSC(TSSetExactFinalTime(solver, TS_EXACTFINALTIME_MATCHSTEP));
  VOLLEY_PETSC(TSSetMaxSteps(solver, MAX_STEPS));
  VOLLEY_PETSC(TSSetMaxSNESFailures(solver, -1));
  VOLLEY_PETSC(TSSetMaxStepRejections(solver, -1));
  VOLLEY_PETSC(TSSetErrorIfStepFails(solver, PETSC_FALSE));
  return solver;
}

/* One ms on. step: the first one to try, and that of the next ms, not much longer than those of this ms: PETSc undoes a
 * rejected step by subtraction, which leaves nothing of the values if that step went far astray. Returns whether the
 * solution is good. */
static bool advance(TS solver, Vec u, double *step) {
  TSConvergedReason reason;
  PetscInt steps;
  VOLLEY_PETSC(TSSetTime(solver, 0));
  VOLLEY_PETSC(TSSetStepNumber(solver, 0));
  VOLLEY_PETSC(TSSetTimeStep(solver, *step));
  VOLLEY_PETSC(TSSetMaxTime(solver, millisecond));
  VOLLEY_PETSC(TSSolve(solver, u));
  VOLLEY_PETSC(TSGetConvergedReason(solver, &reason));
  VOLLEY_PETSC(TSGetStepNumber(solver, &steps));
  *step = fmin(millisecond, 2 * millisecond / fmax((double)steps, 1));
  return reason == TS_CONVERGED_TIME;
}

/* Copies the values to a row. Returns whether they are within bounds. */
static bool take_row(const volley_signal *signal, Vec u, double *row) {
  const volley_trajectory *trajectory = signal->parameters;
  const PetscScalar *now;
  bool good = true;
  VOLLEY_PETSC(VecGetArrayRead(u, &now));
  for (int d = 0; d < signal->dimension; d++) {
    good = good && fabs(now[d]) * trajectory->size < largest;
    row[d] = now[d];
  }
  VOLLEY_PETSC(VecRestoreArrayRead(u, &now));
  return good;
}

void volley_trajectory_begin(volley_signal *signal, int dimension) {
  signal->dimension = dimension;
  ((volley_trajectory *)signal->parameters)->rows.interval = 1;
}

const char *volley_trajectory_make(const volley_signal *signal, volley_equations equations, double transient) {
  problem p = {signal, equations};
  const volley_series *series = signal->parameters;
  double *rows = series->values;
  const int before = (int)fmin(transient / millisecond, INT_MAX);
  TS solver = make_solver(&p);
  Vec u;
  double step = first_step;
  bool good = true;
  VOLLEY_PETSC(VecCreateSeq(PETSC_COMM_SELF, signal->dimension, &u));
  VOLLEY_PETSC(VecSet(u, start));
  for (int k = 0; k < before && good; k++) good = advance(solver, u, &step) && take_row(signal, u, rows);
  for (int k = 0; k < (int)series->n_rows && good; k++) {
    if (k > 0) good = advance(solver, u, &step);
    good = take_row(signal, u, rows + (size_t)k * series->n_columns) && good;
  }
  VOLLEY_PETSC(VecDestroy(&u));
  VOLLEY_PETSC(TSDestroy(&solver));
  return good ? NULL
              : "the equations cannot be integrated with these values: they grow without bounds or change too fast";
}
