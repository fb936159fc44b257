/* Counter-based random numbers (Philox 4x32-10; Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
 * A number is a pure function of (seed, purpose, object, id, index, attempt): no generator has state, so no rank,
 * thread or restart can change it. */
#ifndef VOLLEY_BASE_RANDOM_H
#define VOLLEY_BASE_RANDOM_H

#include "base/gid.h"

#include <stddef.h>
#include <stdint.h>

/* What a number is drawn for. Each purpose has streams of its own; a test proves them distinct. */
typedef enum volley_purpose {
  VOLLEY_PURPOSE_PARAMETER = 1, /* object: population and parameter, id: gid */
  VOLLEY_PURPOSE_INITIAL,       /* object: population and state, id: gid */
  VOLLEY_PURPOSE_PARTNER,       /* object: projection, id: gid whose edges are drawn; the neuron at the other end */
  VOLLEY_PURPOSE_SPLIT,         /* object: projection, id: node of the splitting tree */
  VOLLEY_PURPOSE_WEIGHT,        /* object: projection, id: gid whose edges are drawn */
  VOLLEY_PURPOSE_DELAY,         /* object: projection, id: gid whose edges are drawn */
  VOLLEY_PURPOSE_POISSON,       /* object: stimulus, id: gid */
  VOLLEY_PURPOSE_ESTIMATE,      /* samples drawn to estimate costs */
  VOLLEY_PURPOSE_SIGNAL,        /* object: stream of the signal, id: step, of its noise */
  VOLLEY_PURPOSE_GAIN,          /* object: stimulus, id: gid */
  VOLLEY_PURPOSE_ETA,           /* object: readout, id: number of the neuron */
  VOLLEY_PURPOSE_DECODER,       /* object: readout, id: number of the neuron */
  VOLLEY_PURPOSE_NOISE,         /* object: stimulus, id: gid, of a current */
  VOLLEY_PURPOSE_IMAGE,         /* object: stimulus, id: number of the image in order of time */
  VOLLEY_PURPOSE_INTERVAL,      /* object: stimulus, id: gid, index: epoch; between Poisson spikes at any times */
  VOLLEY_PURPOSE_POSITION,      /* object: population, id: index of the neuron; where it lies within its box */
  VOLLEY_PURPOSE_HALF,          /* object: population, id: node of the tree of boxes; how many neurons in each half */
  VOLLEY_PURPOSE_STIMULUS,      /* object: stimulus, id: gid; numbers of its own that a neuron has */
  VOLLEY_PURPOSE_ROUNDING,      /* id: gid of a source, of its weights to 16 or 8 bits */
  VOLLEY_PURPOSE_RELEASE, /* object: projection, id: gid of a source, index: step; key of what a spike transmits */
  VOLLEY_PURPOSE_RENEWAL, /* object: stimulus, id: gid, attempt: number of the interval */
  VOLLEY_PURPOSE_MOTHER,  /* object: stimulus, attempt: step; spikes of a train that others copy */
  VOLLEY_PURPOSE_COPY,    /* object: stimulus, id: gid, attempt: step; which of these a neuron gets */
  VOLLEY_PURPOSE_CHANGE,  /* object: change and number of the parameter or state, id: gid */
  VOLLEY_PURPOSE_ESCAPE,  /* object: population, id: gid, index and attempt: step; whether a neuron fires by chance */
  VOLLEY_PURPOSE_END
} volley_purpose;

typedef struct volley_key {
  uint32_t word[2];
} volley_key;

/* Key of a purpose's object (population, projection or stimulus number, below 2^24). */
volley_key volley_key_of(uint32_t seed, volley_purpose purpose, uint32_t object);

/* The four words of block (id, index, attempt). All four words of Philox count: what of an id is above 32 bits is in the last. */
void volley_random_block(volley_key key, volley_gid id, uint32_t index, uint32_t attempt, uint32_t out[4]);

/* The blocks (ids[i], index, attempt) of n ids, word by word: word w of id i goes to out[w * stride + i]. Fast for many. */
void volley_random_blocks(volley_key key, const volley_gid *ids, size_t n, uint32_t index, uint32_t attempt,
                          uint32_t *out, size_t stride);

/* Words number first .. first + n - 1 of stream (key, id, attempt): word k is word k % 4 of block k / 4. */
void volley_random_words(volley_key key, volley_gid id, uint32_t first, uint32_t attempt, size_t n, uint32_t *out);

/* One word to the middle of its cell in (0, 1). */
static inline double volley_open_uniform(uint32_t word) { return ((double)word + 0.5) * 0x1p-32; }

/* One word to 0 .. range - 1 (Lemire 2019, without the rejection step: bias below range / 2^32). */
static inline uint32_t volley_below(uint32_t word, uint32_t range) {
  return (uint32_t)(((uint64_t)word * range) >> 32);
}

/* Scrambles the bits of a word; no two words give the same (finalizer of splitmix64, Steele, Lea & Flood 2014). */
static inline uint64_t volley_scramble(uint64_t word) {
  word = (word ^ (word >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  word = (word ^ (word >> 27)) * UINT64_C(0x94D049BB133111EB);
  return word ^ (word >> 31);
}

/* A stream of words for samplers that need an unknown number of them. */
typedef struct volley_stream {
  volley_key key;
  volley_gid id;
  uint32_t attempt, next;
  uint32_t block[4];
} volley_stream;
volley_stream volley_stream_of(volley_key key, volley_gid id, uint32_t attempt);
uint32_t volley_stream_word(volley_stream *stream);
double volley_stream_uniform(volley_stream *stream); /* (0, 1), 53 bits */

/* Standard normal quantile (Wichura 1988, AS 241, PPND16: relative error about 1e-16). 0 < p < 1. */
double volley_normal_quantile(double p);

/* The same for n words taken as open uniforms, fast for many. out: n doubles. */
void volley_normal_quantiles(const uint32_t *words, size_t n, double *out);

/* Binomial(n, p), exact: inversion for small n p, otherwise transformed rejection (Hoermann 1993, BTRS). */
uint64_t volley_binomial(volley_stream *stream, uint64_t n, double p);

/* Hypergeometric: marked items among `draws` drawn without return from `total` of which `marked` are marked; exact,
 * by inversion from the mode. */
uint64_t volley_hypergeometric(volley_stream *stream, uint64_t total, uint64_t marked, uint64_t draws);

#endif
