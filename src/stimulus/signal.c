/* A signal as input: its values, each times a gain that every neuron has for it, are injected as a current in every
 * step that begins in [start, stop). The values are those of the end of the step. */
#include "stimulus/selected.h"

#include "signal/signal.h"

#include <math.h>
#include <stdlib.h>

struct volley_generator {
  VOLLEY_GENERATOR;
  const volley_experiment *experiment;
  volley_player *player;
  int number, dimension;
  double *values; /* [dimension] */
  double *gains;  /* [dimension][selected.count] */
};

static const char *check(const volley_stimulus *stimulus) { return stimulus->signal ? NULL : "a signal must be given"; }

/* The gains of one neuron. out: [dimension] */
static void draw_gains(const volley_experiment *experiment, int number, volley_gid gid, double *out) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  const size_t n = (size_t)stimulus->signal->dimension;
  if (stimulus->gains) {
    const double *row = stimulus->gains + volley_index_in(&experiment->populations[stimulus->target], gid) * n;
    for (size_t d = 0; d < n; d++) out[d] = row[d];
    return;
  }
  const volley_key key = volley_key_of(experiment->simulation.seed, VOLLEY_PURPOSE_GAIN, (uint32_t)number);
  volley_distribution_draw(&stimulus->gain, key, gid, 0, n, out);
}

static void set_gains(volley_generator *generator, const volley_experiment *experiment, int number,
                      const volley_slice *slice) {
  const size_t n = (size_t)generator->dimension;
  size_t column = 0;
  generator->gains = volley_alloc(n * generator->selected.count, sizeof *generator->gains, "the gains of a signal");
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    const volley_neuron_range range = generator->selected.ranges[r];
    for (uint32_t i = 0; i < range.count; i++, column++) {
      draw_gains(experiment, number, slice->gids[range.first + i], generator->values);
      for (size_t d = 0; d < n; d++) generator->gains[d * generator->selected.count + column] = generator->values[d];
    }
  }
}

static void create(volley_generator *generator, const volley_experiment *experiment, int number, volley_slice *slice) {
  const volley_stimulus *stimulus = &experiment->stimuli[number];
  generator->player = volley_player_create(experiment, stimulus->signal, VOLLEY_STREAM_STIMULI + (uint32_t)number);
  generator->experiment = experiment;
  generator->number = number;
  generator->dimension = stimulus->signal->dimension;
  generator->values = volley_alloc((size_t)generator->dimension, sizeof(double), "a signal stimulus");
  set_gains(generator, experiment, number, slice);
}

/* Adds one value of the signal. gains: [selected.count] */
static void inject(const volley_generator *generator, volley_slice *slice, const double *gains, double value) {
  for (int r = 0; r < generator->selected.n_ranges; r++) {
    const volley_neuron_range range = generator->selected.ranges[r];
    double *restrict to = slice->current + range.first;
    for (uint32_t i = 0; i < range.count; i++) to[i] += gains[i] * value;
    gains += range.count;
  }
}

/* Takes away the channels that are silent. */
static void silence(const volley_generator *generator, int64_t step) {
  const volley_experiment *experiment = generator->experiment;
  for (int a = 0; a < experiment->n_ablations; a++) {
    const volley_ablation *ablation = &experiment->ablations[a];
    if (ablation->stimulus != generator->number || step < ablation->start || step >= ablation->stop) continue;
    const int n = ablation->channels ? ablation->n_channels : generator->dimension;
    for (int c = 0; c < n; c++) generator->values[ablation->channels ? (int)ablation->channels[c] : c] = 0;
  }
}

static void apply(volley_generator *generator, volley_slice *slice, int64_t step) {
  if (step < generator->window.first || step >= generator->window.end) return;
  volley_player_at(generator->player, step + 1, generator->values);
  silence(generator, step);
  for (int d = 0; d < generator->dimension; d++) {
    if (generator->values[d] == 0) continue;
    inject(generator, slice, generator->gains + (size_t)d * generator->selected.count, generator->values[d]);
  }
}

static void destroy(volley_generator *generator) {
  volley_player_destroy(generator->player);
  free(generator->values);
  free(generator->gains);
}

const volley_stimulus_kind volley_stimulus_signal = {
    .name = "signal",
    .doc = "a signal as current: the sum of its values, each times a gain of the neuron's own",
    .is_current = true,
    .takes_signal = true,
    .is_own = true,
    .check = check,
    .generator = sizeof(volley_generator),
    .create = create,
    .apply = apply,
    .destroy = destroy,
};
