/* Which image is on: a stimulus of kind `images` shows rows of its file, each for a slot with a blank after it, from
 * its start to its stop. What depends on it, spikes of the pixels or a teacher, asks here. */
#ifndef VOLLEY_STIMULUS_SHOWING_H
#define VOLLEY_STIMULUS_SHOWING_H

#include "base/random.h"
#include "stimulus/selected.h"

typedef struct volley_showing {
  const volley_stimulus *stimulus;
  volley_window window;
  int64_t slot, period; /* steps */
  volley_key key;
} volley_showing;

/* number: of the stimulus, whose file is read. The experiment must outlive what is returned. */
volley_showing volley_showing_of(const volley_experiment *experiment, int number);

/* The row of the file that is shown in a step, -1 while none is. The same whatever was asked before. */
int64_t volley_showing_at(const volley_showing *showing, int64_t step);

/* The rows that are shown are volley_showing_row(stimulus, 0 .. n - 1). */
uint64_t volley_showing_rows(const volley_stimulus *stimulus);
int64_t volley_showing_row(const volley_stimulus *stimulus, uint64_t k);

#endif
