/* A run that is saved between two steps, and gone on with from there by another partition, has the same spikes. In memory:
 * the files are tested elsewhere. */
#include "base/memory.h"
#include "base/signals.h"
#include "engine/engine.h"
#include "neuron/neuron.h"
#include "support/experiments.h"
#include "support/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 600, NEVER = STEPS + 1 };

static int rank, ranks;

/* What a saver kept, and when it keeps it. */
typedef struct keeper {
  volley_network *network;
  int64_t due, interval; /* steps: keeps before `due`; saves, without keeping, every interval */
  int64_t asks, ask_at;  /* calls of ask(); the one at which the last rank asks */
  unsigned request;      /* for what */
  volley_run_state state;
  uint64_t *neurons; /* [neurons][VOLLEY_MAX_STATES] bits, by gid */
  int saves;
  bool stopped;
} keeper;

/* Two populations with inputs of both kinds, a parrot, delays of three to ninety steps. */
static volley_experiment *make(const char *partitioner, bool batch) {
  volley_experiment *e = experiment_make(7);
  e->simulation.steps = STEPS;
  e->simulation.batch_exchange = batch;
  e->simulation.partitioner = volley_partitioner_find(partitioner);
  experiment_add_population(e, "E", "iaf_psc_exp", 61);
  experiment_add_population(e, "D", "iaf_psc_delta", 20);
  experiment_add_population(e, "P", "parrot", 9);
  const double weights[3][3] = {{60, 30, 0}, {0.4, -0.2, 0}, {1, 1, 0}};
  for (int target = 0; target < 3; target++) {
    for (int source = 0; source < 2; source++) {
      volley_projection *p = experiment_add_projection(e, source, target, "fixed_indegree");
      p->number = 5;
      p->weight = volley_constant(weights[target][source]);
      p->delay = (volley_distribution){.kind = VOLLEY_UNIFORM, .a = 0.3, .b = 9, .min = 0, .max = 100};
      p->receptor = target == 0 ? VOLLEY_RECEPTOR_BY_SIGN : 0;
    }
  }
  volley_stimulus *drive = experiment_add_stimulus(e, 0, "poisson");
  NUMBER(drive, rate) = 9000;
  drive->weight = 45;
  drive = experiment_add_stimulus(e, 1, "poisson");
  NUMBER(drive, rate) = 9000;
  drive->weight = 0.25;
  drive->receptor = 0;
  return e;
}

static volley_network *build(const volley_experiment *e, int threads) {
  const volley_reader none = {0};
  volley_network *network = NULL;
  assert_int_equal(volley_network_build(e, &none, threads, MPI_COMM_WORLD, &network), VOLLEY_OK);
  return network;
}

/* Calls work for every state of every neuron of this rank with its place in the table by gid. */
static void for_states(const keeper *k, volley_network *network, void (*work)(double *state, uint64_t *kept)) {
  for (int b = 0; b < network->n_blocks; b++) {
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      volley_slice *slice = &network->blocks[b].slices[s];
      const int n = network->experiment->populations[slice->population].model->n_states;
      for (uint32_t i = 0; i < slice->count; i++) {
        for (int v = 0; v < n; v++)
          work(&slice->states[v][i], &k->neurons[slice->gids[i] * VOLLEY_MAX_STATES + (uint32_t)v]);
      }
    }
  }
}

static void keep_state(double *state, uint64_t *kept) { memcpy(kept, state, sizeof *kept); }
static void set_state(double *state, uint64_t *kept) { memcpy(state, kept, sizeof *state); }

static void copy_state(volley_run_state *to, const volley_run_state *from) {
  *to = *from;
  volley_run_state_allocate(to);
  memcpy(to->counts, from->counts, (size_t)from->n_populations * sizeof *from->counts);
  memcpy(to->recent_counts, from->recent_counts, (size_t)from->n_recent * sizeof *from->recent_counts);
  memcpy(to->gids, from->gids, from->n_gids * sizeof *from->gids);
}

static unsigned ask(void *context) {
  keeper *k = context;
  return k->asks++ == k->ask_at && rank == ranks - 1 ? k->request : 0;
}

static bool is_due(void *context, int64_t step) {
  const keeper *k = context;
  return step == k->due || (k->interval > 0 && step % k->interval == 0);
}

static volley_status save(void *context, const volley_run_state *state, bool stops) {
  keeper *k = context;
  int64_t steps[2] = {state->step, -state->step};
  k->saves++;
  k->stopped = stops;
  MPI_Allreduce(MPI_IN_PLACE, steps, 2, MPI_INT64_T, MPI_MAX, MPI_COMM_WORLD);
  assert_int_equal(steps[0], -steps[1]); /* all ranks save before the same step */
  if (state->step != k->due && !stops) return VOLLEY_OK;
  const size_t n = (size_t)k->network->experiment->neurons * VOLLEY_MAX_STATES;
  copy_state(&k->state, state);
  k->neurons = volley_alloc(n, sizeof *k->neurons, "test");
  for_states(k, k->network, keep_state);
  MPI_Allreduce(MPI_IN_PLACE, k->neurons, (int)n, MPI_UINT64_T, MPI_BOR, MPI_COMM_WORLD);
  return VOLLEY_OK;
}

/* Simulates with a keeper; expects `status`. */
static volley_summary simulate(const volley_experiment *e, int threads, keeper *k, volley_status status) {
  const volley_saver saver = {.context = k, .ask = ask, .is_due = is_due, .save = save};
  volley_summary summary = {0};
  k->network = build(e, threads);
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = k->network, .saver = &saver}, &summary), status);
  volley_network_destroy(k->network);
  return summary;
}

/* Goes on from what a keeper kept. */
static volley_summary go_on(const volley_experiment *e, int threads, const keeper *k) {
  volley_summary summary = {0};
  volley_network *network = build(e, threads);
  for_states(k, network, set_state);
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network, .from = &k->state}, &summary), VOLLEY_OK);
  volley_network_destroy(network);
  return summary;
}

static void expect_equal(const volley_summary *a, const volley_summary *b) {
  assert_int_equal(a->spikes, b->spikes);
  assert_memory_equal(a->digest, b->digest, sizeof a->digest);
  assert_int_equal(a->synaptic_events, b->synaptic_events);
  for (int p = 0; p < a->n_populations; p++) assert_true(a->rate_hz[p] == b->rate_hz[p]);
}

static void release(keeper *k, volley_summary *summary) {
  volley_run_state_release(&k->state);
  free(k->neurons);
  *k = (keeper){0};
  volley_summary_release(summary);
}

static void test_resume(void **state) {
  (void)state;
  static const int64_t steps[] = {1, 2, 40, 89, 90, 91, 299, 300, STEPS - 1, STEPS};
  for (int batch = 0; batch < 2; batch++) {
    volley_experiment *dealt = make("round_robin", batch), *cut = make("block", !batch);
    keeper none = {.due = NEVER, .ask_at = -1};
    volley_summary whole = simulate(dealt, 1, &none, VOLLEY_OK);
    assert_true(whole.spikes > 100 && whole.synaptic_events > 1000);
    /* Three ranks take every second moment and four the others: they share the cores of a small machine. */
    for (size_t s = ranks == 4; s<sizeof steps / sizeof *steps; s += ranks> 2 ? 2 : 1) {
      keeper k = {.due = steps[s], .ask_at = -1, .interval = s % 2 ? 37 : 0};
      volley_summary saved = simulate(cut, 1 + (int)s % 3, &k, VOLLEY_OK);
      expect_equal(&saved, &whole);
      assert_int_equal(k.saves, (s % 2 ? STEPS / 37 : 0) + (s % 2 == 0 || steps[s] % 37 != 0));
      assert_int_equal(k.state.step, steps[s]);
      assert_true(k.state.n_recent <= 92 && (k.state.n_recent > 80 || k.state.n_recent == steps[s]));
      volley_summary resumed = go_on(dealt, 1 + (int)(s + 1) % 2, &k);
      expect_equal(&resumed, &whole);
      volley_summary_release(&saved);
      release(&k, &resumed);
    }
    volley_summary_release(&whole);
    volley_experiment_destroy(dealt);
    volley_experiment_destroy(cut);
  }
}

/* The last rank asks all to save, or to stop, at any moment. */
static void test_requests(void **state) {
  (void)state;
  volley_experiment *e = make("block", true);
  keeper none = {.due = NEVER, .ask_at = -1};
  volley_summary whole = simulate(e, 1, &none, VOLLEY_OK);
  for (int64_t at = 0; at<STEPS - 10; at += ranks> 2 ? 2 * 83 : 83) {
    keeper k = {.due = NEVER, .ask_at = at, .request = VOLLEY_REQUEST_SAVE};
    volley_summary saved = simulate(e, 2, &k, VOLLEY_OK);
    assert_int_equal(k.saves, 1);
    assert_false(k.stopped);
    expect_equal(&saved, &whole);
    release(&k, &saved);

    k = (keeper){.due = NEVER, .ask_at = at, .request = VOLLEY_REQUEST_STOP | VOLLEY_REQUEST_SAVE};
    volley_summary stopped = simulate(e, 1, &k, VOLLEY_STOPPED);
    assert_int_equal(k.saves, 1);
    assert_true(k.stopped && k.state.step > at && k.state.step < at + 8);
    volley_summary resumed = go_on(e, 1, &k);
    expect_equal(&resumed, &whole);
    volley_summary_release(&stopped);
    release(&k, &resumed);
  }
  volley_summary_release(&whole);
  volley_experiment_destroy(e);
}

static volley_status refuse(void *context, const volley_run_state *state, bool stops) {
  (void)stops;
  return state->step == ((keeper *)context)->due ? VOLLEY_FAILURE : VOLLEY_OK;
}

/* A saver that cannot bear a failure ends the run. */
static void test_failure(void **state) {
  (void)state;
  volley_experiment *e = make("block", false);
  keeper k = {.due = 50, .ask_at = -1};
  const volley_saver saver = {.context = &k, .ask = ask, .is_due = is_due, .save = refuse};
  volley_summary summary = {0};
  volley_network *network = build(e, 2);
  assert_int_equal(volley_simulate(&(volley_engine_setup){.network = network, .saver = &saver}, &summary),
                   VOLLEY_FAILURE);
  volley_network_destroy(network);
  volley_experiment_destroy(e);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_resume), cmocka_unit_test(test_requests),
                                     cmocka_unit_test(test_failure)};
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
