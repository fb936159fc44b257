/* Walks over edges against a twin that makes all edges of a projection in the plainest way, for every rule and however the
 * targets are divided. */
#include "base/units.h"
#include "neuron/neuron.h"
#include "rule/rule.h"
#include "rule/walk.h"
#include "support/experiments.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two populations behind another one, so that gids and indices differ. */
enum { OTHER = 13, N_A = 120, N_B = 230, LISTED = 4000, MOST = 4096 /* edges onto a neuron */ };

static uint64_t listed_sources[LISTED], listed_targets[LISTED];
static double listed_weights[LISTED];

static uint32_t size_of(const volley_experiment *e, int population) { return e->populations[population].size; }

static bool excludes_self(const volley_projection *p) { return p->source == p->target && !p->autapses; }

/* The c-th neuron that may be chosen by neuron `self`. */
static uint32_t other_than(const volley_projection *p, uint32_t self, uint32_t c) {
  return excludes_self(p) && c >= self ? c + 1 : c;
}

/* k of the first n, by Floyd's algorithm with a search for those that were taken. */
static size_t choose(const volley_experiment *e, int p, int from, uint32_t self, volley_gid gid, uint64_t k,
                     uint32_t *out) {
  const volley_projection *projection = &e->projections[p];
  const uint32_t n = size_of(e, from) - excludes_self(projection);
  const volley_key key = volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_PARTNER, (uint32_t)p);
  for (uint32_t i = 0; i < k; i++) {
    uint32_t word;
    volley_random_words(key, gid, i, 0, 1, &word);
    const uint32_t last = n - (uint32_t)k + i;
    uint32_t c = volley_below(word, projection->multapses ? n : last + 1);
    for (uint32_t j = 0; j < i && !projection->multapses; j++)
      if (out[j] == other_than(projection, self, c)) c = last;
    out[i] = other_than(projection, self, c);
  }
  return k;
}

static size_t bernoulli(const volley_experiment *e, int p, uint32_t target, volley_gid gid, uint32_t *out) {
  const volley_projection *projection = &e->projections[p];
  const uint32_t candidates = size_of(e, projection->source) - excludes_self(projection);
  volley_stream stream =
      volley_stream_of(volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_PARTNER, (uint32_t)p), gid, 0);
  size_t n = 0;
  for (double c = 0;; c++) {
    c += floor(log(volley_stream_uniform(&stream)) / log1p(-projection->probability));
    if (c >= candidates) return n;
    out[n++] = other_than(projection, target, (uint32_t)c);
  }
}

/* The indegrees of the targets low .. high - 1, all of them. */
static void split(const volley_experiment *e, int p, uint64_t low, uint64_t high, uint64_t number,
                  uint64_t *indegrees) {
  const volley_projection *projection = &e->projections[p];
  const uint64_t sources = size_of(e, projection->source) - excludes_self(projection), middle = low + (high - low) / 2;
  indegrees[low] = number;
  if (high - low == 1) return;
  volley_stream stream = volley_stream_of(volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_SPLIT, (uint32_t)p),
                                          (uint32_t)low, (uint32_t)(high - low));
  const uint64_t left = number == 0 ? 0
                        : projection->multapses
                            ? volley_binomial(&stream, number, (double)(middle - low) / (double)(high - low))
                            : volley_hypergeometric(&stream, (high - low) * sources, (middle - low) * sources, number);
  split(e, p, low, middle, left, indegrees);
  split(e, p, middle, high, number - left, indegrees);
}

/* Sources onto a target, found by asking every source for its targets. */
static size_t outdegree(const volley_experiment *e, int p, uint32_t target, uint32_t *out) {
  const volley_projection *projection = &e->projections[p];
  uint32_t chosen[MOST];
  size_t n = 0;
  for (uint32_t s = 0; s < size_of(e, projection->source); s++) {
    const volley_gid gid = e->populations[projection->source].first_gid + s;
    const size_t k = choose(e, p, projection->target, s, gid, projection->number, chosen);
    for (size_t i = 0; i < k; i++)
      if (chosen[i] == target) out[n++] = s;
  }
  return n;
}

/* Edges of the file onto a target, source by source, as the file has them; their numbers there. */
static size_t listed(const volley_experiment *e, int p, uint32_t target, uint32_t *out, size_t *numbers) {
  const volley_projection *projection = &e->projections[p];
  size_t n = 0;
  for (uint32_t s = 0; s < size_of(e, projection->source); s++)
    for (size_t k = 0; k < LISTED; k++) {
      if (listed_sources[k] != s || listed_targets[k] != target || (excludes_self(projection) && s == target)) continue;
      numbers[n] = k;
      out[n++] = s;
    }
  return n;
}

static size_t twin_sources(const volley_experiment *e, int p, uint32_t target, const uint64_t *indegrees, uint32_t *out,
                           size_t *numbers) {
  const volley_projection *projection = &e->projections[p];
  const volley_gid gid = e->populations[projection->target].first_gid + target;
  const char *rule = projection->rule->name;
  if (strcmp(rule, "fixed_indegree") == 0)
    return choose(e, p, projection->source, target, gid, projection->number, out);
  if (strcmp(rule, "fixed_total_number") == 0)
    return choose(e, p, projection->source, target, gid, indegrees[target], out);
  if (strcmp(rule, "pairwise_bernoulli") == 0) return bernoulli(e, p, target, gid, out);
  if (strcmp(rule, "fixed_outdegree") == 0) return outdegree(e, p, target, out);
  if (strcmp(rule, "edges") == 0) return listed(e, p, target, out, numbers);
  size_t n = 0;
  const uint32_t size = size_of(e, projection->source);
  const bool all = strcmp(rule, "all_to_all") == 0, ring = strcmp(rule, "ring") == 0;
  if (!all && !ring) assert_string_equal(rule, "one_to_one"); /* a new rule needs a twin */
  for (uint32_t s = 0; s < size; s++)
    if ((all || (ring ? (s + 1) % size : s) == target) && !(excludes_self(projection) && s == target)) out[n++] = s;
  return n;
}

/* Weights, delays and receptors, one by one. */
static void expect_values(const volley_experiment *e, int p, const volley_edges *edges, const size_t *numbers) {
  const volley_projection *projection = &e->projections[p];
  const volley_neuron_model *model = e->populations[projection->target].model;
  double weights[MOST], sum = 0;
  for (uint32_t k = 0; k < edges->n; k++) {
    const volley_key key = volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_WEIGHT, (uint32_t)p);
    volley_distribution_draw(&projection->weight, key, edges->target, k, 1, &weights[k]);
    if (projection->rule->takes_file) weights[k] = listed_weights[numbers[k]];
    sum += weights[k];
  }
  for (uint32_t k = 0; k < edges->n; k++) {
    const volley_key key = volley_key_of(e->simulation.seed, VOLLEY_PURPOSE_DELAY, (uint32_t)p);
    double delay;
    volley_distribution_draw(&projection->delay, key, edges->target, k, 1, &delay);
    assert_true(edges->weights[k] == (projection->balanced ? weights[k] - sum / (double)edges->n : weights[k]));
    assert_true(edges->delays[k] == volley_round_steps(delay, e->simulation.dt));
    assert_int_equal(edges->receptors[k], projection->receptor == VOLLEY_RECEPTOR_BY_SIGN
                                              ? model->receptor_of_sign[edges->weights[k] < 0]
                                              : projection->receptor);
  }
}

/* Goes through the targets of one part, 0 .. parts - 1, to each of which a target falls by chance. */
static size_t walk_part(const volley_experiment *e, int p, volley_walk *walk, uint32_t part, uint32_t parts,
                        const uint64_t *indegrees) {
  const volley_population *target = &e->populations[e->projections[p].target];
  const volley_gid first = e->populations[e->projections[p].source].first_gid;
  volley_gid gids[N_A + N_B];
  uint32_t sources[MOST], count = 0, i = 0;
  size_t numbers[MOST], total = 0;
  for (uint32_t t = 0; t < target->size; t++)
    if (t * UINT32_C(2654435761) % 1009 % parts == part) gids[count++] = target->first_gid + t;
  volley_walk_begin(walk, p, gids, count);
  for (const volley_edges *edges; (edges = volley_walk_next(walk)); i++, total += edges->n) {
    assert_int_equal(edges->target, gids[i]);
    assert_int_equal(edges->i, i);
    assert_int_equal(edges->n, twin_sources(e, p, volley_index_in(target, gids[i]), indegrees, sources, numbers));
    for (size_t k = 0; k < edges->n; k++) assert_int_equal(edges->sources[k], first + sources[k]);
    if (part % 2 == 1) continue; /* values may be left out */
    volley_walk_draw_values(walk, NULL);
    expect_values(e, p, edges, numbers);
  }
  assert_int_equal(i, count);
  return total;
}

static void add_projections(volley_experiment *e, const volley_rule *rule) {
  static const int pairs[3][2] = {{1, 2}, {2, 2}, {1, 1}};
  for (int k = 0; k < 3; k++) {
    if (k == 0 && (strcmp(rule->name, "one_to_one") == 0 || strcmp(rule->name, "ring") == 0)) continue;
    volley_projection *p = experiment_add_projection(e, pairs[k][0], pairs[k][1], rule->name);
    p->number = strcmp(rule->name, "fixed_total_number") ? 30 : 3000;
    p->probability = 0.2;
    p->multapses = k != 1;
    p->autapses = k == 2;
    p->balanced = k == 1;
    if (k == 2) p->receptor = 0;
    p->weight = (volley_distribution){.kind = VOLLEY_NORMAL, .a = 1, .b = 2, .min = -INFINITY, .max = INFINITY};
    p->delay = (volley_distribution){.kind = VOLLEY_EXPONENTIAL, .a = 2, .min = 0.1, .max = 50, .redraw = true};
    p->file = p->group = "";
  }
}

/* A file of edges in no order, with weights; some stand twice. */
static volley_status give_edges(void *context, const volley_edge_file *file, const volley_edge_taker *taker) {
  (void)context, (void)file;
  for (uint32_t k = 0; k < LISTED; k++) {
    listed_sources[k] = k * 7919u % N_A % 40;
    listed_targets[k] = k * 104729u % N_A;
    listed_weights[k] = (double)k - LISTED / 2;
  }
  const volley_edge_slab slab = {
      .count = LISTED, .source = listed_sources, .target = listed_targets, .weight = listed_weights};
  assert_true(taker->check(taker->context, &slab) == UINT64_MAX);
  taker->take(taker->context, &slab);
  return VOLLEY_OK;
}

static void test_twin(void **state) {
  (void)state;
  volley_experiment *e = experiment_make(4);
  experiment_add_population(e, "other", "parrot", OTHER);
  experiment_add_population(e, "A", "iaf_psc_exp", N_A);
  experiment_add_population(e, "B", "iaf_psc_exp", N_B);
  for (const volley_rule *const *rule = volley_rules(); *rule; rule++) add_projections(e, *rule);
  const volley_reader reader = {.edges = give_edges};
  volley_partition *partition = NULL;
  assert_int_equal(volley_partition_create(e, 0, 1, NULL, MPI_COMM_SELF, &partition), VOLLEY_OK);
  volley_edge_list *lists;
  assert_int_equal(volley_edge_lists_make(partition, false, &reader, MPI_COMM_SELF, &lists), VOLLEY_OK);
  volley_walk *walk = volley_walk_create(e, lists);
  for (int p = 0; p < e->n_projections; p++) {
    uint64_t indegrees[N_A + N_B];
    size_t whole = 0;
    split(e, p, 0, size_of(e, e->projections[p].target), e->projections[p].number, indegrees);
    for (uint32_t parts = 1; parts < 6; parts += 2) {
      size_t total = 0;
      for (uint32_t part = 0; part < parts; part++) total += walk_part(e, p, walk, part, parts, indegrees);
      if (parts == 1) whole = total;
      assert_true(total > 0 ||
                  (strcmp(e->projections[p].rule->name, "one_to_one") == 0 && !e->projections[p].autapses));
      assert_int_equal(total, whole);
    }
  }
  volley_walk_destroy(walk);
  volley_edge_lists_free(e, lists);
  volley_partition_destroy(partition);
  volley_experiment_destroy(e);
}

int main(int argc, char **argv) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_twin)};
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_SELF, MPI_ERRORS_RETURN);
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
