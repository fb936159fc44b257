/* Tests of goodness of fit for unit tests. Each returns the probability of so bad a fit if the samples are right. */
#ifndef VOLLEY_TESTS_STATISTICS_H
#define VOLLEY_TESTS_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* Fails the present cmocka test unless p > 1e-4. */
#define expect_fit(p) statistics_expect((p), #p, __FILE__, __LINE__)
void statistics_expect(double p, const char *what, const char *file, int line);

/* The same for dispersion: too regular is as wrong as too irregular, 1e-4 < p < 1 - 1e-4. */
#define expect_dispersion(p) statistics_expect_between((p), #p, __FILE__, __LINE__)
void statistics_expect_between(double p, const char *what, const char *file, int line);

/* Probability that a chi-square variable with df degrees of freedom exceeds x. */
double statistics_chi_square_above(double x, double df);

/* Chi-square test of counts against expected counts, which have the same sum; neighbouring cells are joined until at
 * least 5 are expected in each. */
double statistics_chi_square(const double *observed, const double *expected, size_t n);

/* Chi-square test that n counts of a fixed sum scatter about their mean with this variance: variance minus covariance of
 * the counts under the hypothesis (for a multinomial the mean itself). */
double statistics_dispersion(const double *counts, size_t n, double variance);

/* Kolmogorov-Smirnov test of n samples, which are sorted. */
double statistics_ks(double *samples, size_t n, double (*cdf)(double x, const double *parameters),
                     const double *parameters);

/* Chi-square test of n integer samples against probabilities p(low) .. p(high); what is left of 1 lies above high. Some
 * 50 cells at most. */
double statistics_integers(const uint64_t *samples, size_t n, double (*probability)(double k, const double *parameters),
                           const double *parameters, uint64_t low, uint64_t high);

/* Probabilities of integers. parameters: binomial {n, p}; hypergeometric {total, marked, draws}; Poisson {mean}. */
double statistics_binomial(double k, const double *parameters);
double statistics_hypergeometric(double k, const double *parameters);
double statistics_poisson(double k, const double *parameters);

/* Distribution functions. parameters: normal {mean, standard deviation}; lognormal {mean, standard deviation} of the
 * value; uniform {low, high}; exponential {mean}. */
double statistics_normal_below(double x, const double *parameters);
double statistics_lognormal_below(double x, const double *parameters);
double statistics_uniform_below(double x, const double *parameters);
double statistics_exponential_below(double x, const double *parameters);

#endif
