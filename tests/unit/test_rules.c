/* Connection rules: who is connected, how often, with which weights and delays, however the targets are cut. */
#include "network/network.h"
#include "rule/rule.h"
#include "support/experiments.h"
#include "support/statistics.h"
#include "support/tables.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two populations behind another one, so that gids and indices differ; the second reaches beyond a slice. */
enum { OTHER = 13, N_A = 400, N_B = 2500 };

typedef struct degrees {
  double *in, *out; /* [n_target], [n_source] */
  uint64_t *in_counts, *out_counts;
  uint32_t n_in, n_out;
  uint64_t edges, selves, repeats; /* edges; from a neuron to itself; of a pair that has one already */
} degrees;

static volley_experiment *make_experiment(uint32_t seed) {
  volley_experiment *e = experiment_make(seed);
  experiment_add_population(e, "other", "parrot", OTHER);
  experiment_add_population(e, "A", "iaf_psc_exp", N_A);
  experiment_add_population(e, "B", "iaf_psc_exp", N_B);
  return e;
}

static table_edge *build(const volley_experiment *e, int threads, uint64_t *n) {
  volley_network *network;
  assert_int_equal(volley_network_build(e, NULL, threads, MPI_COMM_SELF, &network), VOLLEY_OK);
  table_edge *edges = tables_network_edges(network);
  *n = network->synapses;
  volley_network_destroy(network);
  return edges;
}

/* Builds the experiment's only projection and counts. */
static degrees count_degrees(const volley_experiment *e, int threads) {
  const volley_population *source = &e->populations[e->projections[0].source];
  const volley_population *target = &e->populations[e->projections[0].target];
  degrees d = {.n_in = target->size, .n_out = source->size};
  d.in = volley_alloc(d.n_in, sizeof *d.in, "test");
  d.out = volley_alloc(d.n_out, sizeof *d.out, "test");
  d.in_counts = volley_alloc(d.n_in, sizeof *d.in_counts, "test");
  d.out_counts = volley_alloc(d.n_out, sizeof *d.out_counts, "test");
  table_edge *edges = build(e, threads, &d.edges);
  for (uint64_t k = 0; k < d.edges; k++) {
    assert_in_range(edges[k].source, source->first_gid, source->first_gid + source->size - 1);
    assert_in_range(edges[k].target, target->first_gid, target->first_gid + target->size - 1);
    d.in_counts[edges[k].target - target->first_gid]++;
    d.out_counts[edges[k].source - source->first_gid]++;
    d.selves += edges[k].source == edges[k].target;
    d.repeats += k > 0 && edges[k].source == edges[k - 1].source && edges[k].target == edges[k - 1].target;
  }
  for (uint32_t i = 0; i < d.n_in; i++) d.in[i] = (double)d.in_counts[i];
  for (uint32_t i = 0; i < d.n_out; i++) d.out[i] = (double)d.out_counts[i];
  free(edges);
  return d;
}

static void free_degrees(degrees *d) {
  free(d->in);
  free(d->out);
  free(d->in_counts);
  free(d->out_counts);
}

/* One projection between populations 1 (A) and 2 (B). */
static degrees connect(const char *rule, int source, int target, uint64_t number, bool autapses, bool multapses) {
  volley_experiment *e = make_experiment(12345);
  volley_projection *projection = experiment_add_projection(e, source, target, rule);
  projection->number = number;
  projection->probability = 0.1;
  projection->autapses = autapses;
  projection->multapses = multapses;
  const degrees d = count_degrees(e, 1);
  volley_experiment_destroy(e);
  return d;
}

static void expect_all(const uint64_t *counts, uint32_t n, uint64_t count) {
  for (uint32_t i = 0; i < n; i++) assert_int_equal(counts[i], count);
}

static void test_one_to_one(void **state) {
  (void)state;
  for (int autapses = 0; autapses < 2; autapses++) {
    volley_experiment *e = make_experiment(1);
    experiment_add_population(e, "C", "iaf_psc_exp", N_B);
    experiment_add_projection(e, 2, 3, "one_to_one")->autapses = autapses;
    uint64_t n;
    table_edge *edges = build(e, 1, &n);
    assert_int_equal(n, N_B);
    for (uint32_t i = 0; i < N_B; i++) {
      assert_int_equal(edges[i].source, e->populations[2].first_gid + i);
      assert_int_equal(edges[i].target, e->populations[3].first_gid + i);
    }
    free(edges);
    volley_experiment_destroy(e);
    degrees d = connect("one_to_one", 1, 1, 0, autapses, true);
    assert_int_equal(d.edges, autapses ? N_A : 0);
    assert_int_equal(d.selves, d.edges);
    free_degrees(&d);
  }
}

static void test_all_to_all(void **state) {
  (void)state;
  degrees d = connect("all_to_all", 1, 2, 0, true, true);
  expect_all(d.in_counts, N_B, N_A);
  expect_all(d.out_counts, N_A, N_B);
  assert_int_equal(d.repeats, 0);
  free_degrees(&d);
  for (int autapses = 0; autapses < 2; autapses++) {
    d = connect("all_to_all", 1, 1, 0, autapses, true);
    expect_all(d.in_counts, N_A, N_A - !autapses);
    expect_all(d.out_counts, N_A, N_A - !autapses);
    assert_int_equal(d.repeats, 0);
    assert_int_equal(d.selves, autapses ? N_A : 0);
    free_degrees(&d);
  }
}

/* `fixed` neurons choose `number` of `chosen` each: with repetition the degrees of the chosen are multinomial, without
 * the variance is that of independent draws without return, summed. */
static double chosen_variance(double fixed, double number, double chosen, bool multapses) {
  return multapses ? fixed * number / chosen : fixed * number / chosen * (chosen - number) / (chosen - 1);
}

static void test_fixed_indegree(void **state) {
  (void)state;
  for (int multapses = 0; multapses < 2; multapses++) {
    degrees d = connect("fixed_indegree", 1, 2, 150, true, multapses);
    expect_all(d.in_counts, N_B, 150);
    expect_dispersion(statistics_dispersion(d.out, N_A, chosen_variance(N_B, 150, N_A, multapses)));
    assert_true(multapses ? d.repeats > 1000 : d.repeats == 0);
    free_degrees(&d);
  }
  degrees d = connect("fixed_indegree", 1, 2, N_A, true, false);
  expect_all(d.out_counts, N_A, N_B);
  free_degrees(&d);
}

static void test_fixed_outdegree(void **state) {
  (void)state;
  for (int multapses = 0; multapses < 2; multapses++) {
    degrees d = connect("fixed_outdegree", 2, 1, 150, true, multapses);
    expect_all(d.out_counts, N_B, 150);
    expect_dispersion(statistics_dispersion(d.in, N_A, chosen_variance(N_B, 150, N_A, multapses)));
    assert_true(multapses ? d.repeats > 1000 : d.repeats == 0);
    free_degrees(&d);
  }
}

/* Drawing T of the Ns Nt pairs: with return both degrees are multinomial, without they are hypergeometric. */
static void test_fixed_total_number(void **state) {
  (void)state;
  const double total = 300000, pairs = (double)N_A * N_B;
  for (int multapses = 0; multapses < 2; multapses++) {
    degrees d = connect("fixed_total_number", 1, 2, (uint64_t)total, true, multapses);
    const double shrink = multapses ? 1 : (pairs - total) / (pairs - 1);
    assert_int_equal(d.edges, (uint64_t)total);
    expect_dispersion(statistics_dispersion(d.in, N_B, total / N_B * shrink));
    expect_dispersion(statistics_dispersion(d.out, N_A, total / N_A * shrink));
    const double binomial[] = {total, 1.0 / N_B}, hypergeometric[] = {pairs, N_A, total};
    expect_fit(multapses ? statistics_integers(d.in_counts, N_B, statistics_binomial, binomial, 40, 220)
                         : statistics_integers(d.in_counts, N_B, statistics_hypergeometric, hypergeometric, 40, 220));
    assert_true(multapses ? d.repeats > 1000 : d.repeats == 0);
    free_degrees(&d);
  }
}

static void test_pairwise_bernoulli(void **state) {
  (void)state;
  degrees d = connect("pairwise_bernoulli", 1, 2, 0, true, true);
  const double in[] = {N_A, 0.1}, out[] = {N_B, 0.1};
  expect_fit(statistics_integers(d.in_counts, N_B, statistics_binomial, in, 0, N_A));
  expect_fit(statistics_integers(d.out_counts, N_A, statistics_binomial, out, 0, N_B));
  expect_dispersion(statistics_dispersion(d.out, N_A, N_B * 0.1 * 0.9));
  assert_int_equal(d.repeats, 0);
  free_degrees(&d);
  d = connect("pairwise_bernoulli", 1, 1, 0, false, true);
  const double others[] = {N_A - 1, 0.1};
  expect_fit(statistics_integers(d.in_counts, N_A, statistics_binomial, others, 0, N_A));
  expect_fit(statistics_integers(d.out_counts, N_A, statistics_binomial, others, 0, N_A));
  free_degrees(&d);
}

static void test_bernoulli_limits(void **state) {
  (void)state;
  for (int p = 0; p < 2; p++) {
    volley_experiment *e = make_experiment(5);
    experiment_add_projection(e, 1, 1, "pairwise_bernoulli")->probability = p;
    degrees d = count_degrees(e, 1);
    expect_all(d.in_counts, N_A, p ? N_A : 0);
    assert_int_equal(d.repeats, 0);
    free_degrees(&d);
    volley_experiment_destroy(e);
  }
}

static void test_no_autapses(void **state) {
  (void)state;
  static const char *const rules[] = {"fixed_indegree", "fixed_outdegree", "fixed_total_number", "pairwise_bernoulli"};
  for (int r = 0; r < 4; r++) {
    for (int multapses = 0; multapses < 2; multapses++) {
      const uint64_t number = r == 2 ? 100000 : N_A - 1;
      degrees with = connect(rules[r], 1, 1, number, true, multapses);
      degrees without = connect(rules[r], 1, 1, number, false, multapses);
      assert_true(with.selves > 0);
      assert_int_equal(without.selves, 0);
      assert_true(multapses || without.repeats == 0);
      if (r < 2 && !multapses) expect_all(without.in_counts, N_A, N_A - 1);
      if (r < 2 && !multapses) expect_all(without.out_counts, N_A, N_A - 1);
      free_degrees(&with);
      free_degrees(&without);
    }
  }
}

/* A drawing of the first projection for some targets, as the build makes it. */
static volley_drawing draw_from(const volley_experiment *e, const uint32_t *targets, uint32_t count) {
  const volley_projection *projection = &e->projections[0];
  volley_drawing drawing = {
      .experiment = e,
      .projection = projection,
      .n_source = e->populations[projection->source].size,
      .n_target = e->populations[projection->target].size,
      .excludes_self = projection->source == projection->target && !projection->autapses,
      .partner = volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_PARTNER, 0),
      .split = volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_SPLIT, 0),
      .targets = targets,
      .count = count,
  };
  if (projection->rule->begin) projection->rule->begin(&drawing);
  return drawing;
}

/* Each set of 2 of 5 sources is equally likely without multapses, each pair in order with them. */
static void test_choice_is_uniform(void **state) {
  (void)state;
  enum { TRIALS = 20000 };
  for (int multapses = 0; multapses < 2; multapses++) {
    volley_experiment *e = experiment_make(9);
    experiment_add_population(e, "S", "parrot", 5);
    experiment_add_population(e, "T", "iaf_psc_exp", TRIALS);
    volley_projection *projection = experiment_add_projection(e, 0, 1, "fixed_indegree");
    projection->number = 2;
    projection->multapses = multapses;
    double observed[25] = {0}, expected[25] = {0};
    uint32_t target;
    volley_drawing drawing = draw_from(e, &target, 1);
    for (target = 0; target < TRIALS; target++) {
      projection->rule->draw(&drawing, 0);
      const uint32_t a = drawing.sources[0], b = drawing.sources[1];
      observed[multapses || a < b ? 5 * a + b : 5 * b + a]++;
    }
    for (int k = 0; k < 25; k++) expected[k] = multapses ? TRIALS / 25.0 : k / 5 < k % 5 ? TRIALS / 10.0 : 0;
    expect_fit(statistics_chi_square(observed, expected, 25));
    volley_drawing_release(&drawing);
    volley_experiment_destroy(e);
  }
}

/* Each way to put 4 synapses on the 2 x 3 pairs is equally likely: 15 sets, or 6^4 lists, of which the indegrees are
 * looked at. */
static void test_total_is_uniform(void **state) {
  (void)state;
  enum { TRIALS = 15000 };
  static const uint32_t targets[] = {0, 1, 2};
  double sets[64] = {0}, expected_sets[64] = {0}, indegrees[25] = {0}, expected_indegrees[25] = {0};
  volley_experiment *e = experiment_make(0);
  experiment_add_population(e, "S", "parrot", 2);
  experiment_add_population(e, "T", "iaf_psc_exp", 3);
  volley_projection *projection = experiment_add_projection(e, 0, 1, "fixed_total_number");
  projection->number = 4;
  for (uint32_t trial = 0; trial < 2 * TRIALS; trial++) {
    e->simulation.seed = trial;
    projection->multapses = trial >= TRIALS;
    volley_drawing drawing = draw_from(e, targets, 3);
    uint32_t set = 0;
    for (uint32_t i = 0; i < 3; i++) {
      projection->rule->draw(&drawing, i);
      for (size_t k = 0; k < drawing.n; k++) set |= 1u << (2 * i + drawing.sources[k]);
    }
    if (projection->multapses) {
      indegrees[5 * drawing.indegrees[0] + drawing.indegrees[1]]++;
    } else {
      sets[set]++;
    }
    volley_drawing_release(&drawing);
  }
  static const double factorial[] = {1, 1, 2, 6, 24};
  for (int a = 0; a < 5; a++) {
    for (int b = 0; a + b < 5; b++) {
      expected_indegrees[5 * a + b] = TRIALS / 81.0 * 24 / (factorial[a] * factorial[b] * factorial[4 - a - b]);
    }
  }
  for (unsigned set = 0; set < 64; set++) expected_sets[set] = __builtin_popcount(set) == 4 ? TRIALS / 15.0 : 0;
  expect_fit(statistics_chi_square(sets, expected_sets, 64));
  expect_fit(statistics_chi_square(indegrees, expected_indegrees, 25));
  volley_experiment_destroy(e);
}

/* The sources of a target are the same whichever other targets are drawn with it. */
static void test_drawn_in_any_cut(void **state) {
  (void)state;
  static const char *const rules[] = {"fixed_indegree", "fixed_total_number", "pairwise_bernoulli", "all_to_all"};
  for (int r = 0; r < 4; r++) {
    volley_experiment *e = make_experiment(3);
    volley_projection *projection = experiment_add_projection(e, 1, 1, rules[r]);
    *projection = (volley_projection){
        .rule = projection->rule, .source = 1, .target = 1, .number = r ? 50000 : 300, .probability = 0.3};
    uint32_t all[N_A], some[N_A];
    for (uint32_t i = 0; i < N_A; i++) all[i] = i;
    volley_drawing whole = draw_from(e, all, N_A);
    for (uint32_t part = 0; part < 7; part++) { /* every 7th, the first 1, the last few, ... */
      uint32_t n = 0;
      for (uint32_t i = 0; i < N_A; i++) {
        if (part < 4 ? i % 7 == part : part == 4 ? i == 0 : part == 5 ? i >= N_A - 3 : i / 100 == 1) some[n++] = i;
      }
      volley_drawing piece = draw_from(e, some, n);
      for (uint32_t i = 0; i < n; i++) {
        projection->rule->draw(&piece, i);
        projection->rule->draw(&whole, some[i]);
        assert_int_equal(piece.n, whole.n);
        assert_memory_equal(piece.sources, whole.sources, piece.n * sizeof *piece.sources);
      }
      volley_drawing_release(&piece);
    }
    volley_drawing_release(&whole);
    volley_experiment_destroy(e);
  }
}

static volley_experiment *make_of_every_rule(void) {
  volley_experiment *e = make_experiment(8);
  for (const volley_rule *const *rule = volley_rules(); *rule; rule++) {
    if ((*rule)->takes_file) continue;
    volley_projection *projection =
        experiment_add_projection(e, 1, strcmp((*rule)->name, "one_to_one") ? 2 : 1, (*rule)->name);
    projection->number = strcmp((*rule)->name, "fixed_total_number") ? 20 : 20000;
    projection->probability = 0.05;
    projection->weight =
        (volley_distribution){.kind = VOLLEY_NORMAL, .a = 10, .b = 20, .min = -INFINITY, .max = INFINITY};
    projection->delay =
        (volley_distribution){.kind = VOLLEY_EXPONENTIAL, .a = 2, .min = 0.1, .max = 50, .redraw = true};
  }
  return e;
}

/* Whole networks, with weights and delays, are the same for every number of threads. */
static void test_built_in_any_cut(void **state) {
  (void)state;
  volley_experiment *e = make_of_every_rule();
  uint64_t n, other_n;
  table_edge *edges = build(e, 1, &n);
  assert_true(n > 1000000);
  for (int threads = 2; threads < 8; threads += 2) {
    table_edge *other = build(e, threads, &other_n);
    assert_int_equal(other_n, n);
    assert_memory_equal(edges, other, n * sizeof *edges);
    free(other);
  }
  free(edges);
  volley_experiment_destroy(e);
}

/* Weights of either sign reach their receptors, follow their distribution, and so do delays, rounded to steps. */
static void test_weights_and_delays(void **state) {
  (void)state;
  enum { MAX_STEPS = 60, LAG = 1 };
  volley_experiment *e = make_experiment(77);
  volley_projection *projection = experiment_add_projection(e, 1, 2, "fixed_indegree");
  projection->number = 20;
  projection->weight =
      (volley_distribution){.kind = VOLLEY_NORMAL, .a = 20, .b = 30, .min = -INFINITY, .max = INFINITY};
  projection->delay =
      (volley_distribution){.kind = VOLLEY_NORMAL, .a = 1.5, .b = 0.75, .min = 0.05, .max = INFINITY, .redraw = true};
  const double weight[] = {20, 30}, delay[] = {1.5, 0.75};
  uint64_t n;
  table_edge *edges = build(e, 1, &n);
  double *weights = volley_alloc(n, sizeof *weights, "test");
  double observed[MAX_STEPS + 1] = {0}, expected[MAX_STEPS + 1] = {0};
  for (uint64_t k = 0; k < n; k++) {
    weights[k] = (double)edges[k].weight;
    assert_int_equal(edges[k].receptor, edges[k].weight < 0 ? 1 : 0);
    assert_in_range(edges[k].due, 1 + LAG, MAX_STEPS + LAG);
    observed[edges[k].due - LAG]++;
  }
  const double left = 1 - statistics_normal_below(0.05, delay);
  for (int s = 1; s <= MAX_STEPS; s++) {
    expected[s] = (double)n / left *
                  (statistics_normal_below(0.1 * s + 0.05, delay) - statistics_normal_below(0.1 * s - 0.05, delay));
  }
  expect_fit(statistics_ks(weights, n, statistics_normal_below, weight));
  expect_fit(statistics_chi_square(observed, expected, MAX_STEPS + 1));
  free(weights);
  free(edges);
  volley_experiment_destroy(e);
}

/* Delay and weight of one edge are independent of each other and of the source: no stream serves two purposes. */
static void test_values_are_independent(void **state) {
  (void)state;
  volley_experiment *e = make_experiment(78);
  volley_projection *projection = experiment_add_projection(e, 1, 2, "fixed_indegree");
  projection->number = 20;
  projection->weight = (volley_distribution){.kind = VOLLEY_UNIFORM, .a = 0, .b = 1, .min = -INFINITY, .max = INFINITY};
  projection->delay =
      (volley_distribution){.kind = VOLLEY_UNIFORM, .a = 0.05, .b = 10.05, .min = -INFINITY, .max = INFINITY};
  uint64_t n;
  table_edge *edges = build(e, 1, &n);
  double cells[3][16] = {{0}}, expected[16];
  for (uint64_t k = 0; k < n; k++) {
    const int w = (int)(edges[k].weight * 4), d = (edges[k].due - 2) / 25, s = (int)(edges[k].source - OTHER) * 4 / N_A;
    cells[0][4 * w + d]++;
    cells[1][4 * w + s]++;
    cells[2][4 * d + s]++;
  }
  for (int c = 0; c < 16; c++) expected[c] = (double)n / 16;
  for (int pair = 0; pair < 3; pair++) expect_fit(statistics_chi_square(cells[pair], expected, 16));
  free(edges);
  volley_experiment_destroy(e);
}

static void test_number_of_probability(void **state) {
  (void)state;
  assert_int_equal(volley_number_of_probability(0.1009, 20683, 20683), 45499806);
  assert_int_equal(volley_number_of_probability(0, 10, 10), 0);
  assert_int_equal(volley_number_of_probability(0.5, 1, 1), 1);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_one_to_one),           cmocka_unit_test(test_all_to_all),
      cmocka_unit_test(test_fixed_indegree),       cmocka_unit_test(test_fixed_outdegree),
      cmocka_unit_test(test_fixed_total_number),   cmocka_unit_test(test_pairwise_bernoulli),
      cmocka_unit_test(test_bernoulli_limits),     cmocka_unit_test(test_no_autapses),
      cmocka_unit_test(test_choice_is_uniform),    cmocka_unit_test(test_total_is_uniform),
      cmocka_unit_test(test_drawn_in_any_cut),     cmocka_unit_test(test_built_in_any_cut),
      cmocka_unit_test(test_weights_and_delays),   cmocka_unit_test(test_values_are_independent),
      cmocka_unit_test(test_number_of_probability)};
  int level;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
