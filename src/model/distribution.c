#include "model/distribution.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

enum { CHUNK = 256, MAX_ATTEMPTS = 100000 };

volley_distribution volley_constant(double value) {
  return (volley_distribution){.kind = VOLLEY_CONSTANT, .a = value, .min = -INFINITY, .max = INFINITY};
}

volley_file_name volley_distribution_file(const volley_distribution *d) {
  volley_file_name name;
  const char *part = d->dataset ? d->dataset : d->column ? d->column : "", *file = d->file ? d->file : "";
  snprintf(name.text, sizeof name.text, *part ? "%s '%.140s' of '%.150s'" : "%s%s'%.150s'",
           d->dataset ? "dataset"
           : *part    ? "column"
                      : "",
           part, file);
  return name;
}

bool volley_distribution_is_constant(const volley_distribution *d) {
  switch (d->kind) {
    case VOLLEY_CONSTANT: return true;
    case VOLLEY_NORMAL:
    case VOLLEY_LOGNORMAL: return d->b == 0;
    case VOLLEY_UNIFORM: return d->a == d->b;
    case VOLLEY_EXPONENTIAL:
    case VOLLEY_DATASET:
    case VOLLEY_OF_DISTANCE:
    case VOLLEY_PARAMETER: return false;
  }
  return false;
}

double volley_distribution_mean(const volley_distribution *d) {
  switch (d->kind) {
    case VOLLEY_CONSTANT:
    case VOLLEY_NORMAL:
    case VOLLEY_LOGNORMAL:
    case VOLLEY_OF_DISTANCE:
    case VOLLEY_EXPONENTIAL: return d->a;
    case VOLLEY_UNIFORM: return (d->a + d->b) / 2;
    case VOLLEY_DATASET:
    case VOLLEY_PARAMETER: return NAN;
  }
  return NAN;
}

static double clip(const volley_distribution *d, double value) { return fmin(fmax(value, d->min), d->max); }

/* Which end of what the profile can be at any distance. */
static double end_of_profile(const volley_distribution *d, bool greatest) {
  double ends[2];
  volley_profile_range(d->profile, 0, INFINITY, &ends[0], &ends[1]);
  return ends[greatest];
}

double volley_distribution_least(const volley_distribution *d) {
  switch (d->kind) {
    case VOLLEY_CONSTANT:
    case VOLLEY_UNIFORM: return clip(d, d->a);
    case VOLLEY_NORMAL: return d->b == 0 ? clip(d, d->a) : d->min;
    case VOLLEY_LOGNORMAL: return d->b == 0 ? clip(d, d->a) : clip(d, 0);
    case VOLLEY_EXPONENTIAL: return clip(d, 0);
    case VOLLEY_OF_DISTANCE: return end_of_profile(d, false);
    case VOLLEY_DATASET:
    case VOLLEY_PARAMETER: return d->min;
  }
  return -INFINITY;
}

double volley_distribution_greatest(const volley_distribution *d) {
  switch (d->kind) {
    case VOLLEY_CONSTANT: return clip(d, d->a);
    case VOLLEY_UNIFORM: return clip(d, d->b);
    case VOLLEY_NORMAL:
    case VOLLEY_LOGNORMAL: return d->b == 0 ? clip(d, d->a) : d->max;
    case VOLLEY_OF_DISTANCE: return end_of_profile(d, true);
    case VOLLEY_EXPONENTIAL:
    case VOLLEY_DATASET:
    case VOLLEY_PARAMETER: return d->max;
  }
  return INFINITY;
}

/* The logarithm of a lognormal value with mean m and standard deviation s is normal with these. */
static void log_moments(const volley_distribution *d, double *mu, double *sigma) {
  const double variance = log1p(d->b * d->b / (d->a * d->a));
  *mu = log(d->a) - variance / 2;
  *sigma = sqrt(variance);
}

static double normal_below(double x, double mean, double std) {
  return std > 0 ? 0.5 * erfc(-(x - mean) / (std * sqrt(2))) : x >= mean ? 1 : 0;
}

static double below(const volley_distribution *d, double x) {
  double mu, sigma;
  switch (d->kind) {
    case VOLLEY_NORMAL: return normal_below(x, d->a, d->b);
    case VOLLEY_LOGNORMAL: log_moments(d, &mu, &sigma); return x <= 0 ? 0 : normal_below(log(x), mu, sigma);
    case VOLLEY_UNIFORM:
      return d->b > d->a ? clip(&(volley_distribution){.min = 0, .max = 1}, (x - d->a) / (d->b - d->a)) : x >= d->a;
    case VOLLEY_EXPONENTIAL: return x <= 0 ? 0 : -expm1(-x / d->a);
    case VOLLEY_CONSTANT: return x >= d->a;
    case VOLLEY_DATASET:
    case VOLLEY_OF_DISTANCE:
    case VOLLEY_PARAMETER: return NAN;
  }
  return NAN;
}

double volley_distribution_acceptance(const volley_distribution *d) {
  if (!d->redraw || d->kind == VOLLEY_DATASET || d->kind == VOLLEY_PARAMETER) return 1;
  if (volley_distribution_is_constant(d)) return d->a >= d->min && d->a <= d->max ? 1 : 0;
  return below(d, d->max) - below(d, d->min);
}

/* One value for each word, bounds not applied. */
static void transform(const volley_distribution *d, const uint32_t *words, size_t n, double *out) {
  double mu, sigma;
  switch (d->kind) {
    case VOLLEY_NORMAL:
      volley_normal_quantiles(words, n, out);
      for (size_t k = 0; k < n; k++) out[k] = d->a + d->b * out[k];
      break;
    case VOLLEY_LOGNORMAL:
      log_moments(d, &mu, &sigma);
      volley_normal_quantiles(words, n, out);
      for (size_t k = 0; k < n; k++) out[k] = exp(mu + sigma * out[k]);
      break;
    case VOLLEY_UNIFORM:
      for (size_t k = 0; k < n; k++) out[k] = d->a + (d->b - d->a) * volley_open_uniform(words[k]);
      break;
    case VOLLEY_EXPONENTIAL:
      for (size_t k = 0; k < n; k++) out[k] = -d->a * log1p(-volley_open_uniform(words[k]));
      break;
    case VOLLEY_CONSTANT:
    case VOLLEY_DATASET:
    case VOLLEY_OF_DISTANCE:
    case VOLLEY_PARAMETER:
      for (size_t k = 0; k < n; k++) out[k] = d->a;
      break;
  }
}

/* Draws value number k again until it falls within the bounds. */
static double draw_again(const volley_distribution *d, volley_key key, volley_gid id, uint32_t k, double value) {
  for (uint32_t attempt = 1; (value < d->min || value > d->max) && attempt < MAX_ATTEMPTS; attempt++) {
    uint32_t word;
    volley_random_words(key, id, k, attempt, 1, &word);
    transform(d, &word, 1, &value);
  }
  return clip(d, value);
}

static void apply_bounds(const volley_distribution *d, volley_key key, volley_gid id, uint32_t first, size_t n,
                         double *out) {
  if (d->min == -INFINITY && d->max == INFINITY) return;
  for (size_t k = 0; k < n; k++) {
    if (out[k] < d->min || out[k] > d->max) {
      out[k] = d->redraw ? draw_again(d, key, id, first + (uint32_t)k, out[k]) : clip(d, out[k]);
    }
  }
}

void volley_distribution_draw(const volley_distribution *d, volley_key key, volley_gid id, uint32_t first, size_t n,
                              double *out) {
  if (volley_distribution_is_constant(d)) {
    const double value = clip(d, d->a);
    for (size_t k = 0; k < n; k++) out[k] = value;
    return;
  }
  uint32_t words[CHUNK];
  for (size_t done = 0; done < n;) {
    const size_t part = n - done < CHUNK ? n - done : CHUNK;
    const uint32_t from = first + (uint32_t)done;
    volley_random_words(key, id, from, 0, part, words);
    transform(d, words, part, out + done);
    apply_bounds(d, key, id, from, part, out + done);
    done += part;
  }
}

volley_status volley_distribution_check(const volley_distribution *d, const volley_place *place, const char *name,
                                        const double *values, const volley_gid *indices, size_t n) {
  const bool excluded = d->min > 0 && d->min < DBL_MIN; /* the smallest number above 0 */
  for (size_t i = 0; i < n; i++) {
    if (values[i] >= d->min && values[i] <= d->max) continue;
    return volley_fault(VOLLEY_USAGE, place, "%s: value %g of %s for neuron %u lies outside %g%s to %g",
                        d->file ? volley_distribution_file(d).text : "values", values[i], name,
                        (uint32_t)(indices ? indices[i] : i), excluded ? 0 : d->min, excluded ? " (excluded)" : "",
                        d->max);
  }
  return VOLLEY_OK;
}
