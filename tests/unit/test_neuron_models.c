/* Neuron models in tables: in slices of any cut the same bits; the order of every numerical scheme by halving its step;
 * analytic solutions. */
#include "base/memory.h"
#include "base/power.h"
#include "base/random.h"
#include "neuron/arithmetic.h"
#include "neuron/neuron.h"
#include "support/neurons.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double uniform(uint32_t i, uint32_t k) {
  uint32_t out[4];
  volley_random_block((volley_key){{8, 3}}, i, k, 0, out);
  return volley_open_uniform(out[0]);
}

static bool is_named(const neurons *these, const char *model) { return strcmp(these->model->name, model) == 0; }

/* Parameters that are no switches differ by 2 %, times by 10 %. */
static void vary(const neurons *these, uint32_t i, double *values) {
  for (int k = 0; k < these->model->n_parameters; k++) {
    const volley_key_info *info = &these->model->parameters[k];
    if (info->unit[0] == '\0' && values[k] == round(values[k])) continue;
    const double range = strcmp(info->unit, "ms") == 0 ? 0.1 : 0.02;
    values[k] *= 1 + range * (2 * uniform(i, 7000 + (uint32_t)k) - 1);
  }
  if (strncmp(these->model->name, "aeif", 4) == 0) {
    values[neurons_parameter(these, "t_ref")] = 0.3 * (i % 4);
    if (i % 5 == 0) values[neurons_parameter(these, "Delta_T")] = 0;
  }
  if (is_named(these, "izhikevich_ring_2018")) {
    values[neurons_parameter(these, "cell")] = i % 3;
    values[neurons_parameter(these, "amp")] = 5.0 * (i % 2);
  }
  if (!is_named(these, "izhikevich")) return;
  values[neurons_parameter(these, "integration")] = i % 3;
  if (i % 3 == 1) values[neurons_parameter(these, "substeps")] = 1 + i % 5;
}

static void leave(const neurons *these, uint32_t i, double *values) {
  (void)these;
  (void)i;
  (void)values;
}

/* Models, with input of a size that makes them fire. */
static const struct {
  const char *name;
  double low, high; /* of V_m at the start */
  double current, weight;
} models[] = {{"iaf_psc_alpha", -75, -56, 600, 300},
              {"iaf_cond_exp", -75, -56, 900, 90},
              {"iaf_cond_alpha", -75, -56, 900, 40},
              {"iaf_cond_beta", -75, -56, 900, 40},
              {"iaf_cond_exp_sfa_rr", -75, -58, 2000, 30},
              {"aeif_cond_exp", -75, -56, 3000, 90},
              {"aeif_cond_alpha", -75, -56, 3000, 40},
              {"aeif_psc_exp", -75, -56, 3000, 900},
              {"aeif_psc_alpha", -75, -56, 3000, 900},
              {"mat2_psc_exp", -75, -52, 900, 200},
              {"glif_psc", -75, -56, 900, 200},
              {"iaf_psc_exp_multisynapse", -75, -56, 900, 200},
              {"iaf_psc_alpha_multisynapse", -75, -56, 900, 200},
              {"aeif_cond_beta_multisynapse", -75, -56, 3000, 20},
              {"hh_psc_alpha", -75, -56, 3000, 500},
              {"hh_cond_exp_traub", -75, -56, 3000, 60},
              {"izhikevich", -80, 25, 25, 8},
              {"izhikevich_psc_exp", -80, 25, 25, 8},
              {"qif", -70, 0, 400, 200},
              {"if", -70, -56, 400, 200},
              {"lif_adaptive", 0, 2.5, 5, 2},
              {"izhikevich_ring_2018", -75, 20, 10, 0.1}};
enum { N_MODELS = sizeof models / sizeof *models };

enum { MANY = 180, LONGEST = 17, STEPS = 200 };

static void give_input(neurons *these, int m, uint32_t n) {
  for (uint32_t i = 0; i < these->slice.count; i++) {
    for (int r = 0; r < these->model->n_receptors; r++) {
      const double u = uniform(these->first + i, 10 * n + (uint32_t)r);
      if (u < 0.1) these->slice.inputs[r][i] += models[m].weight * 10 * u * (r == 0 ? 1 : -1);
    }
    if (these->slice.current_stride) these->slice.current[i] = models[m].current * (n % 50) / 30;
  }
  these->slice.current[0] = models[m].current * (n % 50) / 30;
}

/* Takes neurons first .. first + count - 1 of MANY through STEPS steps; their states and, last, what counts their
 * spikes go to their columns of `out`, [n_states + 1][MANY]. */
static void run_part(int m, uint32_t first, uint32_t count, neurons_own *own, bool own_current, double *out) {
  neurons these = neurons_of(models[m].name);
  these.first = first;
  neurons_make(&these, count, 0.1, own, own_current);
  double *spikes = out + (size_t)these.model->n_states * MANY;
  for (uint32_t i = 0; i < count; i++) {
    neurons_state(&these, "V_m")[i] = models[m].low + (models[m].high - models[m].low) * uniform(first + i, 9999);
    spikes[first + i] = 0;
  }
  for (uint32_t n = 1; n <= STEPS; n++) {
    give_input(&these, m, n);
    neurons_step(&these);
    for (uint32_t k = 0; k < these.spikes.n; k++) spikes[first + these.spikes.ids[k] - 100] += n;
    for (uint32_t k = 1; k < these.spikes.n; k++) assert_true(these.spikes.ids[k] >= these.spikes.ids[k - 1]);
  }
  for (int s = 0; s < these.model->n_states; s++) {
    memcpy(out + s * MANY + first, these.slice.states[s], count * sizeof *out);
  }
  neurons_drop(&these);
}

/* In slices of 1, 2, ... neurons. */
static void run_parts(int m, neurons_own *own, bool own_current, double *out) {
  uint32_t first = 0;
  for (uint32_t count = 1; count <= LONGEST; first += count++) run_part(m, first, count, own, own_current, out);
  run_part(m, first, MANY - first, own, own_current, out);
}

/* In small slices or in one, one set of coefficients or one a neuron, one current or one a neuron: the same bits. */
static void test_same_bits(void **unused) {
  (void)unused;
  for (int m = 0; m < N_MODELS; m++) {
    const size_t length = ((size_t)volley_neuron_model_find(models[m].name)->n_states + 1) * MANY;
    double *together = volley_alloc(length, sizeof(double), "test"),
           *parts = volley_alloc(length, sizeof(double), "test");
    for (int alike = 0; alike < 2; alike++) {
      run_part(m, 0, MANY, alike ? NULL : vary, true, together);
      double sum = 0;
      for (uint32_t i = 0; i < MANY; i++) sum += together[length - MANY + i] > 0;
      if (!(sum > MANY / 2)) fail_msg("only %g neurons of %s fired", sum, models[m].name);
      for (int own_current = 0; own_current < 2; own_current++) {
        run_parts(m, alike ? leave : vary, own_current, parts);
        assert_memory_equal(parts, together, length * sizeof(double));
        if (alike) run_parts(m, NULL, own_current, parts);
        assert_memory_equal(parts, together, length * sizeof(double));
      }
    }
    free(together);
    free(parts);
  }
}

/* Schemes and a stretch of their states without a spike. */
typedef struct scheme {
  const char *model;
  const char *set[3]; /* parameters that choose the scheme */
  double to[3];
  const char *start[3]; /* states, or receptors that get input, at the start */
  double at[3];
  double current, time, dt; /* dt: the longest step, ms */
  double order;
} scheme;

static const scheme schemes[] = {
    {"iaf_cond_exp", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"g_ex", "g_in", "V_m"}, {30, 20, -65}, 100, 8, 2, 5},
    {"iaf_cond_alpha", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"rise_ex", "g_in", "V_m"}, {9, 9, -65}, 0, 8, 2, 5},
    {"aeif_cond_exp", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"g_ex", "g_in", "V_m"}, {30, 9, -65}, 99, 8, 2, 5},
    {"iaf_cond_beta", {"tolerance", "tau_rise_ex"}, {INFINITY, 2}, {"rise_ex", "g_in", "V_m"}, {9, 9, -65}, 0, 8, 2, 5},
    {"iaf_cond_exp_sfa_rr", {"tolerance"}, {INFINITY}, {"g_ex", "g_rr", "V_m"}, {30, 90, -65}, 0, 8, 1, 5},
    {"aeif_cond_alpha",
     {"tolerance", "tau_syn_ex"},
     {INFINITY, 2},
     {"rise_ex", "g_in", "V_m"},
     {30, 9, -65},
     9,
     8,
     2,
     5},
    {"aeif_psc_exp", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"I_syn_ex", "V_m"}, {900, -65}, 99, 8, 2, 5},
    {"aeif_psc_alpha", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"rise_ex", "V_m"}, {90, -65}, 99, 8, 2, 5},
    {"hh_psc_alpha", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"rise_ex", "V_m"}, {90, -70}, 99, 4, 0.2, 5},
    {"hh_cond_exp_traub", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"g_ex", "V_m"}, {9, -70}, 99, 4, 0.1, 5},
    {"qif", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"I_syn_ex", "V_m"}, {90, -65}, 40, 8, 2, 5},
    {"izhikevich_psc_exp", {"tolerance"}, {INFINITY}, {"I_syn_ex", "V_m"}, {6, -70}, 0, 4, 1, 5},
    {"izhikevich", {"integration"}, {0}, {"V_m"}, {-70}, 3, 4, 0.1, 1},
    {"izhikevich", {"integration"}, {2}, {"V_m"}, {-70}, 3, 4, 0.1, 1},
    {"izhikevich", {"integration"}, {1}, {"V_m"}, {-70}, 3, 4, 0.5, 4},
    /* Split steps. */
    {"iaf_cond_exp", {"tau_syn_ex"}, {2}, {"g_ex", "g_in", "V_m"}, {30, 20, -65}, 100, 8, 0.5, 2},
    {"iaf_cond_alpha", {"tau_syn_ex"}, {2}, {"rise_ex", "g_in", "V_m"}, {9, 9, -65}, 0, 8, 0.5, 2},
    {"iaf_cond_beta", {"tau_rise_ex"}, {2}, {"rise_ex", "g_in", "V_m"}, {9, 9, -65}, 0, 8, 0.5, 2},
    {"iaf_cond_exp_sfa_rr", {"t_ref"}, {0.5}, {"g_ex", "g_rr", "V_m"}, {30, 90, -65}, 0, 8, 0.5, 2},
    {"iaf_bw_2001", {"t_ref"}, {2}, {"s_AMPA", "s_NMDA", "V_m"}, {9, 9, -65}, 0, 8, 0.5, 2},
    {"aeif_cond_exp", {"tau_syn_ex"}, {2}, {"g_ex", "g_in", "V_m"}, {9, 9, -65}, 99, 8, 0.5, 2},
    {"aeif_cond_alpha", {"tau_syn_ex"}, {2}, {"rise_ex", "g_in", "V_m"}, {9, 9, -65}, 9, 8, 0.5, 2},
    {"aeif_psc_exp", {"tau_syn_ex"}, {2}, {"I_syn_ex", "V_m"}, {300, -65}, 99, 8, 0.5, 2},
    {"aeif_psc_alpha", {"tau_syn_ex"}, {2}, {"rise_ex", "V_m"}, {90, -65}, 99, 8, 0.5, 2},
    {"qif", {"tau_syn_ex"}, {2}, {"I_syn_ex", "V_m"}, {9, -65}, 9, 8, 0.5, 2},
    {"hh_psc_alpha", {"tau_syn_ex"}, {2}, {"rise_ex", "V_m"}, {90, -70}, 99, 4, 0.2, 4},
    {"hh_cond_exp_traub", {"tau_syn_ex"}, {2}, {"g_ex", "V_m"}, {9, -70}, 99, 4, 0.1, 4},
};

static bool is_adaptive(const scheme *it) { return strcmp(it->set[0], "tolerance") == 0; }

/* V_m after the stretch by steps of dt. */
static double potential_after(const scheme *it, double dt) {
  neurons these = neurons_of(it->model);
  these.adaptive = is_adaptive(it);
  for (int k = 0; k < 3 && it->set[k]; k++) neurons_set(&these, it->set[k], it->to[k]);
  neurons_make(&these, 1, dt, NULL, false);
  for (int k = 0; k < 3 && it->start[k]; k++) *neurons_state(&these, it->start[k]) = it->at[k];
  these.slice.current[0] = it->current;
  for (int64_t n = llround(it->time / dt); n > 0; n--) assert_int_equal(neurons_step(&these), 0);
  const double end = *neurons_state(&these, "V_m");
  neurons_drop(&these);
  return end;
}

/* The step is halved again and again: errors fall by 2 to the power of the order. */
static void test_order(void **unused) {
  (void)unused;
  for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++) {
    const scheme *it = &schemes[k];
    const double exact = potential_after(it, it->dt / 256);
    double before = 0;
    for (int halving = 0; halving < 5; halving++) {
      const double error = fabs(potential_after(it, it->dt / (1 << halving)) - exact);
      print_message("%s: step %g ms, error %.3g mV, order %.3f\n", it->model, it->dt / (1 << halving), error,
                    halving > 0 ? log2(before / error) : NAN);
      if (halving > 2) expect_near(log2(before / error), it->order, 0.15);
      before = error;
    }
  }
}

/* The tolerance bounds the error of a stretch, however long the step. */
static void test_tolerance(void **unused) {
  (void)unused;
  for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++) {
    scheme it = schemes[k];
    if (!is_adaptive(&it)) continue;
    it.to[0] = 1e-12;
    const double exact = potential_after(&it, it.dt / 8);
    for (double tolerance = 1e-2; tolerance > 1e-10; tolerance /= 10) {
      it.to[0] = tolerance;
      const double error = fabs(potential_after(&it, it.dt) - exact);
      print_message("%s: tolerance %g, error %.3g mV\n", it.model, tolerance, error);
      expect_near(error, 0, 3 * tolerance);
    }
  }
}

/* At steps of 0.1 ms both schemes find the same potentials. */
static void test_distance(void **unused) {
  (void)unused;
  for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++) {
    const scheme *it = &schemes[k];
    if (is_adaptive(it) || strcmp(it->model, "izhikevich") == 0) continue;
    scheme adaptive = *it;
    adaptive.set[1] = it->set[0];
    adaptive.to[1] = it->to[0];
    adaptive.set[0] = "tolerance";
    adaptive.to[0] = 1e-12;
    const double distance = fabs(potential_after(it, 0.1) - potential_after(&adaptive, 0.1));
    print_message("%s: %.3g mV from adaptive\n", it->model, distance);
    expect_near(distance, 0, 1e-3);
    assert_true(distance > 0);
  }
}

/* However strongly V and w turn about each other: steps that are too long for it are not taken. */
static void test_turning(void **unused) {
  (void)unused;
  static const struct {
    double dt, a, tau_w;
  } cases[] = {{0.1, 4, 144}, {0.1, 1e3, 5}, {0.1, 1e4, 1}, {0.1, 2e5, 1}, {1, 80, 20},
               {1, 300, 10},  {1, -20, 10},  {1, 1e4, 1},   {1, 3e4, 20}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    scheme split = {
        "aeif_psc_exp", {"t_ref", "a", "tau_w"}, {0, cases[k].a, cases[k].tau_w}, {"V_m"}, {-68}, 100, 20, 1, 2};
    scheme adaptive = split;
    adaptive.set[0] = "tolerance";
    adaptive.to[0] = 1e-10;
    const double distance = fabs(potential_after(&split, cases[k].dt) - potential_after(&adaptive, cases[k].dt));
    print_message("dt %g ms, a %g nS, tau_w %g ms: %.3g mV from adaptive\n", cases[k].dt, cases[k].a, cases[k].tau_w,
                  distance);
    expect_near(distance, 0, 1e-3);
  }
}

static void test_exponential(void **unused) {
  (void)unused;
  double worst = 0;
  for (uint32_t i = 0; i < 1000000; i++) {
    const double x = i % 2 ? 1400 * uniform(i, 1) - 700 : 2 * uniform(i, 1) - 1;
    const long double exact = expl(x);
    const double error = (double)(fabsl(volley_exponential(x) - exact) / exact) * 0x1p53;
    if (error > worst) worst = error;
  }
  expect_near(worst, 0, 2.2);
  assert_true(volley_exponential(0) == 1);
  assert_true(volley_exponential(-1e300) < 1e-300 && volley_exponential(1e300) > 1e300);
  assert_true(volley_exponential(-INFINITY) < 1e-300 && isnan(volley_exponential(NAN)));
}

static void test_powers(void **unused) {
  (void)unused;
  enum { N = 1000 };
  const double odd[] = {0, -1, INFINITY, 1e-310, 1, 2};
  const int n_odd = sizeof odd / sizeof *odd;
  double x[N], out[N], worst = 0;
  for (uint32_t round = 0; round < 500; round++) {
    const double mu = round < 2 ? round : 4 * uniform(round, 2) - 1;
    for (uint32_t i = 0; i < N; i++) x[i] = exp(20 * uniform(i + N * round, 1) - 10);
    for (int i = 0; i < n_odd; i++) x[i] = odd[i];
    volley_powers(x, N, mu, out);
    for (int i = 0; i < n_odd; i++) assert_true(out[i] == pow(x[i], mu) || (x[i] < 0 && isnan(out[i])));
    for (int i = n_odd; i < N; i++) {
      const long double exact = powl(x[i], mu);
      worst = fmax(worst, (double)(fabsl(out[i] - exact) / exact) * 0x1p53);
    }
  }
  expect_near(worst, 0, 1.09); /* 0.54 units of the last place */
}

/* Substeps are steps. */
static void test_substeps(void **unused) {
  (void)unused;
  neurons coarse = neurons_of("izhikevich"), fine = neurons_of("izhikevich");
  neurons_set(&coarse, "integration", 1);
  neurons_set(&fine, "integration", 1);
  neurons_set(&coarse, "substeps", 8);
  neurons_make(&coarse, 1, 0.8, NULL, false);
  neurons_make(&fine, 1, 0.1, NULL, false);
  coarse.slice.current[0] = fine.slice.current[0] = 15;
  uint32_t n_coarse = 0, n_fine = 0;
  for (int n = 0; n < 1000; n++) {
    coarse.slice.inputs[0][0] = n % 3;
    n_coarse += neurons_step(&coarse);
    for (int s = 0; s < 8; s++) {
      if (s == 7) fine.slice.inputs[0][0] = n % 3;
      n_fine += neurons_step(&fine);
    }
    expect_near(*neurons_state(&coarse, "V_m"), *neurons_state(&fine, "V_m"), 1e-9);
  }
  assert_int_equal(n_coarse, n_fine);
  assert_true(n_fine > 20);
  neurons_drop(&coarse);
  neurons_drop(&fine);
}

/* V after an alpha-shaped current that begins at time 0 with a peak of 1 pA, by Simpson's rule. */
static double alpha_response(double t, double tau_syn, double tau_m, double C_m) {
  enum { PIECES = 20000 };
  long double sum = 0;
  for (int k = 0; k <= PIECES; k++) {
    const long double s = (long double)t * k / PIECES, weight = k == 0 || k == PIECES ? 1 : k % 2 ? 4 : 2;
    sum += weight * s / tau_syn * expl(1 - s / tau_syn - ((long double)t - s) / tau_m);
  }
  return (double)(sum * t / PIECES / 3 / C_m);
}

static void test_alpha_current(void **unused) {
  (void)unused;
  static const double tau_syn[] = {0.5, 2, 10, 10 * (1 + 1e-15), 10 * (1 - 1e-9), 10.001, 11, 100};
  for (size_t k = 0; k < sizeof tau_syn / sizeof *tau_syn; k++) {
    for (int r = 0; r < 2; r++) {
      neurons these = neurons_of("iaf_psc_alpha");
      neurons_set(&these, r == 0 ? "tau_syn_ex" : "tau_syn_in", tau_syn[k]);
      neurons_make(&these, 1, 0.1, NULL, false);
      const double weight = r == 0 ? 100 : -100;
      these.slice.inputs[r][0] += weight;
      for (int n = 1; n <= 300; n++) {
        neurons_step(&these);
        const double t = n * 0.1, current = weight * t / tau_syn[k] * exp(1 - t / tau_syn[k]);
        expect_near(*neurons_state(&these, r == 0 ? "I_syn_ex" : "I_syn_in"), current, 1e-11);
        if (n % 30 == 0)
          expect_near(*neurons_state(&these, "V_m") + 70, weight * alpha_response(t, tau_syn[k], 10, 250), 1e-10);
      }
      expect_near(these.model->mean_current(these.values, r), 0.001 * exp(1) * tau_syn[k], 1e-15);
      neurons_drop(&these);
    }
  }
}

/* Rates at which x / (1 - exp(-x)) is 0 / 0: nothing happens there. */
static void test_hh_singularities(void **unused) {
  (void)unused;
  static const double at[] = {-55, -40, -55 + 0.5, -55 - 0.5, -40 + 0.5, -40 - 0.5}; /* and where the series begins */
  for (size_t k = 0; k < sizeof at / sizeof *at; k++) {
    double after[3];
    for (int side = -1; side <= 1; side++) {
      const scheme it = {"hh_psc_alpha", {"t_ref"}, {2}, {"V_m"}, {at[k] + 1e-9 * side}, 0, 0.1, 0.1, 5};
      after[side + 1] = potential_after(&it, 0.1);
    }
    expect_near(after[0], after[1], 2e-9);
    expect_near(after[2], after[1], 2e-9);
  }
}

/* Without a spike V goes to the lower zero of its slope; with a current that has none it fires at the analytic rate. */
static void test_qif(void **unused) {
  (void)unused;
  const double half = 10, middle = -50, k = 0.7, C_m = 100; /* defaults; half: of V_c - E_L */
  const double rest = middle - sqrt(half * half - 50 / k);
  const scheme quiet = {"qif", {"k"}, {k}, {"V_m"}, {-45}, 50, 400, 0.1, 2},
               exact = {"qif", {"tolerance"}, {1e-6}, {"V_m"}, {-45}, 50, 400, 0.1, 5};
  expect_near(potential_after(&exact, 0.1), rest, 1e-6);
  expect_near(potential_after(&quiet, 0.1), rest, 5e-6);
  static const double currents[] = {72, 100, 300, 2000};
  for (size_t n_case = 0; n_case < 2 * sizeof currents / sizeof *currents; n_case++) {
    const size_t n = n_case / 2;
    neurons these = neurons_of("qif");
    these.adaptive = n_case % 2 == 1;
    neurons_set(&these, "I_e", currents[n]);
    neurons_make(&these, 1, 0.1, NULL, false);
    const double s = sqrt(currents[n] / k - half * half);
    const double period = C_m / (k * s) * (atan((35 - middle) / s) - atan((-50 - middle) / s));
    int64_t first = 0, last = 0, intervals = -1;
    for (int64_t step = 1; step <= 100000; step++) {
      const uint32_t spikes = neurons_step(&these);
      if (spikes == 0) continue;
      if (intervals < 0) first = step;
      intervals += spikes;
      last = step;
    }
    print_message("qif: %g pA, mean of %ld intervals %.6f ms, analytic %.6f ms\n", currents[n], (long)intervals,
                  0.1 * (double)(last - first) / (double)intervals, period);
    expect_near(0.1 * (double)(last - first) / (double)intervals, period,
                1.1e-4 * (these.adaptive ? 1 : period) + 0.1 / (double)intervals);
    neurons_drop(&these);
  }
}

/* V is the integral of the current; it fires each time that this has grown by C_m (V_th - V_reset). */
static void test_if(void **unused) {
  (void)unused;
  neurons these = neurons_of("if");
  neurons_set(&these, "tau_syn_in", 7);
  neurons_make(&these, 1, 0.1, NULL, false);
  const double *v = neurons_state(&these, "V_m");
  these.slice.inputs[0][0] += 500;
  these.slice.inputs[1][0] += -400;
  these.slice.current[0] = 50;
  for (int n = 1; n <= 500; n++) {
    assert_int_equal(neurons_step(&these), 0);
    const double t = 0.1 * n, ex = 500 * 2 * -expm1(-t / 2), in = -400 * 7 * -expm1(-t / 7);
    expect_near(*v, -70 + (ex + in + 50 * t) / 250, 1e-11);
  }
  neurons_drop(&these);
  for (double current = 100; current < 5000; current *= 1.7) {
    neurons_set(&these, "I_e", current);
    neurons_make(&these, 1, 0.1, NULL, false);
    const int64_t steps = 20 + (int64_t)ceil(250 * 15 / current / 0.1);
    int64_t last = -20;
    for (int64_t n = 0; n < 10000; n++) {
      if (neurons_step(&these) == 0) continue;
      assert_int_equal(n + (last < 0 ? 1 : 0) - last, steps);
      last = n;
    }
    neurons_drop(&these);
  }
}

/* Between two spikes V and the threshold have closed forms; a spike comes in the first step in which V is above. */
static void test_adaptive_threshold(void **unused) {
  (void)unused;
  neurons these = neurons_of("lif_adaptive");
  neurons_set(&these, "V_th", 0.5);
  neurons_make(&these, 1, 0.1, NULL, false);
  const double *v = neurons_state(&these, "V_m"), *threshold = neurons_state(&these, "threshold");
  these.slice.current[0] = 4;
  double start = 3; /* threshold after the last spike */
  int64_t since = 0, moved = 0, n_spikes = 0, longest = 0;
  for (int64_t n = 1; n <= 20000; n++) {
    since++;
    moved += n_spikes == 0 || since > 20;
    const double now = 4 * -expm1(-0.1 * (double)moved / 10);
    const double bar = 0.5 + (start - 0.5) * exp(-0.1 * (double)since / 50);
    const uint32_t spikes = neurons_step(&these);
    assert_int_equal(spikes, moved > 0 && now > bar);
    expect_near(*v, spikes ? 0 : now, 1e-12);
    expect_near(*threshold, bar + 0.2 * spikes, 1e-12);
    if (!spikes) continue;
    if (since > longest) longest = since;
    start = bar + 0.2;
    since = moved = 0;
    n_spikes++;
  }
  assert_true(n_spikes > 150 && longest > since);
  neurons_drop(&these);
}

/* Synaptic currents jump by the weight, and V follows as in any leaky integrator. */
static void test_adaptive_input(void **unused) {
  (void)unused;
  neurons these = neurons_of("lif_adaptive");
  neurons_make(&these, 1, 0.1, NULL, false);
  these.slice.inputs[0][0] += 0.8;
  these.slice.inputs[1][0] += -0.3;
  for (int n = 1; n <= 300; n++) {
    assert_int_equal(neurons_step(&these), 0);
    const double t = 0.1 * n;
    expect_near(*neurons_state(&these, "I_syn_in"), -0.3 * exp(-t / 15), 1e-14);
    expect_near(*neurons_state(&these, "V_m"), 0.5 * 15 / 5.0 * (exp(-t / 15) - exp(-t / 10)), 1e-13);
  }
  neurons_drop(&these);
}

static void expect_refused(const char *model, const char *parameter, double value) {
  neurons these = neurons_of(model);
  assert_null(these.model->check(these.values));
  neurons_set(&these, parameter, value);
  if (!these.model->check(these.values)) fail_msg("%s takes a %s of %g", model, parameter, value);
}

static void test_checks(void **unused) {
  (void)unused;
  expect_refused("iaf_psc_alpha", "V_reset", -55);
  expect_refused("iaf_cond_exp", "V_reset", -55);
  expect_refused("iaf_cond_alpha", "V_th", -60);
  expect_refused("aeif_cond_exp", "V_peak", -51);
  expect_refused("aeif_cond_exp", "V_reset", 0);
  expect_refused("aeif_cond_exp", "Delta_T", 0.08);
  expect_refused("aeif_psc_alpha", "V_peak", -51);
  expect_refused("aeif_psc_exp", "V_reset", 0);
  expect_refused("iaf_cond_beta", "V_th", -60);
  expect_refused("aeif_cond_beta_multisynapse", "Delta_T", 0.08);
  expect_refused("iaf_psc_alpha_multisynapse", "V_reset", -55);
  expect_refused("glif_psc", "adapting_threshold", 1);
  expect_refused("iaf_cond_exp_sfa_rr", "V_reset", -57);
  expect_refused("izhikevich", "integration", 0.5);
  expect_refused("izhikevich", "substeps", 2);
  expect_refused("izhikevich", "c", 30);
  expect_refused("izhikevich_psc_exp", "c", 30);
  expect_refused("qif", "V_reset", 35);
  expect_refused("qif", "V_c", 35);
  expect_refused("if", "V_reset", -55);
  expect_refused("lif_adaptive", "V_reset", 1);
}

/* Izhikevich's equations by two schemes; a current that hardly decays is one that is injected. */
static void test_izhikevich_currents(void **unused) {
  (void)unused;
  neurons exact = neurons_of("izhikevich"), these = neurons_of("izhikevich_psc_exp");
  neurons_set(&exact, "integration", 1);
  neurons_set(&exact, "substeps", 100);
  neurons_set(&these, "tau_syn_ex", 1e9);
  neurons_set(&these, "tolerance", 1e-9);
  neurons_make(&exact, 1, 0.1, NULL, false);
  neurons_make(&these, 1, 0.1, NULL, false);
  exact.slice.current[0] = 10;
  *neurons_state(&these, "I_syn_ex") = 10;
  uint32_t spikes = 0;
  for (int n = 0; n < 10000; n++) {
    const uint32_t fired = neurons_step(&these);
    neurons_step(&exact);
    spikes += fired;
    if (spikes > 0) continue; /* a reset is looked for a hundred times in a step by one of them */
    expect_near(*neurons_state(&these, "V_m"), *neurons_state(&exact, "V_m"), 1e-4);
    expect_near(*neurons_state(&these, "U_m"), *neurons_state(&exact, "U_m"), 1e-4);
  }
  assert_true(spikes > 10);
  neurons_drop(&exact);
  neurons_drop(&these);
}

/* A current that is not a number ends the search for a step, and leaves the neuron as it was. */
static void test_not_a_number(void **unused) {
  (void)unused;
  static const char *const names[] = {
      "iaf_cond_exp", "iaf_cond_alpha", "iaf_cond_beta",  "iaf_cond_exp_sfa_rr", "aeif_cond_exp",
      "gif_cond_exp", "aeif_psc_exp",   "aeif_psc_alpha", "hh_psc_alpha",        "hh_cond_exp_traub",
      "qif"};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
    for (int infinite = 0; infinite < 2; infinite++) {
      neurons these = neurons_of(names[k]);
      neurons_make(&these, 1, 0.1, NULL, false);
      these.slice.current[0] = infinite ? INFINITY : NAN;
      const double before = *neurons_state(&these, "V_m");
      neurons_step(&these);
      if (these.slice.given_up != 1) fail_msg("%s went on", names[k]);
      expect_near(*neurons_state(&these, "V_m"), before, 0);
      neurons_drop(&these);
    }
  }
}

/* Gates stay between 0 and 1, whatever the step and however far V is driven. */
static void test_gates(void **unused) {
  (void)unused;
  static const char *const names[] = {"hh_psc_alpha", "hh_cond_exp_traub"}, *const gates[] = {"Act_m", "Inact_h",
                                                                                              "Act_n"};
  static const double steps[] = {0.1, 0.5, 1}, currents[] = {2000, -2000, -2e4, -1e6, 500};
  for (size_t k = 0; k < 2 * sizeof steps / sizeof *steps; k++) {
    neurons these = neurons_of(names[k % 2]);
    neurons_make(&these, 1, steps[k / 2], NULL, false);
    for (size_t n = 0; n < 20 * sizeof currents / sizeof *currents; n++) {
      these.slice.current[0] = currents[n / 20];
      neurons_step(&these);
      for (size_t g = 0; g < sizeof gates / sizeof *gates; g++) {
        const double gate = *neurons_state(&these, gates[g]);
        if (!(gate >= 0 && gate <= 1)) fail_msg("%s: %s = %g", names[k % 2], gates[g], gate);
      }
    }
    assert_int_equal(these.slice.given_up, 0);
    neurons_drop(&these);
  }
}

/* Conductances through which explicit steps would be millions: V is where all currents are in balance, of split steps where
 * they were within the step. */
static void test_stiff_conductances(void **unused) {
  (void)unused;
  static const char *const names[] = {"iaf_cond_exp", "iaf_cond_alpha", "iaf_cond_beta", "aeif_cond_exp",
                                      "aeif_cond_alpha"};
  for (size_t n_case = 0; n_case < 2 * sizeof names / sizeof *names; n_case++) {
    const size_t k = n_case / 2;
    const bool adaptive = n_case % 2 == 1;
    neurons these = neurons_of(names[k]);
    these.adaptive = adaptive;
    neurons_set(&these, "V_th", 1e5);
    if (strncmp(names[k], "aeif", 4) == 0) neurons_set(&these, "V_peak", 1e5);
    neurons_make(&these, 1, 0.1, NULL, false);
    *neurons_state(&these, "g_ex") = *neurons_state(&these, "g_in") = 1e9;
    for (int n = 1; n <= 10; n++) {
      assert_int_equal(neurons_step(&these), 0);
      const double ex = exp(-0.1 * n / 0.2), in = exp(-0.1 * n / 2);
      const bool is_split = !adaptive;
      const double end = -85 * in / (ex + in), before = -85 * in * exp(0.05) / (ex * exp(0.5) + in * exp(0.05));
      expect_near(*neurons_state(&these, "V_m"), is_split ? 0.5 * (before + end) : end,
                  is_split ? 0.5 * fabs(before - end) : 1e-3);
    }
    assert_int_equal(these.slice.given_up, 0);
    neurons_drop(&these);
  }
}

/* Far below rest the rates of the gates are beyond all steps, the gates are shut, and V leaks. */
static void test_stiff_gates(void **unused) {
  (void)unused;
  static const struct {
    const char *name;
    double rest, tau, leak;
  } hh[] = {{"hh_psc_alpha", -54.402, 100.0 / 30, 30}, {"hh_cond_exp_traub", -60, 200.0 / 10, 10}};
  for (size_t k = 0; k < 2; k++) {
    neurons these = neurons_of(hh[k].name);
    neurons_make(&these, 1, 0.1, NULL, false);
    *neurons_state(&these, "V_m") = -690;
    *neurons_state(&these, "Inact_h") = 1;
    *neurons_state(&these, "Act_m") = *neurons_state(&these, "Act_n") = 0;
    these.slice.current[0] = -700 * hh[k].leak;
    const double end = hh[k].rest - 700;
    for (int n = 1; n <= 30; n++) {
      assert_int_equal(neurons_step(&these), 0);
      expect_near(*neurons_state(&these, "V_m"), end + (-690 - end) * exp(-0.1 * n / hh[k].tau), 1e-4);
    }
    these.slice.current[0] = 0; /* back to where steps are explicit */
    for (int n = 0; n < 2000; n++) neurons_step(&these);
    assert_true(*neurons_state(&these, "V_m") > -80 && *neurons_state(&these, "V_m") < -50);
    assert_int_equal(these.slice.given_up, 0);
    neurons_drop(&these);
  }
}

/* As many spikes as action potentials, however long the steps and the time without a second spike. */
static void test_action_potentials(void **unused) {
  (void)unused;
  static const struct {
    const char *name;
    double time; /* ms, between two action potentials */
    uint32_t spikes;
  } hh[] = {{"hh_cond_exp_traub", 105, 14}, {"hh_psc_alpha", 112, 8}};
  static const double steps[] = {0.0125, 0.05, 0.1, 0.5, 1, 5}, without[] = {0, 0.3, 2};
  for (size_t k = 0; k < 2; k++) {
    for (size_t s = 0; s < sizeof steps / sizeof *steps; s++) {
      for (size_t t = 0; t < sizeof without / sizeof *without; t++) {
        neurons these = neurons_of(hh[k].name);
        neurons_set(&these, "I_e", 1000);
        neurons_set(&these, "t_ref", without[t]);
        neurons_make(&these, 1, steps[s], NULL, false);
        uint32_t spikes = 0;
        for (double n = 0; n < hh[k].time / steps[s]; n++) spikes += neurons_step(&these);
        if (spikes != hh[k].spikes)
          fail_msg("%s, dt %g ms, t_ref %g ms: %u spikes", hh[k].name, steps[s], without[t], spikes);
        neurons_drop(&these);
      }
    }
  }
}

typedef struct train {
  uint32_t spikes, last; /* how many; the step of the last one */
} train;

/* Of 2 s at a constant current. */
static train train_of(const char *name, double current, bool adaptive) {
  train found = {0};
  neurons these = neurons_of(name);
  neurons_set(&these, "I_e", current);
  if (adaptive) neurons_set(&these, "tolerance", 1e-8);
  these.adaptive = adaptive;
  neurons_make(&these, 1, 0.1, NULL, false);
  for (uint32_t n = 1; n <= 20000; n++)
    if (neurons_step(&these) > 0) found = (train){found.spikes + 1, n};
  neurons_drop(&these);
  return found;
}

/* Errors in spikes do not add up: after a hundred or more the last one is at most a step away from the referee's. */
static void test_regular_trains(void **unused) {
  (void)unused;
  static const struct {
    const char *name;
    double current;
  } cases[] = {{"hh_cond_exp_traub", 240}, {"hh_cond_exp_traub", 500}, {"hh_psc_alpha", 650}, {"hh_psc_alpha", 1500}};
  for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    const train split = train_of(cases[k].name, cases[k].current, false);
    const train exact = train_of(cases[k].name, cases[k].current, true);
    print_message("%s, %g pA: %u spikes, the last in step %u and %u\n", cases[k].name, cases[k].current, split.spikes,
                  split.last, exact.last);
    assert_int_equal(split.spikes, exact.spikes);
    assert_true(exact.spikes > 90);
    expect_near(split.last, exact.last, 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits),
                                     cmocka_unit_test(test_izhikevich_currents),
                                     cmocka_unit_test(test_order),
                                     cmocka_unit_test(test_distance),
                                     cmocka_unit_test(test_gates),
                                     cmocka_unit_test(test_tolerance),
                                     cmocka_unit_test(test_turning),
                                     cmocka_unit_test(test_exponential),
                                     cmocka_unit_test(test_powers),
                                     cmocka_unit_test(test_substeps),
                                     cmocka_unit_test(test_alpha_current),
                                     cmocka_unit_test(test_hh_singularities),
                                     cmocka_unit_test(test_qif),
                                     cmocka_unit_test(test_if),
                                     cmocka_unit_test(test_adaptive_threshold),
                                     cmocka_unit_test(test_adaptive_input),
                                     cmocka_unit_test(test_checks),
                                     cmocka_unit_test(test_stiff_conductances),
                                     cmocka_unit_test(test_stiff_gates),
                                     cmocka_unit_test(test_action_potentials),
                                     cmocka_unit_test(test_not_a_number),
                                     cmocka_unit_test(test_regular_trains)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
