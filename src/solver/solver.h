/* What PETSc and SLEPc solve for Volley. Their headers stay in this folder; a build without them has no_petsc.c or no_slepc.c
 * instead of the files that include them, and its tables say what is lacking. */
#ifndef VOLLEY_SOLVER_SOLVER_H
#define VOLLEY_SOLVER_SOLVER_H

#include "base/status.h"

#include <mpi.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Loads and starts PETSc and SLEPc with these words as options; if they are started already, nothing happens. From then on
 * they print nothing where a call fails; their words are kept. Where a process has not started them yet, its world for them
 * is that of the ranks of comm that have not. Collective over comm, agreed status: a fault where they are lacking. */
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

extern const char *const volley_petsc_version; /* "3.18.5", or "none" */

/* Dense matrices, distributed by rows, and linear equations with them. */
typedef struct volley_linear_solver volley_linear_solver;
typedef struct volley_linear_table {
  const char *lacks; /* NULL, or that this build has no PETSc: "PETSc, which ..."; all else is NULL then */
  /* A matrix over the caller's memory, n columns of `count` own rows, column j at rows + j * stride. symmetric: and positive
   * definite. Collective, as is destroy. */
  struct _p_Mat *(*matrix)(double *rows, uint32_t count, uint32_t n, size_t stride, bool symmetric, MPI_Comm comm);
  void (*changed)(struct _p_Mat *matrix); /* to be told after the memory was written to */
  void (*destroy_matrix)(struct _p_Mat *matrix);
  /* A solver, by default of conjugate gradients, to a tolerance relative to the right-hand side as PETSc estimates it, with the
   * factors of each rank's block on the diagonal; options -ksp_... choose otherwise. most: iterations. NULL with a
   * reason in `why` where it cannot be had, the same on every rank. Collective, as are the next two. */
  volley_linear_solver *(*open)(struct _p_Mat *matrix, double tolerance, int most, MPI_Comm comm, char *why,
                                size_t size);
  /* own: own rows of the right-hand side; solution: its first n values, on every rank. Returns NULL, or PETSc's name for why
   * there is none. */
  const char *(*solve)(volley_linear_solver *solver, const double *own, double *solution, size_t n);
  void (*close)(volley_linear_solver *solver);
} volley_linear_table;
extern const volley_linear_table volley_linear;

/* Autonomous differential equations, by Runge-Kutta steps 5(4) of Dormand and Prince, chosen by the error. Not collective. */
typedef struct volley_ode volley_ode;
typedef void (*volley_ode_rates)(const void *context, const double *u, double *rates); /* by second, at u */
typedef struct volley_ode_table {
  const char *lacks; /* as above */
  volley_ode *(*open)(int dimension, double start, volley_ode_rates rates,
                      const void *context);    /* start: of all values */
  bool (*advance)(volley_ode *ode, double *u); /* one ms on; u: [dimension] the values then. Whether they are good */
  void (*close)(volley_ode *ode);
} volley_ode_table;
extern const volley_ode_table volley_ode_solver;

/* A matrix that is known by products: y, own rows, of x, all n on every rank. false: to be stopped. */
typedef struct volley_operator {
  uint32_t count, n; /* rows: own, all */
  bool (*multiply)(void *context, const double *x, double *y);
  void *context;
} volley_operator;

/* Eigenvalues: those of largest magnitude by SLEPc's Krylov-Schur iteration (options -eps_... choose otherwise), or all of a dense
 * matrix by LAPACK. */
typedef struct volley_eigen_table {
  const char *lacks;  /* as above: PETSc or SLEPc */
  bool (*load)(void); /* with PETSc, as it does; also where it lacks */
  int (*start)(void); /* PETSc's error code */
  void (*stop)(void);
  /* Allocates *values: [*n][2], real and imaginary part, largest magnitude first; fewer than wanted where the iteration does
   * not converge. Returns 0, or an error code for volley_petsc_words(): there are no values then. Collective. */
  int (*find)(const volley_operator *matrix, int wanted, MPI_Comm comm, double **values, uint32_t *n);
  /* Makes a solver for a small matrix as the options say. Returns 0 or an error code, the same on every rank. Collective. */
  int (*try_options)(MPI_Comm comm);
  /* All of a dense matrix, n x n, column by column, in two parts: it becomes a Hessenberg matrix with the same eigenvalues, and
   * that is used up for values, [n][2] as above. No eigenvectors, which take LAPACK three times as long. find_all() returns how
   * many were not found, 0 but for matrices that are not finite. Not collective, callable from any thread. */
  void (*reduce)(double *matrix, uint32_t n);
  int (*find_all)(double *matrix, uint32_t n, double *values);
} volley_eigen_table;
extern const volley_eigen_table volley_eigen;

#endif
