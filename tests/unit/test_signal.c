/* Each kind of signal against closed forms or an independent integration; warp, noise, and a signal as input. */
#include "base/memory.h"
#include "signal/signal.h"
#include "solver/solver.h"
#include "stimulus/stimulus.h"
#include "support/experiments.h"
#include "support/keys.h"
#include "support/signals.h"
#include "support/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 16 }; /* values of the signals here */
static const double pi = 3.14159265358979323846;

#define assert_near(a, b, tolerance) near((a), (b), (tolerance), #a, __LINE__)
static void near(double a, double b, double tolerance, const char *what, int line) {
  if (!(fabs(a - b) <= tolerance)) fail_msg("line %d: %s is %.17g, not %.17g", line, what, a, b);
}

/* An experiment of `duration` ms, whose readouts are to be taught by what add() adds. */
static volley_experiment *make(double dt, double duration) {
  volley_experiment *e = experiment_make(7);
  e->simulation.dt = dt;
  e->simulation.steps = (int64_t)llround(duration / dt);
  e->readouts = volley_arena_alloc(e->arena, EXPERIMENT_ROOM, sizeof *e->readouts);
  return e;
}

static volley_signal *add(volley_experiment *e, const char *kind) {
  return e->readouts[e->n_readouts++].supervisor = signals_make(e, kind);
}

static volley_status load(volley_experiment *e) { return volley_signals_load(e, NULL, MPI_COMM_SELF); }

/* Values at time t, which is a step. */
static const double *at(const volley_experiment *e, const volley_signal *signal, double t) {
  static double values[MOST];
  volley_player *player = volley_player_create(e, signal, 0);
  assert_true(signal->dimension <= MOST);
  volley_player_at(player, llround(t / e->simulation.dt), values);
  volley_player_destroy(player);
  return values;
}

static void set_speeds(volley_experiment *e, volley_signal *signal, int n, const double *times, const double *speeds) {
  signal->speed_times = (volley_list){signals_list(e, n, times), n};
  signal->speeds = (volley_list){signals_list(e, n, speeds), n};
}

static void set_rows(volley_experiment *e, volley_signal *signal, int n, int width, const double *rows) {
  SERIES(signal) =
      (volley_series){.values = signals_list(e, n * width, rows), .n_rows = (uint64_t)n, .n_columns = (uint64_t)width};
}

static void test_sines(void **state) {
  (void)state;
  volley_experiment *e = make(0.05, 1000);
  volley_signal *product = add(e, "sines"), *sum = add(e, "sines"), *triangle = add(e, "sines");
  LIST(product, frequencies).n = LIST(sum, frequencies).n = LIST(product, amplitudes).n = LIST(sum, amplitudes).n =
      LIST(sum, phases).n = 2;
  LIST(product, frequencies).values = LIST(sum, frequencies).values = signals_list(e, 2, (double[]){4, 6});
  LIST(product, amplitudes).values = LIST(sum, amplitudes).values = signals_list(e, 2, (double[]){0.5, -3});
  LIST(sum, phases).values = signals_list(e, 2, (double[]){0.25, -0.1});
  INTEGER(product, combination) = 1;
  sum->scale = 2;
  LIST(triangle, frequencies).n = 1;
  LIST(triangle, frequencies).values = signals_list(e, 1, (double[]){5});
  INTEGER(triangle, waveform) = 1;
  assert_int_equal(load(e), VOLLEY_OK);
  for (int step = 0; step <= 20000; step += 7) {
    const double t = step * 0.05, s = t * 1e-3;
    assert_near(at(e, product, t)[0], 0.5 * sin(2 * pi * 4 * s) * -3 * sin(2 * pi * 6 * s), 1e-13);
    assert_near(at(e, sum, t)[0], 2 * (0.5 * cos(2 * pi * 4 * s) - 3 * sin(2 * pi * (6 * s - 0.1))), 1e-13);
    assert_near(at(e, triangle, t)[0], asin(sin(2 * pi * 5 * s)), 1e-7); /* asin() is steep near 1 */
  }
  volley_experiment_destroy(e);
}

/* The short song: rows of the notes, and what its formula says of channel c (from 0) at time t. */
static const int notes[16] = {3, 3, 4, 5, 5, 4, 3, 2, 1, 1, 2, 3, 3, 2, 2, 2};
static const double slot = 250;

static double song(double t, int c) {
  const double in = t - 4000 * floor(t / 4000);
  const int m = (int)(in / slot);
  if (notes[m] != c + 1) return 0;
  return m >= 14 ? fabs(sin(pi * (in - 14 * slot) / (2 * slot))) : fabs(sin(pi * in / slot));
}

static volley_signal *add_song(volley_experiment *e) {
  volley_signal *signal = add(e, "pulses");
  double rows[16 * 5] = {0};
  for (int m = 0; m < 16; m++) rows[m * 5 + notes[m] - 1] = 1;
  set_rows(e, signal, 16, 5, rows);
  NUMBER(signal, slot) = slot;
  LIST(signal, holds).n = 1;
  LIST(signal, holds).values = signals_list(e, 1, (double[]){15});
  return signal;
}

static void test_song(void **state) {
  (void)state;
  volley_experiment *e = make(0.04, 20000);
  const volley_signal *signal = add_song(e);
  assert_int_equal(load(e), VOLLEY_OK);
  for (int step = 0; step <= 500000; step += 11) {
    const double *values = at(e, signal, step * 0.04);
    for (int c = 0; c < 5; c++) assert_near(values[c], song(step * 0.04, c), 1e-9);
  }
  volley_experiment_destroy(e);
}

/* Row 1 is held on the first channel only; the second one has a note of its own in each slot. */
static void test_held_channels(void **state) {
  (void)state;
  volley_experiment *e = make(1, 1000);
  volley_signal *signal = add(e, "pulses");
  set_rows(e, signal, 2, 2, (double[]){0.5, 1, 0, 2});
  NUMBER(signal, slot) = 100;
  LIST(signal, holds).n = INTEGER(signal, held_channels) = 1;
  LIST(signal, holds).values = signals_list(e, 1, (double[]){1});
  assert_int_equal(load(e), VOLLEY_OK);
  for (int t = 0; t < 400; t++) {
    assert_near(at(e, signal, t)[0], 0.5 * sin(pi * (t % 200) / 200), 1e-12);
    assert_near(at(e, signal, t)[1], (t % 200 < 100 ? 1 : 2) * sin(pi * (t % 100) / 100), 1e-12);
  }
  volley_experiment_destroy(e);
}

/* Classes to be told apart: as many steps on as off, whatever the rounding of the time. */
static void test_blank(void **state) {
  (void)state;
  volley_experiment *e = make(0.04, 4000);
  volley_signal *input = add(e, "pulses"), *target = add(e, "pulses");
  set_rows(e, input, 3, 2, (double[]){0.1, 0.9, 0.2, 0.8, 0.3, 0.7});
  set_rows(e, target, 3, 1, (double[]){0.5, -0.5, 0.5});
  NUMBER(input, slot) = NUMBER(input, blank) = NUMBER(target, slot) = NUMBER(target, blank) = 250;
  INTEGER(input, envelope) = 1;
  assert_int_equal(load(e), VOLLEY_OK);
  for (int step = 0; step < 100000; step++) {
    const int row = step / 12500 % 3, within = step % 12500;
    const bool on = within < 6250;
    const double *values = at(e, input, step * 0.04);
    assert_true(values[0] == (on ? SERIES(input).values[2 * row] : 0));
    assert_true(values[1] == (on ? SERIES(input).values[2 * row + 1] : 0));
    assert_near(at(e, target, step * 0.04)[0], on ? SERIES(target).values[row] * sin(pi * within / 6250) : 0, 1e-8);
  }
  volley_experiment_destroy(e);
}

static void test_hdts(void **state) {
  (void)state;
  volley_experiment *e = make(0.04, 1000);
  volley_signal *signal = add(e, "hdts");
  INTEGER(signal, pulses) = 8;
  NUMBER(signal, period) = 200;
  set_speeds(e, signal, 1, (double[]){0}, (double[]){-1});
  assert_int_equal(load(e), VOLLEY_OK);
  assert_int_equal(signal->dimension, 8);
  for (int step = 0; step < 25000; step += 3) {
    const double t = -step * 0.04, in = t - 200 * floor(t / 200);
    const double *values = at(e, signal, step * 0.04);
    for (int q = 0; q < 8; q++) {
      const bool inside = in > q * 25 && in < (q + 1) * 25;
      assert_near(values[q], inside ? fabs(sin(8 * pi * in / 200)) : 0, 1e-9);
    }
  }
  volley_experiment_destroy(e);
}

/* Classical Runge-Kutta with small steps. */
typedef void (*flow)(const volley_signal *signal, const double *u, double *rates);

static void van_der_pol(const volley_signal *s, const double *u, double *rates) {
  rates[0] =
      NUMBER(s, time_scale) * NUMBER(s, mu) * (u[0] - pow(u[0], 3) * NUMBER(s, size) * NUMBER(s, size) / 3 - u[1]);
  rates[1] = NUMBER(s, time_scale) * u[0] / NUMBER(s, mu);
}

static void lorenz(const volley_signal *s, const double *u, double *rates) {
  rates[0] = NUMBER(s, time_scale) * NUMBER(s, sigma) * (u[1] - u[0]);
  rates[1] = NUMBER(s, time_scale) * (NUMBER(s, rho) * u[0] - NUMBER(s, size) * u[0] * u[2] - u[1]);
  rates[2] = NUMBER(s, time_scale) * (NUMBER(s, size) * u[0] * u[1] - NUMBER(s, beta) * u[2]);
}

enum { MOST_DIMENSIONS = 3 };

static void shift(const double *u, const double *rates, double h, double *out) {
  for (int d = 0; d < MOST_DIMENSIONS; d++) out[d] = u[d] + h * rates[d];
}

static void integrate(flow f, const volley_signal *s, double *u, double ms) {
  enum { PER_MS = 50 };
  const double h = 1e-3 / PER_MS;
  for (int k = 0; k < (int)(ms * PER_MS); k++) {
    double a[MOST_DIMENSIONS] = {0}, b[MOST_DIMENSIONS] = {0}, c[MOST_DIMENSIONS] = {0}, d[MOST_DIMENSIONS] = {0};
    double v[MOST_DIMENSIONS];
    f(s, u, a);
    shift(u, a, h / 2, v);
    f(s, v, b);
    shift(u, b, h / 2, v);
    f(s, v, c);
    shift(u, c, h, v);
    f(s, v, d);
    for (int i = 0; i < MOST_DIMENSIONS; i++) u[i] += h / 6 * (a[i] + 2 * b[i] + 2 * c[i] + d[i]);
  }
}

/* Follows the rows for some ms from the first one on, and tests them every 100 ms. */
static void follow(flow f, const volley_signal *signal, int ms, double tolerance) {
  const int n = signal->dimension;
  double u[MOST_DIMENSIONS] = {0};
  for (int d = 0; d < n; d++) u[d] = SERIES(signal).values[d];
  for (int t = 100; t <= ms; t += 100) {
    integrate(f, signal, u, 100);
    for (int d = 0; d < n; d++) assert_near(SERIES(signal).values[t * n + d], u[d], tolerance);
  }
}

/* Mean time between upward crossings of 0 by the first value, s. */
static double period(const volley_signal *signal) {
  double first = NAN, last = NAN;
  int n = -1;
  for (int t = 1; t < (int)SERIES(signal).n_rows; t++) {
    const double a = SERIES(signal).values[(t - 1) * signal->dimension],
                 b = SERIES(signal).values[t * signal->dimension];
    if (a >= 0 || b < 0) continue;
    last = (t - 1 + a / (a - b)) * 1e-3;
    if (n++ < 0) first = last;
  }
  return (last - first) / n;
}

static double greatest(const volley_signal *signal, int d) {
  double most = 0;
  for (int t = 0; t < (int)SERIES(signal).n_rows; t++)
    most = fmax(most, fabs(SERIES(signal).values[t * signal->dimension + d]));
  return most;
}

static void test_van_der_pol(void **state) {
  (void)state;
  static const double mu[2] = {0.5, 5}, periods[2] = {0.3190, 0.5806}, x[2] = {0.2002, 0.2022}, y[2] = {0.4088, 0.0875};
  for (int k = 0; k < 2; k++) {
    volley_experiment *e = make(0.1, 15000);
    volley_signal *signal = add(e, "van_der_pol");
    NUMBER(signal, mu) = mu[k];
    assert_int_equal(load(e), VOLLEY_OK);
    assert_int_equal(signal->dimension, 2);
    assert_near(period(signal), periods[k], 1e-4);
    assert_near(greatest(signal, 0), x[k], 1e-4);
    assert_near(greatest(signal, 1), y[k], 1e-4);
    follow(van_der_pol, signal, 2000, 1e-8);
    const double *row = SERIES(signal).values + 2 * 123; /* linear in between */
    assert_near(at(e, signal, 123.4)[0], 0.6 * row[0] + 0.4 * row[2], 1e-15);
    assert_near(at(e, signal, 123.4)[1], 0.6 * row[1] + 0.4 * row[3], 1e-15);
    volley_experiment_destroy(e);
  }
}

static void test_lorenz(void **state) {
  (void)state;
  volley_experiment *e = make(0.1, 100000);
  volley_signal *signal = add(e, "lorenz");
  assert_int_equal(load(e), VOLLEY_OK);
  for (int d = 0; d < 3; d++) assert_true(SERIES(signal).values[d] == 0.1);
  follow(lorenz, signal, 8000, 1e-6);
  assert_near(greatest(signal, 0), 0.26, 0.03);
  assert_near(greatest(signal, 1), 0.36, 0.04);
  assert_near(greatest(signal, 2), 0.65, 0.05);
  volley_experiment_destroy(e);
}

/* A run that is made longer goes on with the same values; one made twice has the same ones. */
static void test_longer_run(void **state) {
  (void)state;
  volley_signal *signals[3][2];
  volley_experiment *experiments[3];
  const double durations[3] = {1000, 1000.5, 3000};
  for (int k = 0; k < 3; k++) {
    experiments[k] = make(0.1, durations[k]);
    signals[k][0] = add(experiments[k], "van_der_pol");
    signals[k][1] = add(experiments[k], "lorenz");
    NUMBER(signals[k][0], mu) = 5;
    assert_int_equal(load(experiments[k]), VOLLEY_OK);
    for (int s = 0; s < 2; s++) {
      const size_t bytes = SERIES(signals[0][s]).n_rows * SERIES(signals[0][s]).n_columns * sizeof(double);
      assert_memory_equal(SERIES(signals[k][s]).values, SERIES(signals[0][s]).values, bytes);
    }
  }
  assert_true(SERIES(signals[2][0]).n_rows > 3000);
  for (int k = 0; k < 3; k++) volley_experiment_destroy(experiments[k]);
}

static void test_series(void **state) {
  (void)state;
  volley_experiment *e = make(0.5, 40);
  volley_signal *once = add(e, "series"), *again = add(e, "series");
  static const double rows[] = {1, 10, 2, 30, 4, 20, 8, 0};
  set_rows(e, once, 4, 2, rows);
  set_rows(e, again, 4, 2, rows);
  NUMBER(once, interval) = NUMBER(again, interval) = 10;
  KEY_OF(again, bool, repeat) = true;
  set_speeds(e, again, 1, (double[]){0}, (double[]){3});
  assert_int_equal(load(e), VOLLEY_OK);
  for (int step = 0; step <= 80; step++) {
    const double t = 0.5 * step, x = fmin(t / 10, 3), turned = fmod(3 * t / 10, 4);
    const int row = (int)x, turn = (int)turned;
    for (int d = 0; d < 2; d++) {
      const double from = rows[2 * row + d], to = rows[2 * (row < 3 ? row + 1 : 3) + d];
      assert_near(at(e, once, t)[d], from + (x - row) * (to - from), 1e-12);
      const double f = rows[2 * turn + d], g = rows[2 * ((turn + 1) % 4) + d];
      assert_near(at(e, again, t)[d], f + (turned - turn) * (g - f), 1e-12);
    }
  }
  volley_experiment_destroy(e);
}

static void test_warp(void **state) {
  (void)state;
  volley_experiment *e = make(0.5, 4000);
  volley_signal *warped = add(e, "sines"), *straight = add(e, "sines");
  LIST(warped, frequencies).n = LIST(straight, frequencies).n = 1;
  LIST(warped, frequencies).values = LIST(straight, frequencies).values = signals_list(e, 1, (double[]){3.7});
  static const double times[] = {500, 1000, 2000, 2500}, speeds[] = {2, 0.5, 0, -1};
  set_speeds(e, warped, 4, times, speeds);
  assert_int_equal(load(e), VOLLEY_OK);
  for (int step = 0; step <= 8000; step++) {
    const double t = 0.5 * step;
    const double own = t < 500    ? t
                       : t < 1000 ? 500 + 2 * (t - 500)
                       : t < 2000 ? 1500 + 0.5 * (t - 1000)
                       : t < 2500 ? 2000
                                  : 2000 - (t - 2500);
    assert_near(volley_signal_time(warped, t), own, 1e-9);
    assert_near(at(e, warped, t)[0], sin(2 * pi * 3.7e-3 * own), 1e-11);
  }
  volley_experiment_destroy(e);
}

/* Noise of many steps, sorted or as it comes; values of a signal that is 0 otherwise. */
static volley_signal *add_silence(volley_experiment *e, double noise, int distribution) {
  volley_signal *signal = add(e, "pulses");
  set_rows(e, signal, 1, 2, (double[]){0, 0});
  NUMBER(signal, slot) = 10;
  signal->scale = 100;
  signal->noise = noise;
  signal->noise_distribution = distribution;
  return signal;
}

static void test_noise(void **state) {
  (void)state;
  enum { STEPS = 20000 };
  volley_experiment *e = make(0.1, 100);
  const volley_signal *kinds[2] = {add_silence(e, 0.05, 0), add_silence(e, 0.05, 1)};
  assert_int_equal(load(e), VOLLEY_OK);
  double *samples = volley_alloc(2 * STEPS, sizeof *samples, "test"),
         *backwards = volley_alloc(2, sizeof(double), "test");
  for (int k = 0; k < 2; k++) {
    volley_player *player = volley_player_create(e, kinds[k], 11), *other = volley_player_create(e, kinds[k], 12);
    double product = 0;
    for (int step = 0; step < STEPS; step++) volley_player_at(player, step, samples + 2 * step);
    for (int step = STEPS - 1; step >= 0; step -= 7) { /* in any order */
      volley_player_at(player, step, backwards);
      assert_memory_equal(backwards, samples + 2 * step, 2 * sizeof(double));
      volley_player_at(other, step, backwards);
      assert_true(backwards[0] != samples[2 * step]);
      volley_player_at(player, step + (INT64_C(1) << 32), backwards);
      assert_true(backwards[0] != samples[2 * step]);
    }
    const double mean = k == 0 ? 0 : 0.025, variance = k == 0 ? 0.05 * 0.05 : 0.05 * 0.05 / 12;
    for (int step = 0; step < STEPS; step++) product += (samples[2 * step] - mean) * (samples[2 * step + 1] - mean);
    assert_near(product / STEPS / variance, 0, 4 / sqrt(STEPS)); /* dimensions are independent */
    if (k == 0) expect_fit(statistics_ks(samples, 2 * STEPS, statistics_normal_below, (double[]){0, 0.05}));
    if (k == 1) expect_fit(statistics_ks(samples, 2 * STEPS, statistics_uniform_below, (double[]){0, 0.05}));
    volley_player_destroy(player);
    volley_player_destroy(other);
  }
  free(samples);
  free(backwards);
  volley_experiment_destroy(e);
}

/* A fault of one signal that was made by hand. */
static void expect_refused(volley_experiment *e) {
  assert_int_equal(load(e), VOLLEY_USAGE);
  volley_experiment_destroy(e);
}

static void test_refused(void **state) {
  (void)state;
  volley_experiment *e = make(1, 1000);
  add(e, "sines"); /* no frequency */
  expect_refused(e);
  e = make(1, 1000);
  LIST(add_song(e), holds).values[0] = 16; /* into nothing */
  expect_refused(e);
  e = make(1, 1000);
  NUMBER(add_song(e), blank) = 10; /* between a row and the one it is held into */
  expect_refused(e);
  e = make(1, 1000);
  volley_signal *song_twice = add_song(e);
  LIST(song_twice, holds).n = 2; /* row 15 into 16 that is held, on the same channel */
  LIST(song_twice, holds).values = signals_list(e, 2, (double[]){14, 15});
  expect_refused(e);
  e = make(1, 1000);
  volley_signal *series = add(e, "series"); /* ends at 999 */
  set_rows(e, series, 999, 1, (double[999]){0});
  NUMBER(series, interval) = 1;
  expect_refused(e);
  e = make(1, 1000);
  volley_signal *warped = add(e, "van_der_pol"); /* goes back to -200 */
  NUMBER(warped, mu) = 1;
  set_speeds(e, warped, 2, (double[]){400, 1000}, (double[]){-1, 1});
  expect_refused(e);
  e = make(1, 1000);
  volley_signal *unequal = add_song(e);
  set_speeds(e, unequal, 1, (double[]){400}, (double[]){-1});
  unequal->speeds.n = 0;
  expect_refused(e);
  e = make(1, 1000);
  volley_signal *endless = add(e, "lorenz"); /* grows without bounds */
  NUMBER(endless, beta) = -1000;
  expect_refused(e);
}

enum { NEURONS = 40, OTHERS = 5 };

/* A signal of three values as input of neurons 10 .. 29 of the second population. */
static volley_experiment *make_input(void) {
  volley_experiment *e = make(0.1, 100);
  experiment_add_population(e, "other", "parrot", OTHERS);
  experiment_add_population(e, "P", "iaf_psc_exp", NEURONS);
  volley_stimulus *stimulus = experiment_add_stimulus(e, 1, "signal");
  stimulus->signal = signals_make(e, "pulses");
  set_rows(e, stimulus->signal, 2, 3, (double[]){1, 0, 0.5, 0, 2, 0});
  NUMBER(stimulus->signal, slot) = 5;
  INTEGER(stimulus->signal, envelope) = 1;
  stimulus->neurons.ranges[0] = (volley_range){.first = 10, .count = 20};
  volley_selection_finish(&stimulus->neurons);
  stimulus->start = 2;
  stimulus->stop = 50;
  stimulus->gain =
      (volley_distribution){.kind = VOLLEY_UNIFORM, .a = -8000, .b = 8000, .min = -INFINITY, .max = INFINITY};
  return e;
}

/* Currents of neurons first .. first + count - 1 in a step. */
static void inject(const volley_experiment *e, uint32_t first, uint32_t count, int64_t step, double *current) {
  volley_gid gids[NEURONS];
  for (uint32_t i = 0; i < count; i++) gids[i] = OTHERS + first + i;
  volley_slice slice = {.population = 1, .count = count, .gids = gids, .current = current, .current_stride = 1};
  const volley_stimulus_kind *kind = e->stimuli[0].kind;
  memset(current, 0, count * sizeof *current);
  volley_generator *generator = volley_generator_create(e, 0, &slice);
  if (generator) kind->apply(generator, &slice, step);
  if (generator) volley_generator_destroy(kind, generator);
}

static void expect_currents(const volley_experiment *e, const double *gains) {
  for (int64_t step = 0; step < 1000; step += 3) {
    double whole[NEURONS], parts[NEURONS];
    inject(e, 0, NEURONS, step, whole);
    inject(e, 0, 13, step, parts);
    inject(e, 13, NEURONS - 13, step, parts + 13);
    assert_memory_equal(whole, parts, sizeof whole);
    const bool on = step >= 20 && step < 500, first_row = (step + 1) / 50 % 2 == 0; /* the end of the step counts */
    for (int i = 0; i < NEURONS; i++) {
      const double *g = gains + 3 * i, row = first_row ? g[0] + 0.5 * g[2] : 2 * g[1];
      assert_near(whole[i], on && i >= 10 && i < 30 ? row : 0, 1e-9);
    }
  }
}

static void test_input(void **state) {
  (void)state;
  volley_experiment *e = make_input();
  double gains[3 * NEURONS];
  assert_int_equal(load(e), VOLLEY_OK);
  const volley_key key = volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_GAIN, 0);
  for (uint32_t i = 0; i < NEURONS; i++)
    volley_distribution_draw(&e->stimuli[0].gain, key, OTHERS + i, 0, 3, gains + 3 * i);
  expect_currents(e, gains);
  for (int i = 0; i < 3 * NEURONS; i++) gains[i] = i;
  e->stimuli[0].gains = gains; /* as from a dataset */
  expect_currents(e, gains);
  volley_experiment_destroy(e);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_sines),  cmocka_unit_test(test_song),       cmocka_unit_test(test_held_channels),
      cmocka_unit_test(test_blank),  cmocka_unit_test(test_hdts),       cmocka_unit_test(test_van_der_pol),
      cmocka_unit_test(test_lorenz), cmocka_unit_test(test_longer_run), cmocka_unit_test(test_series),
      cmocka_unit_test(test_warp),   cmocka_unit_test(test_noise),      cmocka_unit_test(test_refused),
      cmocka_unit_test(test_input),
  };
  MPI_Init(&argc, &argv);
  if (volley_petsc_start(0, NULL, MPI_COMM_WORLD) != VOLLEY_OK) return 1;
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  volley_petsc_stop();
  MPI_Finalize();
  return failed;
}
