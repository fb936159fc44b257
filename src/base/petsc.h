/* PETSc and SLEPc: loaded when they are first needed, since their hundred libraries take longer to load than a small network
 * takes to run. Their functions are called through a table. */
#ifndef VOLLEY_BASE_PETSC_H
#define VOLLEY_BASE_PETSC_H

#include "base/status.h"

#define PETSC_HAVE_BROKEN_RECURSIVE_MACRO /* else MPI calls become macros that count in variables of PETSc */
#include <petscksp.h>
#include <petscts.h>
#include <slepceps.h>

/* All that Volley calls or reads of them. */
/* clang-format off */
#define VOLLEY_PETSC_NAMES(USE)                                                                                        \
  USE(PETSC_COMM_WORLD) USE(PetscErrorMessage) USE(PetscInitialized) USE(PetscOptionsGetAll) USE(PetscOptionsLeftGet) USE(PetscOptionsLeftRestore) USE(PetscPushErrorHandler)              \
  USE(PetscSetProgramName) USE(SlepcInitialize) USE(SlepcFinalize)                                                     \
  USE(EPSCreate) USE(EPSDestroy) USE(EPSGetConverged) USE(EPSGetEigenvalue) USE(EPSSetDimensions)                      \
  USE(EPSSetFromOptions) USE(EPSSetOperators) USE(EPSSetProblemType) USE(EPSSetType) USE(EPSSetUp)                     \
  USE(EPSSetWhichEigenpairs) USE(EPSSolve)                                                                             \
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
  USE(VecCopy) USE(VecCreateSeq) USE(VecDestroy) USE(VecGetArray) USE(VecGetArrayRead) USE(VecGetArrayWrite) USE(VecRestoreArray)   \
  USE(VecRestoreArrayRead) USE(VecRestoreArrayWrite) USE(VecScatterBegin) USE(VecScatterCreateToAll)                   \
  USE(VecScatterDestroy) USE(VecScatterEnd) USE(VecSet) USE(VecZeroEntries)
/* clang-format on */

#define VOLLEY_PETSC_MEMBER(name) __typeof__(&name) name;
typedef struct volley_petsc_table {
  VOLLEY_PETSC_NAMES(VOLLEY_PETSC_MEMBER)
} volley_petsc_table;
#undef VOLLEY_PETSC_MEMBER

/* Their addresses; NULL before volley_petsc_start(). */
extern volley_petsc_table volley_petsc;

/* Loads and starts PETSc and SLEPc with these words as options; if they are started already, nothing happens. From then on
 * they print nothing where a call fails; their words are kept. Where a process has not started them yet, its world for them
 * is that of the ranks of comm that have not. Collective over comm, agreed status. */
volley_status volley_petsc_start(int n_words, const char *const *words, MPI_Comm comm);

/* Before MPI ends: what they print at the end is printed. Nothing happens if they were not started. Collective. */
void volley_petsc_stop(void);

/* Notes on stderr which of the words that volley_petsc_start() got nothing has looked at, on rank 0 of comm. Not collective. */
void volley_petsc_note_unused(MPI_Comm comm);

/* All options that it has been started with, behind -- on the command line, in PETSC_OPTIONS or .petscrc; "" before that.
 * Not collective, the same on every rank. */
const char *volley_petsc_options(void);

/* What PETSc said of the call that failed last with this error code. Valid until the next failure. Not collective. */
const char *volley_petsc_words(int code);

/* The error code of a PETSc call; 0: none. */
#define VOLLEY_PETSC_CODE(call) ((int)volley_petsc.call)

/* Ends the job where a PETSc call fails that cannot fail but for want of memory or by a mistake of ours. */
#define VOLLEY_PETSC(call)                                                                                             \
  do {                                                                                                                 \
    const int volley_code_ = VOLLEY_PETSC_CODE(call);                                                                  \
    if (volley_code_ != 0)                                                                                             \
      volley_die("%s:%d: %s: PETSc: %s", __FILE__, __LINE__, #call, volley_petsc_words(volley_code_));                 \
  } while (0)

#endif
