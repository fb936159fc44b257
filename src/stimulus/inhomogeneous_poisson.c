/* Poisson spike trains whose rate is piecewise constant in time: rates[k] from times[k] on, none before times[0].
 * A file has rows of a time and one rate for all neurons, or a time and a rate for each. */
#include "stimulus/course.h"
#include "stimulus/rates.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_rates rates;
  const volley_course *course;
  int64_t *steps; /* [n] first step on which spikes of rate k act */
  int64_t n;
  int64_t at; /* number of the rate that is set; -1: none */
};

#define AT(member) .offset = offsetof(volley_course, member)

static const volley_key_info keys[] = {
    {"times", "ms", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_TIMES, AT(times),
     .doc = "times at which the rate changes, ascending; whole steps"},
    {"rates", "Hz", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_LIST, AT(values),
     .doc = "rate of each neuron from each of the times on"},
    {"file", .type = VOLLEY_KEY_PATH, AT(series.file),
     .doc =
         "HDF5, NumPy (.npy) or text file (CSV) instead of `times` and `rates`: rows of a time in ms and a rate in Hz, "
         "or a time and a rate for each of the neurons"},
    {"dataset", .type = VOLLEY_KEY_TEXT, AT(series.dataset), .doc = "where the HDF5 file has the rows"},
};

static const volley_course_words words = {.values = "rates",
                                          .value = "rate",
                                          .unit = "Hz",
                                          .max = 1e7,
                                          .possible = "from 0 to 10 MHz is",
                                          .both = "either times and rates must be given, or a file",
                                          .lengths = "times and rates must be lists of the same length",
                                          .most = "rates must not exceed 10 MHz"};

static const char *check(const volley_stimulus *stimulus) { return volley_course_check(stimulus, &words); }

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  return volley_course_check_loaded(experiment, stimulus, &words, buffer, size);
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  generator->rates = volley_rates_begin(experiment, number, slice, &generator->selected, generator->weight);
  generator->course = stimulus->parameters;
  generator->n = volley_course_length(generator->course);
  generator->steps = volley_course_steps(experiment, stimulus, volley_stimulus_delay(experiment, stimulus));
  generator->at = -1;
}

static void set_rates(volley_generator *generator) {
  for (uint32_t i = 0; i < generator->rates.selected.count; i++)
    volley_rates_set(&generator->rates, i,
                     volley_course_value(generator->course, generator->at, generator->rates.columns[i]));
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const int64_t before = generator->at;
  while (generator->at + 1 < generator->n && generator->steps[generator->at + 1] <= step) generator->at++;
  if (generator->at != before) set_rates(generator);
  volley_rates_apply(&generator->rates, slice, step);
}

static void destroy(volley_generator *generator) {
  volley_rates_end(&generator->rates);
  free(generator->steps);
}

const volley_stimulus_kind volley_stimulus_inhomogeneous_poisson = {
    .name = "inhomogeneous_poisson",
    .doc = "independent Poisson spike trains, one for each neuron, whose rates change at given times",
    VOLLEY_KEYS(keys),
    .size = sizeof(volley_course),
    .check = check,
    .load = volley_course_load,
    .check_loaded = check_loaded,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
