/* Neuron models against analytic solutions; one neuron alone against many together, bit for bit. */
#include "base/memory.h"
#include "base/random.h"
#include "neuron/neuron.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double dt = 0.1;

/* Parameters of one neuron. */
typedef struct values {
  double of[VOLLEY_MAX_PARAMETERS];
} values;

static int number_of(const volley_neuron_model *model, const char *parameter) {
  for (int k = 0; k < model->n_parameters; k++) {
    if (strcmp(model->parameters[k].name, parameter) == 0) return k;
  }
  fail_msg("%s has no parameter %s", model->name, parameter);
  return -1;
}

static double *state_of(const volley_slice *slice, const volley_neuron_model *model, const char *state) {
  for (int s = 0; s < model->n_states; s++) {
    if (strcmp(model->states[s].name, state) == 0) return slice->states[s];
  }
  fail_msg("%s has no state %s", model->name, state);
  return NULL;
}

static values defaults(const volley_neuron_model *model) {
  values v = {{0}};
  for (int k = 0; k < model->n_parameters; k++) v.of[k] = model->parameters[k].fallback;
  return v;
}

static void set(const volley_neuron_model *model, values *v, const char *parameter, double value) {
  v->of[number_of(model, parameter)] = value;
}

static void set_coefficients(const volley_neuron_model *model, volley_slice *slice, const values *own, uint32_t sets) {
  double out[VOLLEY_MAX_COEFFICIENTS];
  slice->coefficients = volley_alloc((size_t)model->n_coefficients * sets, sizeof(double), "test");
  for (uint32_t i = 0; i < sets; i++) {
    model->prepare(own[i].of, dt, out);
    for (int c = 0; c < model->n_coefficients; c++) slice->coefficients[(size_t)c * sets + i] = out[c];
  }
}

/* n neurons at their start values; own: one set of parameters, or with per_neuron n of them. */
static volley_slice make_slice(const volley_neuron_model *model, const values *own, uint32_t n, bool per_neuron,
                               bool own_current) {
  volley_slice slice = {.count = n, .offset = 100, .coefficient_stride = per_neuron, .current_stride = own_current};
  set_coefficients(model, &slice, own, per_neuron ? n : 1);
  slice.current = volley_alloc(own_current ? n : 1, sizeof(double), "test");
  for (int s = 0; s < model->n_states; s++) {
    slice.states[s] = volley_alloc(n, sizeof(double), "test");
    const int from = model->states[s].from_parameter;
    for (uint32_t i = 0; i < n; i++) {
      slice.states[s][i] = from >= 0 ? own[per_neuron ? i : 0].of[from] : model->states[s].fallback;
    }
  }
  for (int r = 0; r < model->n_receptors; r++) {
    const int state = model->receptors[r].state;
    slice.inputs[r] = state >= 0 ? slice.states[state] : volley_alloc(n, sizeof(double), "test");
  }
  return slice;
}

static void free_slice(const volley_neuron_model *model, volley_slice *slice) {
  for (int r = 0; r < model->n_receptors; r++) {
    if (model->receptors[r].state < 0) free(slice->inputs[r]);
  }
  for (int s = 0; s < model->n_states; s++) free(slice->states[s]);
  free(slice->coefficients);
  free(slice->current);
}

/* One step; returns the number of spikes. */
static uint32_t step(const volley_neuron_model *model, volley_slice *slice) {
  volley_spike_list spikes = {0};
  model->update(slice, &spikes);
  free(spikes.ids);
  return spikes.n;
}

static void expect_near(double value, double expected, double tolerance) {
  if (!(fabs(value - expected) <= tolerance)) fail_msg("%.17g is not within %g of %.17g", value, tolerance, expected);
}

static const char *const integrators[] = {"iaf_psc_exp", "iaf_psc_delta", "iaf_psc_alpha"};
enum { N_INTEGRATORS = sizeof integrators / sizeof *integrators };

/* V(t) = V_inf + (V_0 - V_inf) exp(-t / tau_m), from I_e and an injected current together. */
static void test_constant_current(void **state) {
  (void)state;
  for (int m = 0; m < N_INTEGRATORS; m++) {
    const volley_neuron_model *model = volley_neuron_model_find(integrators[m]);
    values own = defaults(model);
    set(model, &own, "I_e", 120);
    set(model, &own, "tau_m", 14);
    set(model, &own, "C_m", 200);
    set(model, &own, "E_L", -65);
    volley_slice slice = make_slice(model, &own, 1, false, false);
    double *v = state_of(&slice, model, "V_m");
    assert_true(*v == -65);
    *v = -72;
    const double end = -65 + (120 - 30) * 14.0 / 200;
    for (int n = 1; n <= 2000; n++) {
      slice.current[0] = -30;
      assert_int_equal(step(model, &slice), 0);
      expect_near(*v, end + (-72 - end) * exp(-n * dt / 14), 1e-11);
    }
    free_slice(model, &slice);
  }
}

/* Response of V to a synaptic current that jumps to 1 at time 0: the textbook's formula, or its limit. */
static double psp(double t, double C_m, double tau_m, double tau_syn, bool singular) {
  const long double T = t, m = tau_m, s = tau_syn;
  if (singular) return (double)(T / C_m * expl(-T / m));
  return (double)(m * s / ((m - s) * C_m) * (expl(-T / m) - expl(-T / s)));
}

static void expect_psp(const char *receptor, double tau_syn, double tau_m, bool singular, double tolerance) {
  const volley_neuron_model *model = volley_neuron_model_find("iaf_psc_exp");
  const int number = strcmp(receptor, "ex") == 0 ? 0 : 1;
  const double weight = number == 0 ? 300 : -300;
  values own = defaults(model);
  set(model, &own, "tau_m", tau_m);
  set(model, &own, number == 0 ? "tau_syn_ex" : "tau_syn_in", tau_syn);
  volley_slice slice = make_slice(model, &own, 1, false, false);
  const double *v = state_of(&slice, model, "V_m"),
               *current = state_of(&slice, model, number == 0 ? "I_syn_ex" : "I_syn_in");
  assert_string_equal(model->receptors[number].name, receptor);
  slice.inputs[number][0] += weight;
  for (int n = 1; n <= 600; n++) {
    step(model, &slice);
    expect_near(*current, weight * exp(-n * dt / tau_syn), 1e-10);
    expect_near(*v, -70 + weight * psp(n * dt, 250, tau_m, tau_syn, singular), tolerance);
  }
  free_slice(model, &slice);
}

static void test_synaptic_current(void **state) {
  (void)state;
  expect_psp("ex", 2, 10, false, 1e-12);
  expect_psp("in", 0.5, 10, false, 1e-12);
  expect_psp("ex", 30, 10, false, 1e-12);
  expect_psp("in", 100, 7, false, 1e-12);
}

/* Where the textbook's formula divides 0 by 0, and close to there. */
static void test_equal_time_constants(void **state) {
  (void)state;
  expect_psp("ex", 10, 10, true, 1e-12);
  expect_psp("in", 10, 10, true, 1e-12);
  for (int sign = -1; sign <= 1; sign += 2) {
    expect_psp("ex", 10 * (1 + sign * 4e-16), 10, true, 1e-12);
    expect_psp("ex", 10 * (1 + sign * 1e-13), 10, true, 2e-12);
    expect_psp("in", 10 * (1 + sign * 1e-10), 10, true, 2e-9);
    expect_psp("ex", 10 * (1 + sign * 1e-5), 10, false, 1e-11);
    expect_psp("in", 10 * (1 + sign * 1e-2), 10, false, 1e-12);
  }
}

/* A spike that arrives in a step is seen in V at its end by iaf_psc_delta, and one step later by iaf_psc_exp. */
static void test_delta_jump(void **state) {
  (void)state;
  const volley_neuron_model *model = volley_neuron_model_find("iaf_psc_delta");
  const values own = defaults(model);
  volley_slice slice = make_slice(model, &own, 1, false, false);
  const double *v = state_of(&slice, model, "V_m");
  slice.inputs[0][0] = 3;
  for (int n = 0; n < 500; n++) {
    step(model, &slice);
    expect_near(*v, -70 + 3 * exp(-n * dt / 10), 1e-12);
    assert_true(slice.inputs[0][0] == 0);
  }
  free_slice(model, &slice);
  assert_int_equal(volley_receptor_lag(model, 0), 0);
  assert_int_equal(volley_receptor_lag(volley_neuron_model_find("iaf_psc_exp"), 1), 1);
}

/* After a spike V stays at reset for exactly t_ref / dt steps, rounded, and moves in the next. */
static void test_refractory_steps(void **state) {
  (void)state;
  static const struct {
    double t_ref;
    int steps;
  } cases[] = {{0, 0}, {0.1, 1}, {0.26, 3}, {2, 20}, {5.04, 50}};
  for (int m = 0; m < N_INTEGRATORS; m++) {
    const volley_neuron_model *model = volley_neuron_model_find(integrators[m]);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
      values own = defaults(model);
      set(model, &own, "t_ref", cases[k].t_ref);
      set(model, &own, "V_reset", -63);
      set(model, &own, "I_e", 500);
      volley_slice slice = make_slice(model, &own, 1, false, false);
      const double *v = state_of(&slice, model, "V_m"), *left = state_of(&slice, model, "refractory");
      while (step(model, &slice) == 0) assert_true(*v < -55);
      for (int n = 0; n <= cases[k].steps; n++) {
        assert_true(*v == -63);
        assert_true(*left == cases[k].steps - n);
        assert_int_equal(step(model, &slice), 0);
      }
      expect_near(*v, -50 + -13 * exp(-dt / 10), 1e-12);
      free_slice(model, &slice);
    }
  }
}

/* The threshold itself is reached; just below it is not. */
static void test_threshold(void **state) {
  (void)state;
  const volley_neuron_model *model = volley_neuron_model_find("iaf_psc_delta");
  const values own = defaults(model);
  for (int reached = 0; reached < 2; reached++) {
    volley_slice slice = make_slice(model, &own, 1, false, false);
    slice.inputs[0][0] = reached ? 15 : nextafter(15, 14) - 1e-14;
    assert_int_equal(step(model, &slice), reached);
    free_slice(model, &slice);
  }
}

/* f-I curve: every interval is the analytic one, rounded up to a step. */
static void test_periods(void **state) {
  (void)state;
  static const double currents[] = {376, 400, 500, 750, 2000};
  for (int m = 0; m < N_INTEGRATORS; m++) {
    const volley_neuron_model *model = volley_neuron_model_find(integrators[m]);
    for (size_t k = 0; k < sizeof currents / sizeof *currents; k++) {
      values own = defaults(model);
      set(model, &own, "I_e", currents[k]);
      set(model, &own, "V_reset", -68);
      volley_slice slice = make_slice(model, &own, 1, false, false);
      const double end = -70 + currents[k] * 10 / 250;
      const double period = 2 + 10 * log((end + 68) / (end + 55));
      int last = -1, intervals = 0;
      for (int n = 0; n < 20000; n++) {
        if (step(model, &slice) == 0) continue;
        if (last >= 0) expect_near((n - last) * dt, ceil(period / dt - 1e-9) * dt, 1e-9);
        intervals += last >= 0;
        last = n;
      }
      expect_near(intervals, (2000 - period) / (ceil(period / dt) * dt), 2);
      free_slice(model, &slice);
    }
  }
}

/* Input to a refractory iaf_psc_delta is lost, or kept and decaying until the period ends. */
static void test_refractory_input(void **state) {
  (void)state;
  const volley_neuron_model *model = volley_neuron_model_find("iaf_psc_delta");
  for (int keeps = 0; keeps < 2; keeps++) {
    values own = defaults(model);
    set(model, &own, "refractory_input", keeps);
    volley_slice slice = make_slice(model, &own, 1, false, false);
    const double *v = state_of(&slice, model, "V_m");
    slice.inputs[0][0] = 20;
    assert_int_equal(step(model, &slice), 1);
    for (int left = 20; left > 0; left--) {
      slice.inputs[0][0] = left == 20 ? 5 : left == 7 ? 2 : left == 1 ? -1 : 0;
      assert_int_equal(step(model, &slice), 0);
      assert_true(*v == -70);
    }
    const double kept = keeps ? 5 * exp(-20 * dt / 10) + 2 * exp(-7 * dt / 10) - exp(-1 * dt / 10) : 0;
    for (int n = 0; n < 50; n++) {
      step(model, &slice);
      expect_near(*v, -70 + kept * exp(-n * dt / 10), 1e-12);
    }
    free_slice(model, &slice);
  }
}

static void test_lower_bound(void **state) {
  (void)state;
  const volley_neuron_model *model = volley_neuron_model_find("iaf_psc_delta");
  values own = defaults(model);
  set(model, &own, "V_min", -75);
  volley_slice slice = make_slice(model, &own, 1, false, false);
  slice.inputs[0][0] = -100;
  step(model, &slice);
  assert_true(*state_of(&slice, model, "V_m") == -75);
  step(model, &slice);
  expect_near(*state_of(&slice, model, "V_m"), -70 - 5 * exp(-dt / 10), 1e-12);
  free_slice(model, &slice);
}

static double uniform(uint32_t i, uint32_t k) {
  uint32_t out[4];
  volley_random_block((volley_key){{3, 1}}, i, k, 0, out);
  return volley_open_uniform(out[0]);
}

/* Start values and input of neuron i that depend on i alone. */
static void start(const volley_neuron_model *model, volley_slice *slice, uint32_t position, uint32_t i) {
  state_of(slice, model, "V_m")[position] = -75 + 20 * uniform(i, 0);
}

static void give_input(const volley_neuron_model *model, volley_slice *slice, uint32_t position, uint32_t i,
                       uint32_t n) {
  const double unit = model->receptors[0].state >= 0 ? 200 : 4;
  for (int r = 0; r < model->n_receptors; r++) {
    const double u = uniform(i, 10 * n + 1 + (uint32_t)r);
    if (u < 0.2) slice->inputs[r][position] += unit * (r == 0 ? 5 * u : -2 * u);
  }
}

enum { MANY = 301, STEPS = 400 };

/* Parameters of neuron i: all alike, or each its own. */
static values values_of(const volley_neuron_model *model, uint32_t i, bool alike) {
  values own = defaults(model);
  const uint32_t k = alike ? 0 : i;
  set(model, &own, "tau_m", 5 + 10 * uniform(k, 90001));
  set(model, &own, "I_e", 200 + 600 * uniform(k, 90002));
  set(model, &own, "t_ref", 3 * uniform(k, 90003));
  set(model, &own, "V_th", -56 + 3 * uniform(k, 90004));
  set(model, &own, "V_reset", -68 + 3 * uniform(k, 90005));
  if (model->receptors[0].state >= 0) set(model, &own, "tau_syn_ex", 0.5 + 3 * uniform(k, 90006));
  return own;
}

/* Neuron i alone: its states after each step and whether it spiked. */
static void run_alone(const volley_neuron_model *model, uint32_t i, bool alike, double *trace, bool *spiked) {
  const values own = values_of(model, i, alike);
  volley_slice slice = make_slice(model, &own, 1, false, false);
  start(model, &slice, 0, i);
  for (uint32_t n = 0; n < STEPS; n++) {
    give_input(model, &slice, 0, i, n);
    slice.current[0] = n % 50;
    spiked[n] = step(model, &slice) > 0;
    for (int s = 0; s < model->n_states; s++) *trace++ = slice.states[s][0];
  }
  free_slice(model, &slice);
}

/* Runs MANY neurons together and compares each with its run alone: traces [MANY][STEPS][n_states], spiked
 * [MANY][STEPS]. Returns the number of spikes. */
static uint64_t expect_as_alone(const volley_neuron_model *model, bool per_neuron, bool alike, bool own_current,
                                const double *traces, const bool *spiked) {
  values own[MANY];
  uint64_t n_spikes = 0;
  for (uint32_t i = 0; i < MANY; i++) own[i] = values_of(model, i, alike);
  volley_slice slice = make_slice(model, own, MANY, per_neuron, own_current);
  volley_spike_list spikes = {0};
  for (uint32_t i = 0; i < MANY; i++) start(model, &slice, i, i);
  for (uint32_t n = 0; n < STEPS; n++) {
    for (uint32_t i = 0; i < MANY; i++) give_input(model, &slice, i, i, n);
    for (uint32_t i = 0; i < (own_current ? MANY : 1); i++) slice.current[i] = n % 50;
    spikes.n = 0;
    model->update(&slice, &spikes);
    uint32_t next = 0;
    for (uint32_t i = 0; i < MANY; i++) {
      for (int s = 0; s < model->n_states; s++) {
        const double *alone = &traces[((size_t)i * STEPS + n) * (size_t)model->n_states + (size_t)s];
        assert_memory_equal(&slice.states[s][i], alone, sizeof *alone);
      }
      if (spiked[i * STEPS + n]) assert_true(next < spikes.n && spikes.ids[next++] == slice.offset + i);
    }
    assert_int_equal(next, spikes.n);
    n_spikes += next;
  }
  free(spikes.ids);
  free_slice(model, &slice);
  return n_spikes;
}

/* Alike or not, one set of coefficients or one a neuron, one current or one a neuron, in a vector or in its tail: the
 * same bits. */
static void test_same_bits(void **state) {
  (void)state;
  for (int m = 0; m < N_INTEGRATORS; m++) {
    const volley_neuron_model *model = volley_neuron_model_find(integrators[m]);
    const size_t length = STEPS * (size_t)model->n_states;
    double *traces = volley_alloc(MANY * length, sizeof *traces, "test");
    bool *spiked = volley_alloc(MANY * STEPS, sizeof *spiked, "test");
    for (int alike = 0; alike < 2; alike++) {
      for (uint32_t i = 0; i < MANY; i++) run_alone(model, i, alike, traces + i * length, spiked + i * STEPS);
      for (int own_current = 0; own_current < 2; own_current++) {
        assert_true(expect_as_alone(model, true, alike, own_current, traces, spiked) > MANY);
        if (alike) assert_true(expect_as_alone(model, false, true, own_current, traces, spiked) > MANY);
      }
    }
    free(traces);
    free(spiked);
  }
}

static void test_parrot(void **state) {
  (void)state;
  const volley_neuron_model *model = volley_neuron_model_find("parrot");
  const values none = {{0}};
  volley_slice slice = make_slice(model, &none, 6, false, false);
  volley_spike_list spikes = {0};
  static const double inputs[] = {0, 1, 3, 0, 0, 200};
  memcpy(slice.inputs[0], inputs, sizeof inputs);
  model->update(&slice, &spikes);
  assert_int_equal(spikes.n, 204);
  for (uint32_t k = 0; k < 204; k++) assert_int_equal(spikes.ids[k], slice.offset + (k < 1 ? 1 : k < 4 ? 2 : 5));
  spikes.n = 0;
  model->update(&slice, &spikes);
  assert_int_equal(spikes.n, 0);
  free(spikes.ids);
  free_slice(model, &slice);
}

static void test_checks(void **state) {
  (void)state;
  for (int m = 0; m < N_INTEGRATORS; m++) {
    const volley_neuron_model *model = volley_neuron_model_find(integrators[m]);
    values own = defaults(model);
    assert_null(model->check(own.of));
    set(model, &own, "V_reset", -55);
    assert_non_null(model->check(own.of));
  }
  assert_null(volley_neuron_model_find("iaf"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_constant_current),
                                     cmocka_unit_test(test_synaptic_current),
                                     cmocka_unit_test(test_equal_time_constants),
                                     cmocka_unit_test(test_delta_jump),
                                     cmocka_unit_test(test_refractory_steps),
                                     cmocka_unit_test(test_threshold),
                                     cmocka_unit_test(test_periods),
                                     cmocka_unit_test(test_refractory_input),
                                     cmocka_unit_test(test_lower_bound),
                                     cmocka_unit_test(test_same_bits),
                                     cmocka_unit_test(test_parrot),
                                     cmocka_unit_test(test_checks)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
