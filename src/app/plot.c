/* volley plot: hands its arguments to the plotting script, with a Python that can run it. */
#include "app/app.h"

#include "base/build_info.h"
#include "base/memory.h"
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
  X(raster, "raster and mean rates of what spiked, the last second or --start to --stop") \
  X(psth, "mean rates over time, counted from spikes in bins") \
  X(isi, "distributions of the intervals between spikes, and their CV") \
  X(traces, "recorded states over time, with marks for spikes") \
  X(spectrogram, "which frequencies recorded rows have over time") \
  X(readout, "recorded readouts over their supervisors, before, while and after learning") \
  X(outputs, "recorded outputs of readouts over supervisors, a panel a dimension") \
  X(channels, "the same as an image, a row a dimension") \
  X(weights, "recorded weights over time, and their distributions at the begin and the end") \
  X(matrix, "the last recorded weights by source and target") \
  X(rates, "recorded rates over time") \
  X(sums, "recorded sums over populations over time") \
  X(means, "recorded means over populations over time") \
  X(stimuli, "what recorded stimuli gave, over time") \
  X(dopamine, "recorded dopamine over time") \
  X(window, "changes of recorded weights over the delays of their synapses") \
  X(fields, "the last recorded weights onto each target as images, where the sources make a square") \
  X(images, "traces of the outputs while labelled images are shown; the last second or --start to --stop") \
  X(shown, "the images that were shown, from the stimulus' table, where pixels make a square") \
  X(sheet, "which neurons fired where, in pictures of six parts of the time, where populations have positions") \
  /* one line a figure, which function plot_NAME() of a file plot_*.py in io/plot draws: its option, what help says */
#define FIGURES_OF(Y) \
  Y(phase, "X,Y", "one recorded state over another (V_m,U_m), or dimensions of a readout (0,2)") \
  Y(maxima, "DIMENSION", "each maximum of a dimension of a readout over the one before") \
  Y(frames, "ROWSxCOLUMNS", "outputs of a readout as images, a strip of the last second or of --start to --stop") \
  /* those that take a value: plot_NAME(view, value) */
#define CHOICES(Y) \
  Y(population, "population", "NAMES", "only these, with commas between") \
  Y(neurons, "neurons", "NUMBERS", "only these: 0-4,7") \
  Y(states, "states", "NAMES", "only these, in this order") \
  Y(recorder, "recorder", "NAMES", "only what these recorded") \
  Y(overlay, "overlay", "WHAT", "what is laid over each other: files, populations, projections, readouts, states, neurons (default)") \
  Y(size, "size", "WxH", "of the figure, in inches or as 18x10cm") \
  Y(font, "font", "POINTS", "size of letters; default 8, with --style talk 14") \
  Y(style, "style", "paper|talk", "letters and lines for a page or for a wall") \
  Y(title, "title", "TEXT", "instead of the experiment's") \
  /* what the script is told as it is written */
#define SWITCHES(Y) \
  Y(log, "log", "intervals of --isi on a logarithmic axis") \
  Y(bare, "bare", "no title and no notes in the figure: they are printed") \
  Y(same_scale, "same-scale", "panels of the same quantity have the same scale")
/* clang-format on */

#define FLAG(name, doc) bool name;
#define TEXT(name, ...) const char *name;
#define SWITCH(name, ...) bool name;
#define OPTION(name, doc) {#name, 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, name), NULL, doc},
#define OPTION_OF(name, value, doc) {#name, 0, VOLLEY_OPTION_TEXT, false, offsetof(settings, name), value, doc},
#define OPTION_CHOICE(name, text, value, doc)                                                                          \
  {text, 0, VOLLEY_OPTION_TEXT, false, offsetof(settings, name), value, doc},
#define OPTION_SWITCH(name, text, doc) {text, 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, name), NULL, doc},

/* What the words of the command say. */
typedef struct settings {
  volley_text_list files;
  const char *output;       /* NULL for a name like that of the first file */
  const char *start, *stop; /* times as written; NULL: whole run */
  const char *bin;          /* the same; NULL: by the window */
  FIGURES(FLAG) FIGURES_OF(TEXT) CHOICES(TEXT) SWITCHES(SWITCH)
} settings;

static const volley_option option_table[] = {
    {"OUT.h5", 0, VOLLEY_OPTION_ARGUMENTS, true, offsetof(settings, files), NULL,
     "output of a run; several are drawn side by side"},
    {"output", 'o', VOLLEY_OPTION_TEXT, false, offsetof(settings, output), "FILE.png",
     "figure to write, its ending selects the format; default OUT.png, or OUT_isi.png and the like"},
    VOLLEY_OPTIONS_WINDOW(settings),
    {"bin", 0, VOLLEY_OPTION_TEXT, false, offsetof(settings, bin), "TIME",
     "of --psth; default about a hundredth of the window"},
    FIGURES(OPTION) FIGURES_OF(OPTION_OF) CHOICES(OPTION_CHOICE) SWITCHES(OPTION_SWITCH)};

extern char **environ;

enum { MAX_WORDS = 128 };

/* The words of a command that is being made up; those with an = are in its own room. */
typedef struct wording {
  const char *words[MAX_WORDS];
  char room[4 * PATH_MAX];
  int n;
  size_t used;
} wording;

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
  if (find_beside_program("../share/volley/plot/volley_plot.py", path)) return VOLLEY_OK;
  snprintf(path, PATH_MAX, "%s", VOLLEY_PLOT_SOURCE);
  if (access(path, R_OK) == 0) return VOLLEY_OK;
  return volley_fault(VOLLEY_FAILURE, NULL,
                      "the plotting script is neither installed beside this program "
                      "(../share/volley/plot/volley_plot.py) nor at '%s'; name it in VOLLEY_PLOT_SCRIPT",
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

/* Appends a word; one too many, or of too many letters, is a fault. */
static volley_status add(wording *to, const char *format, const char *name, const char *value) {
  const int length = snprintf(to->room + to->used, sizeof to->room - to->used, format, name, value);
  if (length < 0 || to->used + (size_t)length + 1 >= sizeof to->room || to->n + 1 >= MAX_WORDS)
    return volley_fault(VOLLEY_USAGE, NULL, "volley plot: more words than a figure takes");
  to->words[to->n++] = to->room + to->used;
  to->used += (size_t)length + 1;
  return VOLLEY_OK;
}

/* Appends --name and a time in ms, if it was given. */
static volley_status add_time(wording *to, const char *name, const char *given) {
  double ms = 0;
  char text[32];
  VOLLEY_TRY(volley_time_option(name, given, &ms));
  snprintf(text, sizeof text, "%.17g", ms);
  return given ? add(to, "--%s=%s", name, text) : VOLLEY_OK;
}

/* Appends the figures that are asked for, by their options, and writes their names to `kinds`: "_isi_traces". */
static volley_status add_figures(wording *to, const settings *options, char kinds[PATH_MAX]) {
  const struct {
    const char *name, *value; /* value NULL: not asked for; "": takes none */
  } figures[] = {
#define GIVEN(name, doc) {#name, options->name ? "" : NULL},
#define GIVEN_OF(name, value, doc) {#name, options->name},
      FIGURES(GIVEN) FIGURES_OF(GIVEN_OF)};
  size_t length = 0;
  kinds[0] = '\0';
  for (size_t k = 0; k < sizeof figures / sizeof *figures; k++) {
    if (!figures[k].value) continue;
    VOLLEY_TRY(add(to, figures[k].value[0] ? "--figure=%s=%s" : "--figure=%s%s", figures[k].name, figures[k].value));
    length += (size_t)snprintf(kinds + length, PATH_MAX - length, "_%s", figures[k].name);
  }
  return VOLLEY_OK;
}

/* Appends what else was chosen. */
static volley_status add_choices(wording *to, const settings *options) {
  const struct {
    const char *name, *value;
  } choices[] = {
#define CHOSEN(name, text, value, doc) {text, options->name},
      CHOICES(CHOSEN)};
  const struct {
    const char *name;
    bool on;
  } switches[] = {
#define SWITCHED(name, text, doc) {text, options->name},
      SWITCHES(SWITCHED)};
  VOLLEY_TRY(add_time(to, "start", options->start));
  VOLLEY_TRY(add_time(to, "stop", options->stop));
  VOLLEY_TRY(add_time(to, "bin", options->bin));
  for (size_t k = 0; k < sizeof choices / sizeof *choices; k++)
    if (choices[k].value) VOLLEY_TRY(add(to, "--%s=%s", choices[k].name, choices[k].value));
  for (size_t k = 0; k < sizeof switches / sizeof *switches; k++)
    if (switches[k].on) VOLLEY_TRY(add(to, "--%s%s", switches[k].name, ""));
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
static volley_status name_figure(const char *file, const char *kinds, char path[PATH_MAX]) {
  size_t length = strlen(file);
  if (length > 5 && strcmp(file + length - 5, ".part") == 0) length -= 5;
  if (length > 3 && strncmp(file + length - 3, ".h5", 3) == 0) length -= 3;
  if (snprintf(path, PATH_MAX, "%.*s%s.png", (int)length, file, kinds) < PATH_MAX) return VOLLEY_OK;
  return volley_fault(VOLLEY_USAGE, NULL, "the figure's path has more than %d bytes; name a shorter one with -o",
                      PATH_MAX - 1);
}

/* Draws a figure of the files that were found of the outputs that the options name. */
static volley_status draw(const volley_found_output *found, const settings *options) {
  char script[PATH_MAX], figure[PATH_MAX], kinds[PATH_MAX];
  VOLLEY_TRY(find_script(script));
  wording line = {.n = 2};
  VOLLEY_TRY(find_python(&line.words[0]));
  line.words[1] = script;
  VOLLEY_TRY(add_figures(&line, options, kinds));
  VOLLEY_TRY(add_choices(&line, options));
  if (!options->output) VOLLEY_TRY(name_figure(options->files.texts[0], kinds, figure));
  VOLLEY_TRY(add(&line, "--output=%s%s", options->output ? options->output : figure, ""));
  for (int k = 0; k < options->files.n; k++) VOLLEY_TRY(add(&line, "--name=%s%s", options->files.texts[k], ""));
  VOLLEY_TRY(add(&line, "--%s%s", "", ""));
  for (int k = 0; k < options->files.n; k++) VOLLEY_TRY(add(&line, "%s%s", found[k].path, ""));
  line.words[line.n] = NULL;
  fflush(stdout);
  const int code = run((char *const *)line.words, false);
  if (code < 0) return volley_fault(VOLLEY_FAILURE, NULL, "the plotting script '%s' was broken off", script);
  return code == 0 ? VOLLEY_OK : code == VOLLEY_USAGE ? VOLLEY_USAGE : VOLLEY_FAILURE;
}

static volley_status plot_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  volley_status status = volley_options_parse(command, n_arguments, arguments, &options);
  const int n = options.files.n;
  volley_found_output *found = volley_alloc((size_t)n + 1, sizeof *found, "the command line");
  int n_found = 0;
  while (status == VOLLEY_OK && n_found < n) {
    status = volley_output_find(options.files.texts[n_found], &found[n_found]);
    n_found++;
    if (status == VOLLEY_OK) status = check_file(found[n_found - 1].path);
  }
  if (status == VOLLEY_OK) status = draw(found, &options);
  while (n_found > 0) volley_output_found_release(&found[--n_found]);
  free(found);
  free(options.files.texts);
  return status;
}

const volley_command volley_command_plot = {
    .name = "plot",
    .summary = "plot the output of a run",
    .description =
        "Plots a raster and the rates of the populations, of the last second where no times are given; or, without\n"
        "spikes, readouts, traces, weights, rates, sums, means, stimuli or dopamine. Several figures that are asked "
        "for\n"
        "stand below each other and share their axis of time, several outputs beside each other. The window and what\n"
        "is left out are written below the title.\n"
        "Needs Python with h5py and matplotlib.",
    VOLLEY_OPTIONS(option_table),
    .serial = true,
    .run = plot_command};
