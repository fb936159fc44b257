/* Images as rates: while an image is shown, neuron i fires Poisson spikes at pixel i times a factor. */
#include "base/text.h"
#include "stimulus/rates.h"
#include "stimulus/showing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct volley_generator {
  volley_rates rates;
  volley_showing showing;
  int64_t shift; /* steps from that of a spike to that of its input */
  int64_t row;   /* whose rates are set; -1: none */
};

static const volley_stimulus_key keys[] = {
    {.name = "file",
     .unit = "",
     .kind = VOLLEY_VALUE_PATH,
     .offset = offsetof(volley_stimulus, file),
     .required = true,
     .doc =
         "HDF5 or text file (CSV) of the images: a row an image, a column a pixel; one pixel for each of the neurons"},
    {.name = "dataset",
     .unit = "",
     .kind = VOLLEY_VALUE_TEXT,
     .offset = offsetof(volley_stimulus, dataset),
     .doc = "where the HDF5 file has the images; its first dimension counts them"},
    {.name = "label_column",
     .unit = "",
     .kind = VOLLEY_VALUE_COUNT,
     .offset = offsetof(volley_stimulus, label_column),
     .fallback = -1,
     .doc = "column of the rows, from 0, that holds the label of the image and is no pixel"},
    {.name = "label_dataset",
     .unit = "",
     .kind = VOLLEY_VALUE_TEXT,
     .offset = offsetof(volley_stimulus, label_dataset),
     .doc = "dataset of the same HDF5 file that holds the label of each image"},
    {.name = "images",
     .unit = "",
     .kind = VOLLEY_VALUE_INDICES,
     .offset = offsetof(volley_stimulus, images),
     .count_offset = offsetof(volley_stimulus, n_images),
     .doc = "which rows of the file are shown, from 0: an index, a range 0-99, or a list of these; by default all"},
    {.name = "order",
     .unit = "",
     .kind = VOLLEY_VALUE_CHOICE,
     .offset = offsetof(volley_stimulus, order),
     .words = "listed|random",
     .doc = "one after the other as listed, and again from the first; or each drawn at random"},
    {.name = "slot",
     .unit = "ms",
     .kind = VOLLEY_VALUE_STEPS,
     .offset = offsetof(volley_stimulus, slot),
     .required = true,
     .positive = true,
     .doc = "time that each image is shown; whole steps"},
    {.name = "blank",
     .unit = "ms",
     .kind = VOLLEY_VALUE_STEPS,
     .offset = offsetof(volley_stimulus, blank),
     .doc = "time without an image after each; whole steps"},
    {.name = "factor",
     .unit = "Hz",
     .kind = VOLLEY_VALUE_NUMBER,
     .offset = offsetof(volley_stimulus, factor),
     .required = true,
     .doc = "rate of a pixel of 1"},
    {.name = "weight",
     .unit = "weight",
     .kind = VOLLEY_VALUE_NUMBER,
     .offset = offsetof(volley_stimulus, weight),
     .fallback = 1,
     .min = -INFINITY,
     .doc = "synaptic weight"},
    {.name = "delay",
     .unit = "ms",
     .kind = VOLLEY_VALUE_NUMBER,
     .offset = offsetof(volley_stimulus, delay),
     .fallback = NAN,
     .doc = "delay; one step if left out"},
};

static const char *check(const volley_stimulus *stimulus) {
  if (stimulus->label_column >= 0 && stimulus->label_dataset)
    return "either label_column or label_dataset can be given, not both";
  if (stimulus->label_dataset && !stimulus->dataset) return "label_dataset needs an HDF5 file with a dataset";
  return NULL;
}

/* The columns of a row that are pixels. */
static uint64_t pixels(const volley_stimulus *stimulus) {
  return stimulus->n_columns - (stimulus->label_column >= 0 ? 1 : 0);
}

static double pixel(const volley_stimulus *stimulus, int64_t row, uint64_t i) {
  const bool behind_label = stimulus->label_column >= 0 && i >= (uint64_t)stimulus->label_column;
  return stimulus->rows[(uint64_t)row * stimulus->n_columns + i + (behind_label ? 1 : 0)];
}

/* What is wrong with a row that is shown. */
static const char *check_row(const volley_stimulus *stimulus, int64_t row, char *buffer, size_t size) {
  if (row >= (int64_t)stimulus->n_rows) {
    snprintf(buffer, size, "image %" PRId64 " is listed; '%s' has images 0-%" PRIu64, row, stimulus->file,
             stimulus->n_rows - 1);
    return buffer;
  }
  for (uint64_t i = 0; i < pixels(stimulus); i++) {
    const double rate = pixel(stimulus, row, i) * stimulus->factor;
    if (rate >= 0 && rate <= volley_max_rate) continue;
    snprintf(buffer, size,
             "pixel %" PRIu64 " of image %" PRId64 " (from 0) of '%s' is %g, a rate of %g Hz; from 0 to 10 MHz is "
             "possible",
             i, row, stimulus->file, pixel(stimulus, row, i), rate);
    return buffer;
  }
  if (!stimulus->labels) return NULL;
  const double label = stimulus->labels[row];
  if (label >= 0 && label == rint(label)) return NULL;
  snprintf(buffer, size, "the label of image %" PRId64 " (from 0) of '%s' is %g; a whole number from 0 up is expected",
           row, stimulus->file, label);
  return buffer;
}

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  if (pixels(stimulus) != stimulus->neurons.count) {
    snprintf(buffer, size, "the images of '%s' have %s for %s of %s%s", stimulus->file,
             volley_count(pixels(stimulus), "pixel").text, volley_count(stimulus->neurons.count, "neuron").text,
             experiment->populations[stimulus->target].name,
             pixels(stimulus) == (uint64_t)stimulus->neurons.count + 1 ? "; is one of the columns a label_column?"
                                                                       : "");
    return buffer;
  }
  const char *wrong = NULL;
  for (uint64_t k = 0; k < volley_showing_rows(stimulus) && !wrong; k++)
    wrong = check_row(stimulus, volley_showing_row(stimulus, k), buffer, size);
  return wrong;
}

static volley_generator *create(const volley_experiment *experiment, int number, volley_slice *slice) {
  volley_rates rates;
  if (!volley_rates_begin(&rates, experiment, number, slice)) return NULL;
  volley_generator *generator = volley_alloc(1, sizeof *generator, "an images stimulus");
  generator->rates = rates;
  generator->showing = volley_showing_of(experiment, number);
  generator->shift = volley_stimulus_delay(experiment, &experiment->stimuli[number]);
  generator->row = -1;
  return generator;
}

static void set_rates(volley_generator *generator, int64_t row) {
  const volley_stimulus *stimulus = generator->showing.stimulus;
  volley_rates *rates = &generator->rates;
  for (uint32_t i = 0; i < rates->selected.count; i++) {
    volley_rates_set(rates, i, row < 0 ? 0 : pixel(stimulus, row, rates->columns[i]) * stimulus->factor);
  }
  generator->row = row;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  const int64_t row = volley_showing_at(&generator->showing, step - generator->shift);
  if (row != generator->row) set_rates(generator, row);
  volley_rates_apply(&generator->rates, slice, step);
}

static void destroy(volley_generator *generator) {
  volley_rates_end(&generator->rates);
  free(generator);
}

const volley_stimulus_kind volley_stimulus_images = {
    .name = "images",
    .doc = "images as rates: each is shown for a slot of time, with blanks in between, while neuron i of the selected "
           "ones gets Poisson spikes at the rate of pixel i",
    .keys = keys,
    .n_keys = sizeof keys / sizeof *keys,
    .check = check,
    .check_loaded = check_loaded,
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
