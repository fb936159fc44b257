#include "app/trials.h"

#include "app/run.h"
#include "app/written_files.h"
#include "base/progress.h"
#include "base/text.h"
#include "base/units.h"
#include "experiment/check.h"
#include "io/file/path.h"
#include "io/output/reader.h"
#include "volley.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct trials {
  const volley_run_options *options;
  const volley_experiment *experiment;
  const char *output, *checkpoint; /* of all, without their numbers; checkpoint NULL: beside the output */
  int64_t begins;                  /* step at which the present one begins */
  volley_arena *arena;
  MPI_Comm comm;
  int rank;
  double begun, limit; /* MPI_Wtime(); s that all may take together, 0: no limit */
} trials;

volley_status volley_output_is_there(const volley_run_options *options, const volley_experiment *experiment,
                                     MPI_Comm comm, bool *is_there) {
  const char *path = options->output;
  volley_output_file *file = NULL;
  int rank, found = 0;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && access(path, F_OK) == 0 && volley_output_file_open(path, &file) == VOLLEY_OK) {
    const volley_output_info *info = volley_output_file_info(file);
    found = info->complete;
    if (strcmp(info->experiment, experiment->resolved) != 0)
      volley_fault(VOLLEY_USAGE, NULL,
                   "'%s' is the output of another experiment, or of other settings: give another name, or --overwrite",
                   path);
    volley_start_compare(options, "output", path, info->begun_from, info->begins_ms);
    volley_output_file_close(file);
  }
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_MPI(MPI_Bcast(&found, 1, MPI_INT, 0, comm));
  *is_there = found != 0;
  return VOLLEY_OK;
}

static const char *numbered(volley_arena *arena, const char *path, int trial) {
  char *made = volley_path_numbered(path, trial);
  const char *kept = volley_arena_copy(arena, made);
  free(made);
  return kept;
}

static const char *checkpoint_of(const trials *t, int trial) {
  return t->checkpoint ? numbered(t->arena, t->checkpoint, trial)
                       : volley_checkpoint_beside(t->arena, numbered(t->arena, t->output, trial));
}

static bool is_there(const trials *t, const char *path) {
  int found = t->rank == 0 && access(path, F_OK) == 0;
  VOLLEY_MPI(MPI_Bcast(&found, 1, MPI_INT, 0, t->comm));
  return found;
}

/* The words of run that make one trial. sets.texts is to be freed by the caller. */
static volley_run_options options_of(const trials *t, int trial) {
  static const char duration[] = "simulation.duration="; /* is set for each, without reset */
  volley_run_options options = *t->options;
  const volley_experiment *experiment = t->experiment;
  const char *checkpoint = checkpoint_of(t, trial);
  const int64_t steps = experiment->simulation.steps - experiment->begins; /* of each */
  options.sets = (volley_text_list){0};
  for (int k = 0; k < t->options->sets.n; k++)
    if (!experiment->trials.continues || strncmp(t->options->sets.texts[k], duration, sizeof duration - 1) != 0)
      volley_text_list_add(&options.sets, t->options->sets.texts[k]);
  volley_text_list_add(&options.sets, volley_arena_format(t->arena, "repeat.trial=%d", trial));
  options.output = numbered(t->arena, t->output, trial);
  if (t->checkpoint) options.checkpoint = checkpoint;
  if (options.summary) options.summary = numbered(t->arena, options.summary, trial);
  options.quiet = true;
  if (t->limit > 0) {
    const double left = t->limit - (MPI_Wtime() - t->begun);
    options.walltime_limit = volley_arena_format(t->arena, "%.3f s", left > 1e-3 ? left : 1e-3);
  }
  if (experiment->trials.continues && trial > 1) options.from = checkpoint_of(t, trial - 1);
  options.begun_from = options.from ? volley_path_absolute(t->comm, t->arena, options.from) : "";
  options.begins_ms = volley_time_of(experiment, t->begins);
  if (options.resume && is_there(t, checkpoint)) options.from = NULL;
  if (options.from) options.resume = NULL;
  if (!experiment->trials.continues) return options;
  volley_text_list_add(
      &options.sets, volley_arena_format(t->arena, "%s%.15g", duration, volley_time_of(experiment, t->begins + steps)));
  if (experiment->checkpoint.wall <= 0 && experiment->checkpoint.steps <= 0) /* its end is where the next one begins */
    options.checkpoint_every = volley_arena_format(t->arena, "%.15g ms model", volley_time_of(experiment, steps));
  return options;
}

/* Without reset a trial begins where the one before has ended, which may be early. Collective, agreed status. */
static volley_status find_begin(trials *t, int trial) {
  volley_output_file *file = NULL;
  double end = 0;
  if (!t->experiment->trials.continues || trial == 1) return VOLLEY_OK;
  if (t->rank == 0 && volley_output_file_open(numbered(t->arena, t->output, trial - 1), &file) == VOLLEY_OK)
    end = volley_output_file_info(file)->duration_ms;
  volley_output_file_close(file);
  VOLLEY_TRY(volley_agree(t->comm));
  VOLLEY_MPI(MPI_Bcast(&end, 1, MPI_DOUBLE, 0, t->comm));
  t->begins = volley_steps(t->experiment, end);
  return VOLLEY_OK;
}

/* Whether a trial was made before. Collective, agreed status. */
static volley_status look_for(const trials *t, const volley_run_options *options, bool *is_made) {
  volley_experiment *experiment = NULL;
  *is_made = t->options->resume && is_there(t, options->output);
  if (!*is_made) return VOLLEY_OK;
  volley_run_options all = *options; /* as the run reads it */
  VOLLEY_TRY(volley_start_experiment(&all, t->comm, &experiment));
  const volley_status status = volley_output_is_there(options, experiment, t->comm, is_made);
  volley_experiment_destroy(experiment);
  return status;
}

static void tell(const trials *t, int trial, volley_status status, bool is_made, const char *output) {
  static const char *const how[] = {[VOLLEY_OK] = "done", [VOLLEY_STOPPED] = "stopped"};
  if (t->rank != 0) return;
  const char *word = status != VOLLEY_OK && status != VOLLEY_STOPPED ? "failed"
                     : is_made                                       ? "there already"
                                                                     : how[status];
  printf("trial %d of %d: %s, %s\n", trial, t->experiment->trials.n, word, volley_show(output).text);
  fflush(stdout);
  if (status == VOLLEY_STOPPED)
    volley_progress_note("all trials go on where they are with the same command and --resume latest");
}

static volley_status check(const trials *t) {
  char why[256];
  double limit;
  if (t->options->resume && strcmp(t->options->resume, "latest") != 0)
    volley_fault(VOLLEY_USAGE, NULL,
                 "--resume %s: to go on with one trial leave FILE out, with all say --resume latest",
                 t->options->resume);
  if (t->options->walltime_limit && !volley_wall_time(t->options->walltime_limit, &limit, why, sizeof why))
    volley_fault(VOLLEY_USAGE, NULL, "--walltime-limit %s: %s", t->options->walltime_limit, why);
  const int n = t->rank == 0 && !t->options->resume && !t->options->overwrite ? t->experiment->trials.n : 0;
  for (int trial = 1; trial <= n; trial++) {
    char *output = volley_path_numbered(t->output, trial);
    const bool is_there = access(output, F_OK) == 0;
    if (is_there)
      volley_fault(VOLLEY_USAGE, NULL,
                   "output '%s' exists; choose another with -o, replace all trials with --overwrite, or make only what "
                   "is missing with --resume latest",
                   output);
    free(output);
    if (is_there) break;
  }
  return volley_agree(t->comm);
}

volley_status volley_trials_run(const volley_run_options *options, int n_passed_on, const char *const *passed_on,
                                const volley_start *start, MPI_Comm comm) {
  char why[256];
  trials t = {.options = options,
              .experiment = start->experiment,
              .output = start->output,
              .checkpoint = start->experiment->checkpoint.file,
              .begins = start->experiment->begins,
              .arena = start->arena,
              .comm = comm,
              .begun = MPI_Wtime()};
  VOLLEY_MPI(MPI_Comm_rank(comm, &t.rank));
  VOLLEY_TRY(check(&t));
  if (options->walltime_limit) (void)volley_wall_time(options->walltime_limit, &t.limit, why, sizeof why);
  volley_status status = VOLLEY_OK;
  for (int trial = 1; trial <= t.experiment->trials.n && status == VOLLEY_OK; trial++) {
    bool is_made = false;
    VOLLEY_TRY(find_begin(&t, trial));
    volley_run_options of = options_of(&t, trial);
    status = look_for(&t, &of, &is_made);
    if (status == VOLLEY_OK && !is_made) status = volley_run_once(&of, n_passed_on, passed_on, comm);
    tell(&t, trial, status, is_made, of.output);
    free(of.sets.texts);
  }
  return status;
}
