#include "rule/rule.h"

#include "base/memory.h"
#include "model/registry.h"
#include "rule/near.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define RULES(X) \
  X(one_to_one) \
  X(ring) \
  X(all_to_all) \
  X(fixed_indegree) \
  X(fixed_outdegree) \
  X(fixed_total_number) \
  X(pairwise_bernoulli) \
  X(edges) \
  /* one line a rule */
/* clang-format on */

#define DECLARED(name) extern const volley_rule volley_rule_##name;
#define LISTED(name) &volley_rule_##name,
RULES(DECLARED)

static const volley_rule *const rules[] = {RULES(LISTED) NULL};
static const volley_registry registry = VOLLEY_REGISTRY(rules);

const volley_rule *const *volley_rules(void) { return rules; }

const volley_rule *volley_rule_find(const char *name) { return volley_registry_find(&registry, name); }

uint64_t volley_number_of_probability(double p, uint32_t n_source, uint32_t n_target) {
  const double pairs = (double)n_source * (double)n_target;
  if (p <= 0 || pairs <= 0) return 0;
  return (uint64_t)llround(pairs > 1 ? log1p(-p) / log1p(-1 / pairs) : 1);
}

bool volley_projection_is_empty(const volley_projection *projection) {
  const volley_rule *rule = projection->rule;
  return rule->number_key ? projection->number == 0 : rule->takes_probability && projection->probability == 0;
}

void volley_projections_drop_empty(volley_experiment *experiment) {
  const int n = experiment->n_projections;
  volley_projection *all = volley_alloc((size_t)n, sizeof *all, "projections");
  int *places = volley_alloc((size_t)n, sizeof *places, "projections");
  if (n > 0) memcpy(all, experiment->projections, (size_t)n * sizeof *all);
  experiment->n_projections = 0;
  for (int empty = 0; empty < 2; empty++)
    for (int p = 0; p < n; p++) {
      if (volley_projection_is_empty(&all[p]) != empty || (empty && !all[p].plasticity.model)) continue;
      places[p] = experiment->n_projections;
      experiment->projections[experiment->n_projections++] = all[p];
    }
  for (int r = 0; r < experiment->n_recorders; r++) {
    int *recorded = &experiment->recorders[r].projection; /* of others no projection, or nothing that is looked at */
    if (*recorded >= 0 && *recorded < n) *recorded = places[*recorded];
  }
  for (int c = 0; c < experiment->n_changes; c++) {
    int *changed = &experiment->changes[c].projection;
    if (*changed >= 0)
      *changed = volley_projection_is_empty(&all[*changed]) && !all[*changed].plasticity.model
                     ? -1 /* nothing is left of it */
                     : places[*changed];
  }
  free(places);
  free(all);
}

void volley_drawing_reserve(volley_drawing *drawing, size_t n) {
  if (n <= drawing->capacity) return;
  drawing->capacity = n > 2 * drawing->capacity ? n : 2 * drawing->capacity;
  drawing->sources =
      volley_grow(drawing->sources, drawing->capacity, sizeof *drawing->sources, "the edges of a neuron");
}

static void choose_with_repetition(volley_drawing *drawing, uint32_t target, uint32_t candidates, volley_key key,
                                   volley_gid id) {
  volley_random_words(key, id, 0, 0, drawing->n, drawing->sources);
  for (size_t e = 0; e < drawing->n; e++) {
    drawing->sources[e] = volley_drawing_candidate(drawing, target, volley_below(drawing->sources[e], candidates));
  }
}

/* Place of a source in the set, or where it would be. The set holds source + 1, 0 is free. */
static size_t find_seen(const volley_drawing *drawing, uint32_t source) {
  const size_t mask = drawing->seen_size - 1;
  size_t i = (size_t)((source + UINT64_C(1)) * UINT64_C(0x9E3779B97F4A7C15) >> 20) & mask;
  while (drawing->seen[i] != 0 && drawing->seen[i] != source + 1) i = (i + 1) & mask;
  return i;
}

bool volley_drawing_has_seen(const volley_drawing *drawing, uint32_t source) {
  return drawing->seen[find_seen(drawing, source)] != 0;
}

void volley_drawing_see(volley_drawing *drawing, uint32_t source) {
  drawing->seen[find_seen(drawing, source)] = source + 1;
}

void volley_drawing_forget(volley_drawing *drawing, size_t k) {
  size_t size = 64;
  while (size < 2 * k + 2) size *= 2;
  if (size > drawing->seen_capacity) {
    drawing->seen = volley_grow(drawing->seen, size, sizeof *drawing->seen, "the edges of a neuron");
    drawing->seen_capacity = size;
  }
  drawing->seen_size = size;
  memset(drawing->seen, 0, size * sizeof *drawing->seen);
}

static void choose_distinct(volley_drawing *drawing, uint32_t target, uint32_t candidates, volley_key key,
                            volley_gid id) {
  const uint32_t k = (uint32_t)drawing->n;
  volley_drawing_forget(drawing, k);
  volley_random_words(key, id, 0, 0, k, drawing->sources);
  for (uint32_t e = 0; e < k; e++) {
    const uint32_t last = candidates - k + e;
    uint32_t c = volley_below(drawing->sources[e], last + 1);
    if (volley_drawing_has_seen(drawing, c)) c = last;
    volley_drawing_see(drawing, c);
    drawing->sources[e] = volley_drawing_candidate(drawing, target, c);
  }
}

void volley_drawing_choose(volley_drawing *drawing, uint32_t target, uint64_t k, volley_key key, volley_gid id) {
  const uint32_t candidates = volley_drawing_candidates(drawing);
  if (drawing->near) {
    volley_near_choose(drawing->near, drawing, target, k, key, id);
    return;
  }
  volley_drawing_reserve(drawing, k);
  drawing->n = k;
  if (drawing->projection->multapses) {
    choose_with_repetition(drawing, target, candidates, key, id);
  } else {
    choose_distinct(drawing, target, candidates, key, id);
  }
}

void volley_drawing_release(volley_drawing *drawing) {
  volley_near_destroy(drawing->near);
  free(drawing->sources);
  free(drawing->seen);
  free(drawing->indegrees);
}
