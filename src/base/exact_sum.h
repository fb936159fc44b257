/* Sums of doubles without rounding, in any order and by any number of ranks and threads: a number of fixed point as long as
 * doubles reach, in digits of 32 bits that carry late (Kulisch's accumulator). The result is rounded once. */
#ifndef VOLLEY_BASE_EXACT_SUM_H
#define VOLLEY_BASE_EXACT_SUM_H

#include <stdint.h>

enum {
  VOLLEY_SUM_DIGITS = 67,                   /* from 2^-1074 on, 32 bits each */
  VOLLEY_SUM_WORDS = VOLLEY_SUM_DIGITS + 1, /* the last: how many of what was added is no number */
  VOLLEY_SUM_MOST = 1 << 28                 /* values between two calls of volley_exact_carry() */
};

/* Zeroed: the sum of nothing. Two of them are added word by word, once both have carried. */
typedef struct volley_exact_sum {
  int64_t words[VOLLEY_SUM_WORDS];
} volley_exact_sum;

void volley_exact_add(volley_exact_sum *sum, double value);

/* Carries: all digits but the last are 0 .. 2^32 - 1 then. */
void volley_exact_carry(volley_exact_sum *sum);

/* The double that is nearest to the sum; NAN where something infinite or no number was added. */
double volley_exact_value(const volley_exact_sum *sum);

#endif
