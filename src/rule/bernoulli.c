/* pairwise_bernoulli: each pair of neurons is connected with the same probability, independently of all others. */
#include "rule/near.h"

#include <math.h>
#include <stdio.h>

static const char *check(const volley_experiment *experiment, const volley_projection *projection, char *buffer,
                         size_t size) {
  (void)experiment;
  if (projection->probability >= 0 && projection->probability <= 1) return NULL;
  snprintf(buffer, size, "probability %g; it must lie between 0 and 1", projection->probability);
  return buffer;
}

static double expected(const volley_experiment *experiment, const volley_projection *projection) {
  if (projection->profile) return volley_near_expected_synapses(experiment, projection);
  const volley_population *source = &experiment->populations[projection->source];
  const uint32_t self = projection->source == projection->target && !projection->autapses ? 1 : 0;
  return projection->probability * (source->size - self) * experiment->populations[projection->target].size;
}

/* Jumps from one connected candidate to the next: the gap is geometrically distributed. */
static void draw(volley_drawing *drawing, uint32_t i) {
  const uint32_t target = drawing->targets[i];
  const volley_gid gid = drawing->experiment->populations[drawing->projection->target].first_gid + target;
  if (drawing->near) {
    volley_near_draw(drawing->near, drawing, target, drawing->partner, gid);
    return;
  }
  const double candidates = volley_drawing_candidates(drawing);
  const double p = drawing->projection->probability;
  const double log_miss = log1p(-p);
  volley_stream stream = volley_stream_of(drawing->partner, gid, 0);
  drawing->n = 0;
  for (double c = -1; p > 0;) {
    c += 1 + (p < 1 ? floor(log(volley_stream_uniform(&stream)) / log_miss) : 0);
    if (c >= candidates) break;
    volley_drawing_reserve(drawing, drawing->n + 1);
    drawing->sources[drawing->n++] = volley_drawing_candidate(drawing, target, (uint32_t)c);
  }
}

const volley_rule volley_rule_pairwise_bernoulli = {
    .name = "pairwise_bernoulli",
    .doc = "each pair of neurons is connected with `probability`, which may depend on their distance",
    .takes_probability = true,
    .takes_distance = true,
    .random = true,
    .check = check,
    .expected = expected,
    .draw = draw,
};
