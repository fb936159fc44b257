/* A division that costs a vector loop no more than a few multiplications. */
#ifndef VOLLEY_NEURON_DIVIDE_H
#define VOLLEY_NEURON_DIVIDE_H

#include "neuron/kernel.h"

#include <math.h>

/* x / divisor, correctly rounded; inverse: 1 / divisor, rounded. Where the processor multiplies and adds with one
 * rounding, the quotient is corrected by its exact remainder, which gives the bits of a division (Markstein 1990,
 * IBM J. Res. Dev. 34: 111) unless the quotient is infinite or next to the smallest numbers. */
VOLLEY_INLINE double volley_divide(double x, double divisor, double inverse) {
#if defined(FP_FAST_FMA) || defined(__FMA__)
  const double quotient = x * inverse;
  return fma(fma(-quotient, divisor, x), inverse, quotient);
#else
  (void)inverse;
  return x / divisor;
#endif
}

#endif
