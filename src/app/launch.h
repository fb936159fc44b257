/* How the program begins and ends: alone or as one of many processes, with MPI or without. */
#ifndef VOLLEY_APP_LAUNCH_H
#define VOLLEY_APP_LAUNCH_H

#include "base/status.h"

/* Whether a launcher (mpirun, srun with PMI) started this process, perhaps as one of many. */
bool volley_is_launched(void);

/* Starts MPI, if it is not started yet. For a process that no launcher has started only what one process needs, which takes a
 * tenth of the time. Ends the process where there is no MPI. VOLLEY_USAGE with a fault if srun has started several such
 * processes. */
volley_status volley_mpi_start(void);

/* Ends MPI, if it was started. */
void volley_mpi_stop(void);

/* Opens standard streams that are closed, so that no file that is opened later takes their place, and ignores the end of a
 * reader: writing then fails, which is noticed at the end. Before all else. */
void volley_streams_open(void);

/* Writes out what is left of the standard output. Adds a fault if some of its text could not be written, unless its reader
 * has had enough and gone. Not collective. */
void volley_streams_flush(void);

#endif
