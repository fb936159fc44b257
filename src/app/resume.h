/* Where a run begins: an experiment file, a checkpoint, or both. */
#ifndef VOLLEY_APP_RESUME_H
#define VOLLEY_APP_RESUME_H

#include "app/app.h"
#include "io/checkpoint/checkpoint.h"

/* What the words of `volley run` say. */
typedef struct volley_run_options {
  const char *file;   /* experiment; NULL: that of the checkpoint */
  const char *output; /* NULL: as the experiment, or the run that is resumed, says */
  int threads;        /* of each rank; 0: not given */
  volley_text_list sets;
  int nsyns;                  /* 1: ignored */
  const char *summary;        /* NULL: none */
  const char *partition_from; /* a summary; NULL: none */
  bool overwrite;
  int progress;                              /* a volley_progress_mode */
  const char *resume;                        /* a checkpoint, or "latest"; NULL: from the beginning */
  const char *from;                          /* a checkpoint that another run begins at; NULL: none */
  const char *checkpoint, *checkpoint_every; /* NULL: as the experiment says */
  int checkpoint_keep;                       /* 0: as the experiment says */
  const char *walltime_limit;                /* NULL: none but SLURM's */
  bool quiet;     /* without a table of rates at the end; no option of `volley run`, as the next */
  int node_ranks; /* ranks on this node, with those of runs beside this one; 0: this run's */
  const char *
      begun_from; /* of one of many runs: where it must begin, a checkpoint from the root on, "" for none; NULL: anywhere */
  double begins_ms; /* then: and when */
} volley_run_options;

typedef struct volley_start {
  volley_experiment *experiment;
  volley_checkpoint *checkpoint; /* NULL: from the beginning */
  bool branches;                 /* another run begins at it (--from) */
  volley_experiment *past;       /* then: that of the checkpoint; NULL: no other */
  const char *output;            /* path of the output */
  const char *output_absolute;   /* the same from the root on */
  const char *checkpoint_file;   /* where checkpoints go */
  bool repeats;                  /* all trials of the experiment are meant, and no run */
  const char *summary;           /* path of the summary, or NULL; where one of the three is a link, what it leads to */
  bool continues_series;         /* `checkpoint` is that file or an older one of the same series */
  volley_arena *arena;           /* of the texts */
} volley_start;

/* Reads what the options name and checks that it goes together. Collective over comm, agreed status; *start is to be
 * released by the caller, whatever the status. */
volley_status volley_start_read(const volley_run_options *options, MPI_Comm comm, volley_start *start);

/* The experiment of options->file with all that the options set. Collective over comm, agreed status; *out is owned by the caller. */
volley_status volley_start_experiment(const volley_run_options *options, MPI_Comm comm, volley_experiment **out);

/* Whether a run that is there (what: 'output', path) has begun where the options say that it must; else adds a fault. Not
 * collective. */
void volley_start_compare(const volley_run_options *options, const char *what, const char *path, const char *begun_from,
                          double begins_ms);

/* Of a run that begins at a checkpoint of another: finds what is taken of it. Collective, agreed status. */
volley_status volley_start_take(const volley_start *start, MPI_Comm comm);

/* Collective over the ranks that read it. */
void volley_start_release(volley_start *start);

#endif
