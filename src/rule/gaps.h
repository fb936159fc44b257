/* Exponential numbers, the gaps between points at random on an axis: private to rule/near.c. */
#ifndef VOLLEY_RULE_GAPS_H
#define VOLLEY_RULE_GAPS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { VOLLEY_GAPS = 64 /* that are drawn together */ };

/* 40 of the bits of two words in (0, 1); the others say whether a candidate is kept. */
static inline double volley_uniform_of(const uint32_t words[2]) {
  return ((double)((uint64_t)words[0] << 8 | words[1] >> 24) + 0.5) * 0x1p-40;
}

/* -log of volley_uniform_of() of each pair of words, in a loop that vectors can take: the number is 2^e m with m about 1, and log m is
 * a series of (m - 1) / (m + 1), whose next term is below 2^-55. */
static inline void volley_draw_gaps(const uint32_t words[2 * VOLLEY_GAPS], double gaps[VOLLEY_GAPS]) {
  static const double ln2 = 0.69314718055994530942, root2 = 1.41421356237309504880;
  uint64_t bits[VOLLEY_GAPS];
  double numbers[VOLLEY_GAPS], exponents[VOLLEY_GAPS];
  for (int c = 0; c < VOLLEY_GAPS; c++) numbers[c] = volley_uniform_of(words + 2 * c);
  memcpy(bits, numbers, sizeof bits);
  for (int c = 0; c < VOLLEY_GAPS; c++) {
    exponents[c] = (double)((int)(bits[c] >> 52) - 1023);
    bits[c] = (bits[c] & UINT64_C(0xFFFFFFFFFFFFF)) | UINT64_C(0x3FF) << 52;
  }
  memcpy(numbers, bits, sizeof bits);
  for (int c = 0; c < VOLLEY_GAPS; c++) {
    const bool above = numbers[c] > root2;
    const double m = above ? numbers[c] / 2 : numbers[c], e = above ? exponents[c] + 1 : exponents[c];
    const double t = (m - 1) / (m + 1), s = t * t;
    double sum = 1.0 / 19 * s + 1.0 / 17;
    sum = ((sum * s + 1.0 / 15) * s + 1.0 / 13) * s + 1.0 / 11;
    sum = ((sum * s + 1.0 / 9) * s + 1.0 / 7) * s + 1.0 / 5;
    gaps[c] = -(e * ln2) - 2 * t * ((sum * s + 1.0 / 3) * s + 1);
  }
}

#endif
