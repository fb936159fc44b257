/* The progress display of a run: a bar on a terminal, lines in a log. One at a time, on one rank, one thread. */
#ifndef VOLLEY_BASE_PROGRESS_H
#define VOLLEY_BASE_PROGRESS_H

#include <stdint.h>
#include <stdio.h>

typedef enum volley_progress_mode {
  VOLLEY_PROGRESS_AUTO, /* bar if out is a terminal that can move its cursor, else lines */
  VOLLEY_PROGRESS_BAR,
  VOLLEY_PROGRESS_LINES, /* a line after 10 s, then one each 10 s or tenth of the time so far, and the last */
  VOLLEY_PROGRESS_OFF
} volley_progress_mode;

/* Starts the display of a run from from_ms to total_ms of model time on out, which must stay open until
 * volley_progress_end(). */
void volley_progress_begin(volley_progress_mode mode, double from_ms, double total_ms, FILE *out);

/* The run has come to done_ms and has seen `spikes` of `neurons` neurons so far (0 neurons: no rate is shown). Cheap: call it every few ms of model
 * time; a bar is drawn at most five times a second. */
void volley_progress_update(double done_ms, uint64_t spikes, uint64_t neurons);

/* Writes a line to stderr, "volley: " before it, so that a display on the same terminal is not torn. */
void volley_progress_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Takes the time from `clock`, in s from any beginning, instead of from the system; NULL: from the system. For tests. */
void volley_progress_set_clock(double (*clock)(void));

/* Draws the last state and ends the line. Does nothing if no display was begun. */
void volley_progress_end(void);

#endif
