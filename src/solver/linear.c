#include "base/memory.h"
#include "solver/petsc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(PetscScalar) == sizeof(double), "PETSc with real double numbers is needed");

static Mat make_matrix(double *rows, uint32_t count, uint32_t n, size_t stride, bool symmetric, MPI_Comm comm) {
  Mat matrix;
  VOLLEY_PETSC(MatCreate(comm, &matrix));
  VOLLEY_PETSC(MatSetSizes(matrix, (PetscInt)count, (PetscInt)count, (PetscInt)n, (PetscInt)n));
  VOLLEY_PETSC(MatSetType(matrix, MATDENSE));
  VOLLEY_PETSC(MatDenseSetLDA(matrix, stride > 0 ? (PetscInt)stride : 1));
  VOLLEY_PETSC(MatSeqDenseSetPreallocation(matrix, rows));
  VOLLEY_PETSC(MatMPIDenseSetPreallocation(matrix, rows));
  VOLLEY_PETSC(MatAssemblyBegin(matrix, MAT_FINAL_ASSEMBLY));
  VOLLEY_PETSC(MatAssemblyEnd(matrix, MAT_FINAL_ASSEMBLY));
  if (symmetric) VOLLEY_PETSC(MatSetOption(matrix, MAT_SPD, PETSC_TRUE));
  return matrix;
}

/* PETSc may have kept norms of what was there. */
static void note_change(Mat matrix) {
  PetscScalar *values;
  VOLLEY_PETSC(MatDenseGetArray(matrix, &values));
  VOLLEY_PETSC(MatDenseRestoreArray(matrix, &values));
}

static void destroy_matrix(Mat matrix) { VOLLEY_PETSC(MatDestroy(&matrix)); }

struct volley_linear_solver {
  KSP solver;
  Vec right, left, all; /* own rows of right-hand side and solution, and all of the solution on every rank */
  VecScatter gather;
};

/* Options fail on all ranks alike, factors on any. Returns PETSc's error code. */
static int set_up(KSP solver, Mat matrix, double tolerance, int most, MPI_Comm comm) {
  PC preconditioner;
  VOLLEY_PETSC(KSPSetOperators(solver, matrix, matrix));
  VOLLEY_PETSC(KSPSetType(solver, KSPCG));
  VOLLEY_PETSC(KSPGetPC(solver, &preconditioner));
  VOLLEY_PETSC(PCSetType(preconditioner, PCBJACOBI));
  VOLLEY_PETSC(KSPSetTolerances(solver, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, (PetscInt)most));
  int failed = VOLLEY_PETSC_CODE(KSPSetFromOptions(solver));
  VOLLEY_PETSC(KSPSetErrorIfNotConverged(solver, PETSC_FALSE)); /* it is asked why it stopped */
  if (failed == 0) failed = VOLLEY_PETSC_CODE(KSPSetUp(solver));
  if (failed == 0) failed = VOLLEY_PETSC_CODE(KSPSetUpOnBlocks(solver));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &failed, 1, MPI_INT, MPI_MAX, comm));
  return failed;
}

static volley_linear_solver *open_solver(Mat matrix, double tolerance, int most, MPI_Comm comm, char *why,
                                         size_t size) {
  KSP solver;
  VOLLEY_PETSC(KSPCreate(comm, &solver));
  const int failed = set_up(solver, matrix, tolerance, most, comm);
  if (failed == 0) {
    volley_linear_solver *made = volley_alloc(1, sizeof *made, "batch learning");
    made->solver = solver;
    VOLLEY_PETSC(MatCreateVecs(matrix, &made->left, &made->right));
    VOLLEY_PETSC(VecScatterCreateToAll(made->left, &made->gather, &made->all));
    return made;
  }
  VOLLEY_PETSC(KSPDestroy(&solver));
  if (failed == PETSC_ERR_MAT_CH_ZRPVT || failed == PETSC_ERR_MAT_LU_ZRPVT)
    snprintf(why, size, "the matrix of the regression is singular to rounding; a larger lambda makes it regular");
  else
    snprintf(why, size, "PETSc's solver cannot be made as its options say: %s", volley_petsc_words(failed));
  return NULL;
}

static const char *solve(volley_linear_solver *s, const double *own, double *solution, size_t n) {
  PetscScalar *values;
  const PetscScalar *found;
  PetscInt count;
  KSPConvergedReason reason;
  VOLLEY_PETSC(VecGetLocalSize(s->right, &count));
  VOLLEY_PETSC(VecGetArrayWrite(s->right, &values));
  if (count > 0) memcpy(values, own, (size_t)count * sizeof(double)); /* else values may be NULL */
  VOLLEY_PETSC(VecRestoreArrayWrite(s->right, &values));
  VOLLEY_PETSC(KSPSolve(s->solver, s->right, s->left));
  VOLLEY_PETSC(KSPGetConvergedReason(s->solver, &reason));
  VOLLEY_PETSC(VecScatterBegin(s->gather, s->left, s->all, INSERT_VALUES, SCATTER_FORWARD));
  VOLLEY_PETSC(VecScatterEnd(s->gather, s->left, s->all, INSERT_VALUES, SCATTER_FORWARD));
  VOLLEY_PETSC(VecGetArrayRead(s->all, &found));
  memcpy(solution, found, n * sizeof(double));
  VOLLEY_PETSC(VecRestoreArrayRead(s->all, &found));
  return reason > 0 ? NULL : (*volley_petsc.KSPConvergedReasons)[reason];
}

static void close_solver(volley_linear_solver *s) {
  VOLLEY_PETSC(VecScatterDestroy(&s->gather));
  VOLLEY_PETSC(VecDestroy(&s->all));
  VOLLEY_PETSC(VecDestroy(&s->left));
  VOLLEY_PETSC(VecDestroy(&s->right));
  VOLLEY_PETSC(KSPDestroy(&s->solver));
  free(s);
}

const volley_linear_table volley_linear = {.matrix = make_matrix,
                                           .changed = note_change,
                                           .destroy_matrix = destroy_matrix,
                                           .open = open_solver,
                                           .solve = solve,
                                           .close = close_solver};
