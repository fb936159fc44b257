/* Every PETSc call is checked, and what it says is said in our words: PETSc's own pages are not printed. */
#ifndef VOLLEY_BASE_PETSC_CHECK_H
#define VOLLEY_BASE_PETSC_CHECK_H

#include "base/status.h"

/* From now on PETSc prints nothing where a call fails; its words are kept. To be called before objects are made whose
 * calls can fail; again does no harm. Not collective. */
void volley_petsc_listen(void);

/* What PETSc said of the call that failed last with this error code. Valid until the next failure. Not collective. */
const char *volley_petsc_words(int code);

/* Ends the job where a PETSc call fails that cannot fail but for want of memory or by a mistake of ours. */
#define VOLLEY_PETSC(call)                                                                                             \
  do {                                                                                                                 \
    const int volley_code_ = (int)(call);                                                                              \
    if (volley_code_ != 0)                                                                                             \
      volley_die("%s:%d: %s: PETSc: %s", __FILE__, __LINE__, #call, volley_petsc_words(volley_code_));                 \
  } while (0)

#endif
