/* A run taken in pieces has the same bits as one in a row: between them the state may be looked at, saved, and inputs changed.
 * Spikes reach whoever needs them by any exchange. */
#include "base/memory.h"
#include "engine/engine.h"
#include "exchange/gids.h"
#include "network/states.h"
#include "support/experiments.h"
#include "support/keys.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 500, NEURONS = 120, POPULATIONS = 3 };

static int rank, ranks;

/* Two populations with inputs of both kinds, a parrot, delays of three to ninety steps, and a current. */
static volley_experiment *make(bool batch, double current) {
  volley_experiment *e = experiment_make(7);
  e->simulation.steps = STEPS;
  e->simulation.batch_exchange = batch;
  experiment_add_population(e, "E", "iaf_psc_exp", 80);
  experiment_add_population(e, "D", "iaf_psc_delta", 30);
  experiment_add_population(e, "P", "parrot", 10);
  const double weights[3][2] = {{60, 30}, {0.4, -0.2}, {1, 1}};
  for (int target = 0; target < 3; target++) {
    for (int source = 0; source < 2; source++) {
      volley_projection *p = experiment_add_projection(e, source, target, "fixed_indegree");
      p->number = 3;
      p->weight = volley_constant(weights[target][source]);
      p->delay = (volley_distribution){.kind = VOLLEY_UNIFORM, .a = 0.3, .b = 9, .min = 0, .max = 100};
      p->receptor = target == 0 ? VOLLEY_RECEPTOR_BY_SIGN : 0;
    }
  }
  for (int target = 0; target < 2; target++) {
    volley_stimulus *drive = experiment_add_stimulus(e, target, "poisson");
    NUMBER(drive, rate) = 9000;
    drive->weight = target == 0 ? 45 : 0.25;
    drive->receptor = target == 0 ? VOLLEY_RECEPTOR_BY_SIGN : 0;
  }
  volley_stimulus *dc = experiment_add_stimulus(e, 0, "dc");
  NUMBER(dc, amplitude) = current;
  return e;
}

/* What an observer is told. */
typedef struct record {
  const volley_network *network;
  int needed; /* population; -1: all */
  int64_t next;
  uint64_t spikes, sum; /* sum: a hash of what is needed, in its order */
} record;

static volley_status take_spikes(void *context, int64_t step, const volley_gid *gids, uint32_t n) {
  record *l = context;
  assert_int_equal(step, l->next++);
  for (uint32_t i = 0; i < n; i++) {
    const volley_population *p = l->needed >= 0 ? &l->network->experiment->populations[l->needed] : NULL;
    assert_true(i == 0 || gids[i] >= gids[i - 1]);
    if (p && gids[i] - p->first_gid >= p->size) continue;
    l->spikes++;
    l->sum = l->sum * UINT64_C(0x9E3779B97F4A7C15) + ((uint64_t)step << 32 | gids[i]);
  }
  return VOLLEY_OK;
}

static bool needs(void *context, int population) { return ((record *)context)->needed == population; }

/* Own spikes only. */
static volley_status take_own(void *context, int64_t step, const volley_gid *gids, uint32_t n) {
  const volley_network *network = ((record *)context)->network;
  for (uint32_t i = 0; i < n; i++) {
    const volley_population *p = network->experiment->populations;
    while (gids[i] - p->first_gid >= p->size) p++;
    const int population = (int)(p - network->experiment->populations);
    assert_int_equal(volley_partition_owner(network->partition, population, volley_index_in(p, gids[i])), rank);
  }
  return take_spikes(context, step, gids, n);
}

/* What a run comes to. */
typedef struct result {
  volley_summary summary;
  record all, some, own;
  double states[NEURONS]; /* the first of each neuron; parrots have none */
} result;

static void get_states(const volley_network *network, double *states) {
  for (int p = 0; p < POPULATIONS; p++) {
    const volley_population *population = &network->experiment->populations[p];
    if (population->model->n_states == 0) continue;
    volley_states *s = volley_states_create(network, p, 0);
    const double *values = volley_states_get(s, 0);
    if (rank == 0) memcpy(states + population->first_gid, values, population->size * sizeof *values);
    volley_states_destroy(s);
  }
  MPI_Bcast(states, NEURONS, MPI_DOUBLE, 0, MPI_COMM_WORLD);
}

/* How a run is taken. */
typedef struct way {
  const int64_t *stops; /* ended by 0 */
  int threads;
  bool starts_again; /* at every stop, from the state there */
  const volley_exchange_kind *kind;
  void (*at_stop)(volley_network *network, volley_experiment *experiment); /* or NULL */
  bool mixes; /* ways of delivery: one on each rank, and others after a stop */
} way;

static volley_network *build(const volley_experiment *e, int threads) {
  const volley_reader none = {0};
  volley_network *network = NULL;
  assert_int_equal(volley_network_build(e, &none, threads, MPI_COMM_WORLD, &network), VOLLEY_OK);
  return network;
}

static void set_states(volley_network *to, const volley_network *from) {
  for (int p = 0; p < POPULATIONS; p++) {
    volley_states *source = volley_states_create(from, p, VOLLEY_ALL_RANKS);
    volley_states *target = volley_states_create(to, p, VOLLEY_ALL_RANKS);
    for (int k = 0; k < to->experiment->populations[p].model->n_states; k++)
      volley_states_set(target, k, volley_states_get(source, k));
    volley_states_destroy(source);
    volley_states_destroy(target);
  }
}

static result run(volley_experiment *e, way w) {
  result r = {.all.needed = -1, .some.needed = 1, .own.needed = -1};
  e->simulation.delivery = w.mixes ? (volley_delivery)(rank % 3) : VOLLEY_DELIVERY_AUTO;
  volley_network *network = build(e, w.threads);
  r.all.network = r.some.network = r.own.network = network;
  const volley_observer observers[] = {{.context = &r.some, .spikes = take_spikes, .needs = needs},
                                       {.context = &r.own, .spikes = take_own, .own = true},
                                       {.context = &r.all, .spikes = take_spikes}};
  volley_engine_setup setup = {
      .network = network, .observers = observers, .n_observers = w.kind ? 2 : 3, .exchange = w.kind};
  volley_engine *engine = volley_engine_create(NULL, &setup);
  for (const int64_t *stop = w.stops; *stop; stop++) {
    assert_int_equal(volley_engine_advance(engine, *stop), VOLLEY_OK);
    assert_int_equal(volley_engine_step(engine), *stop);
    assert_true(w.kind || volley_engine_spikes(engine) == r.all.spikes);
    if (w.at_stop) w.at_stop(network, e);
    if (!w.starts_again) continue;
    volley_run_state state;
    volley_engine_get_state(engine, &state);
    volley_engine_destroy(engine);
    if (w.mixes) e->simulation.delivery = (volley_delivery)((e->simulation.delivery + 2) % 3);
    volley_network *other = build(e, 3 - w.threads % 2);
    set_states(other, network);
    volley_network_destroy(network);
    r.all.network = r.some.network = r.own.network = setup.network = network = other;
    setup.from = &state;
    engine = volley_engine_create(volley_engine_kinds()[0], &setup);
    volley_run_state_release(&state);
  }
  assert_int_equal(volley_engine_advance(engine, STEPS), VOLLEY_OK);
  volley_engine_summarize(engine, &r.summary);
  get_states(network, r.states);
  volley_engine_destroy(engine);
  volley_network_destroy(network);
  MPI_Allreduce(MPI_IN_PLACE, &r.own.spikes, 1, MPI_UINT64_T, MPI_SUM, MPI_COMM_WORLD);
  return r;
}

static void expect_equal(result *found, const result *expected) {
  const volley_summary *a = &found->summary, *b = &expected->summary;
  assert_memory_equal(a->digest, b->digest, sizeof a->digest);
  assert_int_equal(a->spikes, b->spikes);
  assert_int_equal(found->own.spikes, a->spikes);
  assert_int_equal(a->synaptic_events, b->synaptic_events);
  for (int p = 0; p < POPULATIONS; p++) assert_true(a->rate_hz[p] == b->rate_hz[p]);
  assert_memory_equal(found->states, expected->states, sizeof found->states);
  assert_true(found->some.sum == expected->some.sum && found->some.spikes > 20);
  volley_summary_release(&found->summary);
}

static const int64_t none[] = {0}, many[] = {1, 2, 2, 40, 91, 92, 300, STEPS - 1, 0}, few[] = {3, 200, 0};

static void test_pieces(void **state) {
  (void)state;
  for (int batch = 0; batch < 2; batch++) {
    volley_experiment *e = make(batch, 100);
    e->simulation.weight_bits = batch ? VOLLEY_WEIGHT_BITS_8 : VOLLEY_WEIGHT_BITS_32;
    result whole = run(e, (way){.stops = none, .threads = 1});
    assert_true(whole.summary.spikes > 300 && whole.summary.synaptic_events > 1000);
    for (int threads = 1; threads <= 2; threads++) {
      result pieces = run(e, (way){.stops = many, .threads = threads});
      assert_true(pieces.all.sum == whole.all.sum && pieces.all.next == STEPS);
      expect_equal(&pieces, &whole);
      result again = run(e, (way){.stops = few, .threads = threads, .starts_again = true});
      assert_true(again.all.sum == whole.all.sum);
      expect_equal(&again, &whole);
      result mixed = run(e, (way){.stops = few, .threads = threads, .starts_again = true, .mixes = true});
      assert_true(mixed.all.sum == whole.all.sum);
      expect_equal(&mixed, &whole);
    }
    volley_summary_release(&whole.summary);
    volley_experiment_destroy(e);
  }
}

static void double_current(volley_network *network, volley_experiment *experiment) {
  volley_stimulus *dc = &experiment->stimuli[experiment->n_stimuli - 1];
  NUMBER(dc, amplitude) *= 2;
  volley_network_renew_inputs(network);
}

/* Currents that are changed between two steps flow as if there had been three of them, one behind the other. */
static void test_inputs(void **state) {
  (void)state;
  volley_experiment *e = make(true, 75), *known = make(true, 75);
  known->stimuli[2].stop = 0.3;
  for (int k = 0; k < 2; k++) {
    volley_stimulus *later = experiment_add_stimulus(known, 0, "dc");
    NUMBER(later, amplitude) = k == 0 ? 150 : 300;
    later->start = k == 0 ? 0.3 : 20;
    if (k == 0) later->stop = 20;
  }
  result expected = run(known, (way){.stops = none, .threads = 2});
  result changed = run(e, (way){.stops = few, .threads = 1, .at_stop = double_current});
  expect_equal(&changed, &expected);
  volley_summary_release(&expected.summary);
  volley_experiment_destroy(e);
  volley_experiment_destroy(known);
}

/* Steps back, and beyond the end, are refused, and nothing is lost by that. */
static void test_refusals(void **state) {
  (void)state;
  volley_experiment *e = make(false, 100);
  volley_network *network = build(e, 1);
  volley_engine *engine = volley_engine_create(NULL, &(volley_engine_setup){.network = network});
  assert_int_equal(volley_engine_advance(engine, 100), VOLLEY_OK);
  assert_int_equal(volley_engine_advance(engine, 99), VOLLEY_USAGE);
  assert_int_equal(volley_engine_advance(engine, STEPS + 1), VOLLEY_USAGE);
  assert_int_equal(volley_engine_advance(engine, STEPS), VOLLEY_OK);
  const uint64_t spikes = volley_engine_spikes(engine);
  assert_int_equal(volley_engine_advance(engine, STEPS), VOLLEY_OK);
  assert_int_equal(volley_engine_spikes(engine), spikes);
  volley_engine_destroy(engine);
  volley_network_destroy(network);
  volley_experiment_destroy(e);
}

/* An exchange that every step takes from all what this rank needs, and throws away the rest. */
typedef struct sieve {
  const volley_network *network;
  bool everywhere[POPULATIONS];
  int64_t step;
  volley_gid *gids, *all, *scratch; /* [ROOM] */
  uint32_t n;
  unsigned requests;
  volley_step_spikes got;
} sieve;

enum { ROOM = 8 * NEURONS };

static void *sieve_create(const volley_exchange_setup *setup) {
  sieve *x = volley_alloc(1, sizeof *x, "test");
  x->network = setup->network;
  memcpy(x->everywhere, setup->everywhere, sizeof x->everywhere);
  x->step = setup->first_step;
  x->gids = volley_alloc(3 * ROOM, sizeof *x->gids, "test");
  x->all = x->gids + ROOM;
  x->scratch = x->all + ROOM;
  return x;
}

static void sieve_destroy(void *exchange) {
  free(((sieve *)exchange)->gids);
  free(exchange);
}

static void sieve_add(void *exchange, const volley_gid *gids, uint32_t n) {
  sieve *x = exchange;
  assert_true(x->n + n <= ROOM);
  if (n > 0) memcpy(x->gids + x->n, gids, n * sizeof *gids);
  x->n += n;
}

static void sieve_post(void *exchange, unsigned requests, bool all) {
  (void)all;
  ((sieve *)exchange)->requests = requests;
}

static bool is_needed(const sieve *x, volley_gid gid) {
  for (int p = 0; p < POPULATIONS; p++) {
    const volley_population *population = &x->network->experiment->populations[p];
    if (x->everywhere[p] && gid - population->first_gid < population->size) return true;
  }
  for (int b = 0; b < x->network->n_blocks; b++)
    if (volley_source_row(&x->network->blocks[b].table.sources, gid) != VOLLEY_NO_ROW) return true;
  return false;
}

static volley_exchanged sieve_complete(void *exchange, int64_t step, bool all) {
  sieve *x = exchange;
  volley_exchanged out = {.steps = &x->got, .n_steps = 1, .requests = x->requests};
  int counts[8], starts[8], n = (int)x->n, total = 0;
  uint32_t kept = 0;
  (void)all;
  assert_int_equal(step, x->step);
  MPI_Allgather(&n, 1, MPI_INT, counts, 1, MPI_INT, MPI_COMM_WORLD);
  for (int r = 0; r < ranks; total += counts[r++]) starts[r] = total;
  assert_true(total <= ROOM);
  MPI_Allgatherv(x->gids, n, VOLLEY_MPI_GID, x->all, counts, starts, VOLLEY_MPI_GID, MPI_COMM_WORLD);
  for (int i = 0; i < total; i++)
    if (is_needed(x, x->all[i])) x->all[kept++] = x->all[i];
  volley_gids_sort(x->all, kept, x->scratch);
  MPI_Allreduce(MPI_IN_PLACE, &out.requests, 1, MPI_UNSIGNED, MPI_BOR, MPI_COMM_WORLD);
  out.spikes = (uint64_t)total;
  x->got = (volley_step_spikes){.step = x->step++, .gids = x->all, .n = kept};
  x->n = 0;
  return out;
}

static void test_exchange(void **state) {
  (void)state;
  const volley_exchange_kind kind = {.name = "sieve",
                                     .create = sieve_create,
                                     .destroy = sieve_destroy,
                                     .add = sieve_add,
                                     .post = sieve_post,
                                     .complete = sieve_complete};
  volley_experiment *e = make(true, 100);
  result whole = run(e, (way){.stops = none, .threads = 1});
  result sieved = run(e, (way){.stops = few, .threads = 2, .starts_again = true, .kind = &kind});
  expect_equal(&sieved, &whole);
  for (const volley_exchange_kind *const *k = volley_exchange_kinds(); *k; k++) {
    e->simulation.batch_exchange = !e->simulation.batch_exchange;
    result other = run(e, (way){.stops = few, .threads = 2, .starts_again = true, .kind = *k});
    expect_equal(&other, &whole);
  }
  volley_summary_release(&whole.summary);
  volley_experiment_destroy(e);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_pieces), cmocka_unit_test(test_inputs),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_exchange)};
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
