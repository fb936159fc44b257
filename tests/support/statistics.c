#include "support/statistics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { CELLS = 50 };
static const double least_p = 1e-4;

void statistics_expect(double p, const char *what, const char *file, int line) {
  if (p > least_p) return;
  print_error("%s:%d: bad fit: %s = %g\n", file, line, what, p);
  _fail(file, line);
}

void statistics_expect_between(double p, const char *what, const char *file, int line) {
  statistics_expect(p, what, file, line);
  if (p < 1 - least_p) return;
  print_error("%s:%d: too good a fit: %s = 1 - %g\n", file, line, what, 1 - p);
  _fail(file, line);
}

/* Regularized upper incomplete gamma function by series or continued fraction (Abramowitz & Stegun 6.5.29, 6.5.31). */
static double upper_gamma(double a, double x) {
  if (x <= 0) return 1;
  const double front = exp(a * log(x) - x - lgamma(a));
  if (x < a + 1) {
    double term = 1 / a, sum = term;
    for (int n = 1; term > 1e-16 * sum; n++) {
      term *= x / (a + n);
      sum += term;
    }
    return 1 - front * sum;
  }
  double b = x + 1 - a, c = 1e300, d = 1 / b, h = d;
  for (int n = 1; n < 100000; n++) {
    const double over = -n * (n - a);
    b += 2;
    d = 1 / (over * d + b);
    c = b + over / c;
    h *= d * c;
    if (fabs(d * c - 1) < 1e-15) break;
  }
  return front * h;
}

double statistics_chi_square_above(double x, double df) { return upper_gamma(df / 2, x / 2); }

double statistics_chi_square(const double *observed, const double *expected, size_t n) {
  double statistic = 0, left = 0, seen = 0, due = 0;
  int cells = 0;
  for (size_t i = 0; i < n; i++) left += expected[i];
  for (size_t i = 0; i < n; i++) {
    seen += observed[i];
    due += expected[i];
    left -= expected[i];
    if (i + 1 < n && (due < 5 || left < 5)) continue;
    if (due > 0) {
      statistic += (seen - due) * (seen - due) / due;
      cells++;
    } else if (seen > 0) {
      return 0;
    }
    seen = due = 0;
  }
  return cells > 1 ? statistics_chi_square_above(statistic, cells - 1) : 1;
}

double statistics_dispersion(const double *counts, size_t n, double variance) {
  double mean = 0, sum = 0;
  for (size_t i = 0; i < n; i++) mean += counts[i] / (double)n;
  for (size_t i = 0; i < n; i++) sum += (counts[i] - mean) * (counts[i] - mean);
  return statistics_chi_square_above(sum / variance, (double)n - 1);
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double statistics_ks(double *samples, size_t n, double (*cdf)(double, const double *), const double *parameters) {
  double distance = 0;
  qsort(samples, n, sizeof *samples, ascending);
  for (size_t i = 0; i < n; i++) {
    const double below = cdf(samples[i], parameters);
    distance = fmax(distance, fmax(below - (double)i / (double)n, (double)(i + 1) / (double)n - below));
  }
  const double root = sqrt((double)n);
  const double x = (root + 0.12 + 0.11 / root) * distance;
  double sum = 0;
  for (int k = 1; k <= 100; k++) sum += (k % 2 ? 2 : -2) * exp(-2.0 * k * k * x * x);
  return x < 0.2 ? 1 : sum;
}

double statistics_integers(const uint64_t *samples, size_t n, double (*probability)(double, const double *),
                           const double *parameters, uint64_t low, uint64_t high) {
  double observed[CELLS + 2] = {0}, expected[CELLS + 2] = {0}, left = (double)n;
  const uint64_t width = (high - low) / CELLS + 1;
  for (uint64_t k = low; k <= high; k++) {
    const double due = (double)n * probability((double)k, parameters);
    expected[(k - low) / width] += due;
    left -= due;
  }
  expected[CELLS + 1] = fmax(left, 0);
  for (size_t i = 0; i < n; i++) {
    if (samples[i] < low) return 0;
    observed[samples[i] <= high ? (samples[i] - low) / width : CELLS + 1]++;
  }
  return statistics_chi_square(observed, expected, CELLS + 2);
}

static long double log_choose(double n, double k) {
  return lgammal(n + 1.0L) - lgammal(k + 1.0L) - lgammal(n - k + 1.0L);
}

double statistics_binomial(double k, const double *parameters) {
  const double n = parameters[0], p = parameters[1];
  return k > n ? 0 : (double)expl(log_choose(n, k) + k * logl(p) + (n - k) * log1pl(-p));
}

double statistics_hypergeometric(double k, const double *parameters) {
  const double total = parameters[0], marked = parameters[1], draws = parameters[2];
  if (k > marked || k > draws || draws - k > total - marked) return 0;
  return (double)expl(log_choose(marked, k) + log_choose(total - marked, draws - k) - log_choose(total, draws));
}

double statistics_poisson(double k, const double *parameters) {
  return (double)expl(k * logl(parameters[0]) - parameters[0] - lgammal(k + 1.0L));
}

double statistics_normal_below(double x, const double *parameters) {
  return 0.5 * erfc(-(x - parameters[0]) / (parameters[1] * sqrt(2)));
}

double statistics_lognormal_below(double x, const double *parameters) {
  const double variance = log(1 + parameters[1] * parameters[1] / (parameters[0] * parameters[0]));
  const double logs[2] = {log(parameters[0]) - variance / 2, sqrt(variance)};
  return x <= 0 ? 0 : statistics_normal_below(log(x), logs);
}

double statistics_uniform_below(double x, const double *parameters) {
  return fmin(fmax((x - parameters[0]) / (parameters[1] - parameters[0]), 0), 1);
}

double statistics_exponential_below(double x, const double *parameters) {
  return x <= 0 ? 0 : 1 - exp(-x / parameters[0]);
}
