/* Stimuli before they act. */
#ifndef VOLLEY_STIMULUS_LOAD_H
#define VOLLEY_STIMULUS_LOAD_H

#include "stimulus/stimulus.h"

#include <mpi.h>

/* Reads the files that stimuli name, and checks what could not be checked before. Collective
 * over the ranks of the reader (which may be NULL where no file is named), agreed status. To be called before a network is
 * built; signals have volley_signals_load(). */
volley_status volley_stimuli_load(volley_experiment *experiment, const volley_reader *reader, MPI_Comm comm);

#endif
