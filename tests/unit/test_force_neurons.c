/* The neuron models of FORCE training against twins that follow the published program line by line, against analytic
 * solutions, and one neuron alone against many together, bit for bit. */
#include "base/memory.h"
#include "base/random.h"
#include "neuron/arithmetic.h"
#include "neuron/neuron.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;

enum { LIF, THETA, IZHIKEVICH, N_MODELS };
static const struct {
  const char *name;
  double dt;      /* ms */
  double unit;    /* of the time that weights count, in ms */
  double current; /* of a size that makes it fire */
} models[N_MODELS] = {{"lif", 0.05, 1000, 60}, {"theta", 0.01, 1000, 20000}, {"izhikevich_2007", 0.04, 1, 600}};

static void expect_near(double value, double expected, double tolerance) {
  if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", value, tolerance, expected);
}

static void expect_same(double value, double expected) {
  if (!(value == expected)) fail_msg("%.17g is not %.17g", value, expected);
}

/* n neurons of one model with the engine's arrays. */
typedef struct net {
  const volley_neuron_model *model;
  double values[VOLLEY_MAX_PARAMETERS];
  volley_slice slice;
  volley_spike_list spikes;
} net;

static int parameter(const volley_neuron_model *model, const char *name) {
  for (int k = 0; k < model->n_parameters; k++) {
    if (strcmp(model->parameters[k].name, name) == 0) return k;
  }
  fail_msg("%s has no parameter %s", model->name, name);
  return -1;
}

static double *state(net *it, const char *name) {
  for (int s = 0; s < it->model->n_states; s++) {
    if (strcmp(it->model->states[s].name, name) == 0) return it->slice.states[s];
  }
  fail_msg("%s has no state %s", it->model->name, name);
  return NULL;
}

static net net_of(int m) {
  net it = {.model = volley_neuron_model_find(models[m].name)};
  assert_non_null(it.model);
  for (int k = 0; k < it.model->n_parameters; k++) it.values[k] = it.model->parameters[k].fallback;
  return it;
}

static void set(net *it, const char *name, double value) { it->values[parameter(it->model, name)] = value; }
static double get(const net *it, const char *name) { return it->values[parameter(it->model, name)]; }

static void make(net *it, uint32_t n, double dt, int coefficient_stride, int current_stride) {
  const volley_neuron_model *model = it->model;
  volley_slice *slice = &it->slice;
  *slice = (volley_slice){
      .count = n, .offset = 100, .coefficient_stride = coefficient_stride, .current_stride = current_stride};
  const uint32_t sets = coefficient_stride ? n : 1;
  double out[VOLLEY_MAX_COEFFICIENTS];
  assert_true(model->n_coefficients <= VOLLEY_MAX_COEFFICIENTS);
  model->prepare(it->values, dt, out);
  slice->coefficients = volley_alloc((size_t)model->n_coefficients * sets, sizeof(double), "test");
  for (int c = 0; c < model->n_coefficients; c++) {
    for (uint32_t i = 0; i < sets; i++) slice->coefficients[(size_t)c * sets + i] = out[c];
  }
  for (int s = 0; s < model->n_states; s++) {
    const int from = model->states[s].from_parameter;
    slice->states[s] = volley_alloc(n, sizeof(double), "test");
    for (uint32_t i = 0; i < n; i++) slice->states[s][i] = from >= 0 ? it->values[from] : model->states[s].fallback;
  }
  slice->current = volley_alloc(current_stride ? n : 1, sizeof(double), "test");
  slice->inputs[0] = volley_alloc(n, sizeof(double), "test");
}

static void drop(net *it) {
  for (int s = 0; s < it->model->n_states; s++) free(it->slice.states[s]);
  free(it->slice.coefficients);
  free(it->slice.current);
  free(it->slice.inputs[0]);
  free(it->spikes.ids);
  it->spikes = (volley_spike_list){0};
}

/* Takes the next step; returns the number of spikes. */
static uint32_t step(net *it) {
  it->spikes.n = 0;
  it->model->update(&it->slice, &it->spikes);
  it->slice.step++;
  return it->spikes.n;
}

static double uniform(uint32_t i, uint32_t k) {
  uint32_t out[4];
  volley_random_block((volley_key){{5, 9}}, i, k, 0, out);
  return volley_open_uniform(out[0]);
}

static double start_of(int m, uint32_t i) {
  const double u = uniform(i, 0);
  return m == LIF ? -65 + 95 * u : m == THETA ? pi * (2 * u - 1) : -60 + 90 * u;
}

/* Summed weights that reach neuron i after step n, mostly none; and its current in step n. */
static double weights_of(int m, uint32_t i, uint32_t n) {
  const double u = uniform(i, 3 * n + 1);
  return u < 0.05 ? models[m].current * models[m].unit / 1e5 * (40 * u - 0.8) : 0;
}

static double current_of(int m, uint32_t i, uint32_t n) {
  return models[m].current * (0.4 + sin(1e-3 * n) * uniform(i, 2));
}

/* The published program for one neuron. */
typedef struct twin {
  double v, u, ipsc, h, t_last;
  int64_t last; /* step of the last spike, one-based */
} twin;

static double twin_lif(const net *it, twin *t, int64_t n, double dt, double current) {
  const double tm = get(it, "tau_m") / 1000, tref = get(it, "t_ref") / 1000;
  const bool published = get(it, "published_refractory") > 0;
  const bool moves = published ? (double)n * dt > t->t_last + tref : t->last == 0 || n - t->last > lround(tref / dt);
  if (moves) t->v = t->v + dt * ((current - t->v) / tm);
  return get(it, "V_th");
}

static double twin_izhikevich(const net *it, twin *t, double dt, double current) {
  const double v = t->v, v_r = get(it, "v_r");
  t->v = v + dt * (get(it, "k") * (v - v_r) * (v - get(it, "v_t")) - t->u + current) / get(it, "C");
  t->u = t->u + dt * (get(it, "a") * (get(it, "b") * (v - v_r) - t->u));
  return get(it, "v_peak");
}

static double twin_theta(twin *t, double dt, double current) {
  t->v = t->v + dt * (1 - cos(t->v) + pi * pi * ((1 + cos(t->v)) * current));
  return pi;
}

/* Step n = 1, 2, ...; weights: of what fired in this step. Returns whether the neuron fired. */
static bool twin_step(const net *it, int m, twin *t, int64_t n, double input, double weights) {
  const double dt = models[m].dt / models[m].unit, current = t->ipsc + input + get(it, "I_e");
  const double tr = get(it, "tau_rise") / models[m].unit, td = get(it, "tau_decay") / models[m].unit;
  const double threshold = m == LIF     ? twin_lif(it, t, n, dt, current)
                           : m == THETA ? twin_theta(t, dt, current)
                                        : twin_izhikevich(it, t, dt, current);
  const bool fires = t->v >= threshold;
  t->ipsc = tr > 0 ? t->ipsc * exp(-dt / tr) + t->h * dt : t->ipsc * exp(-dt / td) + weights / td;
  if (tr > 0) t->h = t->h * exp(-dt / td) + weights / (tr * td);
  if (!fires) return false;
  t->v = m == LIF ? get(it, "V_reset") : m == THETA ? -pi : get(it, "c");
  if (m == IZHIKEVICH) t->u += get(it, "d");
  t->t_last = (double)n * dt;
  t->last = n;
  return true;
}

/* theta's twin takes the cosine from the C library: not the same bits. */
static void expect_twin(int m, double value, double expected) {
  if (m == THETA)
    expect_near(value, expected, 1e-9 * (1 + fabs(expected)));
  else
    expect_same(value, expected);
}

static void expect_as_twin(int m, double tau_rise, bool published) {
  enum { N = 37, STEPS = 3000 };
  net it = net_of(m);
  set(&it, "tau_rise", tau_rise);
  if (m == LIF) set(&it, "published_refractory", published);
  const double divisor = (tau_rise > 0 ? tau_rise / models[m].unit : 1) * get(&it, "tau_decay") / models[m].unit;
  make(&it, N, models[m].dt, 0, 1);
  twin twins[N] = {{0}};
  double *v = state(&it, "V_m"), *i_syn = state(&it, "I_syn"), *h = state(&it, "h");
  for (uint32_t i = 0; i < N; i++) v[i] = twins[i].v = start_of(m, i);
  uint32_t total = 0;
  for (uint32_t n = 1; n <= STEPS; n++) {
    for (uint32_t i = 0; i < N; i++) it.slice.current[i] = current_of(m, i, n);
    total += step(&it);
    uint32_t next = 0;
    for (uint32_t i = 0; i < N; i++) {
      assert_true(it.slice.inputs[0][i] == 0);
      const double weights = weights_of(m, i, n);
      if (twin_step(&it, m, &twins[i], n, it.slice.current[i], weights))
        assert_true(next < it.spikes.n && it.spikes.ids[next++] == 100 + i);
      expect_twin(m, v[i], twins[i].v);
      expect_same(i_syn[i] + (tau_rise > 0 ? 0 : weights / divisor), twins[i].ipsc);
      expect_same(h[i] + (tau_rise > 0 ? weights / divisor : 0), twins[i].h);
      if (m == IZHIKEVICH) expect_same(state(&it, "U_m")[i], twins[i].u);
      it.slice.inputs[0][i] = weights;
    }
    assert_int_equal(next, it.spikes.n);
  }
  assert_true(total > 3 * N / 2);
  drop(&it);
}

static void test_twins(void **unused) {
  (void)unused;
  for (int m = 0; m < N_MODELS; m++) {
    for (int published = 0; published <= (m == LIF); published++) {
      expect_as_twin(m, 2, published);
      expect_as_twin(m, 0, published);
    }
  }
}

/* Intervals of lif: as many Euler steps as the closed form of V says, and the refractory period. */
static void test_lif_intervals(void **unused) {
  (void)unused;
  static const double currents[] = {-35, -20, 10, 200};
  for (int k = 0; k < 4; k++) {
    net it = net_of(LIF);
    set(&it, "I_e", currents[k]);
    make(&it, 1, 0.05, 0, 0);
    const double ratio = (currents[k] + 40) / (currents[k] + 65);
    const int64_t moving = (int64_t)ceil(log(ratio) / log1p(-0.05 / 10));
    int64_t last = -1, intervals = 0;
    for (int64_t n = 0; n < 20000; n++) {
      if (step(&it) == 0) continue;
      if (last < 0) assert_int_equal(n + 1, moving);
      if (last >= 0) assert_int_equal(n - last, moving + 40);
      intervals += last >= 0;
      last = n;
    }
    const double period = 2 - 10 * log(ratio);
    expect_near((double)(moving + 40) * 0.05, period, 0.1);
    assert_true(intervals >= (int64_t)(1000 / period) - 2);
    drop(&it);
  }
}

/* How long V stays: by count always 40 steps, by the published expression 39 or 40, and in the first 40 of a run. */
static void test_published_refractoriness(void **unused) {
  (void)unused;
  for (int published = 0; published < 2; published++) {
    net it = net_of(LIF);
    set(&it, "published_refractory", published);
    set(&it, "I_e", 0);
    make(&it, 1, 0.05, 0, 0);
    double *v = state(&it, "V_m");
    int counts[42] = {0}, still = 0;
    while (step(&it) == 0 && *v == -65) still++;
    assert_int_equal(still, published ? 40 : 0);
    for (int k = 0; k < 2000; k++) {
      while (step(&it) == 0) continue;
      assert_true(it.slice.step < 1000000);
      for (still = 0; step(&it) == 0 && *v == -65;) still++;
      assert_true(still == 40 || (published && still == 39));
      counts[still]++;
    }
    if (published) assert_true(counts[39] > 100 && counts[39] < 600);
    drop(&it);
  }
}

/* A constant current makes theta fire at sqrt(I) Hz. */
static void test_theta_rate(void **unused) {
  (void)unused;
  static const double currents[] = {25, 100, 900};
  for (int k = 0; k < 3; k++) {
    net it = net_of(THETA);
    set(&it, "I_e", 0.25 * currents[k]);
    make(&it, 1, 0.01, 0, 0);
    int64_t first = 0, last = 0, n_spikes = 0;
    for (int64_t n = 1; n <= 100000; n++) {
      it.slice.current[0] = 0.75 * currents[k];
      if (step(&it) == 0) continue;
      if (n_spikes++ == 0) first = n;
      last = n;
    }
    expect_near((double)(n_spikes - 1) / ((double)(last - first) * 1e-5), sqrt(currents[k]), 0.01 * sqrt(currents[k]));
    drop(&it);
  }
}

/* V after `time` ms of constant current, by steps of dt. */
static double potential_after(int m, double v, double current, double time, double dt) {
  net it = net_of(m);
  set(&it, "I_e", current);
  make(&it, 1, dt, 0, 0);
  *state(&it, "V_m") = v;
  for (int64_t n = llround(time / dt); n > 0; n--) assert_int_equal(step(&it), 0);
  const double end = *state(&it, "V_m");
  drop(&it);
  return end;
}

/* Izhikevich's equations with the default parameters, below the peak, by the classical method of fourth order. */
static double izhikevich_exact(double v, double current, double time) {
  double u = 0;
  const double dt = 1e-3;
  static const double part[4] = {0, 0.5, 0.5, 1}, weight[4] = {1, 2, 2, 1};
  for (int64_t n = llround(time / dt); n > 0; n--) {
    double dv = 0, du = 0, sum_v = 0, sum_u = 0;
    for (int s = 0; s < 4; s++) {
      const double x = v + part[s] * dt * dv, y = u + part[s] * dt * du;
      dv = (2.5 * (x + 60) * (x + 19.2) - y + current) / 250;
      du = 0.01 * (-2 * (x + 60) - y);
      sum_v += weight[s] * dv;
      sum_u += weight[s] * du;
    }
    v += dt * sum_v / 6;
    u += dt * sum_u / 6;
  }
  return v;
}

/* Half the step, half the error. */
static void test_order(void **unused) {
  (void)unused;
  const double root = pi * sqrt(30.0);
  const struct {
    double v, current, time, exact;
  } cases[N_MODELS] = {{-60, -45, 8, -45 - 15 * exp(-0.8)},
                       {0, 30, 20, 2 * atan(root * tan(root * 0.02))},
                       {-70, 300, 40, izhikevich_exact(-70, 300, 40)}};
  for (int m = 0; m < N_MODELS; m++) {
    double dt = models[m].dt, before = 0;
    for (int k = 0; k < 5; k++, dt /= 2) {
      const double error = potential_after(m, cases[m].v, cases[m].current, cases[m].time, dt) - cases[m].exact;
      if (k > 0) expect_near(before / error, 2, 0.1);
      before = error;
    }
    expect_near(before, 0, 2e-3);
  }
}

/* The current that one spike of weight 1 causes, against its closed form, and its area against mean_current. */
static void test_filter(void **unused) {
  (void)unused;
  for (int m = 0; m < N_MODELS; m++) {
    for (int rises = 0; rises < 2; rises++) {
      double before = 0, dt = models[m].dt;
      for (int k = 0; k < 3; k++, dt /= 2) {
        net it = net_of(m);
        set(&it, "tau_rise", 2.0 * rises);
        set(&it, "I_e", m == THETA ? 0 : -100);
        make(&it, 1, dt, 0, 0);
        it.slice.inputs[0][0] = 1;
        double area = 0, worst = 0;
        for (int64_t n = 1; n <= llround(400 / dt); n++) {
          step(&it);
          const double t = (double)n * dt, value = *state(&it, "I_syn") / models[m].unit;
          const double exact = rises ? (exp(-t / 20) - exp(-t / 2)) / 18 : exp(-t / 20) / 20;
          worst = fmax(worst, fabs(value - exact));
          area += value * dt;
        }
        expect_near(it.model->mean_current(it.values, 0), models[m].unit / 1000, 1e-15);
        expect_near(area, 1, 0.02);
        if (!rises) expect_near(worst, 0, 1e-12);
        if (rises && k > 0) expect_near(before / worst, 2, 0.1);
        before = worst;
        drop(&it);
      }
    }
  }
}

enum { MANY = 1000, LONGEST = 40, TAIL_STEPS = 400 };

/* Takes neurons first .. first + count - 1 of MANY through TAIL_STEPS steps; what they are then goes to `out`:
 * [n_states + 1][MANY], the last row counting spikes. */
static void run_part(int m, uint32_t first, uint32_t count, int coefficient_stride, double *out) {
  net it = net_of(m);
  make(&it, count, models[m].dt, coefficient_stride, 1);
  double *spikes = out + (size_t)it.model->n_states * MANY;
  for (uint32_t i = 0; i < count; i++) {
    state(&it, "V_m")[i] = start_of(m, first + i);
    spikes[first + i] = 0;
  }
  for (uint32_t n = 1; n <= TAIL_STEPS; n++) {
    for (uint32_t i = 0; i < count; i++) it.slice.current[i] = 2 * current_of(m, first + i, n);
    for (uint32_t i = 0; i < count; i++) it.slice.inputs[0][i] = weights_of(m, first + i, n);
    step(&it);
    for (uint32_t k = 0; k < it.spikes.n; k++) spikes[first + it.spikes.ids[k] - 100] += n;
  }
  for (int s = 0; s < it.model->n_states; s++) memcpy(out + s * MANY + first, it.slice.states[s], count * sizeof *out);
  drop(&it);
}

/* In slices of 1, 2, ... 40 neurons or in one of a thousand, one set of coefficients or one a neuron: the same bits. */
static void test_same_bits(void **unused) {
  (void)unused;
  for (int m = 0; m < N_MODELS; m++) {
    const size_t length = ((size_t)volley_neuron_model_find(models[m].name)->n_states + 1) * MANY;
    double *together = volley_alloc(length, sizeof(double), "test"),
           *parts = volley_alloc(length, sizeof(double), "test");
    run_part(m, 0, MANY, 0, together);
    double sum = 0;
    for (uint32_t i = 0; i < MANY; i++) sum += together[length - MANY + i];
    assert_true(sum > MANY);
    for (int stride = 0; stride < 2; stride++) {
      uint32_t first = 0;
      for (uint32_t count = 1; count <= LONGEST; first += count++) run_part(m, first, count, stride, parts);
      run_part(m, first, MANY - first, stride, parts);
      assert_memory_equal(parts, together, length * sizeof(double));
    }
    free(together);
    free(parts);
  }
}

static void test_cosine(void **unused) {
  (void)unused;
  const double ranges[] = {pi, 20, 1e6}, unit = 0x1p-53;
  for (int k = 0; k < 3; k++) {
    for (uint32_t i = 0; i < 400000; i++) {
      const double x = ranges[k] * (2 * uniform(i, (uint32_t)k) - 1);
      const double error = (double)fabsl(volley_cosine(x) - cosl(x));
      if (!(error <= 2.2 * unit)) fail_msg("cosine of %.17g is off by %g units", x, error / unit);
      expect_same(volley_cosine(-x), volley_cosine(x));
    }
  }
  expect_same(volley_cosine(0), 1);
  expect_same(volley_cosine(pi), -1);
  for (uint32_t i = 0; i < 100000; i++) {
    const double x = 0.02 * uniform(i, 7);
    assert_true((double)fabsl(volley_cosine(x) - cosl(x)) < 0.51 * unit);
    assert_true((double)fabsl(volley_cosine(x - pi) - cosl(x - pi)) < 0.51 * unit);
  }
  assert_true(isnan(volley_cosine(NAN)) && isnan(volley_cosine(INFINITY)));
}

static void test_division(void **unused) {
  (void)unused;
  for (uint32_t i = 0; i < 1000000; i++) {
    const double divisor = i % 2 ? 4e-5 : exp(20 * uniform(i, 1) - 10),
                 x = (uniform(i, 2) - 0.5) * exp(90 * uniform(i, 3));
    expect_same(volley_divide(x, divisor, 1 / divisor), x / divisor);
  }
  expect_same(volley_divide(0, 3, 1.0 / 3), 0);
}

static void expect_refused(int m, const char *name, double value) {
  net it = net_of(m);
  assert_null(it.model->check(it.values));
  set(&it, name, value);
  assert_non_null(it.model->check(it.values));
}

static void test_checks(void **unused) {
  (void)unused;
  for (int m = 0; m < N_MODELS; m++) {
    expect_refused(m, "tau_rise", 20);
    net it = net_of(m);
    set(&it, "tau_rise", 0);
    assert_null(it.model->check(it.values));
    assert_int_equal(volley_receptor_lag(it.model, 0), 0);
  }
  expect_refused(LIF, "V_reset", -40);
  expect_refused(LIF, "published_refractory", 0.5);
  expect_refused(IZHIKEVICH, "c", 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_twins),
                                     cmocka_unit_test(test_lif_intervals),
                                     cmocka_unit_test(test_published_refractoriness),
                                     cmocka_unit_test(test_theta_rate),
                                     cmocka_unit_test(test_order),
                                     cmocka_unit_test(test_filter),
                                     cmocka_unit_test(test_same_bits),
                                     cmocka_unit_test(test_cosine),
                                     cmocka_unit_test(test_division),
                                     cmocka_unit_test(test_checks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
