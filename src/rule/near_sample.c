/* What is expected of synapses that depend on distances, by some of them. */
#include "rule/near.h"

#include <math.h>
#include <stdlib.h>

enum { TARGETS = 256 };

double volley_near_expected_synapses(const volley_experiment *experiment, const volley_projection *projection) {
  const uint32_t n = experiment->populations[projection->target].size, some = n < TARGETS ? n : TARGETS;
  const bool excludes_self = projection->source == projection->target && !projection->autapses;
  volley_near *near = volley_near_create(experiment, projection, projection->target, projection->source, true);
  double sum = 0;
  for (uint32_t i = 0; i < some; i++) sum += volley_near_expected(near, (uint32_t)(((double)i + 0.5) * n / some));
  volley_near_destroy(near);
  return fmax(0, (sum / some - (excludes_self ? volley_profile_at(projection->profile, 0) : 0)) * n);
}

/* Distances of n pairs as a projection connects them, about. */
static void sample_distances(const volley_experiment *experiment, const volley_projection *projection, size_t n,
                             double *out) {
  const volley_population *source = &experiment->populations[projection->source];
  const volley_population *target = &experiment->populations[projection->target];
  const volley_key key = volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, (uint32_t)projection->source);
  volley_projection plain = *projection;
  plain.multapses = true;
  volley_drawing drawing = {.projection = &plain};
  volley_near *near = projection->profile
                          ? volley_near_create(experiment, &plain, projection->target, projection->source, false)
                          : NULL;
  if (near) volley_near_hush(near); /* what the build will tell */
  for (size_t i = 0; i < n; i++) {
    const uint32_t own = (uint32_t)(((double)i + 0.5) * target->size / (double)n);
    double a[VOLLEY_DIMENSIONS], b[VOLLEY_DIMENSIONS];
    uint32_t word, other;
    volley_random_words(key, (uint32_t)i, 0, 0, 1, &word);
    other = volley_below(word, source->size);
    if (near) volley_near_choose(near, &drawing, own, 1, key, (uint32_t)i);
    if (near && drawing.n > 0) other = drawing.sources[0];
    volley_space_position(target->space, own, a);
    volley_space_position(source->space, other, b);
    out[i] = volley_space_distance(source->space, a, b);
  }
  volley_near_destroy(near);
  volley_drawing_release(&drawing);
}

void volley_near_sample(const volley_experiment *experiment, int p, size_t n, volley_edge_sample *out) {
  const volley_projection *projection = &experiment->projections[p];
  const volley_distribution *values[] = {&projection->weight, &projection->delay};
  double **const columns[] = {&out->weights, &out->delays};
  if (values[0]->kind != VOLLEY_OF_DISTANCE && values[1]->kind != VOLLEY_OF_DISTANCE) return;
  double *distances = volley_alloc(n, sizeof *distances, "an estimate");
  sample_distances(experiment, projection, n, distances);
  for (int v = 0; v < 2; v++) {
    if (values[v]->kind != VOLLEY_OF_DISTANCE) continue;
    *columns[v] = volley_alloc(n, sizeof(double), "an estimate");
    for (size_t k = 0; k < n; k++) (*columns[v])[k] = volley_profile_at(values[v]->profile, distances[k]);
  }
  out->n = n;
  free(distances);
}
