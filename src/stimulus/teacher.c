/* A teacher: while an image of label l is shown, neuron l gets a current. */
#include "stimulus/showing.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  uint32_t *columns; /* [selected.count] the label of each neuron, ascending */
  volley_showing showing;
  volley_each amplitude;
};

static const volley_key_info keys[] = {
    {"images", .type = VOLLEY_KEY_STIMULUS, .required = true, .words = "images",
     .offset = offsetof(volley_teacher, images),
     .doc = "name of a stimulus of type images that stands before this one and has labels"},
    {"amplitude", "pA", 0, VOLLEY_ANY, .required = true, .own = true, .offset = offsetof(volley_teacher, amplitude),
     .doc = "current into the neuron of the label while the image is shown"},
};

static const char *check_loaded(const volley_experiment *experiment, const volley_stimulus *stimulus, char *buffer,
                                size_t size) {
  const volley_stimulus *shown = &experiment->stimuli[((const volley_teacher *)stimulus->parameters)->images];
  const volley_images *images = shown->parameters;
  if (!images->labels) {
    snprintf(buffer, size, "the images of '%s' have no labels: it needs label_column or label_dataset", shown->name);
    return buffer;
  }
  for (uint64_t k = 0; k < volley_showing_rows(images); k++) {
    const int64_t row = volley_showing_row(images, k);
    if (images->labels[row] < stimulus->neurons.count) continue;
    snprintf(buffer, size,
             "image %" PRId64 " of '%s' has the label %g; the teacher reaches %s of %s, one for each label from 0 up",
             row, shown->name, images->labels[row], volley_count(stimulus->neurons.count, "neuron").text,
             experiment->populations[stimulus->target].name);
    return buffer;
  }
  return NULL;
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_teacher *teacher = stimulus->parameters;
  generator->columns = volley_selected_columns(experiment, stimulus, slice, &generator->selected);
  generator->showing = volley_showing_of(experiment, teacher->images);
  generator->amplitude =
      volley_each_of(experiment, number, "amplitude", teacher->amplitude, slice, &generator->selected);
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  const int64_t row = volley_showing_at(&generator->showing, step);
  if (row < 0) return;
  const double label = generator->showing.images->labels[row];
  uint32_t k = 0;
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    const volley_neuron_range range = generator->selected.ranges[r];
    for (uint32_t i = 0; i < range.count; i++, k++) {
      if (generator->columns[k] == label) slice->current[range.first + i] += volley_each_at(&generator->amplitude, k);
    }
  }
}

static void destroy(volley_generator *generator) {
  free(generator->columns);
  free(generator->amplitude.own);
}

const volley_stimulus_kind volley_stimulus_teacher = {
    .name = "teacher",
    .doc =
        "teacher current by label: while an image of label l is shown, neuron l, from 0, of the selected ones gets a "
        "current; `start` and `stop` say when there is teaching",
    VOLLEY_KEYS(keys),
    .size = sizeof(volley_teacher),
    .is_current = true,
    .is_own = true,
    .check_loaded = check_loaded,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
