/* u' = a (u^2 + d), a > 0, in closed form: quadratic neurons between two events. With w = sqrt(|d|) u is w tan(a w h + const) where
 * d > 0; where d < 0 it falls to -w from below w and runs away from above. Written so that nothing is lost where d is small. */
#ifndef VOLLEY_NEURON_RICCATI_H
#define VOLLEY_NEURON_RICCATI_H

#include <math.h>

/* u after h, which is before it runs away. */
static inline double volley_riccati_at(double u, double a, double d, double h) {
  const double w = sqrt(fabs(d));
  if (w * a * h < 1e-150) return u / (1 - a * u * h);
  if (d > 0) {
    const double t = tan(a * w * h);
    return w * (u + w * t) / (w - u * t);
  }
  const double left = (u + w) * exp(-2 * a * w * h), far = u - w;
  return w * (left + far) / (left - far);
}

/* When it reaches `peak` from u < peak; peak may be INFINITY. INFINITY: never. */
static inline double volley_riccati_time(double u, double a, double d, double peak) {
  const double w = sqrt(fabs(d));
  if (d > 0) return isinf(peak) ? atan2(w, u) / (a * w) : atan2(w * (peak - u), d + peak * u) / (a * w);
  if (!(u > w)) return INFINITY;
  if (w == 0) return (1 / u - 1 / peak) / a;
  return log1p(isinf(peak) ? 2 * w / (u - w) : 2 * w * (peak - u) / ((peak + w) * (u - w))) / (2 * a * w);
}

#endif
