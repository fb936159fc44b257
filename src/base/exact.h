/* Arithmetic as it is written: results are the same bits on any number of ranks only if a sum is taken in the order that the
 * code says, and NaN and infinity are told apart from numbers. */
#ifndef VOLLEY_BASE_EXACT_H
#define VOLLEY_BASE_EXACT_H

#include <float.h>

#if defined __FAST_MATH__ || defined __ASSOCIATIVE_MATH__ || defined __RECIPROCAL_MATH__ ||                            \
    defined __NO_SIGNED_ZEROS__ || (defined __FINITE_MATH_ONLY__ && __FINITE_MATH_ONLY__)
#error "Volley and its plugins give wrong results with -Ofast, -ffast-math and the like: compile them with -O2 or -O3"
#endif

_Static_assert(FLT_EVAL_METHOD == 0, "double arithmetic in double precision is needed: compile with -mfpmath=sse");

#endif
