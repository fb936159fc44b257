/* PETSc for an experiment, with options of the command line. */
#ifndef VOLLEY_APP_PETSC_OPTIONS_H
#define VOLLEY_APP_PETSC_OPTIONS_H

#include "model/experiment.h"

/* Starts PETSc if there are options or the experiment needs it. Tries all options that
 * PETSc has, wherever from, on what will solve and notes on stderr which of them nothing looks at. Collective over
 * comm, agreed status. words: [n_words], those behind -- on the command line. */
volley_status volley_petsc_prepare(const volley_experiment *experiment, int n_words, const char *const *words,
                                   MPI_Comm comm);

#endif
