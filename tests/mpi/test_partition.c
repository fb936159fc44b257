/* Every neuron belongs to exactly one rank, evenly, whatever the sizes; a partitioner that breaks this is found out. */
#include "partition/partition.h"
#include "support/experiments.h"

#include <limits.h>
#include <math.h>
#include <mpi.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static int rank, ranks;

/* Sizes of populations; 0 ends a row. */
static const uint32_t sizes[][12] = {
    {1},
    {2},
    {3},
    {7},
    {1000},
    {1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
    {5, 1, 100, 1, 3},
    {2, 2, 2, 2, 2, 2},
    {20683, 5834, 1065},
};
enum { NETS = sizeof sizes / sizeof *sizes };

static volley_experiment *make_experiment(int net, const volley_partitioner *partitioner) {
  volley_experiment *e = experiment_make(1);
  for (int p = 0; p < 12 && sizes[net][p] > 0; p++) experiment_add_population(e, "P", "parrot", sizes[net][p]);
  e->simulation.partitioner = partitioner;
  return e;
}

/* The part of a rank, made by this process alone. */
static volley_partition *make_part(const volley_experiment *e, int of_rank, int of_ranks) {
  volley_partition *partition = NULL;
  assert_int_equal(volley_partition_create(e, of_rank, of_ranks, NULL, MPI_COMM_SELF, &partition), VOLLEY_OK);
  return partition;
}

/* The balance on a number of ranks. */
static volley_balance find_balance(const volley_experiment *e, int of_ranks, const double *loads) {
  volley_owners owners;
  assert_int_equal(volley_owners_find(e, of_ranks, NULL, MPI_COMM_SELF, &owners), VOLLEY_OK);
  const volley_balance balance = volley_partition_balance(&owners, loads);
  volley_owners_release(&owners);
  return balance;
}

/* Marks the neurons of one rank's part; checks its order, its counts and the map back from gids. */
static void take_part(const volley_experiment *e, int of_rank, int of_ranks, uint8_t *taken) {
  volley_partition *partition = make_part(e, of_rank, of_ranks);
  uint32_t count = 0;
  for (int p = 0; p < e->n_populations; p++) {
    const volley_population *population = &e->populations[p];
    const uint32_t n = partition->counts[p], share = (population->size + (uint32_t)of_ranks - 1) / (uint32_t)of_ranks;
    assert_int_equal(e->simulation.partitioner->count(&partition->owners, p, of_rank), n);
    if (n > share) fail_msg("rank %d of %d has %u of %u neurons", of_rank, of_ranks, n, population->size);
    for (uint32_t i = 0; i < n; i++) {
      const uint32_t gid = partition->gids[p][i];
      assert_in_range(gid, population->first_gid, population->first_gid + population->size - 1);
      assert_true(i == 0 || gid > partition->gids[p][i - 1]);
      assert_int_equal(volley_partition_owner(partition, p, gid - population->first_gid), of_rank);
      taken[gid]++;
    }
    count += n;
  }
  assert_int_equal(partition->count, count);
  volley_partition_destroy(partition);
}

/* All parts of all numbers of ranks, looked at from this process alone. */
static void test_every_neuron_once(void **state) {
  (void)state;
  for (const volley_partitioner *const *partitioner = volley_partitioners(); *partitioner; partitioner++) {
    for (int net = 0; net < NETS; net++) {
      volley_experiment *e = make_experiment(net, *partitioner);
      for (int of_ranks = 1; of_ranks <= 17; of_ranks++) {
        uint8_t *taken = volley_alloc(e->neurons, 1, "test");
        for (int r = 0; r < of_ranks; r++) take_part(e, r, of_ranks, taken);
        for (uint32_t gid = 0; gid < e->neurons; gid++) assert_int_equal(taken[gid], 1);
        free(taken);
      }
      volley_experiment_destroy(e);
    }
  }
}

/* Many small populations do not pile up on one rank. */
static void test_small_populations_spread(void **state) {
  (void)state;
  for (const volley_partitioner *const *partitioner = volley_partitioners(); *partitioner; partitioner++) {
    volley_experiment *e = make_experiment(5, *partitioner);
    for (int of_ranks = 2; of_ranks <= 10; of_ranks++) {
      for (int r = 0; r < of_ranks; r++) {
        volley_partition *partition = make_part(e, r, of_ranks);
        assert_in_range(partition->count, 10 / of_ranks, (10 + of_ranks - 1) / of_ranks);
        volley_partition_destroy(partition);
      }
    }
    volley_experiment_destroy(e);
  }
}

/* As many ranks as a number of ranks can say, in no more memory than for one. */
static void test_balance_of_many(void **state) {
  (void)state;
  for (const volley_partitioner *const *partitioner = volley_partitioners(); *partitioner; partitioner++) {
    volley_experiment *e = make_experiment(4, *partitioner);
    const volley_balance balance = find_balance(e, INT_MAX, NULL);
    assert_true(balance.least == 0 && balance.most == 1);
    assert_true(fabs(balance.mean * INT_MAX - e->neurons) < 1e-6);
    volley_experiment_destroy(e);
  }
}

static volley_status check(int net, const volley_partitioner *partitioner) {
  volley_experiment *e = make_experiment(net, partitioner);
  volley_partition *partition = make_part(e, rank, ranks);
  const volley_status status = volley_partition_check(partition, MPI_COMM_WORLD);
  volley_partition_destroy(partition);
  volley_experiment_destroy(e);
  return status;
}

static void test_check_passes(void **state) {
  (void)state;
  for (const volley_partitioner *const *partitioner = volley_partitioners(); *partitioner; partitioner++) {
    for (int net = 0; net < NETS; net++) assert_int_equal(check(net, *partitioner), VOLLEY_OK);
  }
}

static int owner_beyond(const volley_owners *owners, int population, uint32_t index) {
  const uint32_t n = (uint32_t)owners->ranks;
  return index == owners->experiment->populations[population].size - 1 ? (int)n : (int)(index % n);
}

static int owner_negative(const volley_owners *owners, int population, uint32_t index) {
  (void)population;
  return index == 2 ? -1 : (int)(index % (uint32_t)owners->ranks);
}

/* Rank 0 takes one neuron too many: with one rank that is right. */
static int owner_twice(const volley_owners *owners, int population, uint32_t index) {
  (void)population;
  return rank == 0 && index == 1 ? 0 : (int)(index % (uint32_t)owners->ranks);
}

/* As many as there are, but neuron 1 is held by nobody and neuron 0 by rank 0 and the last. */
static int owner_swapped(const volley_owners *owners, int population, uint32_t index) {
  (void)population;
  if (index == 1) return -1;
  return index == 0 ? rank == owners->ranks - 1 ? rank : 0 : (int)(index % (uint32_t)owners->ranks);
}

static void test_check_fails(void **state) {
  (void)state;
  const volley_partitioner beyond = {.name = "beyond", .owner = owner_beyond};
  const volley_partitioner negative = {.name = "negative", .owner = owner_negative};
  const volley_partitioner twice = {.name = "twice", .owner = owner_twice};
  const volley_partitioner swapped = {.name = "swapped", .owner = owner_swapped};
  for (int net = 0; net < NETS; net++) assert_int_equal(check(net, &beyond), VOLLEY_FAILURE);
  assert_int_equal(check(4, &negative), VOLLEY_FAILURE);
  assert_int_equal(check(4, &twice), ranks > 1 ? VOLLEY_FAILURE : VOLLEY_OK);
  assert_int_equal(check(4, &swapped), VOLLEY_FAILURE);
  assert_int_equal(check(4, volley_partitioners()[0]), VOLLEY_OK);
}

/* Loads of the ranks, counted again from their parts: neurons, or a weight for each population. */
static void test_balance(void **state) {
  (void)state;
  static const double loads[] = {1, 20, 0.5, 3, 7};
  for (const volley_partitioner *const *partitioner = volley_partitioners(); *partitioner; partitioner++) {
    volley_experiment *e = make_experiment(6, *partitioner);
    for (int of_ranks = 1; of_ranks <= 300; of_ranks += of_ranks < 7 ? 1 : 97) { /* also more than there are neurons */
      for (int weighted = 0; weighted < 2; weighted++) {
        double least = 1e300, most = 0, sum = 0;
        for (int r = 0; r < of_ranks; r++) {
          volley_partition *partition = make_part(e, r, of_ranks);
          double load = 0;
          for (int p = 0; p < e->n_populations; p++) load += partition->counts[p] * (weighted ? loads[p] : 1);
          least = load < least ? load : least;
          most = load > most ? load : most;
          sum += load;
          volley_partition_destroy(partition);
        }
        const volley_balance balance = find_balance(e, of_ranks, weighted ? loads : NULL);
        assert_true(fabs(balance.least - least) < 1e-9 && fabs(balance.most - most) < 1e-9);
        assert_true(fabs(balance.mean - sum / of_ranks) < 1e-9);
      }
    }
    volley_experiment_destroy(e);
  }
}

/* A partitioner with keys and a state: owners are read from a list, again and again. */
typedef struct listed_owners {
  volley_list owners;
} listed_owners;

typedef struct listed_state {
  int *owners; /* [neurons] */
} listed_state;

static int made; /* states that are there */

static volley_status listed_create(volley_owners *owners, const volley_reader *reader, MPI_Comm comm) {
  const listed_owners *list = owners->experiment->simulation.partition_parameters;
  listed_state *state = volley_alloc(1, sizeof *state, "test");
  (void)reader;
  (void)comm;
  state->owners = volley_alloc(owners->experiment->neurons, sizeof *state->owners, "test");
  for (uint32_t gid = 0; gid < owners->experiment->neurons; gid++)
    state->owners[gid] = (int)list->owners.values[gid % (uint32_t)list->owners.n] % owners->ranks;
  owners->state = state;
  made++;
  return VOLLEY_OK;
}

static void listed_destroy(void *context) {
  listed_state *state = context;
  free(state->owners);
  free(state);
  made--;
}

static int listed_owner(const volley_owners *owners, int population, uint32_t index) {
  const listed_state *state = owners->state;
  return state->owners[owners->experiment->populations[population].first_gid + index];
}

static uint32_t listed_count(const volley_owners *owners, int population, int of_rank) {
  uint32_t n = 0;
  for (uint32_t i = 0; i < owners->experiment->populations[population].size; i++)
    n += listed_owner(owners, population, i) == of_rank;
  return n;
}

static const volley_key_info listed_keys[] = {
    {.name = "owners", .type = VOLLEY_KEY_LIST, .offset = offsetof(listed_owners, owners)}};

static const volley_partitioner listed = {.name = "listed",
                                          .doc = "ranks as they are listed",
                                          VOLLEY_KEYS(listed_keys),
                                          .size = sizeof(listed_owners),
                                          .create = listed_create,
                                          .destroy = listed_destroy,
                                          .owner = listed_owner,
                                          .count = listed_count};

static void test_state(void **state) {
  (void)state;
  double ranks_listed[] = {2, 0, 0, 1, 3, 0, 1};
  const listed_owners list = {{ranks_listed, 7}};
  volley_experiment *e = make_experiment(6, &listed);
  e->simulation.partition_parameters = &list;
  for (int of_ranks = 1; of_ranks <= 5; of_ranks++) {
    uint32_t total = 0;
    for (int r = 0; r < of_ranks; r++) {
      volley_partition *partition = make_part(e, r, of_ranks);
      for (int p = 0; p < e->n_populations; p++) {
        assert_int_equal(partition->counts[p], listed_count(&partition->owners, p, r));
        for (uint32_t i = 0; i < partition->counts[p]; i++)
          assert_int_equal((int)ranks_listed[partition->gids[p][i] % 7] % of_ranks, r);
      }
      total += partition->count;
      volley_partition_destroy(partition);
    }
    assert_int_equal(total, e->neurons);
    assert_true(fabs(find_balance(e, of_ranks, NULL).mean - e->neurons / (double)of_ranks) < 1e-9);
  }
  volley_partition *partition = make_part(e, rank, ranks);
  assert_int_equal(volley_partition_check(partition, MPI_COMM_WORLD), VOLLEY_OK);
  volley_partition_destroy(partition);
  assert_int_equal(made, 0);
  volley_experiment_destroy(e);
}

static void test_find(void **state) {
  (void)state;
  assert_string_equal(volley_partitioner_find("block")->name, "block");
  assert_string_equal(volley_partitioner_find("round_robin")->name, "round_robin");
  assert_null(volley_partitioner_find("rounds"));
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_neuron_once),
                                     cmocka_unit_test(test_small_populations_spread),
                                     cmocka_unit_test(test_check_passes),
                                     cmocka_unit_test(test_check_fails),
                                     cmocka_unit_test(test_balance),
                                     cmocka_unit_test(test_balance_of_many),
                                     cmocka_unit_test(test_state),
                                     cmocka_unit_test(test_find)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
