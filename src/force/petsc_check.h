/* Every PETSc call is checked. */
#ifndef VOLLEY_FORCE_PETSC_CHECK_H
#define VOLLEY_FORCE_PETSC_CHECK_H

#include "base/status.h"

/* Ends the job where a PETSc call fails; PETSc has then said why on stderr. */
#define VOLLEY_PETSC(call)                                                                                             \
  do {                                                                                                                 \
    const int volley_code_ = (int)(call);                                                                              \
    if (volley_code_ != 0) volley_die("%s:%d: %s: PETSc error %d", __FILE__, __LINE__, #call, volley_code_);           \
  } while (0)

#endif
