/* A cosine that a vector loop can hold: nothing but additions, multiplications and bits, so that a vector and a scalar
 * iteration, and every processor, give the same bits. */
#ifndef VOLLEY_NEURON_COSINE_H
#define VOLLEY_NEURON_COSINE_H

#include "neuron/kernel.h"

#include <stdint.h>

/* cos(x) within 0.8 units of 2^-53 and exactly 1 at 0, for |x| < 10^6 (radians). Beyond, less and less accurate.
 *
 * x is brought to y, |y| <= pi / 2, by the nearest multiple of pi, whose parity is the sign. pi is given in two parts,
 * the first short enough for its multiples to be exact. There cos y = 1 - t / 2 + t^2 Q(t), t = y^2, Q the minimax
 * polynomial (error of the sum 6e-18), and 1 - t / 2 is taken together with what its rounding lost. */
VOLLEY_INLINE double volley_cosine(double x) {
  const double shift = 0x1.8p52; /* adding it rounds to an integer, whose parity is then the last bit */
  union {
    double value;
    uint64_t bits;
  } turns = {.value = x * 0x1.45f306dc9c883p-2 + shift}, cosine;
  const double n = turns.value - shift;
  const double y = (x - n * 0x1.921fb544p+1) - n * 0x1.0b4611a626331p-33;
  const double t = y * y, half = 0.5 * t;
  double q = 0x1.9fc8d4147e206p-45;
  q = q * t - 0x1.93573fa4a08f8p-37;
  q = q * t + 0x1.1eecfaec981aap-29;
  q = q * t - 0x1.27e4f9f33e519p-22;
  q = q * t + 0x1.a01a019ba740cp-16;
  q = q * t - 0x1.6c16c16c10218p-10;
  q = q * t + 0x1.55555555554ddp-5;
  const double near = 1 - half;
  cosine.value = near + (((1 - near) - half) + t * t * q);
  cosine.bits ^= turns.bits << 63;
  return cosine.value;
}

#endif
