/* volley plot: hands its arguments to the plotting script, with a Python that can run it. */
#include "app/app.h"

#include "app/time_option.h"
#include "base/build_info.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MAX_WORDS = 20 };

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

static bool can_plot(const char *python) {
  char *const words[] = {(char *)python, "-c", "import h5py, matplotlib, numpy", NULL};
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

volley_status volley_plot_command(int n_arguments, const char *const *arguments) {
  volley_plot_options options = {0};
  char script[PATH_MAX];
  const char *python;
  VOLLEY_TRY(volley_options_parse(&volley_plot_usage, n_arguments, arguments, &options));
  VOLLEY_TRY(find_script(script));
  VOLLEY_TRY(find_python(&python));
  const char *words[MAX_WORDS] = {python, script, options.file, "--output", options.output};
  int n = 5;
  char start[32], stop[32];
  VOLLEY_TRY(add_time("start", options.start, start, words, &n));
  VOLLEY_TRY(add_time("stop", options.stop, stop, words, &n));
  if (options.isi) words[n++] = "--isi";
  if (options.traces) words[n++] = "--traces";
  if (options.readout) words[n++] = "--readout";
  if (options.weights) words[n++] = "--weights";
  if (options.window) words[n++] = "--window";
  if (options.fields) words[n++] = "--fields";
  if (options.images) words[n++] = "--images";
  if (options.frames) {
    words[n++] = "--frames";
    words[n++] = options.frames;
  }
  fflush(stdout);
  const int code = run((char *const *)words, false);
  if (code < 0) return volley_fault(VOLLEY_FAILURE, NULL, "the plotting script '%s' was broken off", script);
  return code == 0 ? VOLLEY_OK : code == VOLLEY_USAGE ? VOLLEY_USAGE : VOLLEY_FAILURE;
}
