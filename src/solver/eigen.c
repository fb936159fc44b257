#include "base/memory.h"
#include "solver/petsc.h"

#include <slepcblaslapack.h>
#include <slepceps.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define NAMES(USE)                                                                                                     \
  USE(SlepcInitialize) USE(SlepcFinalize)                                                                              \
  USE(EPSCreate) USE(EPSDestroy) USE(EPSGetConverged) USE(EPSGetEigenvalue) USE(EPSSetDimensions)                      \
  USE(EPSSetFromOptions) USE(EPSSetOperators) USE(EPSSetProblemType) USE(EPSSetType) USE(EPSSetUp)                     \
  USE(EPSSetWhichEigenpairs) USE(EPSSolve)
/* clang-format on */

static struct { NAMES(VOLLEY_PETSC_MEMBER) } slepc;
static const char *const names[] = {NAMES(VOLLEY_PETSC_NAME)};
enum { N_NAMES = sizeof names / sizeof *names };
_Static_assert(sizeof slepc == N_NAMES * sizeof(void *), "a table of pointers");

/* LAPACK, which PETSc brings: its names are PETSc's macros, as its compiler writes them. */
#define LAPACKS(USE) USE(LAPACKgehrd_) USE(LAPACKhseqr_)
#define LAPACK_NAME(name) VOLLEY_PETSC_NAME(name)
static struct { LAPACKS(VOLLEY_PETSC_MEMBER) } lapack;
static const char *const lapack_names[] = {LAPACKS(LAPACK_NAME)};
enum { N_LAPACK_NAMES = sizeof lapack_names / sizeof *lapack_names };

#define CODE(call) ((int)slepc.call)
#define SLEPC(call) VOLLEY_PETSC_CHECK(slepc.call)

static bool load(void) {
  return volley_petsc_find(names, N_NAMES, &slepc) && volley_petsc_find(lapack_names, N_LAPACK_NAMES, &lapack);
}

static int start(void) { return CODE(SlepcInitialize(NULL, NULL, NULL, NULL)); }

static void stop(void) { SLEPC(SlepcFinalize()); }

/* A matrix as an operator on PETSc's vectors. */
typedef struct product {
  const volley_operator *matrix;
  Vec all;           /* the whole vector, row by row */
  VecScatter gather; /* NULL before the first product */
} product;

static PetscErrorCode multiply(Mat shell, Vec x, Vec y) {
  product *p;
  const PetscScalar *all;
  PetscScalar *out;
  VOLLEY_PETSC(MatShellGetContext(shell, &p));
  if (!p->gather) VOLLEY_PETSC(VecScatterCreateToAll(x, &p->gather, &p->all));
  VOLLEY_PETSC(VecScatterBegin(p->gather, x, p->all, INSERT_VALUES, SCATTER_FORWARD));
  VOLLEY_PETSC(VecScatterEnd(p->gather, x, p->all, INSERT_VALUES, SCATTER_FORWARD));
  VOLLEY_PETSC(VecZeroEntries(y));
  VOLLEY_PETSC(VecGetArrayRead(p->all, &all));
  VOLLEY_PETSC(VecGetArray(y, &out));
  const bool goes_on = p->matrix->multiply(p->matrix->context, all, out);
  VOLLEY_PETSC(VecRestoreArray(y, &out));
  VOLLEY_PETSC(VecRestoreArrayRead(p->all, &all));
  return goes_on ? 0 : PETSC_ERR_USER;
}

static EPS make_solver(Mat matrix, int wanted, MPI_Comm comm, int *code) {
  EPS solver;
  SLEPC(EPSCreate(comm, &solver));
  SLEPC(EPSSetOperators(solver, matrix, NULL));
  SLEPC(EPSSetProblemType(solver, EPS_NHEP));
  SLEPC(EPSSetWhichEigenpairs(solver, EPS_LARGEST_MAGNITUDE));
  SLEPC(EPSSetType(solver, EPSKRYLOVSCHUR));
  SLEPC(EPSSetDimensions(solver, wanted, PETSC_DEFAULT, PETSC_DEFAULT));
  *code = CODE(EPSSetFromOptions(solver));
  if (*code == 0) *code = CODE(EPSSetUp(solver));
  return solver;
}

static void take_values(EPS solver, int wanted, double **values, uint32_t *n) {
  PetscInt found;
  SLEPC(EPSGetConverged(solver, &found));
  *n = found > wanted ? (uint32_t)wanted : (uint32_t)found;
  *values = volley_alloc(2 * (size_t)*n, sizeof **values, "eigenvalues");
  for (uint32_t i = 0; i < *n; i++) SLEPC(EPSGetEigenvalue(solver, (PetscInt)i, *values + 2 * i, *values + 2 * i + 1));
}

static int find(const volley_operator *matrix, int wanted, MPI_Comm comm, double **values, uint32_t *n) {
  product p = {.matrix = matrix};
  const PetscInt own = (PetscInt)matrix->count, all = (PetscInt)matrix->n;
  Mat shell;
  int code;
  VOLLEY_PETSC(MatCreateShell(comm, own, own, all, all, &p, &shell));
  VOLLEY_PETSC(MatShellSetOperation(shell, MATOP_MULT, (void (*)(void))multiply));
  EPS solver = make_solver(shell, wanted, comm, &code);
  if (code == 0) code = CODE(EPSSolve(solver));
  if (code == 0) take_values(solver, wanted, values, n);
  if (code == 0) SLEPC(EPSDestroy(&solver)); /* after an error it may be in no state to be */
  VOLLEY_PETSC(MatDestroy(&shell));
  VOLLEY_PETSC(VecScatterDestroy(&p.gather));
  VOLLEY_PETSC(VecDestroy(&p.all));
  return code;
}

static PetscErrorCode copy(Mat matrix, Vec x, Vec y) {
  (void)matrix;
  return VOLLEY_PETSC_CODE(VecCopy(x, y));
}

static int try_options(MPI_Comm comm) {
  Mat matrix;
  int ranks, code;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  VOLLEY_PETSC(MatCreateShell(comm, 8, 8, 8 * ranks, 8 * ranks, NULL, &matrix));
  VOLLEY_PETSC(MatShellSetOperation(matrix, MATOP_MULT, (void (*)(void))copy));
  EPS solver = make_solver(matrix, 2, comm, &code);
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &code, 1, MPI_INT, MPI_MAX, comm));
  if (code == 0) SLEPC(EPSDestroy(&solver)); /* as above */
  VOLLEY_PETSC(MatDestroy(&matrix));
  return code;
}

/* LAPACK's workspace of the size that it asked for in *wish. */
static PetscScalar *make_workspace(double wish, PetscBLASInt *size) {
  *size = (PetscBLASInt)wish;
  return volley_alloc((size_t)*size, sizeof(PetscScalar), "all eigenvalues");
}

static void reduce(double *matrix, uint32_t n) {
  const PetscBLASInt one = 1, size = (PetscBLASInt)n;
  PetscBLASInt asks = -1, wrong;
  PetscScalar wish, *factors = volley_alloc(n, sizeof *factors, "all eigenvalues");
  lapack.LAPACKgehrd_(&size, &one, &size, matrix, &size, factors, &wish, &asks, &wrong);
  PetscScalar *work = make_workspace(wish, &asks);
  lapack.LAPACKgehrd_(&size, &one, &size, matrix, &size, factors, work, &asks, &wrong);
  free(work);
  free(factors);
}

/* Largest magnitude first; of a conjugate pair that above the real axis. */
static int compare_values(const void *a, const void *b) {
  const double *x = a, *y = b, difference = hypot(y[0], y[1]) - hypot(x[0], x[1]);
  if (difference != 0) return difference < 0 ? -1 : 1;
  if (x[0] != y[0]) return x[0] < y[0] ? 1 : -1;
  return x[1] < y[1] ? 1 : x[1] > y[1] ? -1 : 0;
}

static int find_all(double *matrix, uint32_t n, double *values) {
  const PetscBLASInt one = 1, size = (PetscBLASInt)n;
  PetscBLASInt asks = -1, missing;
  PetscScalar wish, none, *parts = volley_alloc(2 * (size_t)n, sizeof *parts, "all eigenvalues"),
                          *imaginary = parts + n;
  lapack.LAPACKhseqr_("E", "N", &size, &one, &size, matrix, &size, parts, imaginary, &none, &one, &wish, &asks,
                      &missing);
  PetscScalar *work = make_workspace(wish, &asks);
  lapack.LAPACKhseqr_("E", "N", &size, &one, &size, matrix, &size, parts, imaginary, &none, &one, work, &asks,
                      &missing);
  for (uint32_t i = 0; i < n; i++) {
    values[2 * i] = parts[i];
    values[2 * i + 1] = imaginary[i];
  }
  qsort(values, n, 2 * sizeof *values, compare_values);
  free(work);
  free(parts);
  return (int)missing;
}

const volley_eigen_table volley_eigen = {.load = load,
                                         .start = start,
                                         .stop = stop,
                                         .find = find,
                                         .try_options = try_options,
                                         .reduce = reduce,
                                         .find_all = find_all};
