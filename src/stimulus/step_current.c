/* Piecewise constant current: amplitudes[k] from times[k] on, nothing before times[0] and outside of [start, stop). A file has
 * rows of a time and one current for all neurons, or a time and a current for each. */
#include "base/search.h"
#include "stimulus/course.h"
#include "stimulus/selected.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  const volley_course *course;
  int64_t *steps;    /* [n] step at which amplitude k begins */
  uint32_t *columns; /* [selected.count] number of each neuron among those of the stimulus */
  int64_t n;
};

#define AT(member) .offset = offsetof(volley_course, member)

static const volley_key_info keys[] = {
    {"times", "ms", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_TIMES, AT(times),
     .doc = "times at which the current changes, ascending; whole steps"},
    {"amplitudes", "pA", 0, VOLLEY_ANY, .type = VOLLEY_KEY_LIST, AT(values),
     .doc = "current from each of the times on"},
    {"file", .type = VOLLEY_KEY_PATH, AT(series.file),
     .doc = "HDF5, NumPy (.npy) or text file (CSV) instead of `times` and `amplitudes`: rows of a time in ms and a "
            "current, or a time and a current for each of the neurons"},
    {"dataset", .type = VOLLEY_KEY_TEXT, AT(series.dataset), .doc = "where the HDF5 file has the rows"},
};

static const volley_course_words words = {.values = "amplitudes",
                                          .value = "amplitude",
                                          .unit = "pA",
                                          .min = -INFINITY,
                                          .max = INFINITY,
                                          .possible = "any finite one is",
                                          .both = "either times and amplitudes must be given, or a file",
                                          .lengths = "times and amplitudes must be lists of the same length",
                                          .most = ""};

static const char *check(const volley_stimulus *stimulus) { return volley_course_check(stimulus, &words); }

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  return volley_course_check_loaded(experiment, stimulus, &words, buffer, size);
}

static bool differs(const volley_stimulus *stimulus) { return volley_course_differs(stimulus->parameters); }

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  generator->course = stimulus->parameters;
  generator->n = volley_course_length(generator->course);
  generator->steps = volley_course_steps(experiment, stimulus, 0);
  generator->columns = volley_selected_columns(experiment, stimulus, slice, &generator->selected);
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  int64_t begun = 0; /* number of times that have passed */
  VOLLEY_SEARCH(begun, generator->n, k, generator->steps[k] <= step)
  if (begun == 0) return;
  if (!volley_course_differs(generator->course)) {
    volley_add_current(slice, &generator->selected, volley_course_value(generator->course, begun - 1, 0));
    return;
  }
  const uint32_t *columns = generator->columns;
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    double *to = slice->current + generator->selected.ranges[r].first;
    for (uint32_t i = 0; i < generator->selected.ranges[r].count; i++)
      to[i] += volley_course_value(generator->course, begun - 1, *columns++);
  }
}

static void destroy(volley_generator *generator) {
  free(generator->steps);
  free(generator->columns);
}

/* The change that follows the first `count` times, or the end. */
static void next(const volley_generator *generator, volley_gid gid, volley_cursor *cursor) {
  const int64_t k = cursor->count;
  const double stop = generator->span.stop;
  const double time = k < generator->n ? volley_course_time(generator->course, k) : INFINITY;
  (void)gid;
  cursor->count++;
  cursor->time = cursor->now != 0 || time < stop ? fmin(time, stop) : INFINITY;
  cursor->value = time < stop ? volley_course_value(generator->course, k, generator->columns[cursor->i]) : 0;
  if (time >= stop) cursor->count = (uint32_t)generator->n;
}

static void begin(const volley_generator *generator, volley_gid gid, double from, volley_cursor *cursor) {
  int64_t begun = 0;
  (void)from;
  VOLLEY_SEARCH(begun, generator->n, k, volley_course_time(generator->course, k) <= generator->span.start)
  cursor->count = (uint32_t)begun;
  if (begun == 0) {
    next(generator, gid, cursor);
    return;
  }
  cursor->time = generator->span.start;
  cursor->value = volley_course_value(generator->course, begun - 1, generator->columns[cursor->i]);
}

static const volley_stimulus_events events = {begin, next};

const volley_stimulus_kind volley_stimulus_step_current = {
    .name = "step_current",
    .doc = "piecewise constant current",
    VOLLEY_KEYS(keys),
    .size = sizeof(volley_course),
    .is_current = true,
    .differs = differs,
    .check = check,
    .load = volley_course_load,
    .check_loaded = check_loaded,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
    .events = &events,
};
