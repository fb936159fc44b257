/* Random words against a plain Philox, samplers against exact distributions. Once more with gids of 64 bits in any build
 * (tests/CMakeLists.txt). */
#include "base/random.h"
#include "support/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 40000 };
static uint64_t samples[SAMPLES];

/* Philox 4x32-10 as in the paper of Salmon et al. (2011). */
static void philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]) {
  uint32_t k[2] = {key[0], key[1]};
  memcpy(out, counter, 4 * sizeof *out);
  for (int round = 0; round < 10; round++) {
    const uint64_t a = (uint64_t)0xD2511F53 * out[0], b = (uint64_t)0xCD9E8D57 * out[2];
    const uint32_t next[4] = {(uint32_t)(b >> 32) ^ out[1] ^ k[0], (uint32_t)b, (uint32_t)(a >> 32) ^ out[3] ^ k[1],
                              (uint32_t)a};
    memcpy(out, next, sizeof next);
    k[0] += 0x9E3779B9;
    k[1] += 0xBB67AE85;
  }
}

/* The published vectors (Random123, kat_vectors) hold for the twin, and for the library where its counters reach. */
static void test_known_answers(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], out[4];
  } known[] = {
      {{0}, {0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  uint32_t out[4];
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    philox(known[k].counter, known[k].key, out);
    assert_memory_equal(out, known[k].out, sizeof out);
  }
  volley_random_block((volley_key){{0, 0}}, 0, 0, 0, out);
  assert_memory_equal(out, known[0].out, sizeof out);
}

/* Numbers for the tests' own choices. */
static uint32_t any_number(uint32_t i) {
  uint32_t out[4];
  philox((const uint32_t[4]){i, 1, 2, 3}, (const uint32_t[2]){4, 5}, out);
  return out[0];
}

/* An id of a neuron anywhere in the largest network. */
static volley_gid any_id(uint32_t i) {
  return (volley_gid)(((uint64_t)any_number(i) << 32 | any_number(i + 1)) % VOLLEY_MOST_NEURONS);
}

static void test_block_is_philox(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 1000; i += 5) {
    const volley_key key = {{any_number(i), any_number(i + 1)}};
    const volley_gid id = i % 2 ? any_id(i + 2) : any_number(i + 2); /* below 2^32 they are the same in all builds */
    const uint32_t counter[4] = {(uint32_t)id, any_number(i + 3), any_number(i + 4), (uint32_t)((uint64_t)id >> 32)};
    uint32_t expected[4], out[4];
    philox(counter, key.word, expected);
    volley_random_block(key, id, counter[1], counter[2], out);
    assert_memory_equal(out, expected, sizeof out);
  }
}

static void test_blocks(void **state) {
  (void)state;
  enum { N = 67, STRIDE = 80 };
  const volley_key key = volley_key_of(7, VOLLEY_PURPOSE_POISSON, 3);
  volley_gid ids[N];
  uint32_t out[4 * STRIDE], block[4];
  for (uint32_t i = 0; i < N; i++) ids[i] = any_id(i);
  memset(out, 0xAB, sizeof out);
  volley_random_blocks(key, ids, N, 11, 2, out, STRIDE);
  for (uint32_t i = 0; i < STRIDE; i++) {
    if (i < N) volley_random_block(key, ids[i], 11, 2, block);
    for (uint32_t w = 0; w < 4; w++) assert_int_equal(out[w * STRIDE + i], i < N ? block[w] : 0xABABABAB);
  }
}

static void test_words_and_stream(void **state) {
  (void)state;
  const volley_key key = volley_key_of(7, VOLLEY_PURPOSE_PARTNER, 1);
  uint32_t twin[64], out[64];
  for (uint32_t b = 0; b < 16; b++) volley_random_block(key, 99, b, 5, twin + 4 * b);
  for (uint32_t first = 0; first < 9; first++) {
    for (uint32_t n = 0; n + first <= 64; n++) {
      memset(out, 0xAB, sizeof out);
      volley_random_words(key, 99, first, 5, n, out);
      assert_memory_equal(out, twin + first, n * sizeof *out);
      for (uint32_t i = n; i < 64; i++) assert_int_equal(out[i], 0xABABABAB);
    }
  }
  volley_stream stream = volley_stream_of(key, 99, 5);
  for (uint32_t k = 0; k < 40; k++) assert_int_equal(volley_stream_word(&stream), twin[k]);
  const uint64_t bits = (uint64_t)twin[40] << 21 ^ twin[41] >> 11;
  assert_true(volley_stream_uniform(&stream) == ((double)bits + 0.5) / 0x1p53);
  assert_int_equal(volley_stream_word(&stream), twin[42]);
}

static int ascending(const void *a, const void *b) {
  const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return (x > y) - (x < y);
}

static void expect_distinct(uint64_t *numbers, size_t n) {
  qsort(numbers, n, sizeof *numbers, ascending);
  for (size_t i = 1; i < n; i++) assert_true(numbers[i] != numbers[i - 1]);
}

/* No two purposes, objects or seeds share a key, and no blocks of theirs are equal. */
static void test_purposes_are_distinct(void **state) {
  (void)state;
  static const uint32_t objects[] = {0, 1, 2, 31, 32, 255, 256, 65535, 65536, (1 << 24) - 1};
  static const volley_gid ids[] = {0, 1, VOLLEY_MOST_NEURONS / 64, VOLLEY_MOST_NEURONS / 32 + 1};
  enum { OBJECTS = sizeof objects / sizeof *objects, SEEDS = 3, IDS = 4, INDICES = 4, ATTEMPTS = 2 };
  enum { KEYS = SEEDS * (VOLLEY_PURPOSE_END - 1) * OBJECTS, BLOCKS = KEYS * IDS * INDICES * ATTEMPTS };
  uint64_t *keys = malloc(KEYS * sizeof *keys), *blocks = malloc(BLOCKS * sizeof *blocks);
  size_t n = 0, m = 0;
  for (uint32_t seed = 0; seed < SEEDS; seed++) {
    for (int purpose = 1; purpose < VOLLEY_PURPOSE_END; purpose++) {
      for (int o = 0; o < OBJECTS; o++) {
        const volley_key key = volley_key_of(seed, (volley_purpose)purpose, objects[o]);
        keys[n++] = (uint64_t)key.word[0] << 32 | key.word[1];
        for (uint32_t i = 0; i < IDS * INDICES * ATTEMPTS; i++) {
          uint32_t out[4];
          volley_random_block(key, ids[i % IDS], i / IDS % INDICES, i / IDS / INDICES, out);
          blocks[m++] = (uint64_t)out[0] << 32 | out[1];
        }
      }
    }
  }
  assert_int_equal(n, KEYS);
  assert_int_equal(m, BLOCKS);
  expect_distinct(keys, n);
  expect_distinct(blocks, m);
  free(keys);
  free(blocks);
}

/* Values from 60-digit arithmetic for the double nearest to p. */
static void test_normal_quantile(void **state) {
  (void)state;
  static const double known[][2] = {
      {1e-300, -37.047096299361199237},   {1e-12, -7.0344838253011319326},
      {1e-6, -4.7534243088228989573},     {0.001, -3.0902323061678135354},
      {0.074, -1.4466320671589785099},    {0.076, -1.4325027208258116188},
      {0.3, -0.52440051270804081597},     {0.5, 0},
      {0.6, 0.25334710313579974132},      {0.925, 1.4395314709384562291},
      {0.99, 2.3263478740408407676},      {0.9999999, 5.1993375822906610937},
      {1 - 1e-12, 7.0344869100478352057},
  };
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    const double x = volley_normal_quantile(known[k][0]);
    if (fabs(x - known[k][1]) <= 1e-15 * fabs(known[k][1])) continue;
    fail_msg("quantile of %.17g is %.17g and not %.17g", known[k][0], x, known[k][1]);
  }
}

static void test_normal_quantiles(void **state) {
  (void)state;
  enum { N = 20011 };
  static uint32_t words[N];
  static double out[N];
  static const uint32_t edges[] = {0,          1,          0xFFFFFFFF, 0xFFFFFFFE, 0x7FFFFFFF,
                                   0x80000000, 0x13333333, 0x13333334, 0xECCCCCCC, 0xECCCCCCD};
  for (uint32_t i = 0; i < N; i++) words[i] = any_number(i);
  memcpy(words, edges, sizeof edges);
  volley_normal_quantiles(words, N, out);
  for (uint32_t i = 0; i < N; i++) {
    const double one = volley_normal_quantile(volley_open_uniform(words[i]));
    assert_memory_equal(&out[i], &one, sizeof one);
  }
  static const double standard[] = {0, 1};
  expect_fit(statistics_ks(out + sizeof edges / sizeof *edges, N - sizeof edges / sizeof *edges,
                           statistics_normal_below, standard));
}

static void test_open_uniform_and_below(void **state) {
  (void)state;
  assert_true(volley_open_uniform(0) > 0 && volley_open_uniform(0xFFFFFFFF) < 1);
  assert_int_equal(volley_below(0xFFFFFFFF, 77169), 77168);
  assert_int_equal(volley_below(0, 77169), 0);
  for (uint32_t i = 0; i < SAMPLES; i++) samples[i] = volley_below(any_number(i), 10);
  double observed[10] = {0}, expected[10];
  for (int k = 0; k < 10; k++) expected[k] = SAMPLES / 10;
  for (int i = 0; i < SAMPLES; i++) observed[samples[i]]++;
  expect_fit(statistics_chi_square(observed, expected, 10));
}

/* Values that hold all but some 1e-8 of a distribution. */
static void expect_integers(double (*probability)(double, const double *), const double *parameters, double mean,
                            double variance, uint64_t least, uint64_t most) {
  const double reach = 8 * sqrt(variance) + 8;
  const double low = fmax(mean - reach, (double)least), high = fmin(mean + reach, (double)most);
  expect_fit(statistics_integers(samples, SAMPLES, probability, parameters, (uint64_t)low, (uint64_t)high));
}

static void expect_binomial(uint64_t n, double p, uint32_t number) {
  for (uint32_t i = 0; i < SAMPLES; i++) {
    volley_stream stream = volley_stream_of(volley_key_of(1, VOLLEY_PURPOSE_SPLIT, number), i, 0);
    samples[i] = volley_binomial(&stream, n, p);
    assert_true(samples[i] <= n);
  }
  const double parameters[] = {(double)n, p};
  expect_integers(statistics_binomial, parameters, (double)n * p, (double)n * p * (1 - p), 0, n);
}

static void test_binomial(void **state) {
  (void)state;
  static const struct {
    uint64_t n;
    double p;
  } cases[] = {{1, 0.5},        {7, 0.3},          {30, 0.33},       {19, 0.5},       {20, 0.5},   {100000000, 5e-8},
               {40, 0.9},       {1000, 0.999},     {100, 0.1},       {1000, 0.5},     {1000, 0.7}, {50000, 0.02},
               {1000000, 0.25}, {100000000, 1e-6}, {100000000, 0.3}, {100000000, 0.5}};
  for (uint32_t k = 0; k < sizeof cases / sizeof *cases; k++) expect_binomial(cases[k].n, cases[k].p, k);
  volley_stream stream = volley_stream_of(volley_key_of(1, VOLLEY_PURPOSE_SPLIT, 0), 0, 0);
  assert_int_equal(volley_binomial(&stream, 0, 0.5), 0);
  assert_int_equal(volley_binomial(&stream, 50, 0), 0);
  assert_int_equal(volley_binomial(&stream, 50, 1), 50);
}

static void expect_hypergeometric(uint64_t total, uint64_t marked, uint64_t draws, uint32_t number) {
  for (uint32_t i = 0; i < SAMPLES; i++) {
    volley_stream stream = volley_stream_of(volley_key_of(2, VOLLEY_PURPOSE_SPLIT, number), i, 0);
    samples[i] = volley_hypergeometric(&stream, total, marked, draws);
    assert_true(samples[i] <= marked && samples[i] <= draws && draws - samples[i] <= total - marked);
  }
  const double T = (double)total, M = (double)marked, D = (double)draws;
  const double parameters[] = {T, M, D};
  const double variance = T > 1 ? D * (M / T) * (1 - M / T) * (T - D) / (T - 1) : 0;
  expect_integers(statistics_hypergeometric, parameters, D * M / T, variance,
                  draws + marked > total ? draws + marked - total : 0, marked < draws ? marked : draws);
}

static void test_hypergeometric(void **state) {
  (void)state;
  static const uint64_t cases[][3] = {{2, 1, 1},
                                      {10, 4, 3},
                                      {10, 4, 8},
                                      {100, 50, 50},
                                      {1000, 10, 500},
                                      {1000, 990, 500},
                                      {100000, 50000, 3},
                                      {1000000, 500000, 1000},
                                      {100000000, 50000000, 50000000},
                                      {5000000000, 2500000000, 300000}};
  for (uint32_t k = 0; k < sizeof cases / sizeof *cases; k++) {
    expect_hypergeometric(cases[k][0], cases[k][1], cases[k][2], k);
  }
  volley_stream stream = volley_stream_of(volley_key_of(2, VOLLEY_PURPOSE_SPLIT, 0), 0, 0);
  assert_int_equal(volley_hypergeometric(&stream, 10, 4, 10), 4);
  assert_int_equal(volley_hypergeometric(&stream, 10, 10, 7), 7);
  assert_int_equal(volley_hypergeometric(&stream, 10, 4, 0), 0);
  assert_int_equal(volley_hypergeometric(&stream, 10, 0, 4), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_answers),
                                     cmocka_unit_test(test_block_is_philox),
                                     cmocka_unit_test(test_blocks),
                                     cmocka_unit_test(test_words_and_stream),
                                     cmocka_unit_test(test_purposes_are_distinct),
                                     cmocka_unit_test(test_normal_quantile),
                                     cmocka_unit_test(test_normal_quantiles),
                                     cmocka_unit_test(test_open_uniform_and_below),
                                     cmocka_unit_test(test_binomial),
                                     cmocka_unit_test(test_hypergeometric)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
