/* Needs PETSc. What readouts, signals, ablations and what goes with them become. Faults are in tests/bad_input. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/experiment/file.h"
#include "learner/learner.h"
#include "neuron/neuron.h"
#include "record/kind.h"
#include "signal/signal.h"
#include "stimulus/stimulus.h"
#include "support/keys.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Sections stand in an order of their own. */
static const char network[] =
    "recorders:\n"
    "  - {type: readout, readout: out, values: [output, decoders, norm], neurons: [0-1, 25], interval: 1 ms}\n"
    "  - {name: e, type: readout, readout: wave, values: error, start: 10 ms}\n"
    "  - {type: readout, readout: wave, values: decoders}\n"
    "  - {name: out, type: spikes, population: L}\n"
    "ablations:\n"
    "  - {population: [L, M], neurons: [[0-3], all], start: [100 ms, 0], stop: 0.2 s}\n"
    "  - {population: Z, neurons: 5, start: 500}\n"
    "readouts:\n"
    "  - name: out\n"
    "    population: [M, L]\n"
    "    filter: {rise: 2 ms, decay: 0.02 s}\n"
    "    supervisor: {type: sines, frequencies: [4 Hz, 0.006 kHz], combination: product, scale: 3, noise: 0.05,\n"
    "                 noise_distribution: uniform, speed_times: [0.1 s, 200], speeds: [2, -1]}\n"
    "    learning: {initial_p: 2.5e-6, interval: 2.5 ms, start: 0.1 s, stop: 500 ms}\n"
    "    feedback: {gain: 0.03 V}\n"
    "    eigenvalues: 7\n"
    "  - name: wave\n"
    "    population: Z\n"
    "    filter: {decay: 20}\n"
    "    supervisor: {type: hdts, pulses: 4, period: 1 s}\n"
    "    learning: {solver: batch, lambda: 0.5, stop: 1 s}\n"
    "    feedback: {population: [Z, L], gain: [5 nA, 3 mV], eta: {distribution: normal, mean: 0, std: 1}, clamp: "
    "true}\n"
    "    eigenvalues: all\n"
    "  - name: still\n"
    "    population: [L, Z]\n"
    "    filter: {decay: 20, unit: 1/ms}\n"
    "    supervisor: {type: pulses, rows: [[1, 0, 0], [0, 1, 2]], slot: 250 ms}\n"
    "    decoders: 2\n"
    "stimuli:\n"
    "  - {name: play, type: signal, target: [L, Z], signal: {type: sines, frequencies: 5}, gain: [1 mV, 2 nA], stop: "
    "50}\n"
    "  - {type: dc, target: L, amplitude: 0.002 V}\n"
    "  - {type: step_current, target: Z, times: 5, amplitudes: 1 nA}\n"
    "projections:\n"
    "  - {source: [L, M], target: L, rule: pairwise_bernoulli, probability: 0.1, balanced: [[true, false]],\n"
    "     weight: {distribution: normal, mean: 0, std: 0.04 mV s}, delay: 0.05}\n"
    "populations:\n"
    "  - {name: [L, M], model: lif, size: [40, 20]}\n"
    "  - {name: Z, model: izhikevich_2007, size: 10}\n"
    "simulation: {dt: 0.05 ms, duration: 1 s, seed: 1}\n";

static volley_experiment *read_network(const char *const *sets, int n_sets) {
  volley_experiment *experiment = NULL;
  volley_experiment_read_text(network, "e.yaml", "e.yaml", "/folder", sets, n_sets, MPI_COMM_SELF, &experiment);
  assert_non_null(experiment);
  return experiment;
}

static void test_readout(void **state) {
  (void)state;
  volley_experiment *e = read_network(NULL, 0);
  assert_int_equal(e->n_readouts, 3);
  const volley_readout *out = &e->readouts[0];
  assert_string_equal(out->name, "out");
  assert_int_equal(out->reads.n, 2);
  assert_int_equal(out->reads.populations[0], 1);
  assert_int_equal(out->reads.populations[1], 0);
  assert_int_equal(out->reads.size, 60);
  assert_true(out->rise == 2 && out->decay == 20 && out->filter_unit == 1000);
  assert_string_equal(out->learner->name, "rls");
  assert_false(out->is_exact);
  assert_true(out->lambda == 1 / 2.5e-6);
  assert_int_equal(out->interval, 50);
  assert_int_equal(out->start, 2000);
  assert_int_equal(out->stop, 10000);
  assert_true(volley_distribution_is_constant(&out->decoders) && out->decoders.a == 0);
  assert_true(out->fed.size == 60 && out->gains[1] == 30 && !out->clamps);
  assert_int_equal(out->eta.kind, VOLLEY_UNIFORM);
  assert_true(out->eta.a == -1 && out->eta.b == 1 && isinf(out->eta.min) && isinf(out->eta.max));
  assert_int_equal(out->eigenvalues, 7);
  volley_experiment_destroy(e);
}

static void test_other_readouts(void **state) {
  (void)state;
  const char *const sets[] = {"readouts.wave.decoders={distribution: uniform, low: -2, high: 2}",
                              "readouts.out.learning.update=exact"};
  volley_experiment *e = read_network(sets, 2);
  assert_true(e->readouts[0].is_exact);
  const volley_readout *wave = &e->readouts[1], *still = &e->readouts[2];
  assert_true(wave->rise == 0 && wave->filter_unit == 1);
  assert_string_equal(wave->learner->name, "batch");
  assert_true(wave->lambda == 0.5);
  assert_int_equal(wave->interval, 1);
  assert_int_equal(wave->start, 0);
  assert_int_equal(wave->stop, 20000);
  assert_int_equal(wave->decoders.kind, VOLLEY_UNIFORM);
  assert_true(wave->reads.size == 10 && wave->fed.size == 50 && wave->gains[2] == 5000 && wave->gains[0] == 3 &&
              wave->clamps);
  assert_int_equal(wave->eta.kind, VOLLEY_NORMAL);
  assert_int_equal(wave->eigenvalues, -1);
  assert_int_equal(wave->supervisor->dimension, 4);
  assert_true(still->filter_unit == 1); /* its models differ, the file decides */
  assert_true(still->decoders.a == 2 && still->fed.n == 0);
  assert_int_equal(still->start, 0); /* learns at no step */
  assert_int_equal(still->stop, 0);
  assert_int_equal(still->interval, 1);
  assert_int_equal(still->eigenvalues, 0);
  volley_experiment_destroy(e);
}

static void test_signals(void **state) {
  (void)state;
  volley_experiment *e = read_network(NULL, 0);
  const volley_signal *sines = e->readouts[0].supervisor, *pulses = e->readouts[2].supervisor;
  assert_string_equal(sines->kind->name, "sines");
  assert_int_equal(sines->dimension, 1);
  assert_int_equal(LIST(sines, frequencies).n, 2);
  assert_true(LIST(sines, frequencies).values[0] == 4 && LIST(sines, frequencies).values[1] == 6);
  assert_int_equal(INTEGER(sines, combination), 1);
  assert_true(sines->scale == 3 && sines->noise == 0.05);
  assert_int_equal(sines->noise_distribution, 1);
  assert_int_equal(sines->speeds.n, 2);
  assert_true(sines->speed_times.values[0] == 100 && sines->speed_times.values[1] == 200);
  assert_true(sines->speeds.values[0] == 2 && sines->speeds.values[1] == -1);
  assert_string_equal(sines->place.path, "readouts.out.supervisor");
  assert_int_equal(SERIES(pulses).n_rows, 2);
  assert_int_equal(pulses->dimension, 3);
  const double rows[] = {1, 0, 0, 0, 1, 2};
  assert_memory_equal(SERIES(pulses).values, rows, sizeof rows);
  assert_true(pulses->scale == 1 && pulses->noise == 0 && NUMBER(pulses, slot) == 250);
  volley_experiment_destroy(e);
}

static void test_stimuli(void **state) {
  (void)state;
  volley_experiment *e = read_network(NULL, 0);
  assert_int_equal(e->n_stimuli, 4);
  const volley_stimulus *play = &e->stimuli[1];
  assert_string_equal(play->name, "play->Z");
  assert_true(play->kind->takes_signal && LIST(play->signal, frequencies).values[0] == 5);
  assert_int_equal(LIST(play->signal, frequencies).n, 1);
  assert_true(e->stimuli[0].gain.a == 1 && play->gain.a == 2000); /* each in the unit of its target's current */
  assert_true(NUMBER(&e->stimuli[2], amplitude) == 2);            /* mV */
  assert_int_equal(LIST(&e->stimuli[3], times).n, 1);
  assert_true(LIST(&e->stimuli[3], times).values[0] == 5 && LIST(&e->stimuli[3], amplitudes).values[0] == 1000);
  volley_experiment_destroy(e);
}

static void test_ablations_and_balance(void **state) {
  (void)state;
  volley_experiment *e = read_network(NULL, 0);
  assert_int_equal(e->n_ablations, 3);
  const volley_ablation *first = &e->ablations[0], *second = &e->ablations[1], *third = &e->ablations[2];
  assert_int_equal(first->population, 0);
  assert_int_equal(first->neurons.count, 4);
  assert_int_equal(first->start, 2000);
  assert_int_equal(first->stop, 4000);
  assert_int_equal(second->population, 1);
  assert_int_equal(second->neurons.count, 20);
  assert_int_equal(second->start, 0);
  assert_int_equal(third->neurons.ranges[0].first, 5);
  assert_int_equal(third->start, 10000);
  assert_true(third->stop == INT64_MAX);
  assert_true(e->projections[0].balanced && !e->projections[1].balanced);
  volley_experiment_destroy(e);
}

static void test_recorders(void **state) {
  (void)state;
  static const struct {
    const char *name;
    int readout, value;
    uint32_t neurons;
  } expected[] = {{"out.output", 0, VOLLEY_READOUT_OUTPUT, 0},
                  {"out.decoders", 0, VOLLEY_READOUT_DECODERS, 3},
                  {"out.norm", 0, VOLLEY_READOUT_NORM, 0},
                  {"e", 1, VOLLEY_READOUT_ERROR, 0},
                  {"wave", 1, VOLLEY_READOUT_DECODERS, 10}};
  volley_experiment *e = read_network(NULL, 0);
  assert_int_equal(e->n_recorders, 6);
  for (size_t r = 0; r < sizeof expected / sizeof *expected; ++r) {
    const volley_recorder *recorder = &e->recorders[r];
    assert_ptr_equal(recorder->kind, &volley_record_readout);
    assert_int_equal(recorder->population, -1);
    assert_string_equal(recorder->name, expected[r].name);
    assert_int_equal(recorder->readout, expected[r].readout);
    assert_int_equal(recorder->state, expected[r].value);
    assert_int_equal(recorder->neurons.count, expected[r].neurons);
    assert_int_equal(recorder->interval, r < 3 ? 20 : 1);
    assert_int_equal(recorder->start, r == 3 ? 200 : 0);
    assert_int_equal(recorder->stop, 20000);
  }
  assert_ptr_equal(e->recorders[5].kind, &volley_record_spikes); /* the same name as that of another kind */
  volley_experiment_destroy(e);
}

/* Any file will do: it is read when the network is built. */
static void test_datasets(void **state) {
  (void)state;
  const char *const sets[] = {"readouts.wave.decoders={file: /proc/self/status, dataset: /D}",
                              "readouts.wave.feedback.eta={file: /proc/self/status, dataset: /E}",
                              "stimuli.play.gain={file: /proc/self/status, dataset: /G}"};
  volley_experiment *e = read_network(sets, 3);
  assert_int_equal(e->readouts[1].decoders.kind, VOLLEY_DATASET);
  assert_string_equal(e->readouts[1].decoders.dataset, "/D");
  assert_int_equal(e->readouts[1].eta.kind, VOLLEY_DATASET);
  assert_int_equal(e->stimuli[1].gain.kind, VOLLEY_DATASET);
  volley_experiment_destroy(e);
}

/* Scaled populations: the readouts and selections of neurons go with them. */
static void test_scaled(void **state) {
  (void)state;
  const char *const sets[] = {"network.scale.neurons=0.5", "readouts.out.eigenvalues=60", "populations.0.mean_rate=5",
                              "ablations.1.neurons=[1, 9]"};
  volley_experiment *e = read_network(sets, 4);
  assert_int_equal(e->readouts[0].reads.size, 30);
  assert_int_equal(e->readouts[0].eigenvalues, -1);
  assert_int_equal(e->readouts[1].reads.size, 5);
  assert_int_equal(e->recorders[1].neurons.count, 3);
  assert_int_equal(e->recorders[4].neurons.count, 5);
  assert_int_equal(e->ablations[1].neurons.count, 10);
  assert_int_equal(e->ablations[2].neurons.count, 1);
  volley_experiment_destroy(e);
}

/* Every kind is read with its required keys alone, and fills its members with the defaults of its table. */
static void test_defaults(void **state) {
  (void)state;
  static const char *const signals[] = {"{type: van_der_pol, mu: 0.5}", "{type: lorenz}",
                                        "{type: hdts, pulses: 3, period: 60 ms}",
                                        "{type: series, rows: [1, 2, 3], interval: 1 ms, repeat: yes}"};
  static const int dimensions[] = {2, 3, 3, 1};
  for (size_t s = 0; s < sizeof signals / sizeof *signals; ++s) {
    char set[256];
    snprintf(set, sizeof set, "readouts.still.supervisor=%s", signals[s]);
    volley_experiment *e = read_network((const char *[]){set}, 1);
    const volley_signal *signal = e->readouts[2].supervisor;
    assert_int_equal(signal->dimension, dimensions[s]);
    assert_true(signal->scale == 1);
    for (int k = 0; k < signal->kind->n_keys; ++k) {
      const volley_key_info *key = &signal->kind->keys[k];
      if (key->type == VOLLEY_KEY_NUMBER && !key->required)
        assert_true(*(const double *)(const void *)((const char *)signal->parameters + key->offset) == key->fallback);
    }
    volley_experiment_destroy(e);
  }
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_readout),
      cmocka_unit_test(test_other_readouts),
      cmocka_unit_test(test_signals),
      cmocka_unit_test(test_stimuli),
      cmocka_unit_test(test_ablations_and_balance),
      cmocka_unit_test(test_recorders),
      cmocka_unit_test(test_datasets),
      cmocka_unit_test(test_scaled),
      cmocka_unit_test(test_defaults),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
