/* Which images a run has shown, and which label each output was taught: what it takes to tell how well a network has
 * learned to classify. In the output: /images/K for each stimulus of type images, /taught/POPULATION. */
#ifndef VOLLEY_IO_OUTPUT_IMAGES_H
#define VOLLEY_IO_OUTPUT_IMAGES_H

#include "io/file/hdf5.h"
#include "io/output/reader.h"
#include "model/experiment.h"

/* Writes both. Collective over the ranks that opened the file; the stimuli must be loaded. */
void volley_images_shown_put(volley_hdf5 *file, hid_t root, const volley_experiment *experiment);

/* Bytes of the file that they take at most. Not collective. */
uint64_t volley_images_shown_bytes(const volley_experiment *experiment);

/* What a stimulus has shown, in order of time: image `rows[k]` of its file at start_ms[k] < t <= stop_ms[k]. */
typedef struct volley_shown_images {
  const char *stimulus;
  int number; /* K of /images/K */
  uint64_t n;
  double *start_ms, *stop_ms; /* [n] */
  uint64_t *rows, *labels;    /* [n] */
} volley_shown_images;

/* When a teacher taught: while images of one stimulus were shown, at start_ms <= t < stop_ms. */
typedef struct volley_lesson {
  double images; /* number of the group /images/K */
  double start_ms, stop_ms;
} volley_lesson;

/* The neurons of a population that teachers reach, and the label of each. */
typedef struct volley_taught {
  const char *population;
  uint64_t n;
  uint64_t *ids, *labels; /* [n] ids: indices within the population */
  volley_lesson *lessons; /* [n_lessons]; NULL: the file does not tell */
  uint64_t n_lessons;
} volley_taught;

typedef struct volley_images_shown {
  volley_shown_images *images; /* of stimuli with labels */
  volley_taught *taught;
  int n_images, n_taught;
} volley_images_shown;

/* Reads them; all that hangs on *out is the arena's. One process. Returns VOLLEY_USAGE with a fault if the file cannot be
 * read. */
volley_status volley_images_shown_read(const char *path, const volley_output_info *info, volley_arena *arena,
                                       volley_images_shown *out);

#endif
