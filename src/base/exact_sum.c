#include "base/exact_sum.h"

#include <math.h>
#include <string.h>

enum { BITS = 32, LEAST = -1074 /* exponent of the least bit of a double */, FRACTION = 52, EXPONENTS = 0x7FF };
static const int64_t base = INT64_C(1) << BITS;

void volley_exact_add(volley_exact_sum *sum, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  const unsigned exponent = (unsigned)(bits >> FRACTION) & EXPONENTS;
  if (exponent == EXPONENTS) {
    sum->words[VOLLEY_SUM_DIGITS]++;
    return;
  }
  const uint64_t fraction = bits & ((UINT64_C(1) << FRACTION) - 1);
  const uint64_t whole = exponent ? fraction | UINT64_C(1) << FRACTION : fraction;
  const unsigned place = exponent ? exponent - 1 : 0, shift = place % BITS; /* of its least bit above 2^-1074 */
  const uint64_t low = (whole & 0xFFFFFFFF) << shift, high = (whole >> BITS) << shift;
  int64_t *digits = sum->words + place / BITS;
  const int64_t sign = bits >> 63 ? -1 : 1;
  digits[0] += sign * (int64_t)(low & 0xFFFFFFFF);
  digits[1] += sign * (int64_t)((low >> BITS) + (high & 0xFFFFFFFF));
  digits[2] += sign * (int64_t)(high >> BITS);
}

void volley_exact_carry(volley_exact_sum *sum) {
  for (int d = 0; d + 1 < VOLLEY_SUM_DIGITS; d++) {
    int64_t carry = sum->words[d] / base;
    if (sum->words[d] % base < 0) carry--;
    sum->words[d] -= carry * base;
    sum->words[d + 1] += carry;
  }
}

/* The leading 64 bits of digits that have carried and are not negative, the least of them set where bits below are. */
static double leading_bits(const volley_exact_sum *sum) {
  int top = VOLLEY_SUM_DIGITS - 1;
  while (top > 0 && sum->words[top] == 0) top--;
  const uint64_t first = (uint64_t)sum->words[top];
  if (first == 0) return 0;
  const int room = __builtin_clzll(first); /* at least 1: the last digit is far from full */
  uint64_t bits = first << room, rest = 0;
  int left = room;
  for (int d = top - 1; d >= 0; d--) {
    const uint64_t digit = (uint64_t)sum->words[d];
    if (left >= BITS) {
      bits |= digit << (left - BITS);
    } else {
      bits |= digit >> (BITS - left);
      rest |= digit & ((UINT64_C(1) << (BITS - left)) - 1);
    }
    left = left > BITS ? left - BITS : 0;
  }
  return ldexp((double)(bits | (rest != 0)), LEAST + BITS * top - room);
}

double volley_exact_value(const volley_exact_sum *sum) {
  volley_exact_sum size = *sum;
  if (size.words[VOLLEY_SUM_DIGITS] != 0) return NAN;
  volley_exact_carry(&size);
  const double sign = size.words[VOLLEY_SUM_DIGITS - 1] < 0 ? -1 : 1;
  if (sign < 0) {
    for (int d = 0; d < VOLLEY_SUM_DIGITS; d++) size.words[d] = -size.words[d];
    volley_exact_carry(&size);
  }
  return sign * leading_bits(&size);
}
