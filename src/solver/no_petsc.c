/* In the place of what includes PETSc's headers, where this is built without it. Experiments that need it are refused when they
 * are read; what is left are options on the command line. */
#include "solver/solver.h"

#define LACKS "PETSc, which this program was built without (-DVOLLEY_PETSC=OFF)"

const char *const volley_petsc_version = "none";
const volley_linear_table volley_linear = {.lacks = LACKS};
const volley_ode_table volley_ode_solver = {.lacks = LACKS};

volley_status volley_petsc_start(int n_words, const char *const *words, MPI_Comm comm) {
  if (n_words > 0)
    volley_fault(VOLLEY_USAGE, NULL, "'%s' behind -- is for " LACKS, words[0]);
  else
    volley_fault(VOLLEY_USAGE, NULL, "readouts that learn, eigenvalues and equations need " LACKS);
  return volley_agree(comm);
}

void volley_petsc_stop(void) {}

void volley_petsc_note_unused(MPI_Comm comm) { (void)comm; }

const char *volley_petsc_options(void) { return ""; }

const char *volley_petsc_words(int code) {
  (void)code;
  return LACKS;
}
