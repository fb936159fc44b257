/* Counter-based random numbers for what every neuron draws in every step: rounds of AES with a key schedule that only adds
 * (ARS-7; Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3"). A processor with instructions for such rounds
 * makes 8 to 32 halves of words at a time by 7 of them, another one the same bits by tables. Like those of random.h the
 * numbers are a pure function of (key, id, index, attempt). */
#ifndef VOLLEY_BASE_ARS_H
#define VOLLEY_BASE_ARS_H

#include "base/random.h"

#include <stdbool.h>

enum { VOLLEY_ARS_ROUNDS = 7, VOLLEY_ARS_SPARE = 3 /* blocks */, VOLLEY_ARS_HALVES = 8 /* of a block */ };

typedef struct volley_ars volley_ars;

/* A way to make blocks: those of counters {ids[i], rest[0], rest[1], rest[2]}, i = 0 .. n - 1. ids and out have room for
 * n + VOLLEY_ARS_SPARE; the spare ids may be read and the spare blocks written. */
typedef void volley_ars_blocks(const volley_ars *ars, const uint32_t *ids, size_t n, const uint32_t rest[3],
                               uint32_t (*out)[4]);

struct volley_ars {
  uint32_t keys[VOLLEY_ARS_ROUNDS + 1][4]; /* of the rounds */
  volley_ars_blocks *blocks;               /* the fastest way that this processor has */
};

/* All ways, the fastest first, ended by one without a name. They differ in nothing but their speed. */
typedef struct volley_ars_way {
  const char *name;
  bool (*is_here)(void); /* whether this processor can */
  volley_ars_blocks *blocks;
} volley_ars_way;
extern const volley_ars_way volley_ars_ways[];

/* The generator of a key. */
volley_ars volley_ars_of(volley_key key);

/* Where the halves of some ids are drawn. */
enum { VOLLEY_ARS_IDS = 1024 };
typedef union volley_ars_room {
  uint32_t blocks[VOLLEY_ARS_IDS + VOLLEY_ARS_SPARE][4];
  uint16_t halves[(VOLLEY_ARS_IDS + VOLLEY_ARS_SPARE) * VOLLEY_ARS_HALVES];
} volley_ars_room;

/* The halves of words that belong to n ascending ids, at most VOLLEY_ARS_IDS: half id % 8 of block (id / 8, index, attempt),
 * index < 2^56, attempt < 2^31. Neighbours share blocks: n neighbours take n / 8 + 1. They lie in the room. */
const uint16_t *volley_ars_halves(const volley_ars *ars, const volley_gid *ids, size_t n, uint64_t index,
                                  uint32_t attempt, volley_ars_room *room);

/* Four words of an id's own, for the few that need more than its half. */
void volley_ars_words(const volley_ars *ars, volley_gid id, uint64_t index, uint32_t attempt, uint32_t out[4]);

#endif
