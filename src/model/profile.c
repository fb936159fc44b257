#include "model/profile.h"

#include <math.h>

double volley_profile_at(const volley_profile *f, double distance) {
  double shape = 0;
  if (distance > f->cutoff * VOLLEY_PROFILE_WITHIN) return 0;
  switch (f->shape) {
    case VOLLEY_PROFILE_GAUSSIAN: {
      const double x = (distance - f->mean) / f->width;
      shape = f->value * exp(-0.5 * x * x);
      break;
    }
    case VOLLEY_PROFILE_EXPONENTIAL: shape = f->value * exp(-distance / f->width); break;
    case VOLLEY_PROFILE_LINEAR: shape = f->width != 0 ? f->value + f->width * distance : f->value; break;
    case VOLLEY_PROFILE_BOX: shape = distance <= f->width * VOLLEY_PROFILE_WITHIN ? f->value : 0; break;
  }
  return fmin(fmax(shape + f->offset, f->min), f->max);
}

/* Each shape rises or falls all the way but for the Gaussian, which turns at its mean. */
void volley_profile_range(const volley_profile *f, double near, double far, double *least, double *greatest) {
  const bool turns = f->shape == VOLLEY_PROFILE_GAUSSIAN && near < f->mean && f->mean < far;
  const double begin = volley_profile_at(f, near), end = volley_profile_at(f, fmin(far, f->cutoff));
  const double middle = turns ? volley_profile_at(f, f->mean) : begin;
  *least = fmin(fmin(begin, end), middle);
  *greatest = fmax(fmax(begin, end), middle);
  if (far <= f->cutoff) return;
  *least = fmin(*least, 0);
  *greatest = near > f->cutoff * VOLLEY_PROFILE_WITHIN ? 0 : fmax(*greatest, 0);
}
