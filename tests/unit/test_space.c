/* Neurons in space: where they lie, the boxes by which they are found, and who is connected by distance, against a twin that
 * looks at every pair. */
#include "rule/near.h"
#include "rule/walk.h"
#include "support/experiments.h"
#include "support/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Positions of a file: a cloud that is dense in one corner. */
static volley_status read_cloud(void *context, const volley_place *place, const char *file, const char *dataset,
                                volley_arena *arena, double **values, uint64_t *rows, uint64_t *columns) {
  (void)place, (void)file, (void)dataset;
  *rows = *(const uint64_t *)context;
  *columns = 2;
  *values = volley_arena_alloc(arena, *rows * *columns, sizeof **values);
  for (uint64_t k = 0; k < *rows * *columns; k++) {
    uint32_t word;
    volley_random_words((volley_key){{7, 9}}, (uint32_t)k, 0, 0, 1, &word);
    (*values)[k] = 3 * pow(volley_open_uniform(word), 3) - 1;
  }
  return VOLLEY_OK;
}

static volley_population *add_space(volley_experiment *e, const char *name, uint32_t size, volley_position_plan plan) {
  volley_population *population = experiment_add_population(e, name, "iaf_psc_exp", size);
  population->positions = volley_arena_alloc(e->arena, 1, sizeof plan);
  *population->positions = plan;
  return population;
}

static void load(volley_experiment *e) {
  uint64_t rows = e->populations[0].size;
  const volley_reader reader = {.context = &rows, .series = read_cloud};
  assert_int_equal(volley_spaces_load(e, &reader, MPI_COMM_SELF), VOLLEY_OK);
}

enum { PLANS = 6, SIZE = 1728 };

/* One of each kind, in 1 to 3 dimensions, open and periodic; of SIZE neurons. */
static const volley_position_plan plans[PLANS] = {
    {.arrangement = VOLLEY_ARRANGED_GRID, .dimensions = 1, .extent = {2}, .periodic = {true}, .shape = {SIZE}},
    {.arrangement = VOLLEY_ARRANGED_GRID,
     .dimensions = 2,
     .extent = {4, 3},
     .centre = {1, -2},
     .periodic = {true, false},
     .shape = {54, 32}},
    {.arrangement = VOLLEY_ARRANGED_UNIFORM, .dimensions = 1, .extent = {2}, .periodic = {true}},
    {.arrangement = VOLLEY_ARRANGED_UNIFORM,
     .dimensions = 2,
     .extent = {1, 3},
     .centre = {5, 0},
     .periodic = {true, true}},
    {.arrangement = VOLLEY_ARRANGED_UNIFORM, .dimensions = 3, .extent = {1, 2, 0.25}, .periodic = {false, true, false}},
    {.arrangement = VOLLEY_ARRANGED_FILE, .file = "cloud"},
};

static volley_experiment *make(int plan, uint32_t seed) {
  volley_experiment *e = experiment_make(seed);
  add_space(e, "A", SIZE, plans[plan]);
  load(e);
  return e;
}

/* Every neuron lies in one leaf, within its box, and within all boxes above; distances of neurons lie between those of their
 * boxes. */
static void test_boxes(void **state) {
  (void)state;
  for (int plan = 0; plan < PLANS; plan++) {
    volley_experiment *e = make(plan, 3);
    const volley_space *space = e->populations[0].space;
    const int dimensions = e->populations[0].positions->dimensions, levels = volley_space_levels(space);
    double a[VOLLEY_DIMENSIONS], b[VOLLEY_DIMENSIONS], near, far;
    assert_true(levels >= 5);
    for (int level = 0; level <= levels; level++) {
      uint8_t times[SIZE] = {0};
      for (uint32_t number = 0; number < 1u << level; number++) {
        const volley_box box = volley_space_box(space, level, number);
        for (uint32_t k = 0; k < box.count; k++) {
          const uint32_t index = volley_box_neuron(space, &box, k);
          times[index]++;
          assert_int_equal(volley_space_leaf(space, index) >> (levels - level), number);
          volley_space_position(space, index, a);
          volley_box_position(space, &box, index, b);
          for (int d = 0; d < dimensions; d++) {
            assert_true(a[d] == b[d]);
            assert_true(a[d] >= box.low[d] - 1e-12 && a[d] <= box.high[d] + 1e-12);
          }
        }
      }
      for (uint32_t i = 0; i < SIZE; i++) assert_int_equal(times[i], 1);
    }
    for (uint32_t trial = 0; trial < 20000; trial++) {
      const uint32_t i = trial * 7919u % SIZE, j = trial * 104729u % SIZE;
      const int level = (int)(trial % (uint32_t)(levels + 1));
      const volley_box own = volley_space_box(space, levels, volley_space_leaf(space, i));
      const volley_box other = volley_space_box(space, level, volley_space_leaf(space, j) >> (levels - level));
      volley_space_position(space, i, a);
      volley_space_position(space, j, b);
      volley_box_distances(space, &own, &other, &near, &far);
      const double distance = volley_space_distance(space, a, b);
      assert_true(near <= distance && distance <= far);
    }
    volley_experiment_destroy(e);
  }
}

static void test_positions_are_uniform(void **state) {
  (void)state;
  for (int plan = 2; plan <= 4; plan++) {
    double cells[64] = {0}, expected[64], x[VOLLEY_DIMENSIONS], sorted[VOLLEY_DIMENSIONS][SIZE];
    const volley_position_plan *p = &plans[plan];
    for (uint32_t seed = 0; seed < 20; seed++) {
      volley_experiment *e = make(plan, seed);
      for (uint32_t i = 0; i < SIZE; i++) {
        int cell = 0;
        volley_space_position(e->populations[0].space, i, x);
        for (int d = 0; d < p->dimensions; d++) {
          sorted[d][i] = x[d];
          cell = 4 * cell + (int)((x[d] - p->centre[d]) / p->extent[d] * 4 + 2);
        }
        cells[cell]++;
      }
      for (int d = 0; d < p->dimensions; d++) {
        const double range[] = {p->centre[d] - p->extent[d] / 2, p->centre[d] + p->extent[d] / 2};
        expect_fit(statistics_ks(sorted[d], SIZE, statistics_uniform_below, range));
      }
      volley_experiment_destroy(e);
    }
    const size_t n = (size_t)1 << 2 * p->dimensions;
    for (size_t c = 0; c < n; c++) expected[c] = 20.0 * SIZE / (double)n;
    expect_fit(statistics_chi_square(cells, expected, n));
    expect_dispersion(statistics_dispersion(cells, n, expected[0]));
  }
}

static const volley_profile gaussian = {VOLLEY_PROFILE_GAUSSIAN, 0.6, 0.15, 0, 0, 0, INFINITY, 0.4};
static const volley_profile ring = {VOLLEY_PROFILE_GAUSSIAN, 0.5, 0.1, 0.4, 0.001, 0, INFINITY, INFINITY};
static const volley_profile tail = {VOLLEY_PROFILE_EXPONENTIAL, 1, 0.12, 0, 0, 0, INFINITY, INFINITY};
static const volley_profile wedge = {VOLLEY_PROFILE_LINEAR, 0.9, -2, 0, 0, 0, INFINITY, INFINITY};
static const volley_profile box = {VOLLEY_PROFILE_BOX, 0.3, 0.3, 0, 0.01, 0, INFINITY, INFINITY};
static const volley_profile sure = {VOLLEY_PROFILE_BOX, 1, 0.25, 0, 0, 0, INFINITY, INFINITY};
static const volley_profile *const profiles[] = {&gaussian, &ring, &tail, &wedge, &box, &sure};
enum { PROFILES = 6 };

static volley_projection *connect(volley_experiment *e, const volley_profile *profile, const char *rule) {
  volley_projection *projection = experiment_add_projection(e, 0, 0, rule);
  projection->profile = profile;
  projection->number = rule[0] == 'p' ? 0 : 20;
  return projection;
}

static double probability(const volley_experiment *e, uint32_t target, uint32_t source) {
  double a[VOLLEY_DIMENSIONS], b[VOLLEY_DIMENSIONS];
  const volley_space *space = e->populations[0].space;
  volley_space_position(space, target, a);
  volley_space_position(space, source, b);
  return volley_profile_at(e->projections[0].profile, volley_space_distance(space, a, b));
}

/* How often each source of one target was drawn in n trials, each with its probability: normal deviates squared. */
static void expect_counts(const double *counts, const double *p, double n, bool is_sure) {
  double squares = 0;
  int cells = 0;
  double rest = 0, of_rest = 0;
  for (uint32_t i = 0; i < SIZE; i++) {
    if (p[i] <= 0) assert_true(counts[i] == 0);
    if (p[i] >= 1 && is_sure) assert_true(counts[i] == n);
    if (p[i] <= 0 || p[i] >= 1) continue;
    if (n * p[i] < 5) {
      rest += counts[i];
      of_rest += n * p[i];
      continue;
    }
    squares += (counts[i] - n * p[i]) * (counts[i] - n * p[i]) / (n * p[i] * (1 - p[i]));
    cells++;
  }
  if (of_rest > 5) {
    squares += (rest - of_rest) * (rest - of_rest) / of_rest;
    cells++;
  }
  if (cells > 0) expect_fit(statistics_chi_square_above(squares, cells));
}

static void test_pairs_have_their_probability(void **state) {
  (void)state;
  enum { TRIALS = 800 };
  static double counts[SIZE], p[SIZE];
  for (int plan = 0; plan < PLANS; plan++)
    for (int f = 0; f < PROFILES; f++) {
      volley_experiment *e = make(plan, 5);
      volley_projection *projection = connect(e, profiles[f], "pairwise_bernoulli");
      volley_near *near = volley_near_create(e, projection, 0, 0, true);
      volley_drawing drawing = {.experiment = e, .projection = projection, .excludes_self = f % 2};
      const uint32_t target = (uint32_t)(311 * plan + 57 * f + 5);
      double sum = 0;
      memset(counts, 0, sizeof counts);
      for (uint32_t i = 0; i < SIZE; i++) {
        p[i] = drawing.excludes_self && i == target ? 0 : probability(e, target, i);
        sum += p[i];
      }
      for (uint32_t trial = 0; trial < TRIALS; trial++) {
        volley_near_draw(near, &drawing, target, (volley_key){{1, 2}}, trial);
        for (size_t k = 0; k < drawing.n; k++) counts[drawing.sources[k]]++;
      }
      expect_counts(counts, p, TRIALS, true);
      const double expected = volley_near_expected(near, target);
      assert_true(fabs(expected - sum) <= 0.1 * sum + 1);
      volley_near_destroy(near);
      volley_drawing_release(&drawing);
      volley_experiment_destroy(e);
    }
}

static void test_draws_go_by_the_ratios(void **state) {
  (void)state;
  enum { TRIALS = 100, NUMBER = 50 };
  static double counts[SIZE], p[SIZE];
  for (int plan = 0; plan < PLANS; plan++)
    for (int f = 0; f < PROFILES; f++) {
      volley_experiment *e = make(plan, 6);
      volley_profile scaled = *profiles[f];
      scaled.value *= 7;
      scaled.offset *= 7;
      if (scaled.shape == VOLLEY_PROFILE_LINEAR) scaled.width *= 7;
      volley_projection *projection = connect(e, &scaled, "fixed_indegree");
      volley_near *near = volley_near_create(e, projection, 0, 0, false);
      volley_drawing drawing = {.experiment = e, .projection = projection, .excludes_self = f % 2};
      const uint32_t target = (uint32_t)(311 * plan + 57 * f + 5);
      double sum = 0;
      memset(counts, 0, sizeof counts);
      for (uint32_t i = 0; i < SIZE; i++) sum += p[i] = f % 2 && i == target ? 0 : probability(e, target, i);
      for (uint32_t i = 0; i < SIZE; i++) p[i] /= sum;
      for (uint32_t trial = 0; trial < TRIALS; trial++) {
        volley_near_choose(near, &drawing, target, NUMBER, (volley_key){{3, 2}}, trial);
        assert_int_equal(drawing.n, NUMBER);
        for (size_t k = 0; k < drawing.n; k++) counts[drawing.sources[k]]++;
      }
      expect_counts(counts, p, TRIALS * NUMBER, false);
      volley_near_destroy(near);
      volley_drawing_release(&drawing);
      volley_experiment_destroy(e);
    }
}

/* Without multapses: the first by the ratios of all, the next by those of the others. Five neurons on a line. */
static void test_draws_without_return(void **state) {
  (void)state;
  enum { TRIALS = 10000, N = 5 };
  static const volley_position_plan line = {
      .arrangement = VOLLEY_ARRANGED_GRID, .dimensions = 1, .extent = {N}, .shape = {N}};
  const volley_profile profile = {VOLLEY_PROFILE_EXPONENTIAL, 1, 0.3, 0, 0, 0, INFINITY, INFINITY};
  volley_experiment *e = experiment_make(1);
  double w[N], sum = 0, observed[N * N] = {0}, expected[N * N] = {0};
  uint64_t seen[N] = {0};
  add_space(e, "A", N, line);
  load(e);
  volley_projection *projection = connect(e, &profile, "fixed_indegree");
  projection->multapses = false;
  volley_near *near = volley_near_create(e, projection, 0, 0, false);
  volley_drawing drawing = {.experiment = e, .projection = projection};
  for (uint32_t i = 0; i < N; i++) sum += w[i] = probability(e, 1, i);
  for (uint32_t trial = 0; trial < TRIALS; trial++) {
    volley_near_choose(near, &drawing, 1, 2, (volley_key){{5, 2}}, trial);
    observed[N * drawing.sources[0] + drawing.sources[1]]++;
    volley_near_choose(near, &drawing, 1, N, (volley_key){{6, 2}}, trial); /* all: the last are sought one by one */
    for (size_t k = 0; k < N; k++) seen[drawing.sources[k]] += k == N - 1;
    assert_int_equal(drawing.n, N);
  }
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) expected[N * i + j] = i == j ? 0 : TRIALS * w[i] / sum * w[j] / (sum - w[i]);
  expect_fit(statistics_chi_square(observed, expected, N * N));
  assert_true(seen[1] < seen[0] && seen[2] < seen[3] && seen[3] < seen[4]); /* who is far is drawn last */
  assert_int_equal(volley_local_status(), VOLLEY_OK);
  volley_near_choose(near, &drawing, 1, N + 1, (volley_key){{7, 2}}, 0);
  assert_int_equal(drawing.n, N);
  assert_int_equal(volley_print_faults(), VOLLEY_USAGE);
  volley_near_destroy(near);
  volley_drawing_release(&drawing);
  volley_experiment_destroy(e);
}

/* What is drawn for a target, and at which weight and delay, does not depend on who else is looked at. */
static void test_any_cut(void **state) {
  (void)state;
  static const char *const rules[] = {"pairwise_bernoulli", "fixed_indegree"};
  const volley_profile weight = {VOLLEY_PROFILE_GAUSSIAN, 3, 0.2, 0, -1, -INFINITY, INFINITY, INFINITY};
  const volley_profile delay = {VOLLEY_PROFILE_LINEAR, 1, 2, 0, 0, -INFINITY, 5, INFINITY};
  for (int plan = 0; plan < PLANS; plan++)
    for (int r = 0; r < 2; r++) {
      volley_experiment *e = make(plan, 8);
      volley_projection *projection = connect(e, profiles[(plan + r) % 5], rules[r]);
      const volley_space *space = e->populations[0].space;
      projection->weight = (volley_distribution){.kind = VOLLEY_OF_DISTANCE, .profile = &weight};
      projection->delay = (volley_distribution){.kind = VOLLEY_OF_DISTANCE, .profile = &delay};
      volley_gid all[SIZE];
      for (uint32_t i = 0; i < SIZE; i++) all[i] = i;
      volley_walk *whole = volley_walk_create(e, NULL), *single = volley_walk_create(e, NULL);
      volley_walk_begin(whole, 0, all, SIZE);
      for (uint32_t i = 0; i < SIZE; i++) {
        const volley_edges *x = volley_walk_next(whole);
        if (i % 37 != 0) continue;
        volley_walk_begin(single, 0, all + i, 1);
        const volley_edges *y = volley_walk_next(single);
        volley_walk_draw_values(whole, NULL);
        volley_walk_draw_values(single, NULL);
        assert_int_equal(x->n, y->n);
        for (size_t k = 0; k < x->n; k++) {
          double a[VOLLEY_DIMENSIONS], b[VOLLEY_DIMENSIONS];
          volley_space_position(space, i, a);
          volley_space_position(space, (uint32_t)x->sources[k], b);
          const double d = volley_space_distance(space, a, b);
          assert_int_equal(x->sources[k], y->sources[k]);
          assert_true(x->weights[k] == y->weights[k] && x->delays[k] == y->delays[k]);
          assert_true(fabs(x->weights[k] - (3 * exp(-d * d / 0.08) - 1)) < 1e-12);
          assert_true(fabs(x->delays[k] - 10 * fmin(1 + 2 * d, 5)) <= 0.5 + 1e-9);
        }
      }
      volley_walk_destroy(whole);
      volley_walk_destroy(single);
      volley_experiment_destroy(e);
    }
}

static void test_ranges_of_profiles(void **state) {
  (void)state;
  for (int f = 0; f < PROFILES; f++)
    for (double near = 0; near < 1; near += 0.09)
      for (double far = near; far < 1.5; far += 0.11) {
        double least, greatest;
        volley_profile_range(profiles[f], near, far, &least, &greatest);
        for (int k = 0; k <= 50; k++) {
          const double value = volley_profile_at(profiles[f], near + (far - near) * k / 50);
          assert_true(least - 1e-12 <= value && value <= greatest + 1e-12);
        }
      }
}

/* Places and distances in another unit, far beyond what floats hold the squares of, are the same network. */
static void test_any_unit(void **state) {
  (void)state;
  static const double units[] = {1, 0x1p-84, 0x1p84};
  static const char *const rules[] = {"pairwise_bernoulli", "fixed_indegree"};
  enum { TARGETS = 40, MOST = TARGETS * SIZE };
  static uint32_t drawn[3][MOST];
  for (int of = 0; of < 4; of++) {
    size_t n[3] = {0};
    for (int u = 0; u < 3; u++) {
      volley_experiment *e = experiment_make(8);
      volley_position_plan plan = plans[of < 2 ? 1 : 4];
      volley_profile profile = of % 2 ? tail : gaussian;
      for (int d = 0; d < plan.dimensions; d++) plan.extent[d] *= units[u], plan.centre[d] *= units[u];
      profile.width *= units[u], profile.cutoff *= units[u];
      add_space(e, "A", SIZE, plan);
      load(e);
      volley_projection *projection = connect(e, &profile, rules[of % 2]);
      volley_near *near = volley_near_create(e, projection, 0, 0, of % 2 == 0);
      volley_drawing drawing = {.experiment = e, .projection = projection};
      for (uint32_t target = 0; target < TARGETS; target++) {
        if (of % 2)
          volley_near_choose(near, &drawing, 41 * target, 20, (volley_key){{3, 2}}, target);
        else
          volley_near_draw(near, &drawing, 41 * target, (volley_key){{3, 2}}, target);
        memcpy(drawn[u] + n[u], drawing.sources, drawing.n * sizeof *drawing.sources);
        n[u] += drawing.n;
      }
      volley_near_destroy(near);
      volley_drawing_release(&drawing);
      volley_experiment_destroy(e);
      assert_int_equal(n[u], n[0]);
      assert_memory_equal(drawn[u], drawn[0], n[0] * sizeof drawn[0][0]);
    }
    assert_true(n[0] > 10 * TARGETS);
  }
}

int main(void) {
  MPI_Init(NULL, NULL);
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_boxes),
      cmocka_unit_test(test_positions_are_uniform),
      cmocka_unit_test(test_ranges_of_profiles),
      cmocka_unit_test(test_pairs_have_their_probability),
      cmocka_unit_test(test_draws_go_by_the_ratios),
      cmocka_unit_test(test_draws_without_return),
      cmocka_unit_test(test_any_cut),
      cmocka_unit_test(test_any_unit),
  };
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  MPI_Finalize();
  return failed;
}
