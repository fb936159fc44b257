#include "neuron/course.h"

#include <math.h>
#include <stdbool.h>

enum { MOST_ZEROS = VOLLEY_COURSE_TERMS * VOLLEY_COURSE_POWERS, MOST_TRIES = 200 };

void volley_course_add(volley_course *f, double rate, int power, double coefficient) {
  int k = 0;
  while (k < f->n && f->rate[k] < rate) k++;
  if (k == f->n || f->rate[k] != rate) {
    for (int m = f->n++; m > k; m--) {
      f->rate[m] = f->rate[m - 1];
      for (int q = 0; q < VOLLEY_COURSE_POWERS; q++) f->p[m][q] = f->p[m - 1][q];
    }
    f->rate[k] = rate;
    for (int q = 0; q < VOLLEY_COURSE_POWERS; q++) f->p[k][q] = 0;
  }
  f->p[k][power] += coefficient;
}

/* f and its derivative at h. */
static double value_at(const volley_course *f, double h, double *slope) {
  double sum = 0, change = 0;
  for (int k = 0; k < f->n; k++) {
    const double *p = f->p[k], decay = f->rate[k] == 0 ? 1 : exp(-f->rate[k] * h);
    const double power = p[0] + h * (p[1] + h * (p[2] + h * (p[3] + h * p[4])));
    const double grown = p[1] + h * (2 * p[2] + h * (3 * p[3] + h * 4 * p[4]));
    sum += power * decay;
    change += (grown - f->rate[k] * power) * decay;
  }
  *slope = change;
  return sum;
}

static int degree(const double *p) {
  int power = VOLLEY_COURSE_POWERS - 1;
  while (power >= 0 && p[power] == 0) power--;
  return power;
}

/* (D + rate of term t) f, without terms that vanish. */
static volley_course reduce(const volley_course *f, int t) {
  volley_course g = {0};
  for (int k = 0; k < f->n; k++) {
    const double *p = f->p[k], excess = f->rate[t] - f->rate[k];
    double *q = g.p[g.n];
    for (int power = 0; power < VOLLEY_COURSE_POWERS; power++)
      q[power] = (power + 1 < VOLLEY_COURSE_POWERS ? (power + 1) * p[power + 1] : 0) + excess * p[power];
    g.rate[g.n] = f->rate[k];
    if (degree(q) >= 0) g.n++;
  }
  return g;
}

/* Sign of f far out: that of the slowest term's highest power. */
static int sign_at_end(const volley_course *f) {
  for (int k = 0; k < f->n; k++)
    if (degree(f->p[k]) >= 0) return f->p[k][degree(f->p[k])] > 0 ? 1 : -1;
  return 0;
}

/* The zero between a and b, where f has different signs: Newton's steps, halving where they leave what is left. */
static double find_zero(const volley_course *f, double a, double b, bool rises) {
  double x = a + (b - a) / 2;
  for (int i = 0; i < MOST_TRIES && a < x && x < b; i++) {
    double slope;
    const double value = value_at(f, x, &slope);
    if (value == 0) return x;
    if ((value < 0) == rises)
      a = x;
    else
      b = x;
    const double next = x - value / slope;
    if (fabs(next - x) <= 0x1p-53 * fabs(x)) return x;
    x = a < next && next < b ? next : a + (b - a) / 2;
  }
  return x;
}

/* Where f has the sign of its end, from h on; INFINITY: nowhere before all of it vanishes. */
static double look_ahead(const volley_course *f, double h, int sign) {
  double slope, stride = f->rate[f->n - 1] > 0 ? 1 / f->rate[f->n - 1] : 1;
  for (int i = 0; i < MOST_TRIES && isfinite(h + stride); i++, stride *= 2) {
    const double value = value_at(f, h + stride, &slope);
    if (value != 0 && (value > 0) == (sign > 0)) return h + stride;
  }
  return INFINITY;
}

/* The zeros of f beyond 0, ascending. Returns their number. */
static int find_zeros(const volley_course *f, double *zeros) {
  double parting[MOST_ZEROS + 2] = {0}, slope;
  int n = 0;
  if (f->n == 0 || (f->n == 1 && degree(f->p[0]) == 0)) return 0;
  const volley_course g = reduce(f, f->n - 1);
  const int parts = 1 + find_zeros(&g, parting + 1), end = sign_at_end(f);
  double low = value_at(f, 0, &slope);
  for (int k = 1; k < parts; k++) {
    const double high = value_at(f, parting[k], &slope);
    if ((low < 0) != (high < 0)) zeros[n++] = find_zero(f, parting[k - 1], parting[k], low < 0);
    low = high;
  }
  const double last = parting[parts - 1], beyond = (low > 0) == (end > 0) ? INFINITY : look_ahead(f, last, end);
  if (isfinite(beyond)) zeros[n++] = find_zero(f, last, beyond, low < 0);
  return n;
}

double volley_course_crossing(const volley_course *f) {
  double extrema[MOST_ZEROS], slope, from = 0;
  if (value_at(f, 0, &slope) >= 0) return 0;
  const volley_course change = reduce(f, 0);
  const int n = find_zeros(&change, extrema);
  for (int k = 0; k < n; k++) {
    if (value_at(f, extrema[k], &slope) >= 0) return find_zero(f, from, extrema[k], true);
    from = extrema[k];
  }
  const double beyond = sign_at_end(f) > 0 ? look_ahead(f, from, 1) : INFINITY;
  return isfinite(beyond) ? find_zero(f, from, beyond, true) : INFINITY;
}
