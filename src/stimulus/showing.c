#include "stimulus/showing.h"

enum { LISTED, RANDOM }; /* values of `order` */

volley_showing volley_showing_of(const volley_experiment *experiment, int number) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const volley_images *images = stimulus->parameters;
  const int64_t slot = volley_steps(experiment, images->slot), blank = volley_steps(experiment, images->blank);
  return (volley_showing){.stimulus = stimulus,
                          .images = images,
                          .window = volley_stimulus_window(experiment, stimulus, 0),
                          .slot = slot,
                          .period = slot + blank,
                          .key =
                              volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_IMAGE, (uint32_t)number)};
}

uint64_t volley_showing_rows(const volley_images *images) {
  return images->listed.values ? (uint64_t)images->listed.n : images->series.n_rows;
}

int64_t volley_showing_row(const volley_images *images, uint64_t k) {
  return images->listed.values ? (int64_t)images->listed.values[k] : (int64_t)k;
}

/* Which of the rows comes as number k in time. */
static uint64_t place_of(const volley_showing *showing, uint64_t k) {
  const uint64_t n = volley_showing_rows(showing->images);
  uint32_t words[4];
  if (showing->images->order == LISTED) return k % n;
  volley_random_block(showing->key, (uint32_t)k, (uint32_t)(k >> 32), 0, words);
  return volley_below(words[0], (uint32_t)n);
}

uint64_t volley_showing_count(const volley_showing *showing, int64_t end) {
  const int64_t stop = end < showing->window.end ? end : showing->window.end;
  const int64_t last = stop - showing->slot - showing->window.first;
  return last < 0 ? 0 : (uint64_t)(last / showing->period) + 1;
}

int64_t volley_showing_nth(const volley_showing *showing, uint64_t k) {
  return volley_showing_row(showing->images, place_of(showing, k));
}

int64_t volley_showing_at(const volley_showing *showing, int64_t step) {
  if (step < showing->window.first || step >= showing->window.end) return -1;
  const int64_t passed = step - showing->window.first;
  if (passed % showing->period >= showing->slot) return -1;
  return volley_showing_nth(showing, (uint64_t)(passed / showing->period));
}
