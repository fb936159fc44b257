/* Prints a hash of what the arithmetic of update loops and what counts random words comes to. */
#include "neuron/arithmetic.h"

#include <stdio.h>
#include <string.h>

enum { N = 4096 };

static uint64_t add(uint64_t hash, const double *values) {
  for (int i = 0; i < N; i++) {
    uint64_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    hash = (hash ^ bits) * UINT64_C(0x100000001B3);
    hash ^= hash >> 29;
  }
  return hash;
}

int main(void) {
  double x[N], out[4][N];
  uint64_t hash = UINT64_C(0xCBF29CE484222325);
  for (int scale = -8; scale < 10; scale++) {
    for (int i = 0; i < N; i++) x[i] = ldexp((i * 1103515245.0 + 12345) / 1e9 - 2000, scale - 4) * (i % 2 ? -1 : 1);
#pragma omp simd
    for (int i = 0; i < N; i++) {
      out[0][i] = volley_multiply_add(x[i], 1.1, x[i] * x[i]);
      out[1][i] = volley_divide(x[i], 3.7, 1 / 3.7);
      out[2][i] = volley_cosine(x[i]);
      out[3][i] = volley_exponential(x[i]);
    }
    for (int k = 0; k < 4; k++) hash = add(hash, out[k]);
    for (int i = 0; i < N; i++) out[0][i] = volley_mean_fraction(0.001 * fabs(x[i]));
    hash = add(hash, out[0]);
  }
  printf("%016llx\n", (unsigned long long)hash);
  return 0;
}
