#include "app/petsc_options.h"

#include "base/petsc.h"
#include "signal/signal.h"

static bool is_equation(const volley_signal *signal) { return signal && signal->kind->make_rows; }

static bool needs_petsc(const volley_experiment *experiment) {
  if (experiment->n_readouts > 0) return true;
  for (int s = 0; s < experiment->n_stimuli; s++) {
    if (is_equation(experiment->stimuli[s].signal)) return true;
  }
  return false;
}

volley_status volley_petsc_prepare(const volley_experiment *experiment, int n_words, const char *const *words) {
  if (n_words == 0 && !needs_petsc(experiment)) return VOLLEY_OK;
  VOLLEY_TRY(volley_petsc_start(n_words, words));
  if (n_words > 0) volley_petsc_note_unused();
  return VOLLEY_OK;
}
