/* Every rank gets the spikes of every step once, in order, sorted, and before they can act; and what any rank asks for. */
#include "base/memory.h"
#include "base/random.h"
#include "base/status.h"
#include "exchange/exchange.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 5000, STEPS = 103, FACTOR = VOLLEY_GID_BITS == 64 ? 60 : 1 /* of gids below 4e9 */ };

static int rank, ranks;
static const volley_exchange_kind *kind; /* that is tested */
static bool is_first;                    /* of the kinds; the others have less cases: much is the same in all */
static uint32_t seed;                    /* of the case that is tested */

static uint32_t word(int of_rank, int64_t step, uint32_t k) {
  uint32_t out[4];
  volley_random_block((volley_key){{seed, (uint32_t)of_rank}}, (uint32_t)step, k / 4, 0, out);
  return out[k % 4];
}

/* Spikes of one rank in one step: often none or few, now and then more than a block holds; rank 1 is silent always, and
 * all ranks in some steps. Ids repeat now and then, in no order. */
static uint32_t spikes_of(int of_rank, int64_t step, volley_gid gids[MOST]) {
  const uint32_t dice = word(of_rank, step, 0) % 8;
  const uint32_t most = dice == 0 ? MOST : dice == 1 ? 300 : dice == 2 ? 0 : 20;
  const uint32_t n = of_rank == 1 || step % 10 == 9 ? 0 : volley_below(word(of_rank, step, 1), most + 1);
  for (uint32_t k = 0; k < n; k++)
    gids[k] = (volley_gid)word(of_rank, step, k + 2) % (k % 5 ? 4000000000u : 200u) * FACTOR;
  return n;
}

static int ascending(const void *a, const void *b) {
  const volley_gid x = *(const volley_gid *)a, y = *(const volley_gid *)b;
  return (x > y) - (x < y);
}

/* The spikes of all ranks by a plain allgather. */
static uint32_t gather(int64_t step, volley_gid *all) {
  volley_gid mine[MOST];
  int *counts = volley_alloc((size_t)ranks, sizeof *counts, "test");
  int *starts = volley_alloc((size_t)ranks, sizeof *starts, "test");
  const int n = (int)spikes_of(rank, step, mine);
  MPI_Allgather(&n, 1, MPI_INT, counts, 1, MPI_INT, MPI_COMM_WORLD);
  for (int r = 1; r < ranks; r++) starts[r] = starts[r - 1] + counts[r - 1];
  const int total = starts[ranks - 1] + counts[ranks - 1];
  MPI_Allgatherv(mine, n, VOLLEY_MPI_GID, all, counts, starts, VOLLEY_MPI_GID, MPI_COMM_WORLD);
  qsort(all, (size_t)total, sizeof *all, ascending);
  free(counts);
  free(starts);
  return (uint32_t)total;
}

static void expect_spikes(const volley_step_spikes *spikes, int64_t step, volley_gid *all) {
  assert_int_equal(spikes->step, step);
  const uint32_t n = gather(step, all);
  assert_int_equal(spikes->n, n);
  if (n > 0) assert_memory_equal(spikes->gids, all, n * sizeof *all);
}

/* Adds this rank's spikes in some pieces, as the blocks of a rank do. */
static void add_spikes(void *exchange, int64_t step) {
  volley_gid gids[MOST];
  const uint32_t n = spikes_of(rank, step, gids);
  kind->add(exchange, gids, n / 3);
  kind->add(exchange, gids + n / 3, 0);
  kind->add(exchange, gids + n / 3, n - n / 3);
}

/* Two bits now and then. */
static unsigned request_of(int of_rank, int64_t step) {
  const uint32_t dice = word(of_rank, step, MOST + 5) % 16;
  return dice < 4 ? dice : 0;
}

/* What all ranks asked for in some steps. */
static unsigned requests_in(int64_t first, int64_t end) {
  unsigned requests = 0;
  for (int64_t step = first; step < end; step++) {
    for (int r = 0; r < ranks; r++) requests |= request_of(r, step);
  }
  return requests;
}

/* draining: now and then all spikes are to be known at once, as before a checkpoint. */
static void expect_exchange_drained(int batch, int min_delay, int64_t first, int64_t steps, bool draining) {
  const volley_exchange_setup setup = {
      .comm = MPI_COMM_WORLD, .batch = batch, .lag = min_delay, .first_step = first, .usual = 120};
  void *exchange = kind->create(&setup);
  volley_gid *all = volley_alloc((size_t)ranks * MOST, sizeof *all, "test");
  int64_t next = first, drained = first;
  unsigned told = 0;
  int64_t unknown = 0; /* spikes that were got and not counted yet */
  for (int64_t step = first; step < first + steps; step++) {
    const bool all_due = step == first + steps - 1 || (draining && word(ranks, step, 0) % 5 == 0);
    add_spikes(exchange, step);
    kind->post(exchange, request_of(rank, step), all_due);
    const volley_exchanged got = kind->complete(exchange, step, all_due);
    for (int s = 0; s < got.n_steps; s++) {
      assert_true(next + min_delay > step); /* acts before the update of step + 1 at the earliest */
      expect_spikes(&got.steps[s], next++, all);
      unknown += got.steps[s].n;
    }
    unknown -= (int64_t)got.spikes;
    told |= got.requests;
    assert_int_equal(got.requests & ~requests_in(drained, step + 1), 0);
    if (all_due) {
      assert_int_equal(unknown, 0);
      assert_int_equal(told, requests_in(drained, step + 1));
      drained = step + 1;
      told = 0;
    }
    assert_true(next + min_delay > step + 1); /* all that acts before the next update is known */
    assert_true(all_due ? next == step + 1 : next <= step + 1);
    assert_true(got.waited >= 0);
  }
  assert_int_equal(next, first + steps);
  free(all);
  kind->destroy(exchange);
}

static void expect_exchange(int batch, int min_delay, int64_t first, int64_t steps) {
  expect_exchange_drained(batch, min_delay, first, steps, false);
  expect_exchange_drained(batch, min_delay, first, steps, true);
}

static void test_every_interval(void **state) {
  (void)state;
  static const int delays[] = {1, 2, 7, 40};
  for (int d = 0; d < 4; d += is_first ? 1 : 2) {
    const int batches[] = {1, 3, delays[d]};
    for (int b = 0; b < 3; b++) {
      if ((!is_first && b == 1) || batches[b] > delays[d] || (b == 2 && delays[d] == 1)) continue;
      seed++;
      expect_exchange(batches[b], delays[d], 0, STEPS);
      if (is_first) expect_exchange(batches[b], delays[d], INT64_C(5000000000), 50);
    }
  }
}

/* Runs that end within the first batch, or within the second. */
static void test_short_runs(void **state) {
  (void)state;
  for (int64_t steps = 1; steps < 18; steps += is_first ? 1 : 8) {
    seed++;
    expect_exchange(1, 15, 0, steps);
    expect_exchange(8, 15, 3, steps);
    expect_exchange(15, 15, 0, steps);
  }
}

/* min_delay far beyond the number of exchanges that may be under way. */
static void test_long_delay(void **state) {
  (void)state;
  seed++;
  if (!is_first) return;
  expect_exchange(1, 3000, 0, 200);
  expect_exchange(2, 3000, 0, 200);
  expect_exchange(3000, 3000, 0, 30);
}

/* Nothing but silence, and a single loud rank, the last one. */
static void test_silence(void **state) {
  (void)state;
  for (int loud = 0; loud < 2; loud++) {
    void *exchange = kind->create(&(volley_exchange_setup){.comm = MPI_COMM_WORLD, .batch = 1, .lag = 1, .usual = 120});
    for (int64_t step = 0; step < 20; step++) {
      volley_gid gids[MOST];
      for (uint32_t k = 0; k < MOST; k++) gids[k] = MOST - k;
      if (loud && rank == ranks - 1) kind->add(exchange, gids, MOST);
      kind->post(exchange, 0, step == 19);
      const volley_exchanged got = kind->complete(exchange, step, step == 19);
      assert_int_equal(got.n_steps, 1);
      assert_int_equal(got.steps->n, loud ? MOST : 0);
      for (uint32_t k = 0; k < got.steps->n; k++) assert_int_equal(got.steps->gids[k], k + 1);
    }
    kind->destroy(exchange);
  }
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_interval), cmocka_unit_test(test_short_runs),
                                     cmocka_unit_test(test_long_delay), cmocka_unit_test(test_silence)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  int failed = 0;
  for (const volley_exchange_kind *const *k = volley_exchange_kinds(); *k; k++) {
    kind = *k;
    is_first = k == volley_exchange_kinds();
    failed |= cmocka_run_group_tests_name(kind->name, tests, NULL, NULL);
  }
  MPI_Finalize();
  return failed;
}
