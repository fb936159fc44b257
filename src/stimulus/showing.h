/* Which image is on: a stimulus of kind `images` shows rows of its file, each for a slot with a blank after it, from
 * its start to its stop. What depends on it, spikes of the pixels or a teacher, asks here. */
#ifndef VOLLEY_STIMULUS_SHOWING_H
#define VOLLEY_STIMULUS_SHOWING_H

#include "base/random.h"
#include "stimulus/selected.h"

/* Parameters of kind `images`. */
typedef struct volley_images {
  volley_series series;      /* a row an image */
  int label_column;          /* of the rows; -1: none */
  const char *label_dataset; /* of the same file, or NULL */
  double *labels;            /* [series.n_rows] once read; NULL where there are none */
  volley_list listed;        /* rows that are shown; none: all */
  int order;                 /* 0: as listed, again and again, 1: random */
  double slot, blank;        /* ms that an image is shown, and time after it */
  double factor;             /* Hz of a pixel of 1 */
} volley_images;

/* Parameters of kind `teacher`. */
typedef struct volley_teacher {
  int images;       /* number of the stimulus that shows them */
  double amplitude; /* pA */
} volley_teacher;

typedef struct volley_showing {
  const volley_stimulus *stimulus;
  const volley_images *images; /* its parameters */
  volley_window window;
  int64_t slot, period; /* steps */
  volley_key key;
} volley_showing;

/* number: of the stimulus, whose file is read. The experiment must outlive what is returned. */
volley_showing volley_showing_of(const volley_experiment *experiment, int number);

/* The row of the file that is shown in a step, -1 while none is. The same whatever was asked before. */
int64_t volley_showing_at(const volley_showing *showing, int64_t step);

/* Showings in order of time: number k begins at step window.first + k * period and shows row volley_showing_nth(). So many
 * are over before step `end`. */
uint64_t volley_showing_count(const volley_showing *showing, int64_t end);
int64_t volley_showing_nth(const volley_showing *showing, uint64_t k);

/* The rows that are shown are volley_showing_row(images, 0 .. n - 1). */
uint64_t volley_showing_rows(const volley_images *images);
int64_t volley_showing_row(const volley_images *images, uint64_t k);

#endif
