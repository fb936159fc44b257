/* A run with plastic synapses that goes on from a checkpoint file, with another partition and number of threads, ends with
 * the same bits in every synapse; their order in files does not depend on the partition. */
#include "base/memory.h"
#include "engine/engine.h"
#include "io/experiment/file.h"
#include "network/synapse_order.h"
#include "neuron/neuron.h"
#include "support/checkpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { PROJECTIONS = 6, VALUES = 4 /* of a synapse: source, delay, weight, another state */ };

static const char text[] =
    "simulation: {dt: 0.1 ms, duration: 1200 ms, seed: 5, partition: %s, exchange_interval: min_delay}\n"
    "populations:\n"
    "  - {name: S, model: parrot, size: 9}\n"
    "  - {name: T, model: iaf_psc_exp, size: 13, parameters: {I_e: 400}}\n"
    "projections:\n"
    "  - {name: a, source: S, target: T, rule: fixed_indegree, indegree: 5, weight: 30,\n"
    "     delay: {distribution: uniform, low: 0.5, high: 6}, synapse: {model: stdp, lambda: 0.1}}\n"
    "  - {name: b, source: T, target: T, rule: pairwise_bernoulli, probability: 0.5, weight: 20, delay_is: axonal,\n"
    "     delay: {distribution: uniform, low: 0.5, high: 6}, synapse: {model: stdp, pairing: nearest, lambda: 0.1}}\n"
    "  - {name: c, source: S, target: T, rule: all_to_all, weight: 30, delay: 2,\n"
    "     synapse: {model: stdp_dopamine, dopamine: S, dopamine_neurons: 0-2, dopamine_delay: 12, tau_c: 100}}\n"
    "  - {name: d, source: T, target: T, rule: one_to_one, weight: -2, delay: 1,\n"
    "     synapse: {model: trace, Wmin: -10, Wmax: 0, learning_rate: -1}}\n"
    "  - {name: e, source: T, target: T, rule: all_to_all, weight: 3, delay: 1, synapse: {model: tsodyks2}}\n"
    "  - {name: f, source: T, target: T, rule: fixed_indegree, indegree: 4, weight: 20, delay: 3,\n"
    "     synapse: {model: stdp_triplet, Aplus: 0.1, Aminus: 0.3, Aplus_triplet: 0.4, Aminus_triplet: 0.2}}\n"
    "stimuli:\n"
    "  - {type: poisson, target: S, rate: 20}\n"
    "  - {type: poisson, target: T, rate: 8 kHz, weight: 10}\n";

static volley_experiment *make(const char *partitioner) {
  char filled[4096];
  volley_experiment *experiment = NULL;
  snprintf(filled, sizeof filled, text, partitioner);
  assert_int_equal(
      volley_experiment_read_text(filled, "test.yaml", "test.yaml", ".", NULL, 0, MPI_COMM_WORLD, &experiment),
      VOLLEY_OK);
  return experiment;
}

/* All synapses of a projection on all ranks, in the order of files. */
typedef struct synapses {
  uint64_t n;
  double *values; /* [n][VALUES] */
} synapses;

/* Fills them in from one block. */
typedef struct gathering {
  const volley_plastic_table *plastic;
  double *values;
} gathering;

static void take(void *context, uint32_t r, uint32_t synapse, uint64_t number) {
  const gathering *g = context;
  const volley_plastic_group *group = &g->plastic->groups[r];
  double *out = g->values + number * VALUES;
  const uint64_t s = group->first + synapse;
  assert_true(out[0] == 0); /* each number once */
  out[0] = (double)group->source + 1;
  out[1] = group->delay;
  out[2] = g->plastic->states[0][s];
  out[3] = g->plastic->model->n_states > 1 ? g->plastic->states[1][s] : group->row[0];
}

static synapses gather(const volley_network *network, int projection) {
  volley_synapse_order order = volley_synapse_order_make(network, projection, NULL, NULL);
  synapses all = {.n = volley_synapse_order_total(&order)};
  all.values = volley_alloc(all.n * VALUES, sizeof(double), "test");
  for (int b = 0; b < network->n_blocks; b++) {
    volley_plastic_table *plastic = volley_block_plastic(&network->blocks[b], projection);
    gathering g = {plastic, all.values};
    if (plastic) volley_synapse_order_walk(&order, &network->blocks[b], plastic, take, &g);
  }
  MPI_Allreduce(MPI_IN_PLACE, all.values, (int)(all.n * VALUES), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
  for (uint64_t s = 0; s < all.n; s++) assert_true(all.values[s * VALUES] > 0);
  volley_synapse_order_release(&order);
  return all;
}

static void gather_all(const volley_network *network, synapses all[PROJECTIONS]) {
  for (int p = 0; p < PROJECTIONS; p++) all[p] = gather(network, p);
}

static void expect_equal(const synapses *a, const synapses *b) {
  for (int p = 0; p < PROJECTIONS; p++) {
    assert_int_equal(a[p].n, b[p].n);
    assert_memory_equal(a[p].values, b[p].values, a[p].n * VALUES * sizeof(double));
  }
}

static void release(synapses all[PROJECTIONS]) {
  for (int p = 0; p < PROJECTIONS; p++) free(all[p].values);
}

static volley_network *build(const volley_experiment *experiment, int threads) {
  const volley_reader none = {0};
  volley_network *network = NULL;
  assert_int_equal(volley_network_build(experiment, &none, threads, MPI_COMM_WORLD, &network), VOLLEY_OK);
  return network;
}

/* Saves a run before one step and ends it there. */
typedef struct keeper {
  volley_network *network;
  int64_t due;
} keeper;

static unsigned ask(void *context) {
  (void)context;
  return 0;
}

static bool is_due(void *context, int64_t step) { return step == ((const keeper *)context)->due; }

static volley_status save(void *context, const volley_run_state *state, bool stops) {
  const keeper *k = context;
  const volley_recorded no_past = {0};
  (void)stops;
  assert_int_equal(volley_checkpoint_write(&(volley_run_parts){.network = k->network}, state, &no_past, "",
                                           checkpoint_path("plastic.h5"), 1),
                   VOLLEY_OK);
  return VOLLEY_STOPPED;
}

/* Runs to the end. */
static void run(const volley_experiment *experiment, synapses end[PROJECTIONS]) {
  volley_network *network = build(experiment, 1);
  volley_summary summary = {0};
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network}, &summary), VOLLEY_OK);
  assert_true(summary.spikes > 100);
  gather_all(network, end);
  volley_summary_release(&summary);
  volley_network_destroy(network);
}

/* Runs up to the step before which it is saved. */
static void run_up_to(const volley_experiment *experiment, int threads, int64_t due) {
  volley_network *network = build(experiment, threads);
  keeper k = {network, due};
  const volley_saver saver = {.context = &k, .ask = ask, .is_due = is_due, .save = save};
  volley_summary summary = {0};
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network, .saver = &saver}, &summary),
                   VOLLEY_STOPPED);
  volley_network_destroy(network);
}

static void go_on(const volley_experiment *experiment, int threads, synapses end[PROJECTIONS]) {
  volley_network *network = build(experiment, threads);
  volley_checkpoint *checkpoint = NULL;
  volley_summary summary = {0};
  assert_int_equal(volley_checkpoint_open(checkpoint_path("plastic.h5"), MPI_COMM_WORLD, &checkpoint), VOLLEY_OK);
  assert_int_equal(volley_checkpoint_restore(checkpoint, &(volley_run_parts){.network = network}), VOLLEY_OK);
  const volley_run_state *from = &volley_checkpoint_get_info(checkpoint)->state;
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network, .from = from}, &summary), VOLLEY_OK);
  gather_all(network, end);
  volley_summary_release(&summary);
  volley_checkpoint_close(checkpoint);
  volley_network_destroy(network);
}

static void test_resume(void **state) {
  (void)state;
  static const int64_t steps[] = {1, 1055, VOLLEY_SWEEP_STEPS, VOLLEY_SWEEP_STEPS + 1};
  volley_experiment *cut = make("block"), *dealt = make("round_robin");
  synapses whole[PROJECTIONS], end[PROJECTIONS];
  run(cut, whole);
  int ranks;
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  /* Three ranks take every second moment and four the others: they share the cores of a small machine. */
  for (size_t s = ranks == 4; s<sizeof steps / sizeof *steps; s += ranks> 2 ? 2 : 1) {
    run_up_to(dealt, 1 + (int)s % 2, steps[s]);
    go_on(s % 2 ? cut : dealt, 2 - (int)s % 2, end);
    expect_equal(end, whole);
    release(end);
    checkpoint_remove("plastic.h5");
  }
  release(whole);
  volley_experiment_destroy(cut);
  volley_experiment_destroy(dealt);
}

/* The synapses of sources that were silent since the beginning learn, too, and targets do not keep their spikes for ever. */
static void test_bounded(void **state) {
  (void)state;
  volley_experiment *experiment = make("block");
  experiment->n_stimuli = 1; /* S alone */
  volley_network *network = build(experiment, 1);
  volley_summary summary = {0};
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network}, &summary), VOLLEY_OK);
  for (int b = 0; b < network->n_blocks; b++) {
    for (int k = 0; k < network->blocks[b].n_plastic; k++) {
      const volley_plastic_table *plastic = &network->blocks[b].plastic[k];
      const int64_t bound = VOLLEY_SWEEP_STEPS - 2 * plastic->max_due - 2;
      for (uint32_t t = 0; t < plastic->n_targets; t++)
        assert_true(plastic->past[t].n < 2 || plastic->past[t].spikes[1].step >= bound);
      assert_true(plastic->dopamine.n < 2 || plastic->dopamine.levels[1].step >= bound);
    }
  }
  volley_summary_release(&summary);
  volley_network_destroy(network);
  volley_experiment_destroy(experiment);
}

/* Of a population with more neurons than a rank can have an array of, a table is built in little memory; rows of neighbours and of
 * others are told apart, and stand in the order of their sources. */
static void test_many_sources(void **state) {
  (void)state;
  static const uint32_t sources[] = {3999999999, 7, 1024, 8, 7, 3999999998, 7, 1023, 7, 2000000000, 3999999999};
  enum { N = sizeof sources / sizeof *sources, ROWS = 7 };
  volley_experiment *experiment = make("block");
  experiment->populations[0].size = 4000000000;
  const uint64_t before = volley_present_rss();
  volley_plastic_table_builder *builder = volley_plastic_table_begin(experiment, 0, 0, 13);
  for (int k = 0; k < N; k++) volley_plastic_table_count(builder, sources[k]);
  volley_plastic_table_allocate(builder);
  for (uint16_t k = 0; k < N; k++)
    volley_plastic_table_fill(builder, sources[k], k, (uint16_t)(1 + k / 6), (uint16_t)(1 + k / 6), 1, k);
  volley_plastic_table table = volley_plastic_table_finish(builder);
  assert_in_range(volley_present_rss(), 0, before + (64 << 20));
  assert_int_equal(table.synapses, N);
  assert_int_equal(table.sources.n_rows, ROWS);
  for (uint32_t g = 0; g < table.n_groups; g++) {
    const volley_plastic_group *group = &table.groups[g];
    assert_true(g == 0 || group[-1].source < group->source ||
                (group[-1].source == group->source && group[-1].due < group->due));
    assert_int_equal(group->receptor, 1);
    for (uint32_t i = 0; i < group->count; i++) {
      const uint16_t k = table.ids[group->first + i];
      assert_true(i == 0 || table.ids[group->first + i - 1] < k);
      assert_int_equal(group->source, sources[k]);
      assert_int_equal(group->due, 1 + k / 6);
      assert_true(table.states[0][group->first + i] == k);
    }
    const uint32_t row = volley_source_row(&table.sources, group->source);
    assert_true(table.firsts[row] <= g && g < table.firsts[row + 1]);
  }
  volley_plastic_table_release(&table);
  volley_experiment_destroy(experiment);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_resume), cmocka_unit_test(test_bounded),
                                     cmocka_unit_test(test_many_sources)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  const int failed = cmocka_run_group_tests(tests, checkpoint_set_up, checkpoint_clean_up);
  MPI_Finalize();
  return failed;
}
