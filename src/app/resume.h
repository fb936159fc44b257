/* Where a run begins: an experiment file, a checkpoint, or both. */
#ifndef VOLLEY_APP_RESUME_H
#define VOLLEY_APP_RESUME_H

#include "app/app.h"
#include "io/checkpoint/checkpoint.h"

typedef struct volley_start {
  volley_experiment *experiment;
  volley_checkpoint *checkpoint; /* NULL: from the beginning */
  const char *output;            /* path of the output */
  const char *output_absolute;   /* the same from the root on */
  const char *checkpoint_file;   /* where checkpoints go */
  const char *summary;           /* path of the summary, or NULL; where one of the three is a link, what it leads to */
  bool continues_series;         /* `checkpoint` is that file or an older one of the same series */
  volley_arena *arena;           /* of the texts */
} volley_start;

/* Reads what the options name and checks that it goes together. Collective over comm, agreed status; *start is to be
 * released by the caller, whatever the status. */
volley_status volley_start_read(const volley_run_options *options, MPI_Comm comm, volley_start *start);

/* Collective over the ranks that read it. */
void volley_start_release(volley_start *start);

#endif
