/* Whether a run may write where it is to write: nothing that it reads, nothing twice, nothing that Volley did not write. */
#ifndef VOLLEY_APP_WRITTEN_FILES_H
#define VOLLEY_APP_WRITTEN_FILES_H

#include "base/memory.h"
#include "io/output/recordings.h"
#include "model/experiment.h"

#include <mpi.h>
#include <stdbool.h>

/* Where a run writes. Nothing is owned. */
typedef struct volley_written {
  const char *output;
  const char *checkpoint;      /* FILE; FILE.1, ... go with it */
  const char *summary;         /* NULL: none */
  int keep;                    /* checkpoints */
  bool overwrite;              /* an output, and checkpoints, of other runs may be replaced */
  bool saves;                  /* checkpoints are planned; otherwise only a signal or the clock asks for one */
  bool locked;                 /* no other run writes there: only then are temporary files looked into or tried out */
  bool continues;              /* the run goes on with the series of checkpoints that is there */
  const char *resumed;         /* checkpoint that it goes on from, or NULL */
  const char *from;            /* checkpoint of another run that it begins at, or NULL */
  const volley_recorded *past; /* what was recorded before, or NULL */
} volley_written;

/* Finds out before anything is built whether all of this can be written. Adds a fault that names both files where one is an
 * experiment, a file that it reads or another one that is written, by name, link or inode; where an existing file is not
 * Volley's, is write-protected, or would be replaced without `overwrite`. Creates nothing. Collective over comm, agreed
 * status. */
volley_status volley_written_check(const volley_experiment *experiment, const volley_written *written, MPI_Comm comm);

/* Where the checkpoints of a run go by default: OUT.h5 -> OUT.checkpoint.h5. */
const char *volley_checkpoint_beside(volley_arena *arena, const char *output);

#endif
