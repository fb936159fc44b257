/* Two areas on two halves of the ranks, with short delays within and long ones between them: an exchange of two levels takes all
 * ranks into few calls, and changes no bit; of plastic synapses either, to which spikes become known in another order. And a sheet in strips, where
 * neighbours are told of spikes and others are not. */
#include "base/memory.h"
#include "engine/engine.h"
#include "io/experiment/file.h"
#include "network/plastic_table.h"
#include "partition/partition.h"
#include "space/space.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int rank, ranks;

static const char text[] =
    "simulation: {dt: 0.1 ms, duration: 300 ms, seed: 3, exchange_interval: %s}\n"
    "populations:\n"
    "  - {name: [A, B], model: iaf_psc_exp, size: 60, parameters: {I_e: {distribution: uniform, low: 340, high: "
    "450}}}\n"
    "projections:\n"
    "  - {source: [A, B], target: [A, B], rule: fixed_indegree, indegree: 6, weight: 30,\n"
    "     delay: [[{distribution: uniform, low: 0.2, high: 2}, {distribution: uniform, low: 3, high: 9}],\n"
    "             [{distribution: uniform, low: 3, high: 9}, {distribution: uniform, low: 0.2, high: 2}]]}\n"
    "  - {source: [A, B], target: [A, B], rule: fixed_indegree, indegree: 8,\n"
    "     weight: {distribution: uniform, low: 1, high: 40}, synapse: {model: stdp, lambda: 0.1, Wmax: 60},\n"
    "     delay: [[{distribution: uniform, low: 0.2, high: 2}, {distribution: uniform, low: 3, high: 9}],\n"
    "             [{distribution: uniform, low: 3, high: 9}, {distribution: uniform, low: 0.2, high: 2}]]}\n";

/* The first half of the ranks, and the others. */
static int first_of(int population, int n) { return population == 0 ? 0 : n / 2; }
static int ranks_of(int population, int n) { return population == 0 && n > 1 ? n / 2 : n - n / 2; }

static int owner(const volley_owners *owners, int p, uint32_t index) {
  return first_of(p, owners->ranks) + (int)index % ranks_of(p, owners->ranks);
}

static uint32_t count(const volley_owners *owners, int p, int of_rank) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < owners->experiment->populations[p].size; i++) n += owner(owners, p, i) == of_rank;
  return n;
}

static const volley_partitioner halves = {.name = "halves", .owner = owner, .count = count};

/* Sums up the weights of all plastic synapses, by exact numbers: of their bits. */
static uint64_t sum_weights(const volley_network *network) {
  uint64_t sum = 0;
  for (int b = 0; b < network->n_blocks; b++)
    for (int k = 0; k < network->blocks[b].n_plastic; k++)
      for (uint64_t s = 0; s < network->blocks[b].plastic[k].synapses; s++) {
        uint64_t bits;
        memcpy(&bits, &network->blocks[b].plastic[k].states[0][s], sizeof bits);
        sum += bits * UINT64_C(0x9E3779B97F4A7C15) ^ bits >> 31;
      }
  MPI_Allreduce(MPI_IN_PLACE, &sum, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  return sum;
}

typedef struct result {
  volley_summary summary;
  uint64_t weights, told; /* told: a sum over what the observer was told */
  int64_t next;
} result;

static volley_status take(void *context, int64_t step, const volley_gid *gids, uint32_t n) {
  result *r = context;
  assert_int_equal(step, r->next++);
  for (uint32_t i = 0; i < n; i++) r->told = r->told * UINT64_C(0x9E3779B97F4A7C15) + ((uint64_t)step << 32 | gids[i]);
  return VOLLEY_OK;
}

static result run(const char *interval, const volley_exchange_kind *kind, bool observed) {
  char filled[4096];
  volley_experiment *e = NULL;
  volley_network *network = NULL;
  result r = {.told = 1};
  const volley_reader none = {0};
  snprintf(filled, sizeof filled, text, interval);
  assert_int_equal(volley_experiment_read_text(filled, "a.yaml", "a.yaml", ".", NULL, 0, MPI_COMM_WORLD, &e),
                   VOLLEY_OK);
  e->simulation.partitioner = &halves;
  e->simulation.exchange_group = ranks > 1 ? (ranks + 1) / 2 : 0;
  assert_int_equal(volley_network_build(e, &none, 2, MPI_COMM_WORLD, &network), VOLLEY_OK);
  const volley_observer observer = {.context = &r, .spikes = take};
  const volley_engine_setup setup = {
      .network = network, .observers = &observer, .n_observers = observed, .exchange = kind};
  volley_engine *engine = volley_engine_create(NULL, &setup);
  assert_int_equal(volley_engine_advance(engine, 1234), VOLLEY_OK);
  assert_int_equal(volley_engine_advance(engine, e->simulation.steps), VOLLEY_OK);
  volley_engine_summarize(engine, &r.summary);
  assert_int_equal(volley_engine_spikes(engine), r.summary.spikes);
  r.weights = sum_weights(network);
  volley_engine_destroy(engine);
  volley_network_destroy(network);
  volley_experiment_destroy(e);
  return r;
}

static void test_areas(void **state) {
  (void)state;
  for (int batch = 0; batch < 2; batch++) {
    const char *interval = batch ? "min_delay" : "step";
    result whole = run(interval, volley_exchange_kinds()[0], true);
    assert_true(whole.summary.spikes > 500 && whole.summary.synaptic_events > 5000);
    for (const volley_exchange_kind *const *k = volley_exchange_kinds() + 1; *k; k++) {
      for (int observed = 0; observed < 2; observed++) {
        result r = run(interval, *k, observed);
        assert_memory_equal(r.summary.digest, whole.summary.digest, sizeof whole.summary.digest);
        assert_int_equal(r.weights, whole.weights);
        if (observed) assert_int_equal(r.told, whole.told);
        if (strcmp((*k)->name, "two_level") == 0 && ranks % 2 == 0 && !batch)
          assert_true(r.summary.exchanged.calls * 10 <= whole.summary.exchanged.calls);
        volley_summary_release(&r.summary);
      }
    }
    volley_summary_release(&whole.summary);
  }
}

static const char sheet[] =
    "simulation: {duration: 40 ms, exchange: neighbour}\n"
    "populations:\n"
    "  - {name: S, model: iaf_psc_exp, size: 1600, positions: {type: grid, shape: [40, 40], extent: [1, 1]},\n"
    "     parameters: {I_e: {distribution: uniform, low: 360, high: 900}}}\n"
    "projections:\n"
    "  - {source: S, target: S, rule: fixed_indegree, indegree: 12, weight: 5, delay: 1 ms,\n"
    "     probability: {function: box, radius: 0.07}}\n";

/* Other ranks that need a neuron, on average over neurons, when there are so many ranks. */
static double count_told(const volley_experiment *e, int n) {
  const volley_reader none = {0};
  uint64_t told = 0;
  for (int r = 0; r < n; r++) {
    volley_network *share = NULL;
    assert_int_equal(volley_network_build_share(e, &none, r, n, 1, MPI_COMM_SELF, &share), VOLLEY_OK);
    assert_int_equal(share->n_blocks, 1);
    volley_gid *gids = volley_source_index_gids(&share->blocks[0].table.sources);
    for (uint32_t k = 0; k < share->blocks[0].table.sources.n_rows; k++)
      told += volley_partition_owner(share->partition, 0, (uint32_t)gids[k]) != r;
    free(gids);
    volley_network_destroy(share);
  }
  return (double)told / (double)e->neurons;
}

/* On a sheet in strips a neuron is needed by few ranks: 64 are counted; on those of the job a run tells as many, and gets fewer
 * bytes than by an allgather. */
static void test_sheet(void **state) {
  (void)state;
  volley_experiment *e = NULL;
  volley_network *network = NULL;
  volley_summary summary = {0}, whole = {0};
  const volley_reader none = {0};
  assert_int_equal(volley_experiment_read_text(sheet, "s.yaml", "s.yaml", ".", NULL, 0, MPI_COMM_WORLD, &e), VOLLEY_OK);
  assert_int_equal(volley_spaces_load(e, &none, MPI_COMM_WORLD), VOLLEY_OK);
  if (ranks == 1) assert_true(count_told(e, 64) * 5 <= 64);
  assert_int_equal(volley_network_build(e, &none, 2, MPI_COMM_WORLD, &network), VOLLEY_OK);
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network}, &summary), VOLLEY_OK);
  const double told = (double)summary.exchanged.told / (double)summary.exchanged.spikes;
  assert_true(summary.spikes > 500 && summary.exchanged.spikes == summary.spikes);
  assert_true(fabs(told - count_told(e, ranks)) < 0.1 * ranks && told <= 0.7 * (ranks - 1));
  volley_network_destroy(network);
  assert_int_equal(volley_network_build(e, &none, 2, MPI_COMM_WORLD, &network), VOLLEY_OK);
  const volley_engine_setup by_all = {.network = network, .exchange = volley_exchange_kinds()[0]};
  assert_int_equal(volley_simulate(&by_all, &whole), VOLLEY_OK);
  assert_memory_equal(summary.digest, whole.digest, sizeof whole.digest);
  assert_true(ranks == 1 ? whole.exchanged.bytes == 0 : whole.exchanged.bytes >= 2 * whole.spikes);
  assert_true(ranks < 3 || summary.exchanged.bytes * 4 < whole.exchanged.bytes * 3);
  volley_summary_release(&whole);
  volley_summary_release(&summary);
  volley_network_destroy(network);
  volley_experiment_destroy(e);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_areas), cmocka_unit_test(test_sheet)};
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
