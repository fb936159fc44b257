#include "base/memory.h"
#include "solver/petsc.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STEPS = 10000 /* within a ms: beyond them the equations count as wrong */ };

static const double millisecond = 1e-3, first_step = 1e-6, relative = 1e-10, absolute = 1e-12;

struct volley_ode {
  int dimension;
  volley_ode_rates rates;
  const void *context;
  TS solver;
  Vec u;
  double step; /* the first one to try */
};

static PetscErrorCode find_rates(TS solver, PetscReal t, Vec at, Vec out, void *context) {
  const volley_ode *ode = context;
  const PetscScalar *u;
  PetscScalar *rates;
  (void)solver, (void)t;
  VOLLEY_PETSC(VecGetArrayRead(at, &u));
  VOLLEY_PETSC(VecGetArray(out, &rates));
  ode->rates(ode->context, u, rates);
  VOLLEY_PETSC(VecRestoreArray(out, &rates));
  VOLLEY_PETSC(VecRestoreArrayRead(at, &u));
  return 0;
}

/* Options of the command line do not reach it. */
static TS make_solver(volley_ode *ode) {
  TS solver;
  TSAdapt steps;
  VOLLEY_PETSC(TSCreate(PETSC_COMM_SELF, &solver));
  VOLLEY_PETSC(TSSetProblemType(solver, TS_NONLINEAR));
  VOLLEY_PETSC(TSSetRHSFunction(solver, NULL, find_rates, ode));
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

static volley_ode *open_ode(int dimension, double start, volley_ode_rates rates, const void *context) {
  volley_ode *ode = volley_alloc(1, sizeof *ode, "equations");
  *ode = (volley_ode){.dimension = dimension, .rates = rates, .context = context, .step = first_step};
  ode->solver = make_solver(ode);
  VOLLEY_PETSC(VecCreateSeq(PETSC_COMM_SELF, dimension, &ode->u));
  VOLLEY_PETSC(VecSet(ode->u, start));
  return ode;
}

/* The first step of the next ms is not much longer than those of this one: PETSc undoes a rejected step by subtraction,
 * which leaves nothing of the values if that step went far astray. */
static bool advance(volley_ode *ode, double *u) {
  TSConvergedReason reason;
  PetscInt steps;
  const PetscScalar *now;
  VOLLEY_PETSC(TSSetTime(ode->solver, 0));
  VOLLEY_PETSC(TSSetStepNumber(ode->solver, 0));
  VOLLEY_PETSC(TSSetTimeStep(ode->solver, ode->step));
  VOLLEY_PETSC(TSSetMaxTime(ode->solver, millisecond));
  VOLLEY_PETSC(TSSolve(ode->solver, ode->u));
  VOLLEY_PETSC(TSGetConvergedReason(ode->solver, &reason));
  VOLLEY_PETSC(TSGetStepNumber(ode->solver, &steps));
  ode->step = fmin(millisecond, 2 * millisecond / fmax((double)steps, 1));
  VOLLEY_PETSC(VecGetArrayRead(ode->u, &now));
  memcpy(u, now, (size_t)ode->dimension * sizeof *u);
  VOLLEY_PETSC(VecRestoreArrayRead(ode->u, &now));
  return reason == TS_CONVERGED_TIME;
}

static void close_ode(volley_ode *ode) {
  VOLLEY_PETSC(VecDestroy(&ode->u));
  VOLLEY_PETSC(TSDestroy(&ode->solver));
  free(ode);
}

const volley_ode_table volley_ode_solver = {.open = open_ode, .advance = advance, .close = close_ode};
