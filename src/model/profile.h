/* Functions of the distance between two neurons: what probabilities, weights and delays of synapses can be. */
#ifndef VOLLEY_MODEL_PROFILE_H
#define VOLLEY_MODEL_PROFILE_H

#include <stdbool.h>

typedef enum volley_profile_shape {
  VOLLEY_PROFILE_GAUSSIAN,    /* value exp(-(d - mean)^2 / 2 width^2) */
  VOLLEY_PROFILE_EXPONENTIAL, /* value exp(-d / width) */
  VOLLEY_PROFILE_LINEAR,      /* value + width d */
  VOLLEY_PROFILE_BOX          /* value up to width, 0 beyond */
} volley_profile_shape;

/* The shape plus the offset, within [min, max]; beyond the cut-off 0. */
typedef struct volley_profile {
  volley_profile_shape shape;
  double value, width, mean, offset;
  double min, max; /* -INFINITY, INFINITY where unbounded */
  double cutoff;   /* INFINITY: none */
} volley_profile;

/* A distance that is as long as a cut-off or a box but for rounding lies within. */
#define VOLLEY_PROFILE_WITHIN (1 + 1e-9)

double volley_profile_at(const volley_profile *profile, double distance);

/* Least and greatest value at distances near .. far; far may be INFINITY. */
void volley_profile_range(const volley_profile *profile, double near, double far, double *least, double *greatest);

#endif
