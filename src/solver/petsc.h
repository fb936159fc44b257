/* PETSc: loaded when it is first needed, since its hundred libraries take longer to load than a small network takes to run. Its
 * functions are called through a table. For this folder alone; others include solver.h. */
#ifndef VOLLEY_SOLVER_PETSC_H
#define VOLLEY_SOLVER_PETSC_H

#include "solver/solver.h"

#define PETSC_HAVE_BROKEN_RECURSIVE_MACRO /* else MPI calls become macros that count in variables of PETSc */
#include <petscksp.h>
#include <petscts.h>

/* All that Volley calls or reads of it. */
/* clang-format off */
#define VOLLEY_PETSC_NAMES(USE)                                                                                        \
  USE(PETSC_COMM_WORLD) USE(PetscErrorMessage) USE(PetscFinalize) USE(PetscInitialize) USE(PetscInitialized)           \
  USE(PetscOptionsGetAll) USE(PetscOptionsLeftGet) USE(PetscOptionsLeftRestore) USE(PetscPushErrorHandler)             \
  USE(PetscSetProgramName)                                                                                             \
  USE(KSPConvergedReasons) USE(KSPCreate) USE(KSPDestroy) USE(KSPGetConvergedReason) USE(KSPGetPC)                     \
  USE(KSPSetErrorIfNotConverged) USE(KSPSetFromOptions) USE(KSPSetOperators) USE(KSPSetTolerances) USE(KSPSetType)     \
  USE(KSPSetUp) USE(KSPSetUpOnBlocks) USE(KSPSolve) USE(PCSetType)                                                     \
  USE(MatAssemblyBegin) USE(MatAssemblyEnd) USE(MatCreate) USE(MatCreateDense) USE(MatCreateShell) USE(MatCreateVecs)  \
  USE(MatDenseGetArray) USE(MatDenseRestoreArray) USE(MatDenseSetLDA) USE(MatDestroy)                                  \
  USE(MatMPIDenseSetPreallocation) USE(MatSeqDenseSetPreallocation) USE(MatSetOption) USE(MatSetSizes)                 \
  USE(MatSetType) USE(MatShellGetContext) USE(MatShellSetOperation)                                                    \
  USE(TSAdaptSetClip) USE(TSAdaptSetType) USE(TSCreate) USE(TSDestroy) USE(TSGetAdapt) USE(TSGetConvergedReason)       \
  USE(TSGetStepNumber) USE(TSRKSetType) USE(TSSetErrorIfStepFails) USE(TSSetExactFinalTime)                            \
  USE(TSSetMaxSNESFailures) USE(TSSetMaxStepRejections) USE(TSSetMaxSteps) USE(TSSetMaxTime) USE(TSSetProblemType)     \
  USE(TSSetRHSFunction) USE(TSSetStepNumber) USE(TSSetTime) USE(TSSetTimeStep) USE(TSSetTolerances) USE(TSSetType)     \
  USE(TSSolve)                                                                                                         \
  USE(VecCopy) USE(VecCreateSeq) USE(VecDestroy) USE(VecGetArray) USE(VecGetArrayRead) USE(VecGetArrayWrite)                      \
  USE(VecGetLocalSize) USE(VecRestoreArray)                                                                            \
  USE(VecRestoreArrayRead) USE(VecRestoreArrayWrite) USE(VecScatterBegin) USE(VecScatterCreateToAll)                   \
  USE(VecScatterDestroy) USE(VecScatterEnd) USE(VecSet) USE(VecZeroEntries)
/* clang-format on */

#define VOLLEY_PETSC_NAME(name) #name,
#define VOLLEY_PETSC_MEMBER(name) __typeof__(&name) name;
typedef struct volley_petsc_table {
  VOLLEY_PETSC_NAMES(VOLLEY_PETSC_MEMBER)
} volley_petsc_table;

/* Their addresses; NULL before volley_petsc_start(). */
extern volley_petsc_table volley_petsc;

/* Fills table, n pointers, with the addresses of these names in the library that is loaded. false: a fault was added. Not
 * collective. */
bool volley_petsc_find(const char *const *names, int n, void *table);

/* The error code of a PETSc call; 0: none. */
#define VOLLEY_PETSC_CODE(call) ((int)volley_petsc.call)

/* Ends the job where a call fails that cannot fail but for want of memory or by a mistake of ours. */
#define VOLLEY_PETSC(call) VOLLEY_PETSC_CHECK(volley_petsc.call)
#define VOLLEY_PETSC_CHECK(call)                                                                                       \
  do {                                                                                                                 \
    const int volley_code_ = (int)call;                                                                                \
    if (volley_code_ != 0)                                                                                             \
      volley_die("%s:%d: %s: PETSc: %s", __FILE__, __LINE__, #call, volley_petsc_words(volley_code_));                 \
  } while (0)

#endif
