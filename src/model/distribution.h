/* Values that differ from neuron to neuron or synapse to synapse, each a pure function of (seed, purpose, ids). */
#ifndef VOLLEY_MODEL_DISTRIBUTION_H
#define VOLLEY_MODEL_DISTRIBUTION_H

#include "base/random.h"
#include "base/status.h"
#include "model/profile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum volley_distribution_kind {
  VOLLEY_CONSTANT,    /* a: value */
  VOLLEY_NORMAL,      /* a: mean, b: standard deviation */
  VOLLEY_LOGNORMAL,   /* a: mean, b: standard deviation, both of the value itself, not of its logarithm */
  VOLLEY_UNIFORM,     /* a: low, b: high */
  VOLLEY_EXPONENTIAL, /* a: mean */
  VOLLEY_DATASET,     /* one value a neuron, values[index in the population]: from a file, or given */
  VOLLEY_OF_DISTANCE, /* of weights and delays only: a: at 0; the profile at the distance of source and target */
  VOLLEY_PARAMETER    /* initial states only: the neuron's own parameter number (int)a */
} volley_distribution_kind;

typedef struct volley_distribution {
  volley_distribution_kind kind;
  double a, b;
  double min, max;              /* -INFINITY, INFINITY where unbounded */
  bool redraw;                  /* outside of [min, max]: draw again (true) or clip (false) */
  const char *file;             /* VOLLEY_DATASET */
  const char *dataset, *column; /* where it has them; NULL where not given */
  const double *given;          /* [n_given] VOLLEY_DATASET without a file; else NULL */
  int n_given;
  const volley_profile *profile; /* VOLLEY_OF_DISTANCE */
} volley_distribution;

volley_distribution volley_constant(double value);

/* Whether every draw gives the same value. */
bool volley_distribution_is_constant(const volley_distribution *distribution);

/* Mean before bounds are applied; NAN for a dataset or parameter; of what depends on the distance its value at 0. */
double volley_distribution_mean(const volley_distribution *distribution);

/* What its values are read from, for messages: "dataset 'V' of 'x.h5'", "'x.csv'". */
typedef struct volley_file_name {
  char text[320];
} volley_file_name;
volley_file_name volley_distribution_file(const volley_distribution *distribution);

/* Least and greatest value that a draw can give (-INFINITY, INFINITY where unbounded). */
double volley_distribution_least(const volley_distribution *distribution);
double volley_distribution_greatest(const volley_distribution *distribution);

/* Probability that one draw falls into [min, max]; 1 where nothing is redrawn. */
double volley_distribution_acceptance(const volley_distribution *distribution);

/* Draws values number first .. first + n - 1 of the stream (key, id). out: n doubles. Value k depends on (distribution,
 * key, id, k) alone. Not for VOLLEY_DATASET, VOLLEY_OF_DISTANCE and VOLLEY_PARAMETER. */
void volley_distribution_draw(const volley_distribution *distribution, volley_key key, volley_gid id, uint32_t first,
                              size_t n, double *out);

/* Whether n values that were read or given lie within the bounds; else a fault of the first that does not. name: of what they
 * are; indices: of their neurons (NULL: 0, 1, ...). */
volley_status volley_distribution_check(const volley_distribution *distribution, const volley_place *place,
                                        const char *name, const double *values, const volley_gid *indices, size_t n);

#endif
