/* volley sweep: an experiment with all combinations of values of some keys, many runs after one start. */
#include "app/app.h"
#include "app/run.h"
#include "app/sweep_table.h"
#include "app/trials.h"
#include "base/text.h"
#include "experiment/check.h"
#include "run/threads.h"
#include "volley.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct settings {
  const char *file, *folder;
  volley_text_list over, sets;
  int ranks, threads; /* of each run; 0: 1, and not given */
  bool lists, overwrite;
} settings;

static const volley_option option_table[] = {
    {"FILE", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL,
     "experiment (YAML) or SONATA configuration (JSON)"},
    {"over", 0, VOLLEY_OPTION_LIST, true, offsetof(settings, over), "KEY=VALUES",
     "values of a key: 1..5, '10:50:5 pA' (from, to, step), a,b,c; again for another key"},
    {"output", 'o', VOLLEY_OPTION_TEXT, false, offsetof(settings, folder), "FOLDER",
     "folder of the outputs 1.h5, 2.h5, ... and of table.csv"},
    {"ranks", 0, VOLLEY_OPTION_COUNT, false, offsetof(settings, ranks), "R", "ranks of each run; default 1"},
    VOLLEY_OPTION_THREADS(settings),
    VOLLEY_OPTION_SETS(settings),
    {"list", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, lists), NULL,
     "print the settings of the runs, a line each, as jobs/slurm/array.sbatch takes them, and stop"},
    {"overwrite", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, overwrite), NULL, "run again what is there already"},
};

/* A sweep while it goes on, on the ranks of one group. */
typedef struct sweep {
  const settings *options;
  volley_axes axes;
  volley_arena *arena;
  MPI_Comm comm;          /* of the group */
  int rank;               /* in it */
  int groups, node_ranks; /* groups of ranks; ranks of all groups on this node */
  bool saves;             /* the experiment writes checkpoints */
  int *codes;             /* [axes.runs] exit codes, -1: not begun; of the runs of this group */
} sweep;

/* The words of run that make one run. sets.texts is to be freed by the caller. */
static volley_run_options options_of(const sweep *s, int64_t run) {
  volley_run_options options = {.file = s->options->file,
                                .output = volley_sweep_output(s->options->folder, run, s->arena),
                                .threads = s->options->threads ? s->options->threads
                                           : s->groups > 1     ? 1
                                                               : 0,
                                .node_ranks = s->node_ranks,
                                .overwrite = s->options->overwrite,
                                .progress = VOLLEY_PROGRESS_OFF,
                                .begun_from = "",
                                .quiet = true};
  if (s->saves && !s->options->overwrite) options.resume = "latest";
  for (int k = 0; k < s->options->sets.n; k++) volley_text_list_add(&options.sets, s->options->sets.texts[k]);
  for (int a = 0; a < s->axes.n; a++)
    volley_text_list_add(&options.sets, volley_axes_setting(&s->axes, a, run, s->arena));
  return options;
}

static void print_setting(const char *setting, bool is_first) {
  char *word = volley_shell_word(setting);
  printf("%s%s", is_first ? "" : " ", word);
  free(word);
}

static void print_settings(const volley_axes *axes, int64_t run, volley_arena *arena) {
  for (int a = 0; a < axes->n; a++) print_setting(volley_axes_setting(axes, a, run, arena), a == 0);
}

/* Whether the output of this very experiment is there and whole; a fault if it is another's. Collective over the group. */
static volley_status look_for_output(sweep *s, const volley_run_options *options, bool *is_there) {
  volley_experiment *experiment = NULL;
  *is_there = false;
  VOLLEY_TRY(volley_experiment_read(options->file, options->sets.texts, options->sets.n, s->comm, &experiment));
  s->saves |= experiment->checkpoint.wall > 0 || experiment->checkpoint.steps > 0;
  if (experiment->checkpoint.file)
    volley_fault(
        VOLLEY_USAGE, NULL,
        "checkpoint.file is '%s' for all runs of a sweep: leave it out, and each has its own beside its output",
        experiment->checkpoint.file);
  if (experiment->trials.n > 0 && experiment->trials.number == 0)
    volley_fault(VOLLEY_USAGE, NULL, "the experiment is repeated: its trials are --over repeat.trial=1..%d",
                 experiment->trials.n);
  else
    volley_trial_check(experiment);
  volley_status status = volley_agree(s->comm);
  if (status == VOLLEY_OK && !s->options->overwrite)
    status = volley_output_is_there(options, experiment, s->comm, is_there);
  volley_experiment_destroy(experiment);
  return status;
}

static void tell(const sweep *s, int64_t run, const char *how, int code) {
  if (s->rank != 0) return;
  printf("%" PRId64 " of %" PRId64 ": ", run + 1, s->axes.runs);
  print_settings(&s->axes, run, s->arena);
  printf(code ? ": %s, code %d\n" : ": %s\n", how, code);
  fflush(stdout);
}

/* A mistake of the experiment itself is told once, by the first run. Collective over comm. */
static volley_status read_first(const sweep *s, MPI_Comm comm) {
  volley_experiment *experiment = NULL;
  volley_run_options options = options_of(s, 0);
  const volley_status status =
      volley_experiment_read(options.file, options.sets.texts, options.sets.n, comm, &experiment);
  free(options.sets.texts);
  volley_experiment_destroy(experiment);
  return status;
}

/* Before anything runs: whether all experiments can be read, up to the first that cannot, and which runs are there already. */
static volley_status look_for_runs(sweep *s, int64_t first, int64_t stride) {
  for (int64_t run = first; run < s->axes.runs; run += stride) {
    bool is_there;
    volley_run_options options = options_of(s, run);
    const volley_status status = look_for_output(s, &options, &is_there);
    free(options.sets.texts);
    VOLLEY_TRY(status);
    if (is_there) s->codes[run] = VOLLEY_OK;
  }
  return VOLLEY_OK;
}

static volley_status make_run(const sweep *s, int64_t run) {
  volley_run_options options = options_of(s, run);
  const volley_status status = volley_run_once(&options, 0, NULL, s->comm);
  free(options.sets.texts);
  tell(s, run, status == VOLLEY_OK ? "done" : status == VOLLEY_STOPPED ? "stopped" : "failed", (int)status);
  return status;
}

/* All ranks get to know how each run ended; rank 0 writes the table. The worst status of all runs. */
static volley_status gather(sweep *s, MPI_Comm comm) {
  int rank;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, s->codes, (int)s->axes.runs, MPI_INT, MPI_MAX, comm));
  int64_t done = 0;
  volley_status worst = VOLLEY_OK;
  for (int64_t run = 0; run < s->axes.runs; run++) {
    done += s->codes[run] == VOLLEY_OK;
    if (s->codes[run] > (int)worst) worst = (volley_status)s->codes[run];
  }
  if (rank == 0 && volley_sweep_write_table(s->options->folder, &s->axes, s->codes) == VOLLEY_OK)
    printf("%" PRId64 " of %s done, table in %s/table.csv\n", done, volley_count((uint64_t)s->axes.runs, "run").text,
           volley_show(s->options->folder).text);
  VOLLEY_TRY(volley_agree(comm));
  return worst;
}

/* Groups of ranks, and the folder. */
static volley_status begin(sweep *s, int ranks, MPI_Comm comm) {
  int rank, size;
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &size));
  if (size % ranks)
    volley_fault(VOLLEY_USAGE, NULL, "--ranks %d: runs of %d ranks do not fill the %d of this job", ranks, ranks, size);
  if (rank == 0 && mkdir(s->options->folder, 0777) != 0 && errno != EEXIST)
    volley_fault(VOLLEY_USAGE, NULL, "the folder '%s' cannot be made: %s", s->options->folder, strerror(errno));
  VOLLEY_TRY(volley_agree(comm));
  s->groups = size / ranks;
  s->node_ranks = volley_node_ranks(comm);
  VOLLEY_MPI(MPI_Comm_split(comm, rank / ranks, rank, &s->comm));
  VOLLEY_MPI(MPI_Comm_rank(s->comm, &s->rank));
  s->codes = volley_alloc((size_t)s->axes.runs, sizeof *s->codes, "a sweep");
  for (int64_t run = 0; run < s->axes.runs; run++) s->codes[run] = -1;
  return VOLLEY_OK;
}

/* The runs of this group, one after the other; a run that fails keeps none of the others from being made. */
static volley_status make_runs(sweep *s, MPI_Comm comm) {
  int rank, size;
  const int ranks = s->options->ranks ? s->options->ranks : 1;
  VOLLEY_TRY(read_first(s, comm));
  VOLLEY_TRY(begin(s, ranks, comm));
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  VOLLEY_MPI(MPI_Comm_size(comm, &size));
  const int64_t first = rank / ranks, stride = size / ranks;
  int wrong = (int)look_for_runs(s, first, stride);
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPI_INT, MPI_MAX, comm));
  volley_status status = (volley_status)wrong;
  for (int64_t run = first; run < s->axes.runs && status == VOLLEY_OK; run += stride) {
    if (s->codes[run] == VOLLEY_OK)
      tell(s, run, "there already", 0);
    else if ((s->codes[run] = (int)make_run(s, run)) == VOLLEY_STOPPED)
      break;
  }
  VOLLEY_MPI(MPI_Comm_free(&s->comm));
  if (status == VOLLEY_OK) status = gather(s, comm);
  free(s->codes);
  return status;
}

static volley_status sweep_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  const MPI_Comm comm = MPI_COMM_WORLD;
  settings options = {0};
  sweep s = {.options = &options, .arena = volley_arena_create()};
  if (volley_options_parse(command, n_arguments, arguments, &options) == VOLLEY_OK) {
    (void)volley_axes_read(options.over.texts, options.over.n, s.arena, &s.axes);
    if (!options.folder && !options.lists) volley_fault(VOLLEY_USAGE, NULL, "--output FOLDER is missing");
  }
  volley_status status = volley_agree(comm);
  if (status == VOLLEY_OK && options.lists) {
    int rank;
    VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
    for (int64_t run = 0; run < s.axes.runs && rank == 0; run++) {
      print_settings(&s.axes, run, s.arena);
      for (int k = 0; k < options.sets.n; k++) print_setting(options.sets.texts[k], false);
      putchar('\n');
    }
  } else if (status == VOLLEY_OK) {
    status = make_runs(&s, comm);
  }
  volley_arena_destroy(s.arena);
  free(options.over.texts);
  free(options.sets.texts);
  return status;
}

const volley_command volley_command_sweep = {
    .name = "sweep",
    .summary = "run an experiment with all combinations of values of some keys",
    .description = "Runs the experiment once for each combination of the values that --over gives, the last one "
                   "changing fastest, into\n"
                   "FOLDER/1.h5, FOLDER/2.h5, ..., and writes FOLDER/table.csv: the values, exit codes, spikes, and "
                   "rates, CV and\n"
                   "synchrony of the populations as `volley info` has them. MPI starts once: mpirun -n 8 volley sweep "
                   "... makes eight\n"
                   "runs of one rank at a time, with --ranks 2 four of two. A run that fails does not end the others; "
                   "what is there\n"
                   "already is kept, so that a sweep that was broken off goes on when it is started again. Nothing "
                   "runs where an experiment\n"
                   "has a mistake, or where an output is of other settings. Runs beside each other have one thread "
                   "each if --threads says\n"
                   "nothing.\n"
                   "Exit code: the largest of the runs'.",
    VOLLEY_OPTIONS(option_table),
    .run = sweep_command};
