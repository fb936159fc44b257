/* volley watch: rates, progress and the last second of a run that goes on. It reads what the run has written so far, takes no
 * lock, and keeps nothing open between two looks. */
#include "app/app.h"
#include "app/info.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/file/path.h"
#include "io/file/run_lock.h"
#include "io/output/found.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

enum { SECONDS = 2, WINDOW_MS = 1000, NAME = 12, LEAST_WIDTH = 20, LEAST_ROWS = 8 };

typedef struct settings {
  const char *file;
  bool once;
} settings;

static const volley_option option_table[] = {
    {"OUT.h5", 0, VOLLEY_OPTION_ARGUMENT, true, offsetof(settings, file), NULL, "output of a run that goes on"},
    {"once", 0, VOLLEY_OPTION_FLAG, false, offsetof(settings, once), NULL, "tell how far it is, and end"},
};

/* What lasts from look to look. */
typedef struct watching {
  const settings *settings;
  bool goes_on;     /* the run */
  bool is_terminal; /* that redraws what it shows */
  double told_ms;   /* how far the run was when that was last told; NAN: nothing was told yet */
} watching;

static volatile sig_atomic_t interrupted;
static void interrupt(int number) { interrupted = number; }

/* Dots of one population: a cell of the terminal is 2 wide and 4 high. */
typedef struct raster {
  double start_ms, stop_ms;
  uint64_t size; /* neurons */
  int columns, rows;
  unsigned char *cells; /* [rows][columns] which of its dots are set, as braille numbers them */
} raster;

static void take_spikes(void *taker, size_t n, const double *times, const uint64_t *ids) {
  static const unsigned char dots[4][2] = {{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
  raster *r = taker;
  for (size_t i = 0; i < n; i++) {
    const double at = (times[i] - r->start_ms) / (r->stop_ms - r->start_ms);
    if (!(at > 0 && at <= 1) || ids[i] >= r->size) continue;
    const int x = (int)fmin(at * 2 * r->columns, 2 * r->columns - 1);
    const int y = (int)(ids[i] * 4 * (uint64_t)r->rows / r->size);
    r->cells[y / 4 * r->columns + x / 2] |= dots[y % 4][x % 2];
  }
}

static void print_cell(unsigned dots, bool is_braille) {
  static const char shades[] = " .::++##@"; /* by the number of dots */
  if (is_braille)
    printf("\xE2%c%c", (int)(0xA0 + (dots >> 6)), (int)(0x80 + (dots & 63)));
  else
    putchar(shades[__builtin_popcount(dots)]);
}

static bool shows_braille(void) {
  const char *const names[] = {getenv("LC_ALL"), getenv("LC_CTYPE"), getenv("LANG")};
  for (int i = 0; i < 3; i++)
    if (names[i] && *names[i]) return strstr(names[i], "UTF-8") || strstr(names[i], "utf8");
  return false;
}

static volley_status print_raster(const watching *w, volley_output_file *file, const volley_activity *line, int columns,
                                  int rows) {
  const volley_output_info *info = volley_output_file_info(file);
  raster r = {line->start_ms, line->stop_ms, line->population->size, columns, rows, NULL};
  r.cells = volley_alloc((size_t)columns * (size_t)rows, 1, "a raster");
  const int recorder = (int)(line->recorder - info->recorders);
  const volley_status status = volley_output_file_spikes(file, recorder, r.start_ms, take_spikes, &r);
  const bool is_braille = w->is_terminal && shows_braille();
  for (int y = 0; y < rows && status == VOLLEY_OK; y++) {
    printf("%-*.*s|", NAME, NAME, y == 0 ? line->population->name : "");
    for (int x = 0; x < columns; x++) print_cell(r.cells[y * columns + x], is_braille);
    printf("|\n");
  }
  free(r.cells);
  return status;
}

/* The last second of all that spikes, each population with rows by its size. */
static volley_status print_rasters(const watching *w, volley_output_file *file, const volley_activity *lines, int n) {
  struct winsize size = {0};
  if (!w->is_terminal || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size)) size.ws_row = size.ws_col = 0;
  const int columns = (size.ws_col ? size.ws_col : 80) - NAME - 2, room = (size.ws_row ? size.ws_row : 40) - n - 9;
  uint64_t neurons = 0;
  int recorded = 0;
  for (int i = 0; i < n; i++) {
    if (!lines[i].recorder || !(lines[i].stop_ms > lines[i].start_ms)) continue;
    neurons += lines[i].population->size;
    recorded++;
  }
  const int rows = room > LEAST_ROWS ? room : LEAST_ROWS;
  volley_status status = VOLLEY_OK;
  for (int i = 0; i < n && status == VOLLEY_OK; i++) {
    if (!lines[i].recorder || !(lines[i].stop_ms > lines[i].start_ms)) continue;
    const uint64_t dots = lines[i].population->size, most = (dots + 3) / 4;
    const double rest = rows > recorded ? rows - recorded : 0, wanted = 1 + rest * (double)dots / (double)neurons;
    status = print_raster(w, file, &lines[i], columns > LEAST_WIDTH ? columns : LEAST_WIDTH,
                          (int)fmin(wanted, (double)most));
  }
  return status;
}

static void print_state(const watching *w, const volley_output_info *info, double until_ms) {
  const char *state = info->complete ? "complete" : w->goes_on ? "goes on" : "INTERRUPTED";
  printf("%s%s%s\n", volley_show(w->settings->file).text, info->title[0] ? ": " : "", volley_show(info->title).text);
  printf("  %s: recorded up to %.10g of %.10g ms\n", state, until_ms, info->duration_ms);
}

/* In a terminal at the bottom; else only after something has happened. */
static volley_status print_all(watching *w, volley_output_file *file) {
  const volley_output_info *info = volley_output_file_info(file);
  const double until_ms = info->complete ? info->duration_ms : info->recorded_ms;
  if (isnan(until_ms))
    return volley_fault(VOLLEY_USAGE, NULL, "'%s' is a part of an output; give the name that the run got by -o",
                        w->settings->file);
  if (!w->is_terminal && until_ms <= w->told_ms && w->goes_on) return VOLLEY_OK;
  volley_activity *lines = volley_alloc((size_t)(info->n_populations + info->n_recorders), sizeof *lines, "lines");
  int n = 0;
  volley_status status = volley_activity_measure(file, fmax(until_ms - WINDOW_MS, 0), fmax(until_ms, 1e-9), lines, &n);
  if (status == VOLLEY_OK) {
    if (w->is_terminal) printf("\033[H\033[J");
    print_state(w, info, until_ms);
    volley_info_activities(lines, n);
    status = print_rasters(w, file, lines, n);
  }
  free(lines);
  if (w->is_terminal && w->goes_on && status == VOLLEY_OK) {
    if (isnan(w->told_ms)) volley_progress_begin(VOLLEY_PROGRESS_BAR, until_ms, info->duration_ms, stdout);
    volley_progress_update(until_ms, 0, 0);
  }
  fflush(stdout);
  w->told_ms = until_ms;
  return status;
}

/* One look at what is there. What cannot be read of a run that goes on will be later. */
static volley_status look(watching *w) {
  char *target = volley_link_target(w->settings->file);
  volley_output_file *file = NULL;
  volley_found_output found;
  w->goes_on = volley_lock_is_held(target);
  free(target);
  volley_status status = volley_output_find(w->settings->file, &found);
  if (status == VOLLEY_OK) status = volley_output_file_open(found.path, &file);
  if (status == VOLLEY_OK) {
    if (volley_output_file_info(file)->complete) w->goes_on = false;
    status = print_all(w, file);
  }
  volley_output_file_close(file);
  volley_output_found_release(&found);
  if (status == VOLLEY_OK || !w->goes_on) return status;
  volley_faults_clear();
  if (w->settings->once) printf("%s\n  goes on: nothing can be read yet\n", volley_show(w->settings->file).text);
  return VOLLEY_OK;
}

static volley_status watch_command(const volley_command *command, int n_arguments, const char *const *arguments) {
  settings options = {0};
  VOLLEY_TRY(volley_options_parse(command, n_arguments, arguments, &options));
  const struct sigaction action = {.sa_handler = interrupt};
  const struct timespec pause = {.tv_sec = SECONDS};
  const char *terminal = getenv("TERM");
  watching w = {.settings = &options, .told_ms = NAN};
  w.is_terminal = !options.once && isatty(STDOUT_FILENO) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
  (void)sigaction(SIGINT, &action, NULL);
  (void)sigaction(SIGTERM, &action, NULL);
  (void)sigaction(SIGHUP, &action, NULL);
  volley_status status;
  while ((status = look(&w)) == VOLLEY_OK && w.goes_on && !options.once && !interrupted) nanosleep(&pause, NULL);
  volley_progress_end();
  return status;
}

const volley_command volley_command_watch = {
    .name = "watch",
    .summary = "follow a run: rates, progress, the last second",
    .description =
        "Shows how far a run that goes on has come, and rates and a raster of the last second that it has "
        "recorded, until it\n"
        "ends or Ctrl-C ends the watching. A run writes every ten seconds, so what is seen is at most so old. "
        "Where the output\n"
        "is no terminal, text is added whenever something has happened.",
    VOLLEY_OPTIONS(option_table),
    .serial = true,
    .run = watch_command};
