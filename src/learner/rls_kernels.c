#include "learner/rls_kernels.h"

#if defined __AVX512F__ || defined __FMA__
#include <immintrin.h>
#endif

/* A vector; add: c + a b and take: c - a b, rounded once where the processor can. Registers: a tile of P that is
 * downdated has TILE_VECTORS x TILE_COLUMNS vectors, which must fit in the processor's 32 or 16. */
#if defined __AVX512F__
enum { LANES = 8, TILE_VECTORS = 3, TILE_COLUMNS = 8 };
typedef __m512d vector;
static inline vector add(vector a, vector b, vector c) { return _mm512_fmadd_pd(a, b, c); }
static inline vector take(vector a, vector b, vector c) { return _mm512_fnmadd_pd(a, b, c); }
#elif defined __FMA__
enum { LANES = 4, TILE_VECTORS = 3, TILE_COLUMNS = 4 };
typedef __m256d vector;
static inline vector add(vector a, vector b, vector c) { return _mm256_fmadd_pd(a, b, c); }
static inline vector take(vector a, vector b, vector c) { return _mm256_fnmadd_pd(a, b, c); }
#else
enum { LANES = 2, TILE_VECTORS = 2, TILE_COLUMNS = 4 };
typedef double vector __attribute__((vector_size(16)));
static inline vector add(vector a, vector b, vector c) { return c + a * b; }
static inline vector take(vector a, vector b, vector c) { return c - a * b; }
#endif

static inline vector load(const double *from) { return *(const vector *)from; }
static inline void store(double *to, vector value) { *(vector *)to = value; }
static inline vector spread(double value) { return value - (vector){0}; }

/* Any double, aligned as a double only. */
static inline vector load_anywhere(const double *from) {
  vector value;
  __builtin_memcpy(&value, from, sizeof value);
  return value;
}

void volley_rls_combine(double *restrict y, const double *const columns[static VOLLEY_RLS_GROUP],
                        const double weights[static VOLLEY_RLS_GROUP], size_t n_rows) {
  vector weight[VOLLEY_RLS_GROUP];
  for (int j = 0; j < VOLLEY_RLS_GROUP; j++) weight[j] = spread(weights[j]);
  for (size_t i = 0; i < n_rows; i += LANES) {
    vector sum = load(y + i);
#pragma GCC unroll 8
    for (int j = 0; j < VOLLEY_RLS_GROUP; j++) sum = add(load(columns[j] + i), weight[j], sum);
    store(y + i, sum);
  }
}

void volley_rls_combine_two(double *restrict y, double *restrict z,
                            const double *const columns[static VOLLEY_RLS_GROUP],
                            const double *const next[static VOLLEY_RLS_GROUP], const double a[static VOLLEY_RLS_GROUP],
                            const double b[static VOLLEY_RLS_GROUP], size_t n_rows) {
  vector weight_a[VOLLEY_RLS_GROUP], weight_b[VOLLEY_RLS_GROUP];
  for (int j = 0; j < VOLLEY_RLS_GROUP; j++) {
    weight_a[j] = spread(a[j]);
    weight_b[j] = spread(b[j]);
  }
  for (size_t i = 0; i < n_rows; i += LANES) {
    vector sum_a = load(y + i), sum_b = load(z + i);
#pragma GCC unroll 8
    for (int j = 0; j < VOLLEY_RLS_GROUP; j++) {
      const vector column = load(columns[j] + i);
      __builtin_prefetch(next[j] + i, 0, 2);
      sum_a = add(column, weight_a[j], sum_a);
      sum_b = add(column, weight_b[j], sum_b);
    }
    store(y + i, sum_a);
    store(z + i, sum_b);
  }
}

/* n_vectors is a constant where this is called, so that the tile lives in registers. The lines of the next strip are
 * fetched one by one between the products. */
static inline __attribute__((always_inline)) void downdate_tile(double *restrict p, const double *next, size_t p_stride,
                                                                const double *restrict a, const double *restrict b,
                                                                size_t stride, int k, const int n_vectors) {
  vector tile[TILE_COLUMNS][TILE_VECTORS];
#pragma GCC unroll 8
  for (int j = 0; j < TILE_COLUMNS; j++) {
#pragma GCC unroll 8
    for (int v = 0; v < n_vectors; v++) tile[j][v] = load(p + (size_t)j * p_stride + v * LANES);
  }
  for (int m = 0; m < k; m++, a += stride, b += stride) {
    vector left[TILE_VECTORS];
    if (m < TILE_COLUMNS * n_vectors)
      __builtin_prefetch(next + (size_t)(m % TILE_COLUMNS) * p_stride + m / TILE_COLUMNS * LANES, 1, 2);
#pragma GCC unroll 8
    for (int v = 0; v < n_vectors; v++) left[v] = load(a + v * LANES);
#pragma GCC unroll 8
    for (int j = 0; j < TILE_COLUMNS; j++) {
#pragma GCC unroll 8
      for (int v = 0; v < n_vectors; v++) tile[j][v] = take(left[v], spread(b[j]), tile[j][v]);
    }
  }
#pragma GCC unroll 8
  for (int j = 0; j < TILE_COLUMNS; j++) {
#pragma GCC unroll 8
    for (int v = 0; v < n_vectors; v++) store(p + (size_t)j * p_stride + v * LANES, tile[j][v]);
  }
}

void volley_rls_downdate(double *restrict p, const double *next, size_t p_stride, const double *restrict a,
                         const double *restrict b, size_t stride, int k, size_t n_rows) {
  for (size_t j = 0; j < VOLLEY_RLS_GROUP; j += TILE_COLUMNS) {
    double *column = p + j * p_stride;
    const double *next_column = next + j * p_stride;
    size_t i = 0;
    for (; i + TILE_VECTORS * LANES <= n_rows; i += TILE_VECTORS * LANES)
      downdate_tile(column + i, next_column + i, p_stride, a + i, b + j, stride, k, TILE_VECTORS);
    for (; i < n_rows; i += LANES) downdate_tile(column + i, next_column + i, p_stride, a + i, b + j, stride, k, 1);
  }
}

double volley_rls_dot(const double *a, const double *b, size_t n) {
  enum { N_SUMS = 32 };
  double sums[N_SUMS];
  vector part[N_SUMS / LANES];
  for (int v = 0; v < N_SUMS / LANES; v++) part[v] = spread(0);
  size_t i = 0;
  for (; i + N_SUMS <= n; i += N_SUMS) {
    for (int v = 0; v < N_SUMS / LANES; v++)
      part[v] = add(load_anywhere(a + i + v * LANES), load_anywhere(b + i + v * LANES), part[v]);
  }
  __builtin_memcpy(sums, part, sizeof sums);
  for (size_t left = 0; i < n; i++, left++) sums[left] += a[i] * b[i];
  for (int half = N_SUMS / 2; half > 0; half /= 2) {
    for (int s = 0; s < half; s++) sums[s] += sums[s + half];
  }
  return sums[0];
}
