/* The course of a potential between two events: a sum of polynomials times exponentials, and where it first reaches 0.
 *
 *   f(h) = sum over k of (p[k][0] + p[k][1] h + ... + p[k][4] h^4) exp(-rate[k] h),   h >= 0
 *
 * No crossing is missed: D + rate[k], D the derivative, takes a power of h from term k, and between two zeros of f there is
 * one of (D + rate[k]) f, which is exp(-rate[k] h) D (exp(rate[k] h) f). So the zeros of a sum with one coefficient less part
 * those of f, down to a single coefficient, which has none (Rolle). With rate 0 first these are the extrema of f itself. */
#ifndef VOLLEY_NEURON_COURSE_H
#define VOLLEY_NEURON_COURSE_H

enum { VOLLEY_COURSE_TERMS = 4, VOLLEY_COURSE_POWERS = 5 };

typedef struct volley_course {
  int n;
  double rate[VOLLEY_COURSE_TERMS]; /* 1/ms, ascending, different; the first is 0 */
  double p[VOLLEY_COURSE_TERMS][VOLLEY_COURSE_POWERS];
} volley_course;

/* Adds coefficient * h^power * exp(-rate h). */
void volley_course_add(volley_course *f, double rate, int power, double coefficient);

/* The first h at which f reaches 0 from below, to machine precision; 0 where it begins there, INFINITY: it never does. */
double volley_course_crossing(const volley_course *f);

#endif
