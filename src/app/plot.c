/* volley plot: hands its arguments to the plotting script, with a Python that can run it. */
#include "app/app.h"

#include "base/build_info.h"
#include "io/checkpoint/checkpoint.h"
#include "io/output/found.h"
#include "io/output/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* clang-format off */
#define FIGURES(X) \
  X(isi, "distributions of the intervals between spikes instead") \
  X(traces, "recorded traces instead") \
  X(readout, "recorded readouts over their supervisors, before, while and after learning") \
  X(weights, "recorded weights over time, and their distributions at the begin and the end") \
  X(rates, "recorded rates over time") \
  X(sums, "recorded sums over populations over time") \
  X(means, "recorded means over populations over time") \
  X(stimuli, "what recorded stimuli gave, over time") \
  X(dopamine, "recorded dopamine over time") \
  X(window, "changes of recorded weights over the delays of their synapses") \
  X(fields, "the last recorded weights onto each target as images, where the sources make a square") \
  X(images, "traces of the outputs while labelled images are shown; the last second or --start to --stop") \
  X(sheet, "which neurons fired where, in pictures of six parts of the time, where populations have positions") \
  /* one line a figure, which function plot_NAME() of a file plot_*.py in io/plot draws: its option, what help says */
/* clang-format on */

#define MEMBER(name, doc) bool name;
#define OPTION(name, doc) {#name, 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, name), NULL, doc},
#define GIVEN(name, doc) {#name, options->name},

/* What the words of the command say. */
typedef struct settings {
  const char *file, *output; /* output: NULL for a name like that of the file */
  const char *start, *stop;  /* times as written; NULL: whole run */
  FIGURES(MEMBER)
  const char *frames; /* ROWSxCOLUMNS of an image; NULL: no images */
} settings;

static const volley_option option_table[] = {
    {"OUT.h5", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL, "output of a run"},
    {"output", 'o', VOLLEY_OPTION_TEXT, false, offsetof(settings, output), "FILE.png",
     "figure to write, its ending selects the format; default OUT.png, or OUT_isi.png and the like"},
    VOLLEY_OPTIONS_WINDOW(settings),
    FIGURES(OPTION){"frames", 0, VOLLEY_OPTION_TEXT, false, offsetof(settings, frames), "ROWSxCOLUMNS",
                    "the outputs of a readout as images, a strip of the last second or of --start to --stop"},
};

extern char **environ;

enum { MAX_WORDS = 22 };

/* Path of a file that lies at `relative` from the folder of this program; false if there is none. */
static bool find_beside_program(const char *relative, char path[PATH_MAX]) {
  char program[PATH_MAX];
  const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
  if (length <= 0) return false;
  program[length] = '\0';
  char *slash = strrchr(program, '/');
  if (!slash) return false;
  *slash = '\0';
  return snprintf(path, PATH_MAX, "%s/%s", program, relative) < PATH_MAX && access(path, R_OK) == 0;
}

/* The script: where VOLLEY_PLOT_SCRIPT says, installed with this program, or among the sources. */
static volley_status find_script(char path[PATH_MAX]) {
  const char *named = getenv("VOLLEY_PLOT_SCRIPT");
  if (named && *named) {
    snprintf(path, PATH_MAX, "%s", named);
    if (access(path, R_OK) == 0) return VOLLEY_OK;
    return volley_fault(VOLLEY_USAGE, NULL, "VOLLEY_PLOT_SCRIPT names '%s': %s", named, strerror(errno));
  }
  if (find_beside_program("../share/volley/volley_plot.py", path)) return VOLLEY_OK;
  snprintf(path, PATH_MAX, "%s", VOLLEY_PLOT_SOURCE);
  if (access(path, R_OK) == 0) return VOLLEY_OK;
  return volley_fault(VOLLEY_FAILURE, NULL,
                      "the plotting script is neither installed beside this program "
                      "(../share/volley/volley_plot.py) nor at '%s'; name it in VOLLEY_PLOT_SCRIPT",
                      VOLLEY_PLOT_SOURCE);
}

/* Runs a program and waits for it. quiet: without its error messages. Returns its exit code, or -1 if it cannot be
 * started or was killed. */
static int run(char *const *words, bool quiet) {
  pid_t child;
  int state = 0;
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions)) return -1;
  if (quiet) posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  const int code = posix_spawnp(&child, words[0], &actions, NULL, words, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (code) return -1;
  while (waitpid(child, &state, 0) < 0)
    if (errno != EINTR) return -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : -1;
}

/* Only looks for the modules: to import them takes as long as to draw. */
static bool can_plot(const char *python) {
  static char look[] =
      "import importlib.util as u, sys; sys.exit(None in map(u.find_spec, ['h5py', 'matplotlib', 'numpy']))";
  char *const words[] = {(char *)python, "-c", look, NULL};
  return run(words, true) == 0;
}

static volley_status find_python(const char **python) {
  const char *const known[] = {"/usr/bin/python3", "python3"};
  *python = getenv("VOLLEY_PYTHON");
  if (*python && **python) {
    if (can_plot(*python)) return VOLLEY_OK;
    return volley_fault(VOLLEY_USAGE, NULL, "VOLLEY_PYTHON names '%s', which cannot import h5py, matplotlib and numpy",
                        *python);
  }
  for (int i = 0; i < 2; i++)
    if (can_plot(*python = known[i])) return VOLLEY_OK;
  return volley_fault(VOLLEY_FAILURE, NULL,
                      "no Python with h5py and matplotlib was found; on Debian: apt-get install "
                      "python3-h5py python3-matplotlib; or name one in VOLLEY_PYTHON");
}

/* Appends --name and the time to words, if it was given. text: holds the time as the script reads it. */
static volley_status add_time(const char *name, const char *given, char text[32], const char **words, int *n) {
  double ms = 0;
  VOLLEY_TRY(volley_time_option(name, given, &ms));
  if (!given) return VOLLEY_OK;
  snprintf(text, 32, "%.17g", ms);
  words[(*n)++] = strcmp(name, "start") == 0 ? "--start" : "--stop";
  words[(*n)++] = text;
  return VOLLEY_OK;
}

/* The one kind of figure that is asked for, as an option's name; "" for the usual one. */
static volley_status choose_kind(const settings *options, const char **kind) {
  const struct {
    const char *name;
    bool given;
  } kinds[] = {FIGURES(GIVEN){"frames", options->frames}};
  *kind = "";
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    if (!kinds[k].given) continue;
    if (**kind)
      return volley_fault(VOLLEY_USAGE, NULL, "--%s and --%s are two figures; ask for one at a time", *kind,
                          kinds[k].name);
    *kind = kinds[k].name;
  }
  return VOLLEY_OK;
}

/* Whether the file can be what a figure is made of. */
static volley_status check_file(const char *path) {
  if (volley_is_checkpoint(path))
    return volley_fault(VOLLEY_USAGE, NULL,
                        "'%s' is a checkpoint, which has no recordings; volley info %s names the output of its run",
                        path, path);
  return volley_output_file_check(path);
}

/* OUT.png beside OUT.h5 and OUT.h5.part, OUT_traces.png for --traces. */
static void name_figure(const char *file, const char *kind, char path[PATH_MAX]) {
  size_t length = strlen(file);
  if (length > 5 && strcmp(file + length - 5, ".part") == 0) length -= 5;
  if (length > 3 && strncmp(file + length - 3, ".h5", 3) == 0) length -= 3;
  snprintf(path, PATH_MAX, "%.*s%s%s.png", (int)length, file, *kind ? "_" : "", kind);
}

/* Draws a figure of the file at path, which is what was found of the output that the options name. */
static volley_status draw(const char *path, const char *kind, const settings *options) {
  char script[PATH_MAX], figure[PATH_MAX];
  const char *python;
  VOLLEY_TRY(find_script(script));
  VOLLEY_TRY(find_python(&python));
  if (!options->output) name_figure(options->file, kind, figure);
  const char *words[MAX_WORDS] = {python,   script,       "--output", options->output ? options->output : figure,
                                  "--name", options->file};
  int n = 6;
  char start[32], stop[32];
  VOLLEY_TRY(add_time("start", options->start, start, words, &n));
  VOLLEY_TRY(add_time("stop", options->stop, stop, words, &n));
  if (*kind) words[n++] = options->frames ? "--frames" : "--figure";
  if (*kind) words[n++] = options->frames ? options->frames : kind;
  words[n++] = "--";
  words[n++] = path;
  fflush(stdout);
  const int code = run((char *const *)words, false);
  if (code < 0) return volley_fault(VOLLEY_FAILURE, NULL, "the plotting script '%s' was broken off", script);
  return code == 0 ? VOLLEY_OK : code == VOLLEY_USAGE ? VOLLEY_USAGE : VOLLEY_FAILURE;
}

static volley_status plot_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  const char *kind;
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, &options));
  VOLLEY_TRY(choose_kind(&options, &kind));
  volley_found_output found;
  volley_status status = volley_output_find(options.file, &found);
  if (status == VOLLEY_OK) status = check_file(found.path);
  if (status == VOLLEY_OK) status = draw(found.path, kind, &options);
  volley_output_found_release(&found);
  return status;
}

const volley_command volley_command_plot = {
    .name = "plot",
    .summary = "plot the output of a run",
    .description =
        "Plots a raster and the rates of the populations, of the last second where no times are given; or, without\n"
        "spikes, readouts, traces, weights, rates, sums, means, stimuli or dopamine. The window and what a figure "
        "leaves out are written below its "
        "title.\n"
        "Needs Python with h5py and matplotlib.",
    VOLLEY_OPTIONS(option_table),
    .serial = true,
    .run = plot_command};
