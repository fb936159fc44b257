/* Every neuron belongs to exactly one rank, evenly, whatever the sizes; a partitioner that breaks this is found out. */
#include "base/random.h"
#include "network/network.h"
#include "partition/cost.h"
#include "partition/partition.h"
#include "space/space.h"
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

/* Whether a partitioner takes an experiment on so many ranks. */
static bool takes(const volley_experiment *e, int of_ranks) {
  char why[512];
  const volley_partitioner *partitioner = e->simulation.partitioner;
  return !partitioner->refuses || !partitioner->refuses(e, of_ranks, why, sizeof why);
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
    const bool cuts_all = !e->simulation.partitioner->create; /* each population into equal shares */
    if (cuts_all && n > share) fail_msg("rank %d of %d has %u of %u neurons", of_rank, of_ranks, n, population->size);
    for (uint32_t i = 0; i < n; i++) {
      const volley_gid gid = partition->gids[p][i];
      assert_in_range(gid, population->first_gid, population->first_gid + population->size - 1);
      assert_true(i == 0 || gid > partition->gids[p][i - 1]);
      assert_int_equal(volley_partition_owner(partition, p, volley_index_in(population, gid)), of_rank);
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
  if (ranks > 1) return; /* would be the same again */
  for (const volley_partitioner *const *partitioner = volley_partitioners(); *partitioner; partitioner++) {
    for (int net = 0; net < NETS; net++) {
      volley_experiment *e = make_experiment(net, *partitioner);
      for (int of_ranks = 1; of_ranks <= 17; of_ranks++) {
        const bool is_slow = !strcmp((*partitioner)->name, "graph"); /* every part cuts it anew */
        if (!takes(e, of_ranks) || (is_slow && of_ranks % 6 != 2)) continue;
        uint8_t *taken = volley_alloc(e->neurons, 1, "test");
        for (int r = 0; r < of_ranks; r++) take_part(e, r, of_ranks, taken);
        for (volley_gid gid = 0; gid < e->neurons; gid++) assert_int_equal(taken[gid], 1);
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
      if (!takes(e, of_ranks)) continue;
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
    if (!takes(e, INT_MAX)) {
      volley_experiment_destroy(e);
      continue;
    }
    const volley_balance balance = find_balance(e, INT_MAX, NULL);
    assert_true(balance.least == 0 && balance.most == 1);
    assert_true(fabs(balance.mean * INT_MAX - (double)e->neurons) < 1e-6);
    volley_experiment_destroy(e);
  }
}

static volley_status check(int net, const volley_partitioner *partitioner) {
  volley_experiment *e = make_experiment(net, partitioner);
  if (!takes(e, ranks)) return volley_experiment_destroy(e), VOLLEY_OK;
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
  if (ranks > 1) return;
  static const double loads[] = {1, 20, 0.5, 3, 7};
  for (const volley_partitioner *const *partitioner = volley_partitioners(); *partitioner; partitioner++) {
    volley_experiment *e = make_experiment(6, *partitioner);
    for (int of_ranks = 1; of_ranks <= 300; of_ranks += of_ranks < 7 ? 1 : 97) { /* also more than there are neurons */
      if (!takes(e, of_ranks) || (!strcmp((*partitioner)->name, "graph") && of_ranks > 3)) continue;
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
  for (volley_gid gid = 0; gid < owners->experiment->neurons; gid++)
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
    assert_true(fabs(find_balance(e, of_ranks, NULL).mean - (double)e->neurons / of_ranks) < 1e-9);
  }
  volley_partition *partition = make_part(e, rank, ranks);
  assert_int_equal(volley_partition_check(partition, MPI_COMM_WORLD), VOLLEY_OK);
  volley_partition_destroy(partition);
  assert_int_equal(made, 0);
  volley_experiment_destroy(e);
}

/* Populations whose neurons cost more or less, many of them small: the costliest share is near the mean where `weighted` makes
 * the shares, and not where each population is cut by itself. */
static void test_weighted(void **state) {
  (void)state;
  static const char *const models[] = {"parrot", "hh_cond_exp_traub", "iaf_psc_exp"};
  volley_experiment *e = experiment_make(1);
  double costs[120];
  for (uint32_t p = 0; p < 120; p++) experiment_add_population(e, "P", models[p % 3], 20 + 37 * p * p % 53);
  volley_costs_find(e, NULL, costs);
  assert_true(costs[1] > 5 * costs[0]);
  for (int weighted = 0; weighted < 2; weighted++) {
    e->simulation.partitioner = volley_partitioner_find(weighted ? "weighted" : "block");
    const volley_balance balance = find_balance(e, 61, costs);
    assert_true((balance.most < 1.05 * balance.mean) == weighted);
  }
  volley_experiment_destroy(e);
}

/* Neurons that lie on a sheet in no order: a tile has as many as the next, also where few or all lie in one place. */
static void test_tiles(void **state) {
  (void)state;
  volley_experiment *e = experiment_make(1);
  const uint32_t n = 3000;
  double *places = volley_alloc(2 * n, sizeof *places, "test");
  for (uint32_t i = 0; i < 2 * n; i++) places[i] = i < n ? 0.25 : (double)(volley_scramble(i) % 1000) * 1e-3;
  experiment_add_population(e, "P", "parrot", n);
  volley_position_plan plan = {
      .arrangement = VOLLEY_ARRANGED_FILE, .dimensions = 2, .extent = {1, 1}, .centre = {0.5, 0.5}};
  e->populations[0].positions = &plan;
  e->populations[0].space = volley_space_create(e->arena, &plan, places, n, 1, 0);
  e->simulation.partitioner = volley_partitioner_find("tiles");
  for (int of_ranks = 1; of_ranks < 40; of_ranks += 6) {
    uint8_t *taken = volley_alloc(n, 1, "test");
    for (int r = 0; r < of_ranks; r++) take_part(e, r, of_ranks, taken);
    for (volley_gid gid = 0; gid < n; gid++) assert_int_equal(taken[gid], 1);
    const volley_balance balance = find_balance(e, of_ranks, NULL);
    assert_true(balance.most - balance.least <= 2);
    free(taken);
  }
  free(places);
  volley_experiment_destroy(e);
}

/* Neurons along a ring: places that follow an order are found as soon as others, or this takes hours. */
static void test_ring(void **state) {
  (void)state;
  volley_experiment *e = experiment_make(1);
  const uint32_t n = 400000;
  double *places = volley_alloc(2 * n, sizeof *places, "test");
  for (uint32_t i = 0; i < n; i++)
    places[2 * i] = cos(6.283185307 * i / n), places[2 * i + 1] = sin(6.283185307 * i / n);
  experiment_add_population(e, "P", "parrot", n);
  volley_position_plan plan = {.arrangement = VOLLEY_ARRANGED_FILE, .dimensions = 2, .extent = {2, 2}};
  e->populations[0].positions = &plan;
  e->populations[0].space = volley_space_create(e->arena, &plan, places, n, 1, 0);
  e->simulation.partitioner = volley_partitioner_find("tiles");
  const volley_balance balance = find_balance(e, 3, NULL);
  assert_true(balance.most - balance.least <= 2);
  free(places);
  volley_experiment_destroy(e);
}

/* One rank's neurons of a hundred million take memory for these alone. */
static void test_huge(void **state) {
  static const char *const kinds[] = {"block", "round_robin", "weighted", "areas"};
  (void)state;
  volley_experiment *e = experiment_make(1);
  experiment_add_population(e, "E", "iaf_psc_exp", 80000000);
  experiment_add_population(e, "I", "iaf_psc_exp", 20000000);
  const uint64_t before = volley_peak_rss();
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
    e->simulation.partitioner = volley_partitioner_find(kinds[k]);
    volley_partition *partition = make_part(e, 5000, 10000);
    assert_in_range(partition->count, 9999, 10001);
    volley_partition_destroy(partition);
  }
  assert_true(volley_peak_rss() - before < 10000000);
  volley_experiment_destroy(e);
}

/* One rank's share of the largest network that gids of 32 bits can name, or of ten thousand million neurons, with its synapses, takes
 * memory for these alone. */
static void test_largest(void **state) {
  (void)state;
  if (ranks > 1) return;
  static const uint32_t of_narrow[] = {3000000000, UINT32_MAX - 3000000000},
                        of_wide[] = {4000000000, 4000000000, 2000000000};
  const uint32_t *large = VOLLEY_GID_BITS == 64 ? of_wide : of_narrow;
  const int n = VOLLEY_GID_BITS == 64 ? 3 : 2, last = n - 1;
  const volley_reader none = {0};
  const uint32_t of_ranks = 200000;
  volley_experiment *e = experiment_make(1);
  for (int p = 0; p < n; p++) experiment_add_population(e, "P", "iaf_psc_exp", large[p]);
  for (int p = 0; p < n; p++) experiment_add_projection(e, p, last, "fixed_indegree")->number = 20;
  const uint64_t before = volley_peak_rss();
  volley_network *share = NULL;
  assert_int_equal(volley_network_build_share(e, &none, (int)of_ranks - 1, (int)of_ranks, 1, MPI_COMM_SELF, &share),
                   VOLLEY_OK);
  const volley_partition *part = share->partition;
  for (int p = 0; p < n; p++) assert_in_range(part->counts[p], large[p] / of_ranks, large[p] / of_ranks + 1);
  assert_int_equal(part->gids[last][part->counts[last] - 1], e->neurons - 1);
  assert_int_equal(share->synapses, 20 * n * (int)part->counts[last]);
  volley_gid *gids = volley_source_index_gids(&share->blocks[0].table.sources);
  uint32_t above = 0, rows = share->blocks[0].table.sources.n_rows;
  for (uint32_t k = 0; k < rows; k++) above += gids[k] >= e->populations[last].first_gid;
  assert_true(rows > 250000 && fabs((double)above / rows - 1.0 / n) < 0.01 && gids[rows - 1] > e->neurons - 200000);
  assert_true(volley_peak_rss() - before < 100000000);
  free(gids);
  volley_network_destroy(share);
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
                                     cmocka_unit_test(test_weighted),
                                     cmocka_unit_test(test_tiles),
                                     cmocka_unit_test(test_ring),
                                     cmocka_unit_test(test_huge),
                                     cmocka_unit_test(test_largest),
                                     cmocka_unit_test(test_find)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
