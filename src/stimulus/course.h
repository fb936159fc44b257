/* Values that change at given times, the same for all neurons of a stimulus or others for each: lists of times and values, or
 * the rows of a file: a time, and a value for all or for each of the neurons. */
#ifndef VOLLEY_STIMULUS_COURSE_H
#define VOLLEY_STIMULUS_COURSE_H

#include "stimulus/stimulus.h"

/* What the parameters of such a kind begin with. */
typedef struct volley_course {
  volley_list times, values; /* ms */
  volley_series series;
} volley_course;

/* What is checked and said of the values. */
typedef struct volley_course_words {
  const char *values, *value, *unit; /* "rates", "rate", "Hz" */
  double min, max;
  const char *possible; /* "from 0 to 10 MHz is" */
  const char *both, *lengths,
      *most; /* what is wrong where there are lists and a file, or neither; lists of other lengths; more
                                        than max */
} volley_course_words;

/* The functions `check`, `load` and `check_loaded` of such a kind. */
const char *volley_course_check(const volley_stimulus *stimulus, const volley_course_words *words);
volley_status volley_course_load(volley_loading *loading, const volley_stimulus *stimulus);
const char *volley_course_check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus,
                                       const volley_course_words *words, char *buffer, size_t size);

/* How often the values change; change number k: when, and the value that begins for a neuron, by its number among those of the
 * stimulus. */
int64_t volley_course_length(const volley_course *course);
double volley_course_time(const volley_course *course, int64_t k);
double volley_course_value(const volley_course *course, int64_t k, uint32_t column);

/* Whether neurons differ. */
static inline bool volley_course_differs(const volley_course *course) { return course->series.n_columns > 2; }

/* The steps of the changes, shifted by `shift`: [length], owned by the caller. */
int64_t *volley_course_steps(const volley_experiment *experiment, const volley_stimulus *stimulus, int64_t shift);

#endif
