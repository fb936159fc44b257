#include "base/petsc_check.h"

#include <petscsys.h>
#include <stdio.h>
#include <string.h>

static char words[512]; /* of the last failure, one line */
static int failed;      /* its code; 0: there was none */

/* PETSc calls it where a failure begins and again in each function that it goes through. */
static PetscErrorCode keep(MPI_Comm comm, int line, const char *function, const char *file, PetscErrorCode code,
                           PetscErrorType type, const char *message, void *context) {
  (void)comm, (void)line, (void)function, (void)file, (void)context;
  if (type != PETSC_ERROR_INITIAL) return code;
  snprintf(words, sizeof words, "%s", message ? message : "");
  words[strcspn(words, "\n")] = '\0';
  failed = (int)code;
  return code;
}

void volley_petsc_listen(void) {
  static bool listens;
  if (!listens && PetscPushErrorHandler(keep, NULL) != 0) volley_die("PETSc takes no error handler");
  listens = true;
}

const char *volley_petsc_words(int code) {
  const char *general = NULL;
  if (failed == code && words[0]) return words;
  if (PetscErrorMessage((PetscErrorCode)code, &general, NULL) != 0 || !general) general = "no reason given";
  snprintf(words, sizeof words, "error %d, %s", code, general);
  return words;
}
