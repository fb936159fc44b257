/* Neuron models in tables: in slices of any cut the same bits; the order of every numerical scheme by halving its step;
 * analytic solutions. */
#include "base/memory.h"
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
    const volley_parameter_info *info = &these->model->parameters[k];
    if (info->unit[0] == '\0' && values[k] == round(values[k])) continue;
    const double range = strcmp(info->unit, "ms") == 0 ? 0.1 : 0.02;
    values[k] *= 1 + range * (2 * uniform(i, 7000 + (uint32_t)k) - 1);
  }
  if (is_named(these, "aeif_cond_exp")) {
    values[neurons_parameter(these, "t_ref")] = 0.3 * (i % 4);
    if (i % 5 == 0) values[neurons_parameter(these, "Delta_T")] = 0;
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
} models[] = {{"iaf_psc_alpha", -75, -56, 600, 300}, {"iaf_cond_exp", -75, -56, 900, 90},
              {"iaf_cond_alpha", -75, -56, 900, 40}, {"aeif_cond_exp", -75, -56, 3000, 90},
              {"hh_psc_alpha", -75, -56, 3000, 500}, {"izhikevich", -80, 25, 25, 8}};
enum { N_MODELS = sizeof models / sizeof *models };

enum { MANY = 400, LONGEST = 17, STEPS = 600 };

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

/* Takes neurons first .. first + count - 1 of MANY through STEPS steps; their states and, last, what counts their spikes
 * go to their columns of `out`, [n_states + 1][MANY]. */
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
    {"hh_psc_alpha", {"tolerance", "tau_syn_ex"}, {INFINITY, 2}, {"rise_ex", "V_m"}, {90, -70}, 99, 4, 0.2, 5},
    {"izhikevich", {"integration"}, {0}, {"V_m"}, {-70}, 3, 4, 0.1, 1},
    {"izhikevich", {"integration"}, {2}, {"V_m"}, {-70}, 3, 4, 0.1, 1},
    {"izhikevich", {"integration"}, {1}, {"V_m"}, {-70}, 3, 4, 0.5, 4},
};

/* V_m after the stretch by steps of dt. */
static double potential_after(const scheme *it, double dt) {
  neurons these = neurons_of(it->model);
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
    if (strcmp(it.set[0], "tolerance") != 0) continue;
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

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_bits), cmocka_unit_test(test_order),
                                     cmocka_unit_test(test_tolerance), cmocka_unit_test(test_exponential),
                                     cmocka_unit_test(test_substeps),  cmocka_unit_test(test_alpha_current)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
