/* The generator for every step against AES as FIPS 197 defines it, and all ways to make its numbers against each other. */
#include "base/ars.h"
#include "support/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1. */
static uint8_t product(unsigned a, unsigned b) {
  unsigned sum = 0;
  for (; b; b >>= 1, a = a << 1 ^ (a >> 7) * 0x11B)
    if (b & 1) sum ^= a;
  return (uint8_t)sum;
}

/* The inverse, and an affine map of its bits; found once for each byte. */
static uint8_t substitute(uint8_t s) {
  static unsigned known[256];
  if (known[s]) return (uint8_t)known[s];
  unsigned inverse = 0, out = 0x63;
  while (s && product(s, ++inverse) != 1) {
  }
  for (unsigned turn = 0; turn < 5; turn++) out ^= inverse << turn | inverse >> (8 - turn);
  known[s] = 0x100 | out;
  return (uint8_t)out;
}

/* A round on 16 bytes, column by column. */
static void round_of(uint8_t state[16], const uint8_t key[16], bool mixes) {
  uint8_t shifted[16];
  for (int k = 0; k < 16; k++) shifted[k] = substitute(state[(k + k % 4 * 4) % 16]);
  for (int k = 0; k < 16; k++) {
    const uint8_t *column = shifted + k / 4 * 4;
    const int r = k % 4;
    const unsigned mixed =
        product(column[r], 2) ^ product(column[(r + 1) % 4], 3) ^ column[(r + 2) % 4] ^ column[(r + 3) % 4];
    state[k] = (uint8_t)((mixes ? mixed : shifted[k]) ^ key[k]);
  }
}

/* FIPS 197, appendix B: with the key schedule of AES the rounds here encrypt its example. */
static void test_rounds_are_those_of_aes(void **unused) {
  (void)unused;
  static const uint8_t cipher[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
                                     0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
  static const uint8_t expected[16] = {0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb,
                                       0xdc, 0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32};
  uint8_t state[16] = {0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31, 0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34};
  uint8_t key[16], constant = 1;
  memcpy(key, cipher, sizeof key);
  for (int k = 0; k < 16; k++) state[k] ^= key[k];
  for (int round = 1; round <= 10; round++, constant = product(constant, 2)) {
    const uint8_t last[4] = {key[12], key[13], key[14], key[15]};
    for (int k = 0; k < 4; k++) key[k] ^= (uint8_t)(substitute(last[(k + 1) % 4]) ^ (k == 0 ? constant : 0));
    for (int k = 4; k < 16; k++) key[k] ^= key[k - 4];
    round_of(state, key, round < 10);
  }
  assert_memory_equal(state, expected, sizeof state);
}

static void to_bytes(const uint64_t words[2], uint8_t out[16]) {
  for (int k = 0; k < 16; k++) out[k] = (uint8_t)(words[k / 8] >> (8 * (k % 8)));
}

/* Seven rounds of these, the last without mixing; keys grow by constants (Salmon et al. 2011). */
static void ars(const uint32_t counter[4], const uint32_t key[4], uint32_t out[4]) {
  uint64_t grown[2] = {key[0] | (uint64_t)key[1] << 32, key[2] | (uint64_t)key[3] << 32};
  uint8_t state[16], bytes[16];
  to_bytes((const uint64_t[2]){counter[0] | (uint64_t)counter[1] << 32, counter[2] | (uint64_t)counter[3] << 32},
           state);
  to_bytes(grown, bytes);
  for (int k = 0; k < 16; k++) state[k] ^= bytes[k];
  for (int round = 1; round <= 7; round++) {
    grown[0] += UINT64_C(0x9E3779B97F4A7C15);
    grown[1] += UINT64_C(0xBB67AE8584CAA73B);
    to_bytes(grown, bytes);
    round_of(state, bytes, round < 7);
  }
  for (int w = 0; w < 4; w++) {
    out[w] = 0;
    for (int k = 3; k >= 0; k--) out[w] = out[w] << 8 | state[4 * w + k];
  }
}

/* What ars4x32 of Random123 gives. */
static void test_known_answers(void **unused) {
  (void)unused;
  static const struct {
    uint32_t counter[4], key[4], out[4];
  } known[] = {
      {{0x00000000, 0x00000000, 0x00000000, 0x00000000},
       {0x00000000, 0x00000000, 0x00000000, 0x00000000},
       {0xdacf61ff, 0xc45798f3, 0x113c7eeb, 0x101e27f3}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xfbaaff1f, 0xbb547ef9, 0x13d8cd78, 0x7aaa969b}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0, 0x082efa98, 0xec4e6c89},
       {0xd1df87af, 0xf67d43ba, 0x4f66afdb, 0x393dcb2d}},
  };
  uint32_t out[4];
  for (size_t k = 0; k < sizeof known / sizeof *known; k++) {
    ars(known[k].counter, known[k].key, out);
    assert_memory_equal(out, known[k].out, sizeof out);
  }
}

/* Every way of this processor, for all lengths. */
static void test_all_ways(void **unused) {
  (void)unused;
  enum { MOST = 19 };
  int ways = 0;
  for (const volley_ars_way *way = volley_ars_ways; way->name; way++) {
    print_message("%s: %s\n", way->name, way->is_here() ? "compared" : "not on this processor");
    if (!way->is_here()) continue;
    ways++;
    for (uint32_t n = 0; n <= MOST; n++) {
      const volley_ars generator = volley_ars_of((volley_key){{0x9E3779B9u * n, n}});
      const uint32_t rest[3] = {n, ~n, n << 28};
      uint32_t ids[MOST + VOLLEY_ARS_SPARE] = {0}, out[MOST + VOLLEY_ARS_SPARE][4], expected[4];
      for (uint32_t i = 0; i < n; i++) ids[i] = UINT32_MAX / (i + 1) + n;
      way->blocks(&generator, ids, n, rest, out);
      for (uint32_t i = 0; i < n; i++) {
        ars((const uint32_t[4]){ids[i], rest[0], rest[1], rest[2]}, generator.keys[0], expected);
        assert_memory_equal(out[i], expected, sizeof expected);
      }
    }
  }
  assert_true(ways > 0);
}

/* The third word that counts: what is above 32 bits of the index and, in its last byte, of an id or a block. */
static uint32_t above(uint64_t index, uint64_t id) { return (uint32_t)(index >> 32) | (uint32_t)(id >> 32) << 24; }

/* Ids beside each other, some left out, each in a block of its own; what belongs to an id depends on no other. */
static void expect_halves(volley_gid begin) {
  const volley_ars generator = volley_ars_of(volley_key_of(7, VOLLEY_PURPOSE_POISSON, 3));
  const uint64_t index = UINT64_C(0x123456789A);
  for (uint32_t stride = 1; stride <= 24; stride++) {
    for (uint32_t n = 0; n <= VOLLEY_ARS_IDS; n += 1 + n / 3) {
      uint32_t words[4];
      volley_gid ids[VOLLEY_ARS_IDS];
      volley_ars_room room;
      for (uint32_t i = 0; i < n; i++) ids[i] = begin + i * stride + (stride % 3 == 0 && i > n / 2 ? 100 : 0);
      const uint16_t *halves = volley_ars_halves(&generator, ids, n, index, 11, &room);
      for (uint32_t i = 0; i < n; i++) {
        const uint64_t block = ids[i] / 8;
        ars((const uint32_t[4]){(uint32_t)block, (uint32_t)index, above(index, block), 11}, generator.keys[0], words);
        assert_int_equal(halves[i], words[ids[i] % 8 / 2] >> 16 * (ids[i] % 2) & 0xFFFF);
      }
    }
  }
  uint32_t own[4], expected[4];
  volley_ars_words(&generator, begin, index, 11, own);
  ars((const uint32_t[4]){(uint32_t)begin, (uint32_t)index, above(index, begin), 11 | 1u << 31}, generator.keys[0],
      expected);
  assert_memory_equal(own, expected, sizeof own);
}

static void test_halves(void **unused) {
  (void)unused;
  expect_halves(1003);
  expect_halves((volley_gid)(VOLLEY_MOST_NEURONS - 5000));
#if VOLLEY_GID_BITS == 64
  for (uint64_t k = 1; k < 64; k *= 2) expect_halves((k << 32) - 1000); /* blocks of eight cross 2^32 at 2^35 */
#endif
}

/* Half number k of ids, steps or seeds that differ by one, or ids that do so above 32 bits. */
static uint16_t half_along(int along, uint32_t k) {
  volley_ars_room room;
  const volley_ars generator = volley_ars_of(volley_key_of(along == 2 ? k : 5, VOLLEY_PURPOSE_POISSON, 1));
  const uint64_t high = (uint64_t)(k % 32) << 32 | k / 32; /* neighbours are 2^32 from each other */
  const volley_gid id = along == 0 ? k : along == 3 ? (volley_gid)high : 17;
  return *volley_ars_halves(&generator, &id, 1, along == 1 ? k : 3, 0, &room);
}

/* Along ids, steps and seeds the upper and the lower bits are uniform, and so are pairs of neighbours. */
static void test_uniform_and_independent(void **unused) {
  (void)unused;
  enum { N = 1 << 16, BINS = 256 };
  for (int along = 0; along < (VOLLEY_GID_BITS == 64 ? 4 : 3); along++) {
    for (int what = 0; what < 3; what++) {
      double counts[BINS] = {0};
      double expected[BINS];
      uint16_t before = half_along(along, N);
      for (uint32_t k = 0; k < N; k++) {
        const uint16_t half = half_along(along, k);
        counts[what == 0 ? half >> 8 : what == 1 ? half & 0xFF : (half >> 12 << 4 | before >> 12)]++;
        before = half;
      }
      for (int b = 0; b < BINS; b++) expected[b] = (double)N / BINS;
      expect_fit(statistics_chi_square(counts, expected, BINS));
    }
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_rounds_are_those_of_aes),
                                     cmocka_unit_test(test_known_answers), cmocka_unit_test(test_all_ways),
                                     cmocka_unit_test(test_halves), cmocka_unit_test(test_uniform_and_independent)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
