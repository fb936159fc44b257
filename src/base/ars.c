#include "base/ars.h"

#include "base/search.h"

#include <stdatomic.h>
#include <string.h>
#if defined __x86_64__
#include <cpuid.h>
#include <immintrin.h>
#endif

enum { ROUNDS = VOLLEY_ARS_ROUNDS, HALVES = VOLLEY_ARS_HALVES };

/* clang-format off */
/* X(s) for the substitutes s of bytes 0 .. 255 (FIPS 197, figure 7). */
#define SUBSTITUTES(X) \
  X(0x63) X(0x7c) X(0x77) X(0x7b) X(0xf2) X(0x6b) X(0x6f) X(0xc5) X(0x30) X(0x01) X(0x67) X(0x2b) \
  X(0xfe) X(0xd7) X(0xab) X(0x76) X(0xca) X(0x82) X(0xc9) X(0x7d) X(0xfa) X(0x59) X(0x47) X(0xf0) \
  X(0xad) X(0xd4) X(0xa2) X(0xaf) X(0x9c) X(0xa4) X(0x72) X(0xc0) X(0xb7) X(0xfd) X(0x93) X(0x26) \
  X(0x36) X(0x3f) X(0xf7) X(0xcc) X(0x34) X(0xa5) X(0xe5) X(0xf1) X(0x71) X(0xd8) X(0x31) X(0x15) \
  X(0x04) X(0xc7) X(0x23) X(0xc3) X(0x18) X(0x96) X(0x05) X(0x9a) X(0x07) X(0x12) X(0x80) X(0xe2) \
  X(0xeb) X(0x27) X(0xb2) X(0x75) X(0x09) X(0x83) X(0x2c) X(0x1a) X(0x1b) X(0x6e) X(0x5a) X(0xa0) \
  X(0x52) X(0x3b) X(0xd6) X(0xb3) X(0x29) X(0xe3) X(0x2f) X(0x84) X(0x53) X(0xd1) X(0x00) X(0xed) \
  X(0x20) X(0xfc) X(0xb1) X(0x5b) X(0x6a) X(0xcb) X(0xbe) X(0x39) X(0x4a) X(0x4c) X(0x58) X(0xcf) \
  X(0xd0) X(0xef) X(0xaa) X(0xfb) X(0x43) X(0x4d) X(0x33) X(0x85) X(0x45) X(0xf9) X(0x02) X(0x7f) \
  X(0x50) X(0x3c) X(0x9f) X(0xa8) X(0x51) X(0xa3) X(0x40) X(0x8f) X(0x92) X(0x9d) X(0x38) X(0xf5) \
  X(0xbc) X(0xb6) X(0xda) X(0x21) X(0x10) X(0xff) X(0xf3) X(0xd2) X(0xcd) X(0x0c) X(0x13) X(0xec) \
  X(0x5f) X(0x97) X(0x44) X(0x17) X(0xc4) X(0xa7) X(0x7e) X(0x3d) X(0x64) X(0x5d) X(0x19) X(0x73) \
  X(0x60) X(0x81) X(0x4f) X(0xdc) X(0x22) X(0x2a) X(0x90) X(0x88) X(0x46) X(0xee) X(0xb8) X(0x14) \
  X(0xde) X(0x5e) X(0x0b) X(0xdb) X(0xe0) X(0x32) X(0x3a) X(0x0a) X(0x49) X(0x06) X(0x24) X(0x5c) \
  X(0xc2) X(0xd3) X(0xac) X(0x62) X(0x91) X(0x95) X(0xe4) X(0x79) X(0xe7) X(0xc8) X(0x37) X(0x6d) \
  X(0x8d) X(0xd5) X(0x4e) X(0xa9) X(0x6c) X(0x56) X(0xf4) X(0xea) X(0x65) X(0x7a) X(0xae) X(0x08) \
  X(0xba) X(0x78) X(0x25) X(0x2e) X(0x1c) X(0xa6) X(0xb4) X(0xc6) X(0xe8) X(0xdd) X(0x74) X(0x1f) \
  X(0x4b) X(0xbd) X(0x8b) X(0x8a) X(0x70) X(0x3e) X(0xb5) X(0x66) X(0x48) X(0x03) X(0xf6) X(0x0e) \
  X(0x61) X(0x35) X(0x57) X(0xb9) X(0x86) X(0xc1) X(0x1d) X(0x9e) X(0xe1) X(0xf8) X(0x98) X(0x11) \
  X(0x69) X(0xd9) X(0x8e) X(0x94) X(0x9b) X(0x1e) X(0x87) X(0xe9) X(0xce) X(0x55) X(0x28) X(0xdf) \
  X(0x8c) X(0xa1) X(0x89) X(0x0d) X(0xbf) X(0xe6) X(0x42) X(0x68) X(0x41) X(0x99) X(0x2d) X(0x0f) \
  X(0xb0) X(0x54) X(0xbb) X(0x16)
/* clang-format on */

/* A substitute, and what it adds to the rows of a mixed column if it stands in row 0: 2 s, s, s, 3 s; from another row the
 * same is turned. */
#define BYTE(s) s,
#define COLUMN(s) ((s)*0x01010100u ^ ((s) << 1 ^ ((s) >> 7) * 0x11Bu) * 0x01000001u),
static const uint8_t substitutes[256] = {SUBSTITUTES(BYTE)};
static const uint32_t columns[256] = {SUBSTITUTES(COLUMN)};

/* Byte `row` of the column that it comes from when rows are shifted. */
static inline uint32_t byte_of(const uint32_t state[4], int column, int row) {
  return state[(column + row) % 4] >> (8 * row) & 0xFF;
}

static inline uint32_t turned(uint32_t x, int row) { return row == 0 ? x : x << (8 * row) | x >> (32 - 8 * row); }

static void round_of(uint32_t state[4], const uint32_t key[4]) {
  uint32_t next[4];
  for (int c = 0; c < 4; c++) {
    next[c] = key[c];
    for (int r = 0; r < 4; r++) next[c] ^= turned(columns[byte_of(state, c, r)], r);
  }
  memcpy(state, next, sizeof next);
}

/* The last round mixes no columns. */
static void last_round_of(const uint32_t state[4], const uint32_t key[4], uint32_t out[4]) {
  for (int c = 0; c < 4; c++) {
    out[c] = key[c];
    for (int r = 0; r < 4; r++) out[c] ^= (uint32_t)substitutes[byte_of(state, c, r)] << (8 * r);
  }
}

static void by_tables(const volley_ars *ars, const uint32_t *ids, size_t n, const uint32_t rest[3],
                      uint32_t (*out)[4]) {
  for (size_t i = 0; i < n; i++) {
    uint32_t state[4] = {ids[i], rest[0], rest[1], rest[2]};
    for (int c = 0; c < 4; c++) state[c] ^= ars->keys[0][c];
    for (int r = 1; r < ROUNDS; r++) round_of(state, ars->keys[r]);
    last_round_of(state, ars->keys[ROUNDS], out[i]);
  }
}

static bool always(void) { return true; }

#if defined __x86_64__
/* The same in registers of so many bits, which hold some blocks: intrinsics begin with P, those of rounds end with A; ALL puts
 * four words into every block, IDS each id into word 0 of its own. */
#define WAY(name, needs, P, bits, A, ALL, IDS)                                                                         \
  __attribute__((target(needs))) static void name(const volley_ars *ars, const uint32_t *ids, size_t n,                \
                                                  const uint32_t rest[3], uint32_t(*out)[4]) {                         \
    typedef __m##bits##i vector;                                                                                       \
    const uint32_t same[4] = {0, rest[0], rest[1], rest[2]};                                                           \
    vector keys[ROUNDS + 1];                                                                                           \
    for (int r = 0; r <= ROUNDS; r++) keys[r] = ALL(ars->keys[r]);                                                     \
    keys[0] = P##_xor_si##bits(keys[0], ALL(same));                                                                    \
    for (size_t i = 0; i < n; i += bits / 128) {                                                                       \
      vector state = P##_xor_si##bits(IDS(ids + i), keys[0]);                                                          \
      for (int r = 1; r < ROUNDS; r++) state = P##_aesenc_##A(state, keys[r]);                                         \
      P##_storeu_si##bits((vector *)(void *)out[i], P##_aesenclast_##A(state, keys[ROUNDS]));                          \
    }                                                                                                                  \
  }
#define FOUR_WORDS(words) _mm_loadu_si128((const __m128i *)(const void *)(words))
#define TWICE(words) _mm256_broadcastsi128_si256(FOUR_WORDS(words))
#define FOUR_TIMES(words) _mm512_broadcast_i32x4(FOUR_WORDS(words))
#define ONE_ID(ids) _mm_cvtsi32_si128((int)(ids)[0])
#define TWO_IDS(ids) _mm256_inserti128_si256(_mm256_castsi128_si256(ONE_ID(ids)), ONE_ID((ids) + 1), 1)
/* To expand four ids would wait for what is in its register from the block before. */
#define FIRST_WORDS _mm512_set_epi32(0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, -1)
#define PLACES _mm512_set_epi32(0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0)
#define FOUR_IDS(ids)                                                                                                  \
  _mm512_and_si512(_mm512_permutexvar_epi32(PLACES, _mm512_castsi128_si512(FOUR_WORDS(ids))), FIRST_WORDS)
WAY(one_at_a_time, "aes,sse2", _mm, 128, si128, FOUR_WORDS, ONE_ID)
WAY(two_at_a_time, "vaes,avx2", _mm256, 256, epi128, TWICE, TWO_IDS)
WAY(four_at_a_time, "vaes,avx512f", _mm512, 512, epi128, FOUR_TIMES, FOUR_IDS)

static bool has_aes(void) { return __builtin_cpu_supports("aes"); }

static bool has_vaes(void) {
  unsigned a, b, c, d;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_VAES);
}

static bool has_two(void) { return __builtin_cpu_supports("avx2") && has_vaes(); }
static bool has_four(void) { return __builtin_cpu_supports("avx512f") && has_vaes(); }
#endif

const volley_ars_way volley_ars_ways[] = {
#if defined __x86_64__
    {"VAES, 64 bytes", has_four, four_at_a_time},
    {"VAES, 32 bytes", has_two, two_at_a_time},
    {"AES-NI", has_aes, one_at_a_time},
#endif
    {"tables", always, by_tables},
    {NULL, NULL, NULL},
};

/* Asked once: to ask the processor takes long where it is a virtual one. */
static volley_ars_blocks *fastest(void) {
  static _Atomic(volley_ars_blocks *) known;
  volley_ars_blocks *blocks = known;
  for (const volley_ars_way *way = volley_ars_ways; !blocks; way++)
    if (way->is_here()) known = blocks = way->blocks;
  return blocks;
}

volley_ars volley_ars_of(volley_key key) {
  volley_ars ars = {.blocks = fastest()};
  uint64_t low = key.word[0] | (uint64_t)key.word[1] << 32, high = 0;
  for (int r = 0; r <= ROUNDS; r++) {
    const uint32_t words[4] = {(uint32_t)low, (uint32_t)(low >> 32), (uint32_t)high, (uint32_t)(high >> 32)};
    memcpy(ars.keys[r], words, sizeof words);
    low += UINT64_C(0x9E3779B97F4A7C15);
    high += UINT64_C(0xBB67AE8584CAA73B);
  }
  return ars;
}

/* What counts beside the lower 32 bits of an id, or of the number of a block: those above, too. */
typedef struct rest_words {
  uint32_t words[3];
} rest_words;

static inline rest_words rest_of(volley_gid id, uint64_t index, uint32_t attempt) {
  enum { INDEX_BITS = 24 /* of the upper word of an index */ };
  _Static_assert((uint64_t)(VOLLEY_MOST_NEURONS - 1) >> 32 >> (32 - INDEX_BITS) == 0, "ids must fit beside an index");
  return (rest_words){{(uint32_t)index, (uint32_t)(index >> 32) | volley_gid_above(id) << INDEX_BITS, attempt}};
}

/* Those of blocks that differ in bits above the 32nd: in two parts. */
static const uint16_t *draw_parts(const volley_ars *ars, const volley_gid *ids, size_t n, uint64_t index,
                                  uint32_t attempt, volley_ars_room *room) {
  const uint64_t second = (uint64_t)volley_gid_above(ids[n - 1] / HALVES) << 32;
  const size_t n_first = volley_gids_below(ids, (uint32_t)n, second * HALVES), n_second = n - n_first;
  uint16_t all[VOLLEY_ARS_IDS];
  memcpy(all, volley_ars_halves(ars, ids, n_first, index, attempt, room), n_first * sizeof *all);
  memcpy(all + n_first, volley_ars_halves(ars, ids + n_first, n_second, index, attempt, room), n_second * sizeof *all);
  return memcpy(room->halves, all, n * sizeof *all);
}

const uint16_t *volley_ars_halves(const volley_ars *ars, const volley_gid *ids, size_t n, uint64_t index,
                                  uint32_t attempt, volley_ars_room *room) {
  enum { NEIGHBOURS = VOLLEY_ARS_IDS / HALVES + 1 /* blocks of as many */ };
  uint32_t blocks[VOLLEY_ARS_IDS + VOLLEY_ARS_SPARE];
  uint16_t picked[VOLLEY_ARS_IDS], *halves = room->halves;
  if (n == 0) return halves;
  const volley_gid first = ids[0] / HALVES, last = ids[n - 1] / HALVES;
  if (volley_gid_above(first) != volley_gid_above(last)) return draw_parts(ars, ids, n, index, attempt, room);
  const rest_words rest = rest_of(first, index, attempt);
  if (ids[n - 1] - ids[0] == n - 1) {
    for (uint32_t k = 0; k < NEIGHBOURS + VOLLEY_ARS_SPARE; k++) blocks[k] = (uint32_t)first + k;
    ars->blocks(ars, blocks, (size_t)(last - first + 1), rest.words, room->blocks);
    return halves + ids[0] % HALVES;
  }
  size_t n_blocks = 0;
  for (size_t i = 0; i < n; i++) {
    const uint32_t block = (uint32_t)(ids[i] / HALVES);
    if (i == 0 || block != blocks[n_blocks - 1]) blocks[n_blocks++] = block;
    picked[i] = (uint16_t)((n_blocks - 1) * HALVES + ids[i] % HALVES);
  }
  memset(blocks + n_blocks, 0, VOLLEY_ARS_SPARE * sizeof *blocks);
  ars->blocks(ars, blocks, n_blocks, rest.words, room->blocks);
  for (size_t i = 0; i < n; i++) picked[i] = halves[picked[i]];
  return memcpy(halves, picked, n * sizeof *picked);
}

void volley_ars_words(const volley_ars *ars, volley_gid id, uint64_t index, uint32_t attempt, uint32_t out[4]) {
  const uint32_t ids[1 + VOLLEY_ARS_SPARE] = {(uint32_t)id};
  const rest_words rest = rest_of(id, index, attempt | 1u << 31);
  uint32_t room[1 + VOLLEY_ARS_SPARE][4];
  ars->blocks(ars, ids, 1, rest.words, room);
  memcpy(out, room[0], sizeof room[0]);
}
