/* Arithmetic that update loops hold in vectors: a fused multiplication and addition, a division, a cosine, an
 * exponential. Nothing but additions, multiplications and bits, so that a vector and a scalar iteration give the same
 * bits. */
#ifndef VOLLEY_NEURON_ARITHMETIC_H
#define VOLLEY_NEURON_ARITHMETIC_H

#include "neuron/kernel.h"

#include <math.h>
#include <stdint.h>

#if defined(FP_FAST_FMA) || defined(__FMA__)
enum { VOLLEY_HAS_FMA = 1 };
#else
enum { VOLLEY_HAS_FMA = 0 };
#endif

/* a * b + c with one rounding, the same bits from every compiler and for every instruction set: what is compiled for processors
 * without such an instruction calls the C library, which uses it where it is, and takes several times as long. */
VOLLEY_INLINE double volley_multiply_add(double a, double b, double c) { return fma(a, b, c); }

/* x / divisor, correctly rounded; inverse: 1 / divisor, rounded. The division takes a vector loop as long as a dozen
 * multiplications. Where there is a fused multiplication the quotient is corrected by its exact remainder instead, with
 * the same bits (Markstein 1990, IBM J. Res. Dev. 34: 111) unless it is infinite or next to the smallest numbers. */
VOLLEY_INLINE double volley_divide(double x, double divisor, double inverse) {
  const double quotient = x * inverse;
  return VOLLEY_HAS_FMA ? fma(fma(-quotient, divisor, x), inverse, quotient) : x / divisor;
}

/* cos(x), x in radians, |x| < 10^6: within 2.1 units of 2^-53, next to the extrema within half a unit, 1 at 0. Beyond,
 * less and less accurate.
 *
 * x is brought to y, |y| <= pi / 2, by the nearest multiple of pi, whose parity is the sign. pi is given in two parts,
 * the first short enough for its multiples to be exact. There cos y = 1 - t / 2 + t^2 Q(t), t = y^2, Q the minimax
 * polynomial (error of the sum 6e-18), and 1 - t / 2 is taken together with what its rounding lost. */
VOLLEY_INLINE double volley_cosine(double x) {
  const double shift = 0x1.8p52; /* adding it rounds to an integer, whose parity is then the last bit */
  union {
    double value;
    uint64_t bits;
  } turns = {.value = volley_multiply_add(x, 0x1.45f306dc9c883p-2, shift)}, cosine;
  const double n = turns.value - shift;
  const double y = volley_multiply_add(-n, 0x1.0b4611a626331p-33, volley_multiply_add(-n, 0x1.921fb544p+1, x));
  const double t = y * y, half = 0.5 * t, near = 1 - half;
  double q = volley_multiply_add(0x1.9fc8d4147e206p-45, t, -0x1.93573fa4a08f8p-37);
  q = volley_multiply_add(q, t, 0x1.1eecfaec981aap-29);
  q = volley_multiply_add(q, t, -0x1.27e4f9f33e519p-22);
  q = volley_multiply_add(q, t, 0x1.a01a019ba740cp-16);
  q = volley_multiply_add(q, t, -0x1.6c16c16c10218p-10);
  q = volley_multiply_add(q, t, 0x1.55555555554ddp-5);
  cosine.value = near + volley_multiply_add(t * t, q, (1 - near) - half);
  cosine.bits ^= turns.bits << 63;
  return cosine.value;
}

/* exp(x): within 1.1 units of the last place; beyond -708 .. 709 what it is there.
 *
 * x is brought to r, |r| <= ln 2 / 2, by the nearest multiple of ln 2, which is given in two parts as pi is above.
 * There exp r is its series up to r^13 (the next term is below 2^-58). */
VOLLEY_INLINE double volley_exponential(double x) {
  const double shift = 0x1.8p52, bounded = x < -708 ? -708 : x > 709 ? 709 : x;
  union {
    double value;
    uint64_t bits;
  } turns = {.value = volley_multiply_add(bounded, 0x1.71547652b82fep+0, shift)}, scale;
  const double n = turns.value - shift;
  const double r = volley_multiply_add(-n, 0x1.a39ef35793c76p-33, volley_multiply_add(-n, 0x1.62e42feep-1, bounded));
  double q = volley_multiply_add(1.0 / 6227020800, r, 1.0 / 479001600);
  q = volley_multiply_add(q, r, 1.0 / 39916800);
  q = volley_multiply_add(q, r, 1.0 / 3628800);
  q = volley_multiply_add(q, r, 1.0 / 362880);
  q = volley_multiply_add(q, r, 1.0 / 40320);
  q = volley_multiply_add(q, r, 1.0 / 5040);
  q = volley_multiply_add(q, r, 1.0 / 720);
  q = volley_multiply_add(q, r, 1.0 / 120);
  q = volley_multiply_add(q, r, 1.0 / 24);
  q = volley_multiply_add(q, r, 1.0 / 6);
  q = volley_multiply_add(q, r, 0.5);
  scale.bits = (turns.bits + 1023) << 52;
  return (1 + volley_multiply_add(r * r, q, r)) * scale.value;
}

/* (1 - exp(-z)) / z by Pade's approximation of exp(-z) with a denominator of fourth order, which falls to 0, too: within 2e-7 up
 * to 1. */
VOLLEY_INLINE double volley_mean_fraction(double z) {
  const double above = volley_multiply_add(z, volley_multiply_add(z, 1.0 / 840, 1.0 / 42), 1.0 / 14);
  const double below = volley_multiply_add(z, volley_multiply_add(z, 1.0 / 840, 2.0 / 105), 1.0 / 7);
  return volley_multiply_add(z, above, 1) / volley_multiply_add(z, volley_multiply_add(z, below, 4.0 / 7), 1);
}

#endif
