#include "base/random.h"

#include <Random123/philox.h>
#include <math.h>

enum { PIECE = 256 /* numbers that are made together */ };

volley_key volley_key_of(uint32_t seed, volley_purpose purpose, uint32_t object) {
  return (volley_key){{seed, ((uint32_t)purpose << 24) | (object & 0xFFFFFFu)}};
}

/* The counter of a block. */
static inline philox4x32_ctr_t counter_of(volley_gid id, uint32_t index, uint32_t attempt) {
  return (philox4x32_ctr_t){{(uint32_t)id, index, attempt, volley_gid_above(id)}};
}

void volley_random_block(volley_key key, volley_gid id, uint32_t index, uint32_t attempt, uint32_t out[4]) {
  const philox4x32_key_t philox_key = {{key.word[0], key.word[1]}};
  const philox4x32_ctr_t block = philox4x32(counter_of(id, index, attempt), philox_key);
  for (int i = 0; i < 4; i++) out[i] = block.v[i];
}

void volley_random_blocks(volley_key key, const volley_gid *restrict ids, size_t n, uint32_t index, uint32_t attempt,
                          uint32_t *restrict out, size_t stride) {
  const philox4x32_key_t philox_key = {{key.word[0], key.word[1]}};
  for (size_t i = 0; i < n; i++) {
    const philox4x32_ctr_t block = philox4x32(counter_of(ids[i], index, attempt), philox_key);
    for (size_t w = 0; w < 4; w++) out[w * stride + i] = block.v[w];
  }
}

/* Whole blocks number index .. index + n - 1 of a stream, one behind the other. */
static void write_blocks(volley_key key, volley_gid id, uint32_t index, uint32_t attempt, size_t n,
                         uint32_t *restrict out) {
  const philox4x32_key_t philox_key = {{key.word[0], key.word[1]}};
  for (size_t i = 0; i < n; i++) {
    const philox4x32_ctr_t block = philox4x32(counter_of(id, index + (uint32_t)i, attempt), philox_key);
    for (size_t w = 0; w < 4; w++) out[4 * i + w] = block.v[w];
  }
}

void volley_random_words(volley_key key, volley_gid id, uint32_t first, uint32_t attempt, size_t n, uint32_t *out) {
  uint32_t block[4], index = first / 4;
  size_t k = 0;
  if (first % 4 != 0) {
    volley_random_block(key, id, index++, attempt, block);
    for (uint32_t i = first % 4; i < 4 && k < n; i++) out[k++] = block[i];
  }
  const size_t whole = (n - k) / 4;
  write_blocks(key, id, index, attempt, whole, out + k);
  k += 4 * whole;
  if (k < n) volley_random_block(key, id, index + (uint32_t)whole, attempt, block);
  for (uint32_t i = 0; k < n; i++) out[k++] = block[i];
}

volley_stream volley_stream_of(volley_key key, volley_gid id, uint32_t attempt) {
  return (volley_stream){.key = key, .id = id, .attempt = attempt};
}

uint32_t volley_stream_word(volley_stream *stream) {
  const uint32_t i = stream->next++;
  if (i % 4 == 0) volley_random_block(stream->key, stream->id, i / 4, stream->attempt, stream->block);
  return stream->block[i % 4];
}

double volley_stream_uniform(volley_stream *stream) {
  const uint64_t high = volley_stream_word(stream);
  const uint64_t low = volley_stream_word(stream);
  return ((double)((high << 21) ^ (low >> 11)) + 0.5) * 0x1p-53;
}

/* AS 241: rational approximations for the centre and, by the root of the logarithm, two parts of the tail. */
static const double centre_over[8] = {3.3871328727963666080e0,  1.3314166789178437745e+2, 1.9715909503065514427e+3,
                                      1.3731693765509461125e+4, 4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                      3.3430575583588128105e+4, 2.5090809287301226727e+3};
static const double centre_under[8] = {1.0000000000000000000e+0, 4.2313330701600911252e+1, 6.8718700749205790830e+2,
                                       5.3941960214247511077e+3, 2.1213794301586595867e+4, 3.9307895800092710610e+4,
                                       2.8729085735721942674e+4, 5.2264952788528545610e+3};
static const double tail_over[8] = {1.42343711074968357734e0,  4.63033784615654529590e0, 5.76949722146069140550e0,
                                    3.64784832476320460504e0,  1.27045825245236838258e0, 2.41780725177450611770e-1,
                                    2.27238449892691845833e-2, 7.74545014278341407640e-4};
static const double tail_under[8] = {1.00000000000000000000e0,  2.05319162663775882187e0,  1.67638483018380384940e0,
                                     6.89767334985100004550e-1, 1.48103976427480074590e-1, 1.51986665636164571966e-2,
                                     5.47593808499534494600e-4, 1.05075007164441684324e-9};
static const double far_over[8] = {6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,
                                   2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                   2.71155556874348757815e-5, 2.01033439929228813265e-7};
static const double far_under[8] = {1.00000000000000000000e0,  5.99832206555887937690e-1, 1.36929880922735805310e-1,
                                    1.48753612908506148525e-2, 7.86869131145613259100e-4, 1.84631831751005468180e-5,
                                    1.42151175831644588870e-7, 2.04426310338993978564e-15};
static const double centre = 0.425;
static const uint32_t tail = 322122547; /* words below it are in a tail, and as many of the greatest */

static inline double horner(const double *c, double x) {
  double sum = c[7];
  for (int i = 6; i >= 0; i--) sum = sum * x + c[i];
  return sum;
}

static inline double central_quantile(double q) {
  const double r = centre * centre - q * q;
  return q * horner(centre_over, r) / horner(centre_under, r);
}

static inline double near_tail(double r) { return horner(tail_over, r - 1.6) / horner(tail_under, r - 1.6); }

double volley_normal_quantile(double p) {
  const double q = p - 0.5;
  if (fabs(q) <= centre) return central_quantile(q);
  const double r = sqrt(-log(q < 0 ? p : 1 - p));
  const double x = r <= 5 ? near_tail(r) : horner(far_over, r - 5) / horner(far_under, r - 5);
  return q < 0 ? -x : x;
}

/* Those in the tails apart: of a word none is so small that r is beyond 5. */
static void find_quantiles(const uint32_t *words, size_t n, double *out) {
  uint32_t tails[PIECE], n_tails = 0;
  double p[PIECE], roots[PIECE];
  for (uint32_t k = 0; k < n; k++) out[k] = central_quantile(volley_open_uniform(words[k]) - 0.5);
  for (uint32_t k = 0; k < n; k++) {
    tails[n_tails] = k;
    n_tails += words[k] - tail >= UINT32_C(0) - 2 * tail;
  }
  for (uint32_t t = 0; t < n_tails; t++) {
    p[t] = volley_open_uniform(words[tails[t]]);
    roots[t] = sqrt(-log(p[t] < 0.5 ? p[t] : 1 - p[t]));
  }
  for (uint32_t t = 0; t < n_tails; t++) roots[t] = copysign(near_tail(roots[t]), p[t] - 0.5);
  for (uint32_t t = 0; t < n_tails; t++) out[tails[t]] = roots[t];
}

void volley_normal_quantiles(const uint32_t *words, size_t n, double *out) {
  for (size_t k = 0; k < n; k += PIECE) find_quantiles(words + k, n - k < PIECE ? n - k : PIECE, out + k);
}

/* Inversion from 0: mean number of steps n p. */
static uint64_t binomial_by_inversion(volley_stream *stream, uint64_t n, double p) {
  const double odds = p / (1 - p);
  double probability = exp((double)n * log1p(-p));
  double u = volley_stream_uniform(stream);
  uint64_t k = 0;
  while (u > probability && k < n) {
    u -= probability;
    probability *= odds * (double)(n - k) / (double)(k + 1);
    k++;
  }
  return k;
}

/* ln n! less Stirling's n ln n - n + ln(2 pi n) / 2, without the cancellation of large logarithms. */
static double stirling_rest(double n) {
  if (n < 16) {
    int sign;
    return n > 0 ? lgamma_r(n + 1, &sign) - (n + 0.5) * log(n) + n - 0.918938533204672742 : 0;
  }
  const double m = n * n;
  return (1.0 / 12 - (1.0 / 360 - (1.0 / 1260 - 1.0 / 1680 / m) / m) / m) / n;
}

/* x ln(x / mean) + mean - x: what a count costs for not being the mean; accurate also where x is near the mean. */
static double deviance(double x, double mean) {
  const double v = (x - mean) / (x + mean);
  if (fabs(v) > 0.1) return x * log(x / mean) + mean - x;
  double sum = (x - mean) * v, term = 2 * x * v;
  for (int j = 1; j < 60; j++) {
    term *= v * v;
    const double next = sum + term / (2 * j + 1);
    if (next == sum) break;
    sum = next;
  }
  return sum;
}

/* ln of the binomial probability of k in n, p + q = 1 (Loader 2000, "Fast and accurate computation of binomial
 * probabilities"). */
static double log_binomial(double k, double n, double p, double q) {
  if (k == 0) return n * (p < q ? log1p(-p) : log(q));
  if (k == n) return n * (p < q ? log(p) : log1p(-q));
  const double rest = stirling_rest(n) - stirling_rest(k) - stirling_rest(n - k);
  return rest - deviance(k, n * p) - deviance(n - k, n * q) + 0.5 * log(n / (6.283185307179586477 * k * (n - k)));
}

/* Hoermann (1993), "The generation of binomial random variates", algorithm BTRS; n p >= 10, p <= 1/2. */
static uint64_t binomial_by_rejection(volley_stream *stream, uint64_t n, double p) {
  const double N = (double)n;
  const double spread = sqrt(N * p * (1 - p));
  const double b = 1.15 + 2.53 * spread;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double c = N * p + 0.5;
  const double v_r = 0.92 - 4.2 / b;
  const double alpha = (2.83 + 5.1 / b) * spread;
  const double most = log_binomial(floor((N + 1) * p), N, p, 1 - p);
  for (;;) {
    const double u = volley_stream_uniform(stream) - 0.5;
    const double v = volley_stream_uniform(stream);
    const double us = 0.5 - fabs(u);
    const double k = floor((2 * a / us + b) * u + c);
    if (us >= 0.07 && v <= v_r) return (uint64_t)k;
    if (k < 0 || k > N) continue;
    if (log(v * alpha / (a / (us * us) + b)) <= log_binomial(k, N, p, 1 - p) - most) return (uint64_t)k;
  }
}

uint64_t volley_binomial(volley_stream *stream, uint64_t n, double p) {
  if (n == 0 || p <= 0) return 0;
  if (p >= 1) return n;
  if (p > 0.5) return n - volley_binomial(stream, n, 1 - p);
  return (double)n * p < 10 ? binomial_by_inversion(stream, n, p) : binomial_by_rejection(stream, n, p);
}

/* Inversion from the mode outwards: about one standard deviation of steps, and no underflow however large the numbers. The
 * probability of the mode is a ratio of three binomial ones (Loader 2000). */
uint64_t volley_hypergeometric(volley_stream *stream, uint64_t total, uint64_t marked, uint64_t draws) {
  const double T = (double)total, M = (double)marked, D = (double)draws;
  const uint64_t least = marked + draws > total ? marked + draws - total : 0;
  const uint64_t most = marked < draws ? marked : draws;
  if (least >= most) return most;
  uint64_t mode = (uint64_t)((D + 1) * (M + 1) / (T + 2));
  mode = mode < least ? least : mode > most ? most : mode;
  const double m = (double)mode, p = D / T, q = (T - D) / T;
  const double start = exp(log_binomial(m, M, p, q) + log_binomial(D - m, T - M, p, q) - log_binomial(D, T, p, q));
  double u = volley_stream_uniform(stream) - start;
  double up = start, down = start;
  uint64_t high = mode, low = mode;
  while (u > 0 && (up > 0 || down > 0)) { /* both are 0 at the ends of the range, or where nothing is left to sum up */
    if (high < most) {
      const double k = (double)high++;
      up *= (M - k) / (k + 1) * (D - k) / (T - M - D + k + 1);
      u -= up;
      if (u <= 0) return high;
    } else {
      up = 0;
    }
    if (low > least) {
      const double k = (double)low--;
      down *= k / (M - k + 1) * (T - M - D + k) / (D - k + 1);
      u -= down;
      if (u <= 0) return low;
    } else {
      down = 0;
    }
  }
  return mode;
}
