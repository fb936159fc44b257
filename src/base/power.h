/* Powers of many numbers. */
#ifndef VOLLEY_BASE_POWER_H
#define VOLLEY_BASE_POWER_H

#include <stdint.h>

/* out[i] = x[i] to the power of mu, to 0.54 units of the last place: where there is a fused multiplication the bits of pow() of
 * glibc, and the same with any library. x, out: n numbers, which do not overlap. */
void volley_powers(const double *x, uint32_t n, double mu, double *out);

#endif
