/* Images as rates: while an image is shown, neuron i fires Poisson spikes at pixel i times a factor. */
#include "base/text.h"
#include "stimulus/rates.h"
#include "stimulus/showing.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  volley_rates rates;
  volley_showing showing;
  int64_t shift; /* steps from that of a spike to that of its input */
  int64_t row;   /* whose rates are set; -1: none */
};

#define AT(member) .offset = offsetof(volley_images, member)

static const volley_key_info keys[] = {
    {"file", .type = VOLLEY_KEY_PATH, .required = true, AT(series.file),
     .doc =
         "HDF5 or text file (CSV) of the images: a row an image, a column a pixel; one pixel for each of the neurons"},
    {"dataset", .type = VOLLEY_KEY_TEXT, AT(series.dataset),
     .doc = "where the HDF5 file has the images; its first dimension counts them"},
    {"label_column", "", VOLLEY_NO_DEFAULT, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_COUNT, AT(label_column),
     .doc = "column of the rows, from 0, that holds the label of the image and is no pixel"},
    {"label_dataset", .type = VOLLEY_KEY_TEXT, AT(label_dataset),
     .doc = "dataset of the same HDF5 file that holds the label of each image"},
    {"images", .type = VOLLEY_KEY_INDICES, AT(listed),
     .doc = "which rows of the file are shown, from 0: an index, a range 0-99, or a list of these; by default all"},
    {"order", .type = VOLLEY_KEY_CHOICE, .words = "listed|random", AT(order),
     .doc = "one after the other as listed, and again from the first; or each drawn at random"},
    {"slot", "ms", 0, VOLLEY_ABOVE_ZERO, .type = VOLLEY_KEY_STEPS, .required = true, AT(slot),
     .doc = "time that each image is shown; whole steps"},
    {"blank", "ms", 0, VOLLEY_FROM_ZERO, .type = VOLLEY_KEY_STEPS, AT(blank),
     .doc = "time without an image after each; whole steps"},
    {"factor", "Hz", 0, VOLLEY_FROM_ZERO, .required = true, AT(factor), .doc = "rate of a pixel of 1"},
};

static const char *check(const volley_stimulus *stimulus) {
  const volley_images *images = stimulus->parameters;
  if (images->label_column >= 0 && images->label_dataset)
    return "either label_column or label_dataset can be given, not both";
  if (images->label_dataset && !images->series.dataset) return "label_dataset needs an HDF5 file with a dataset";
  return NULL;
}

static volley_status read_label_dataset(volley_loading *loading, const volley_stimulus *stimulus,
                                        volley_images *images) {
  volley_series labels = {.file = images->series.file, .dataset = images->label_dataset};
  VOLLEY_TRY(volley_stimulus_read(loading, stimulus, &labels));
  images->labels = labels.values;
  if (labels.n_rows == images->series.n_rows && labels.n_columns == 1) return VOLLEY_OK;
  return volley_fault(
      VOLLEY_USAGE, &stimulus->place,
      "dataset '%s' of '%s' holds %s of %s; there must be a label for each image, and there are %" PRIu64,
      labels.dataset, labels.file, volley_count(labels.n_rows, "row").text,
      volley_count(labels.n_columns, "label").text, images->series.n_rows);
}

static volley_status take_label_column(volley_loading *loading, const volley_stimulus *stimulus,
                                       volley_images *images) {
  const uint64_t column = (uint64_t)images->label_column, width = images->series.n_columns;
  if (column >= width)
    return volley_fault(VOLLEY_USAGE, &stimulus->place, "label_column is %d; the rows of '%s' have columns 0-%" PRIu64,
                        images->label_column, images->series.file, width - 1);
  images->labels = volley_arena_alloc(volley_loading_arena(loading), images->series.n_rows, sizeof *images->labels);
  for (uint64_t r = 0; r < images->series.n_rows; r++) images->labels[r] = images->series.values[r * width + column];
  return VOLLEY_OK;
}

static volley_status load(volley_loading *loading, const volley_stimulus *stimulus) {
  volley_images *images = stimulus->parameters;
  VOLLEY_TRY(volley_stimulus_read(loading, stimulus, &images->series));
  if (images->label_column >= 0) return take_label_column(loading, stimulus, images);
  return images->label_dataset && !images->labels ? read_label_dataset(loading, stimulus, images) : VOLLEY_OK;
}

/* The columns of a row that are pixels. */
static uint64_t pixels(const volley_images *images) {
  return images->series.n_columns - (images->label_column >= 0 ? 1 : 0);
}

static double pixel(const volley_images *images, int64_t row, uint64_t i) {
  const bool behind_label = images->label_column >= 0 && i >= (uint64_t)images->label_column;
  return images->series.values[(uint64_t)row * images->series.n_columns + i + (behind_label ? 1 : 0)];
}

/* What is wrong with a row that is shown. */
static const char *check_row(const volley_images *images, int64_t row, char *buffer, size_t size) {
  if (row >= (int64_t)images->series.n_rows) {
    snprintf(buffer, size, "image %" PRId64 " is listed; '%s' has images 0-%" PRIu64, row, images->series.file,
             images->series.n_rows - 1);
    return buffer;
  }
  for (uint64_t i = 0; i < pixels(images); i++) {
    const double rate = pixel(images, row, i) * images->factor;
    if (rate >= 0 && rate <= volley_max_rate) continue;
    snprintf(buffer, size,
             "pixel %" PRIu64 " of image %" PRId64 " (from 0) of '%s' is %g, a rate of %g Hz; from 0 to 10 MHz is "
             "possible",
             i, row, images->series.file, pixel(images, row, i), rate);
    return buffer;
  }
  if (!images->labels) return NULL;
  const double label = images->labels[row];
  if (label >= 0 && label == rint(label)) return NULL;
  snprintf(buffer, size, "the label of image %" PRId64 " (from 0) of '%s' is %g; a whole number from 0 up is expected",
           row, images->series.file, label);
  return buffer;
}

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  const volley_images *images = stimulus->parameters;
  if (pixels(images) != stimulus->neurons.count) {
    snprintf(buffer, size, "the images of '%s' have %s for %s of %s%s", images->series.file,
             volley_count(pixels(images), "pixel").text, volley_count(stimulus->neurons.count, "neuron").text,
             experiment->populations[stimulus->target].name,
             pixels(images) == (uint64_t)stimulus->neurons.count + 1 ? "; is one of the columns a label_column?" : "");
    return buffer;
  }
  const char *wrong = NULL;
  for (uint64_t k = 0; k < volley_showing_rows(images) && !wrong; k++)
    wrong = check_row(images, volley_showing_row(images, k), buffer, size);
  return wrong;
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  generator->rates = volley_rates_begin(experiment, number, slice, &generator->selected, generator->weight);
  generator->showing = volley_showing_of(experiment, number);
  generator->shift = volley_stimulus_delay(experiment, &experiment->stimuli[number]);
  generator->row = -1;
}

static void set_rates(volley_generator *generator, int64_t row) {
  const volley_images *images = generator->showing.images;
  volley_rates *rates = &generator->rates;
  for (uint32_t i = 0; i < rates->selected.count; i++) {
    volley_rates_set(rates, i, row < 0 ? 0 : pixel(images, row, rates->columns[i]) * images->factor);
  }
  generator->row = row;
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  const int64_t row = volley_showing_at(&generator->showing, step - generator->shift);
  if (row != generator->row) set_rates(generator, row);
  volley_rates_apply(&generator->rates, slice, step);
}

static void destroy(volley_generator *generator) { volley_rates_end(&generator->rates); }

const volley_stimulus_kind volley_stimulus_images = {
    .name = "images",
    .doc = "images as rates: each is shown for a slot of time, with blanks in between, while neuron i of the selected "
           "ones gets Poisson spikes at the rate of pixel i",
    VOLLEY_KEYS(keys),
    .size = sizeof(volley_images),
    .check = check,
    .load = load,
    .check_loaded = check_loaded,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
