/* Populations whose gids lie as high as a build can have them, some on both sides of 2^32 where it has 64 bits: without random
 * numbers their spikes, recordings and synapses that learn are those of the same populations with the lowest gids, by any exchange
 * and through a checkpoint. */
#include "base/random.h"
#include "engine/engine.h"
#include "io/checkpoint/checkpoint.h"
#include "io/data/reader.h"
#include "io/experiment/file.h"
#include "record/record.h"
#include "run/run.h"
#include "support/checkpoints.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { P, A, B, POPULATIONS, RECORDERS = 4 };

static const char text[] =
    "simulation: {engine: %s, duration: 40 ms, seed: 3, exchange: %s}\n"
    "populations:\n"
    "  - {name: P, model: parrot, size: 23}\n"
    "  - {name: [A, B], model: iaf_psc_exp, size: 61}\n"
    "projections:\n"
    "  - {source: P, target: A, rule: all_to_all, weight: 60, delay: 1.5 ms}\n"
    "  - {source: A, target: A, rule: ring, weight: 2500, delay: 1 ms}\n"
    "  - {source: A, target: B, rule: one_to_one, weight: 6000, delay: 2.2 ms}\n"
    "  - {source: B, target: A, rule: ring, weight: 300, delay: 3 ms, synapse: {model: stdp, lambda: 0.1, Wmax: 900}}\n"
    "stimuli:\n"
    "  - {type: spike_times, target: P, neurons: [0-5, 17-22], times: [1, 2.5, 2.5, 11, 30.5, 33]}\n"
    "  - {type: dc, target: A, neurons: 0-9, amplitude: 900 pA}\n"
    "  - {type: dc, target: A, neurons: 30-44, amplitude: 1.5 nA, start: 8 ms}\n"
    "recorders:\n"
    "  - {type: spikes, population: [P, A, B]}\n"
    "  - {name: V, type: traces, population: B, states: V_m, interval: 1 ms}\n";

/* What a run comes to. */
typedef struct outcome {
  const volley_experiment *experiment;
  uint64_t spikes, told;                                       /* told: a hash of all spikes in their order */
  uint64_t recorded[RECORDERS], positions[RECORDERS], weights; /* sums of hashes */
} outcome;

static uint64_t bits_of(double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* A spike by its time in bits, population and index. */
static void take_one(outcome *o, uint64_t time, volley_gid gid) {
  const int p = volley_population_of(o->experiment, gid, 0);
  const uint64_t name = (uint64_t)p << 32 | volley_index_in(&o->experiment->populations[p], gid);
  o->told = volley_scramble(o->told ^ volley_scramble(time) ^ name);
  o->spikes++;
}

static volley_status take_spikes(void *context, int64_t step, const volley_gid *gids, uint32_t n) {
  for (uint32_t i = 0; i < n; i++) take_one(context, (uint64_t)step, gids[i]);
  return VOLLEY_OK;
}

static volley_status take_timed(void *context, const volley_timed_spike *spikes, size_t n, double until) {
  (void)until;
  for (size_t i = 0; i < n; i++) take_one(context, bits_of(spikes[i].time), spikes[i].gid);
  return VOLLEY_OK;
}

static volley_status record_spikes(void *context, int recorder, uint64_t first, uint64_t count, const double *times,
                                   const uint64_t *ids, uint64_t total) {
  outcome *o = context;
  for (uint64_t i = 0; i < count; i++)
    o->recorded[recorder] += volley_scramble(bits_of(times[i]) ^ volley_scramble(first + i) ^ ids[i]);
  o->positions[recorder] = total;
  return VOLLEY_OK;
}

static volley_status record_traces(void *context, int recorder, uint64_t first_row, uint64_t rows, const double *data) {
  outcome *o = context;
  const uint64_t columns = o->weights; /* of this rank, while it runs */
  for (uint64_t i = 0; i < rows * columns; i++)
    o->recorded[recorder] += volley_scramble(bits_of(data[i]) ^ volley_scramble(first_row + i / columns));
  o->positions[recorder] = first_row + rows;
  return VOLLEY_OK;
}

static uint64_t sum_weights(const volley_network *network) {
  uint64_t sum = 0;
  for (int b = 0; b < network->n_blocks; b++)
    for (int k = 0; k < network->blocks[b].n_plastic; k++)
      for (uint64_t s = 0; s < network->blocks[b].plastic[k].synapses; s++)
        sum += volley_scramble(bits_of(network->blocks[b].plastic[k].states[0][s]));
  return sum;
}

static volley_experiment *make(const char *engine, const char *exchange, const volley_gid first[POPULATIONS]) {
  char filled[4096];
  volley_experiment *e = NULL;
  MPI_Comm comm = MPI_COMM_WORLD;
  const volley_reader reader = volley_data_reader(&comm);
  snprintf(filled, sizeof filled, text, engine, exchange);
  assert_int_equal(volley_experiment_read_text(filled, "a.yaml", "a.yaml", ".", NULL, 0, comm, &e), VOLLEY_OK);
  assert_int_equal(volley_run_load(e, &reader, comm), VOLLEY_OK);
  for (int p = 0; p < POPULATIONS; p++) e->populations[p].first_gid = first[p];
  e->neurons = first[B] + e->populations[B].size;
  return e;
}

/* Takes a network, which has none of the gids between its populations, through the steps up to `until`, from where a checkpoint is
 * if there is one; leaves one there if it is not the end. */
static void advance(const volley_experiment *e, int threads, const char *path, bool begins, int64_t until, outcome *o) {
  MPI_Comm comm = MPI_COMM_WORLD;
  const volley_reader reader = volley_data_reader(&comm);
  volley_network *network = NULL;
  volley_checkpoint *checkpoint = NULL;
  assert_int_equal(volley_network_build(e, &reader, threads, comm, &network), VOLLEY_OK);
  volley_recording *recording = volley_recording_create(network, NULL);
  const volley_run_parts parts = {.network = network, .recording = recording};
  if (!begins) {
    assert_int_equal(volley_checkpoint_open(path, comm, &checkpoint), VOLLEY_OK);
    assert_int_equal(volley_checkpoint_restore(checkpoint, &parts), VOLLEY_OK);
    volley_recording_go_on_from(recording, volley_checkpoint_get_info(checkpoint)->past.positions);
  }
  volley_recording_set_sink(recording, (volley_sink){.context = o, .spikes = record_spikes, .traces = record_traces});
  o->weights = volley_recording_columns(recording)[RECORDERS - 1].count;
  const volley_observer observers[] = {{.context = o, .spikes = take_spikes, .timed = take_timed},
                                       volley_recording_observer(recording)};
  const volley_engine_setup setup = {.network = network,
                                     .from = begins ? NULL : &volley_checkpoint_get_info(checkpoint)->state,
                                     .observers = observers,
                                     .n_observers = 2};
  volley_engine *engine = volley_engine_create(NULL, &setup);
  assert_int_equal(volley_engine_advance(engine, until), VOLLEY_OK);
  assert_int_equal(volley_recording_flush(recording), VOLLEY_OK);
  if (until < e->simulation.steps) {
    volley_run_state state;
    char *none[1] = {NULL};
    volley_engine_get_state(engine, &state);
    assert_true(state.n_gids > 10);
    const volley_recorded past = {none, 0, o->positions};
    assert_int_equal(volley_checkpoint_write(&parts, &state, &past, "/somewhere/out.h5", path, 1), VOLLEY_OK);
    volley_run_state_release(&state);
  }
  volley_engine_destroy(engine);
  if (checkpoint) volley_checkpoint_close(checkpoint);
  o->weights = sum_weights(network);
  volley_recording_destroy(recording);
  volley_network_destroy(network);
}

static outcome run(const char *engine, const char *exchange, const volley_gid first[POPULATIONS], int threads,
                   bool restarts) {
  volley_experiment *e = make(engine, exchange, first);
  char path[128];
  outcome o = {.experiment = e};
  strcpy(path, checkpoint_path("high.h5"));
  if (restarts) advance(e, threads, path, true, e->simulation.steps / 5 * 2, &o);
  advance(e, restarts ? 3 - threads : threads, path, !restarts, e->simulation.steps, &o);
  MPI_Allreduce(MPI_IN_PLACE, o.recorded, RECORDERS, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  MPI_Allreduce(MPI_IN_PLACE, &o.weights, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  checkpoint_remove("high.h5");
  volley_experiment_destroy(e);
  o.experiment = NULL;
  return o;
}

static void expect_same(const outcome *found, const outcome *expected) {
  assert_int_equal(found->spikes, expected->spikes);
  assert_int_equal(found->told, expected->told);
  assert_memory_equal(found->recorded, expected->recorded, sizeof found->recorded);
  assert_memory_equal(found->positions, expected->positions, sizeof found->positions);
  assert_int_equal(found->weights, expected->weights);
}

static void test_high(void **state) {
  (void)state;
  static const volley_gid low[POPULATIONS] = {0, 23, 84};
  const uint64_t middle = UINT64_C(1) << (VOLLEY_GID_BITS == 64 ? 32 : 31),
                 end = VOLLEY_GID_BITS == 64 ? UINT64_C(10000000000) : UINT32_MAX;
  const volley_gid high[POPULATIONS] = {(volley_gid)(middle - 10), (volley_gid)(end / 3 * 2), (volley_gid)(end - 61)};
  static const char *const engines[] = {"clock", "event"};
  for (int k = 0; k < 2; k++) {
    const outcome expected = run(engines[k], "allgather", low, 1, false);
    assert_true(expected.spikes > 300 && expected.positions[A] > 100 && expected.positions[B] > 100);
    const volley_exchange_kind *const *kinds = volley_exchange_kinds();
    for (int x = 0; kinds[x]; x++) {
      if (k == 1 && !kinds[x]->takes_numbers && x > 0) continue;
      const int restarts = (x + k) % 2; /* each exchange in one of both ways with each engine */
      const outcome found = run(engines[k], kinds[x]->name, high, 1 + restarts, restarts);
      expect_same(&found, &expected);
    }
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_high)};
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  const int failed = cmocka_run_group_tests(tests, checkpoint_set_up, checkpoint_clean_up);
  MPI_Finalize();
  return failed;
}
