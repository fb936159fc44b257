/* A signal in time: warp, scale, and noise that is a pure function of the step. */
#include "signal/signal.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>

struct volley_player {
  const volley_signal *signal;
  double dt; /* ms */
  volley_key key;
  uint32_t *words; /* [dimension] */
  double *noise;   /* [dimension] */
};

double volley_signal_time(const volley_signal *signal, double t) {
  const double *times = signal->speed_times.values, *speeds = signal->speeds.values;
  const int n = signal->speeds.n;
  if (n == 0) return t;
  double sum = fmin(t, times[0]);
  for (int k = 0; k < n && t > times[k]; k++) {
    const double end = k + 1 < n ? fmin(t, times[k + 1]) : t;
    sum += speeds[k] * (end - times[k]);
  }
  return sum;
}

volley_player *volley_player_create(const volley_experiment *experiment, const volley_signal *signal, uint32_t stream) {
  const size_t n = (size_t)signal->dimension;
  volley_player *player = volley_alloc(1, sizeof *player, "a signal");
  player->signal = signal;
  player->dt = experiment->simulation.dt;
  player->key = volley_key_of(experiment->simulation.noise_seed, VOLLEY_PURPOSE_SIGNAL, stream);
  player->words = volley_alloc(n, sizeof *player->words, "a signal");
  player->noise = volley_alloc(n, sizeof *player->noise, "a signal");
  return player;
}

void volley_player_destroy(volley_player *player) {
  if (!player) return;
  free(player->words);
  free(player->noise);
  free(player);
}

static void add_noise(volley_player *player, int64_t step, double *values) {
  const volley_signal *signal = player->signal;
  const size_t n = (size_t)signal->dimension;
  volley_random_words(player->key, (uint32_t)step, 0, (uint32_t)(step >> 32), n, player->words);
  if (signal->noise_distribution == 0) {
    volley_normal_quantiles(player->words, n, player->noise);
  } else {
    for (size_t d = 0; d < n; d++) player->noise[d] = volley_open_uniform(player->words[d]);
  }
  for (size_t d = 0; d < n; d++) values[d] += signal->noise * player->noise[d];
}

void volley_player_at(volley_player *player, int64_t step, double *values) {
  const volley_signal *signal = player->signal;
  signal->kind->values(signal, volley_signal_time(signal, (double)step * player->dt), values);
  for (int d = 0; d < signal->dimension && signal->scale != 1; d++) values[d] *= signal->scale;
  if (signal->noise != 0) add_noise(player, step, values);
}
