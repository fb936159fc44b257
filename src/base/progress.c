#include "base/progress.h"

#include "base/status.h"
#include "base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

static const double redraw_interval = 0.2;                  /* s */
static const double first_line = 10, longest_silence = 600; /* s between two lines in a log */
enum { MAX_WIDTH = 200, LEAST_BAR = 8 };

static struct {
  volley_progress_mode mode; /* OFF while nothing is displayed */
  FILE *out;
  double from_ms, total_ms, done_ms;
  double begun, drawn; /* s */
  double rate;         /* Hz */
  double next_line;    /* s after the beginning */
  bool finished;       /* the line at 100 % is out */
  double (*clock)(void);
} display = {.mode = VOLLEY_PROGRESS_OFF};

static double seconds(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double now(void) { return display.clock ? display.clock() : seconds(); }

void volley_progress_set_clock(double (*clock)(void)) { display.clock = clock; }

static volley_progress_mode choose(FILE *out) {
  const char *terminal = getenv("TERM");
  const bool moves = isatty(fileno(out)) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
  return moves ? VOLLEY_PROGRESS_BAR : VOLLEY_PROGRESS_LINES;
}

static int terminal_width(void) {
  struct winsize size;
  const bool known = ioctl(fileno(display.out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  const int width = known ? size.ws_col : 80;
  return width < MAX_WIDTH ? width : MAX_WIDTH;
}

static double fraction_done(void) { return display.total_ms > 0 ? fmin(display.done_ms / display.total_ms, 1) : 1; }

/* Seconds as 42s, 3:07 or 2:05:09. */
static void format_duration(double seconds, char *text, size_t size) {
  const long s = lround(fmin(seconds, 1e8));
  if (s < 60)
    snprintf(text, size, "%lds", s);
  else if (s < 3600)
    snprintf(text, size, "%ld:%02ld", s / 60, s % 60);
  else
    snprintf(text, size, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
}

/* Everything but the bar itself: model time, time left (or taken), speed and rate. */
static void format_figures(char *text, size_t size) {
  const double elapsed = now() - display.begun, fraction = fraction_done();
  const double done_here = display.done_ms - display.from_ms;
  char time[32] = "-", rate[32] = "";
  if (fraction >= 1)
    format_duration(elapsed, time, sizeof time);
  else if (done_here > 0)
    format_duration(elapsed * (display.total_ms - display.done_ms) / done_here, time, sizeof time);
  if (!isnan(display.rate)) snprintf(rate, sizeof rate, "%s%.3g Hz", done_here > 0 ? "  " : "", display.rate);
  snprintf(text, size, "%.0f/%.0f ms  %s %s  %s%s", display.done_ms, display.total_ms, fraction >= 1 ? "took" : "ETA",
           time, done_here > 0 ? volley_speed(elapsed, done_here).text : "", rate);
}

/* Redraws the line in one write, cut to the terminal's width: [=====>    ]  47%  figures. The cursor goes back to its
 * start, so that a message that comes in between begins a line. */
static void draw_bar(void) {
  char figures[160], line[MAX_WIDTH + 1];
  format_figures(figures, sizeof figures);
  const int percent = (int)(100 * fraction_done()), width = terminal_width() - 1;
  const int room = width - (int)strlen(figures) - 9; /* brackets, percent, spaces */
  const int bar = room < LEAST_BAR ? 0 : room < 40 ? room : 40;
  int used = 0;
  if (bar) {
    const int full = (int)(bar * fraction_done());
    line[used++] = '[';
    for (int i = 0; i < bar; i++) line[used++] = i < full ? '=' : i == full ? '>' : ' ';
    line[used++] = ']';
  }
  snprintf(line + used, sizeof line - (size_t)used, "%s%3d%%  %s", bar ? " " : "", percent, figures);
  fprintf(display.out, "\r%.*s\033[K\r", width, line);
  fflush(display.out);
  display.drawn = now();
}

static void draw_line(void) {
  char figures[160];
  format_figures(figures, sizeof figures);
  fprintf(display.out, "%3d%%  %s\n", (int)(100 * fraction_done()), figures);
  fflush(display.out);
}

/* A line that is due: the first after ten seconds, then one a tenth of the time so far, and the last one where there was
 * any. So a short run writes none, and one of a day some two hundred. */
static void add_line(void) {
  const double elapsed = now() - display.begun;
  if (display.finished || elapsed < first_line) return;
  display.finished = fraction_done() >= 1;
  if (elapsed < display.next_line && !display.finished) return;
  draw_line();
  display.next_line = elapsed + fmin(fmax(first_line, 0.1 * elapsed), longest_silence);
}

void volley_progress_begin(volley_progress_mode mode, double from_ms, double total_ms, FILE *out) {
  display.mode = mode == VOLLEY_PROGRESS_AUTO ? choose(out) : mode;
  display.out = out;
  display.total_ms = total_ms;
  display.from_ms = display.done_ms = from_ms;
  display.rate = 0;
  display.begun = now();
  display.drawn = -INFINITY;
  display.next_line = first_line;
  display.finished = false;
}

void volley_progress_update(double done_ms, uint64_t spikes, uint64_t neurons) {
  if (display.mode == VOLLEY_PROGRESS_OFF) return;
  display.done_ms = done_ms;
  display.rate = !neurons ? NAN : done_ms > 0 ? (double)spikes / (double)neurons / (1e-3 * done_ms) : 0;
  if (display.mode == VOLLEY_PROGRESS_BAR) {
    if (now() - display.drawn >= redraw_interval) draw_bar();
  } else {
    add_line();
  }
}

void volley_progress_note(const char *format, ...) {
  char text[2048];
  va_list list;
  va_start(list, format);
  vsnprintf(text, sizeof text, format, list);
  va_end(list);
  if (volley_faults_are_kept(text)) return;
  fprintf(stderr, "%svolley: %s\n", display.mode == VOLLEY_PROGRESS_BAR ? "\033[K" : "", volley_show(text).text);
}

void volley_progress_end(void) {
  if (display.mode == VOLLEY_PROGRESS_BAR) {
    draw_bar();
    putc('\n', display.out);
    fflush(display.out);
  }
  display.mode = VOLLEY_PROGRESS_OFF;
}
