/* When a run is saved, and how: the saver of volley run. Checkpoints are written by model time, by the clock, at signals, before
 * the wall-clock limit and, if there are any by time, at the end. */
#ifndef VOLLEY_APP_SAVING_H
#define VOLLEY_APP_SAVING_H

#include "engine/saver.h"
#include "io/output/recordings.h"
#include "record/record.h"

typedef struct volley_saving volley_saving;

/* What a run's saving needs to know. Nothing is owned; all must outlive the saving. */
typedef struct volley_saving_setup {
  volley_network *network;
  volley_readouts *readouts; /* NULL: there are none */
  volley_recording *recording;
  volley_recordings *recordings;
  const char *file;   /* of the checkpoint */
  const char *output; /* absolute path */
  double resumed_ms;  /* model time of the checkpoint that the run goes on from; NAN: from the beginning */
  double deadline;    /* at which this process is ended, in MPI_Wtime() of rank 0; INFINITY: none */
  bool quiet;         /* says nothing of checkpoints that went well */
} volley_saving_setup;

/* The experiment's checkpoint plan decides how often. Owned by the caller. Not collective. */
volley_saving *volley_saving_create(const volley_saving_setup *setup);
void volley_saving_destroy(volley_saving *saving);

volley_saver volley_saving_saver(volley_saving *saving);

/* When this process must have ended, in MPI_Wtime(): the earlier of `limit` ("30 min" from now; NULL: none) and the end of the
 * SLURM job (SLURM_JOB_END_TIME, in seconds since 1970). INFINITY if neither is known. Adds a fault and returns
 * VOLLEY_USAGE if one cannot be understood. Not collective. */
volley_status volley_deadline(const char *limit, double *deadline);

#endif
