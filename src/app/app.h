/* The program's commands. main() calls volley_app_main() and leaves with the status that it returns. */
#ifndef VOLLEY_APP_APP_H
#define VOLLEY_APP_APP_H

#include "app/options.h"
#include "base/progress.h"
#include "model/experiment.h"

/* Runs the command that the arguments name, with MPI and PETSc where they are needed; prints what faults are left and returns
 * the same status on every rank of the job. Once, and last but for leaving. */
volley_status volley_app_main(int argc, char **argv);

/* All commands, ended by NULL; one by name (NULL if unknown). */
const volley_command *const *volley_commands(void);
const volley_command *volley_command_find(const char *name);

/* The commands, each with the options that it fills by volley_options_parse(&volley_run_usage, ...). A member that is not
 * given keeps what it had: {0} before parsing means NULL, 0, false and, for a choice, its first word. */
typedef struct volley_run_options {
  const char *file;   /* experiment; NULL: that of the checkpoint */
  const char *output; /* NULL: as the experiment, or the run that is resumed, says */
  int threads;        /* of each rank; 0: not given */
  volley_text_list sets;
  const char *summary; /* NULL: none */
  bool overwrite;
  int progress;                              /* a volley_progress_mode */
  const char *resume;                        /* a checkpoint, or "latest"; NULL: from the beginning */
  const char *checkpoint, *checkpoint_every; /* NULL: as the experiment says */
  int checkpoint_keep;                       /* 0: as the experiment says */
  const char *walltime_limit;                /* NULL: none but SLURM's */
} volley_run_options;
extern const volley_command volley_run_usage;
volley_status volley_run_command(int n_arguments, const char *const *arguments);

typedef struct volley_check_options {
  const char *file;
  int ranks, threads; /* 0: not given */
  bool json, resolved;
  volley_text_list sets;
} volley_check_options;
extern const volley_command volley_check_usage;
volley_status volley_check_command(int n_arguments, const char *const *arguments);

typedef struct volley_models_options {
  const char *name; /* NULL: all */
  bool markdown;
  volley_text_list plugins;
} volley_models_options;
extern const volley_command volley_models_usage;
volley_status volley_models_command(int n_arguments, const char *const *arguments);

typedef struct volley_info_options {
  const char *file;
  const char *start, *stop; /* times as written; NULL: whole run */
  bool json;
} volley_info_options;
extern const volley_command volley_info_usage;
volley_status volley_info_command(int n_arguments, const char *const *arguments);

typedef struct volley_plot_options {
  const char *file, *output; /* output: NULL for a name like that of the file */
  const char *start, *stop;  /* times as written; NULL: whole run */
  bool isi, traces, readout, weights, rates, window, fields, images;
  const char *frames; /* ROWSxCOLUMNS of an image; NULL: no images */
} volley_plot_options;
extern const volley_command volley_plot_usage;
volley_status volley_plot_command(int n_arguments, const char *const *arguments);

/* Writes the reference of all keys of an experiment file (docs/experiment.md) to stdout. */
extern const volley_command volley_reference_usage;
volley_status volley_reference_command(int n_arguments, const char *const *arguments);

#endif
