/* The inner loops of recursive least squares, in vectors. Matrices are kept column by column, and the number of rows
 * is always a multiple of VOLLEY_RLS_GROUP, so that no element is ever computed in a scalar tail: what an element's
 * bits are does not depend on where it stands. Pure functions of their arguments; rows and columns are aligned to 64
 * bytes. */
#ifndef VOLLEY_LEARNER_RLS_KERNELS_H
#define VOLLEY_LEARNER_RLS_KERNELS_H

#include <stddef.h>

enum { VOLLEY_RLS_GROUP = 8 /* rows and columns come in groups of 8 */ };

/* y[i] += columns[0][i] weights[0] + ... + columns[7][i] weights[7], in this order: [n_rows]. */
void volley_rls_combine(double *restrict y, const double *const columns[static VOLLEY_RLS_GROUP],
                        const double weights[static VOLLEY_RLS_GROUP], size_t n_rows);

/* The same for two sums at once: y with the weights a, z with the weights b. next: the columns that are to be read
 * after these, which are fetched into the cache meanwhile. */
void volley_rls_combine_two(double *restrict y, double *restrict z,
                            const double *const columns[static VOLLEY_RLS_GROUP],
                            const double *const next[static VOLLEY_RLS_GROUP], const double a[static VOLLEY_RLS_GROUP],
                            const double b[static VOLLEY_RLS_GROUP], size_t n_rows);

/* P[j][i] -= a[0][i] b[0][j] + ... + a[k - 1][i] b[k - 1][j], in this order, for 8 columns j of P: [8][n_rows], column
 * j at p + j p_stride. a[m] = a + m stride and b[m] = b + m stride are columns of one matrix. next: where the 8
 * columns that come after begin, which are fetched into the cache meanwhile. */
void volley_rls_downdate(double *restrict p, const double *next, size_t p_stride, const double *restrict a,
                         const double *restrict b, size_t stride, int k, size_t n_rows);

/* The dot product of a and b: [n], summed in an order that depends on n only. */
double volley_rls_dot(const double *a, const double *b, size_t n);

#endif
