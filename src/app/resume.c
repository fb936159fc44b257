#include "app/resume.h"

#include "app/partition_from.h"
#include "app/written_files.h"
#include "base/build_info.h"
#include "base/progress.h"
#include "engine/engine.h"
#include "experiment/check.h"
#include "io/experiment/file.h"
#include "io/file/path.h"
#include "io/output/segment.h"
#include "record/kind.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A text as a YAML scalar: 'it''s'. */
static const char *quoted(volley_arena *arena, const char *text) {
  char *out = volley_arena_alloc(arena, 2 * strlen(text) + 3, 1), *at = out;
  *at++ = '\'';
  for (; *text; text++) {
    if (*text == '\'') *at++ = '\'';
    *at++ = *text;
  }
  *at = '\'';
  return out;
}

/* The options for checkpoints and SONATA are assignments to keys of the experiment, made after those of --set. */
static volley_text_list assignments(const volley_run_options *options, volley_arena *arena, MPI_Comm comm) {
  volley_text_list all = {.texts = volley_arena_alloc(arena, (size_t)options->sets.n + 5, sizeof(char *))};
  for (; all.n < options->sets.n; all.n++) all.texts[all.n] = options->sets.texts[all.n];
  if (options->nsyns && options->file) all.texts[all.n++] = VOLLEY_IGNORE_NSYNS;
  if (options->checkpoint)
    all.texts[all.n++] = volley_arena_format(arena, "checkpoint.file=%s", quoted(arena, options->checkpoint));
  if (options->checkpoint_every)
    all.texts[all.n++] = volley_arena_format(arena, "checkpoint.every=%s", options->checkpoint_every);
  if (options->checkpoint_keep)
    all.texts[all.n++] = volley_arena_format(arena, "checkpoint.keep=%d", options->checkpoint_keep);
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  const char *partition = options->partition_from ? volley_partition_from(arena, options->partition_from, ranks) : NULL;
  if (partition) all.texts[all.n++] = partition;
  return all;
}

/* FILE.2 -> FILE: a run that resumes from an older checkpoint goes on with the same series. */
static const char *without_number(volley_arena *arena, const char *path) {
  const char *dot = strrchr(path, '.');
  bool is_number = dot && dot[1];
  for (const char *digit = dot ? dot + 1 : ""; *digit; digit++) is_number = is_number && isdigit((unsigned char)*digit);
  return volley_arena_format(arena, "%.*s", (int)(is_number ? dot - path : (ptrdiff_t)strlen(path)), path);
}

static bool wants_latest(const volley_run_options *options) {
  return options->resume && strcmp(options->resume, "latest") == 0;
}

/* What a path leads to, as rank 0 sees it: a link is written through, not replaced. Collective; NULL stays NULL. */
static const char *follow_links(MPI_Comm comm, volley_start *start, const char *path) {
  char target[PATH_MAX] = "";
  int rank;
  if (!path) return NULL;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    char *found = volley_link_target(path);
    snprintf(target, sizeof target, "%s", found);
    free(found);
  }
  VOLLEY_MPI(MPI_Bcast(target, PATH_MAX, MPI_CHAR, 0, comm));
  return volley_arena_copy(start->arena, target);
}

/* Sets the paths of output, checkpoints and summary as far as they follow from options and experiment. Collective. */
static void choose_paths(const volley_run_options *options, MPI_Comm comm, volley_start *start) {
  const volley_experiment *experiment = start->experiment;
  start->output = options->output ? options->output : experiment ? experiment->output : NULL;
  start->checkpoint_file = experiment ? experiment->checkpoint.file : options->checkpoint;
  if (!start->checkpoint_file && start->output)
    start->checkpoint_file = volley_checkpoint_beside(start->arena, start->output);
  start->output = follow_links(comm, start, start->output);
  start->checkpoint_file = follow_links(comm, start, start->checkpoint_file);
  start->summary = follow_links(comm, start, options->summary);
}

static volley_status check_options(const volley_run_options *options) {
  if (options->from && !options->file)
    return volley_fault(VOLLEY_USAGE, NULL, "--from needs FILE: the experiment that begins at the checkpoint");
  if (options->file) return VOLLEY_OK;
  if (!options->resume)
    return volley_fault(VOLLEY_USAGE, NULL, "FILE is missing: experiment (YAML); see: volley help run");
  if (wants_latest(options) && !options->checkpoint)
    return volley_fault(VOLLEY_USAGE, NULL,
                        "--resume latest needs FILE or --checkpoint FILE, to know which run's latest is meant");
  return VOLLEY_OK;
}

/* Whether all trials are meant, which are gone on with one by one. */
static bool repeats(const volley_experiment *experiment) {
  return experiment && experiment->trials.n > 0 && experiment->trials.number == 0;
}

static volley_status open_checkpoint(const volley_run_options *options, MPI_Comm comm, volley_start *start) {
  start->branches = options->from;
  if (options->from && options->resume && !repeats(start->experiment))
    volley_fault(VOLLEY_USAGE, NULL, "--from begins another run, --resume goes on with the same: give one of them");
  VOLLEY_TRY(volley_agree(comm));
  if (options->from) return volley_checkpoint_open(options->from, comm, &start->checkpoint);
  if (!options->resume || repeats(start->experiment)) return VOLLEY_OK;
  if (!wants_latest(options)) return volley_checkpoint_open(options->resume, comm, &start->checkpoint);
  VOLLEY_TRY(volley_checkpoint_open_latest(start->checkpoint_file, comm, &start->checkpoint));
  if (start->checkpoint || options->file) return VOLLEY_OK;
  volley_fault(VOLLEY_USAGE, NULL, "there is no checkpoint '%s' to resume from, and no FILE to begin with",
               start->checkpoint_file);
  return volley_agree(comm);
}

/* Whether a checkpoint is the run's file of checkpoints or an older one of that series. Collective. */
static bool is_of_series(MPI_Comm comm, volley_start *start, const char *path) {
  const char *file = without_number(start->arena, follow_links(comm, start, path));
  return strcmp(volley_path_absolute(comm, start->arena, file),
                volley_path_absolute(comm, start->arena, start->checkpoint_file)) == 0;
}

/* A run that had begun at a checkpoint of another has its recordings from there on. */
static volley_status begin_again(volley_experiment *experiment, const volley_checkpoint_info *info) {
  experiment->begun_from = *info->begun_from ? info->begun_from : NULL;
  return volley_recorders_begin(experiment, (int64_t)info->begins);
}

void volley_start_compare(const volley_run_options *options, const char *what, const char *path, const char *begun_from,
                          double begins_ms) {
  const char *wanted = options->begun_from;
  if (!wanted || (strcmp(begun_from, wanted) == 0 && begins_ms == options->begins_ms)) return;
  volley_fault(VOLLEY_USAGE, NULL,
               "%s '%s' is of a run that began at %.10g ms%s%s; here it would at %.10g ms%s%s: give --from as then, "
               "another name, or --overwrite",
               what, path, begins_ms, *begun_from ? ", from " : "", begun_from, options->begins_ms,
               *wanted ? ", from " : "", wanted);
}

/* The output of the checkpoint's run, and its series of checkpoints where the experiment is its own, unless others are given: another output
 * has a series of its own. */
static void follow_paths(const volley_run_options *options, const volley_checkpoint_info *info, MPI_Comm comm,
                         volley_start *start) {
  const volley_experiment *experiment = start->experiment;
  const bool is_other = options->output || experiment->is_output_set;
  if (!options->output)
    start->output = follow_links(comm, start, experiment->is_output_set ? experiment->output : info->output);
  if (options->file) return;
  const char *file = experiment->checkpoint.is_file_set ? experiment->checkpoint.file
                     : is_other                         ? volley_checkpoint_beside(start->arena, start->output)
                                : without_number(start->arena, follow_links(comm, start, info->path));
  start->checkpoint_file = follow_links(comm, start, file);
}

/* Goes on where the checkpoint's run left off: its experiment, output and series of checkpoints, unless others are given. */
static volley_status follow_checkpoint(const volley_run_options *options, const volley_text_list *sets, MPI_Comm comm,
                                       volley_start *start) {
  const volley_checkpoint_info *info = volley_checkpoint_get_info(start->checkpoint);
  if (!start->experiment)
    VOLLEY_TRY(volley_experiment_read_text(info->experiment, info->path, info->experiment_file, info->experiment_folder,
                                           sets->texts, sets->n, comm, &start->experiment));
  follow_paths(options, info, comm, start);
  start->continues_series = is_of_series(comm, start, info->path);
  VOLLEY_TRY(begin_again(start->experiment, info));
  volley_start_compare(options, "checkpoint", info->path, info->begun_from,
                       volley_time_of(start->experiment, (int64_t)info->begins));
  volley_experiment_compare(start->experiment, info->experiment,
                            volley_arena_format(start->arena, "checkpoint '%s'", info->path), info->time_ms);
  return volley_agree(comm);
}

/* What the experiment says of times before the checkpoint is over: the run begins there. */
static volley_status begin_at(volley_experiment *experiment, const volley_experiment *past,
                              const volley_checkpoint_info *info, MPI_Comm comm) {
  const volley_place place = {.file = experiment->file, .path = "simulation.duration"},
                     of_step = {.file = experiment->file, .path = "simulation.dt"};
  if (experiment->simulation.continuous != past->simulation.continuous)
    volley_fault(VOLLEY_USAGE, NULL,
                 "checkpoint '%s' is of the engine %s, which takes %s; the engine here, %s, takes %s", info->path,
                 past->simulation.engine->name, past->simulation.continuous ? "no steps" : "steps",
                 experiment->simulation.engine->name, past->simulation.continuous ? "some" : "none");
  else if (info->dt_ms != experiment->simulation.dt)
    volley_fault(VOLLEY_USAGE, &of_step, "%g ms here, steps of %g ms in checkpoint '%s'", experiment->simulation.dt,
                 info->dt_ms, info->path);
  else if (experiment->simulation.steps <= info->state.step)
    volley_fault(VOLLEY_USAGE, &place, "%.10g ms, but checkpoint '%s' is at %.10g ms, and time goes on from there",
                 volley_time_of(experiment, experiment->simulation.steps), info->path, info->time_ms);
  else
    (void)volley_recorders_begin(experiment, info->state.step);
  return volley_agree(comm);
}

/* Another run begins at the checkpoint: what differs is told. */
static volley_status branch(const volley_run_options *options, MPI_Comm comm, volley_start *start) {
  const volley_checkpoint_info *info = volley_checkpoint_get_info(start->checkpoint);
  const double at = volley_time_of(start->experiment, info->state.step);
  int rank;
  if (options->begun_from && at != options->begins_ms)
    volley_fault(
        VOLLEY_USAGE, NULL,
        "checkpoint '%s' is at %.10g ms, but its run has come to %.10g ms: its last checkpoint was not written. "
        "Remove the checkpoints and the output of that run, and make it again",
        info->path, at, options->begins_ms);
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_TRY(volley_experiment_read_past(info->experiment, info->path, info->experiment_file, info->experiment_folder,
                                         comm, &start->past));
  VOLLEY_TRY(begin_at(start->experiment, start->past, info, comm));
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  start->experiment->begun_from = volley_path_absolute(comm, start->experiment->arena, info->path);
  if (rank == 0)
    volley_experiment_tell_differences(start->experiment, info->experiment,
                                       volley_arena_format(start->arena, "checkpoint '%s'", info->path));
  return VOLLEY_OK;
}

/* Tells where the run begins, if that is not plain. */
static void announce(const volley_run_options *options, MPI_Comm comm, const volley_start *start) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank != 0) return;
  const volley_checkpoint_plan *plan = &start->experiment->checkpoint;
  if (start->checkpoint) {
    const volley_checkpoint_info *info = volley_checkpoint_get_info(start->checkpoint);
    volley_progress_note(start->branches ? "beginning at %.10g ms from %s" : "resuming at %.10g ms from %s",
                         info->time_ms, info->path);
    if (strcmp(info->git_commit, VOLLEY_GIT_COMMIT) != 0 || strcmp(info->version, VOLLEY_VERSION) != 0)
      volley_progress_note("it was written by Volley %s (%s), this is %s (%s): the same bits are promised for one "
                           "program only",
                           info->version, info->git_commit, VOLLEY_VERSION, VOLLEY_GIT_COMMIT);
  } else if (options->resume) {
    volley_progress_note("no checkpoint %s yet: starting from the beginning", start->checkpoint_file);
  } else if (volley_is_checkpoint(start->checkpoint_file) &&
             (plan->wall > 0 || plan->steps > 0 ||
              volley_checkpoint_is_of(start->checkpoint_file, start->experiment))) {
    volley_progress_note(
        "starting from the beginning, although there is a checkpoint %s; --resume latest goes on from it",
        start->checkpoint_file);
  }
}

volley_status volley_start_experiment(const volley_run_options *options, MPI_Comm comm, volley_experiment **out) {
  volley_arena *arena = volley_arena_create();
  const volley_text_list sets = assignments(options, arena, comm);
  const volley_status status = volley_experiment_read(options->file, sets.texts, sets.n, comm, out);
  volley_arena_destroy(arena);
  return status;
}

volley_status volley_start_read(const volley_run_options *options, MPI_Comm comm, volley_start *start) {
  start->arena = volley_arena_create();
  const volley_text_list sets = assignments(options, start->arena, comm);
  (void)check_options(options);
  VOLLEY_TRY(volley_agree(comm));
  if (options->file) VOLLEY_TRY(volley_experiment_read(options->file, sets.texts, sets.n, comm, &start->experiment));
  choose_paths(options, comm, start);
  VOLLEY_TRY(open_checkpoint(options, comm, start));
  if (start->branches)
    VOLLEY_TRY(branch(options, comm, start));
  else if (start->checkpoint)
    VOLLEY_TRY(follow_checkpoint(options, &sets, comm, start));
  start->repeats = repeats(start->experiment);
  if (start->repeats) return VOLLEY_OK;
  if (!start->checkpoint) volley_trial_check(start->experiment);
  VOLLEY_TRY(volley_agree(comm));
  start->output_absolute = volley_path_absolute(comm, start->arena, start->output);
  announce(options, comm, start);
  return VOLLEY_OK;
}

volley_status volley_start_take(const volley_start *start, MPI_Comm comm) {
  volley_checkpoint_branch(start->checkpoint, start->experiment, start->past);
  return volley_agree(comm);
}

void volley_start_release(volley_start *start) {
  volley_experiment_destroy(start->experiment);
  volley_experiment_destroy(start->past);
  volley_checkpoint_close(start->checkpoint);
  volley_arena_destroy(start->arena);
}
