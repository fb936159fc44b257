#include "app/petsc_options.h"

#include "force/spectrum.h"
#include "learner/learner.h"
#include "run/run.h"
#include "solver/solver.h"

/* Makes the solvers that the experiment will need: a word that PETSc does not know shows itself now and not after hours. */
static volley_status try_options(const volley_experiment *experiment, MPI_Comm comm) {
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    const volley_learner_kind *learner = volley_learner_of(readout);
    const char *wrong = learner->try_options ? learner->try_options(comm) : NULL;
    if (!wrong && readout->eigenvalues > 0) wrong = volley_spectrum_try(comm);
    if (wrong)
      volley_fault(VOLLEY_USAGE, NULL, "the options behind --, in PETSC_OPTIONS or .petscrc, for readout '%s': %s",
                   readout->name, wrong);
  }
  return volley_agree(comm);
}

volley_status volley_petsc_prepare(const volley_experiment *experiment, int n_words, const char *const *words,
                                   MPI_Comm comm) {
  if (n_words == 0 && !volley_needs_petsc(experiment)) return VOLLEY_OK;
  VOLLEY_TRY(volley_petsc_start(n_words, words, comm));
  if (!*volley_petsc_options()) return VOLLEY_OK;
  VOLLEY_TRY(try_options(experiment, comm));
  volley_petsc_note_unused(comm);
  return VOLLEY_OK;
}
