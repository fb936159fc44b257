#include "network/normalize.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>

/* A target while its sum is restored. */
typedef struct share {
  double held, free; /* sums of the weights that stand at the bound that the others move to, and of these */
  double bound, factor;
  bool is_set, grows, moves; /* the bound is known; the sum has shrunk; there is a factor to be taken */
} share;

/* Sums up what is held and what is not, in the order of the synapses. */
static void add_up(const volley_plastic_table *plastic, share *shares) {
  for (uint64_t s = 0; s < plastic->synapses; s++) {
    share *t = &shares[plastic->ids[s]];
    const double weight = plastic->states[0][s];
    if (!t->moves) continue;
    if (t->is_set && weight == t->bound)
      t->held += weight;
    else
      t->free += weight;
  }
}

/* Which bound a target's weights move to: the one of greater size where the sum has shrunk. */
static void choose_bounds(const volley_plastic_table *plastic, share *shares) {
  double low, high;
  plastic->model->range(plastic->plan->parameters, &low, &high);
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    const bool grows = fabs(plastic->sums[t]) > fabs(shares[t].free), is_positive = low >= 0;
    shares[t] = (share){.bound = grows == is_positive ? high : low, .is_set = true, .grows = grows, .moves = true};
  }
}

/* Multiplies what is not held. Returns whether some weights have come to their bounds: their targets go on. */
static bool multiply(volley_plastic_table *plastic, share *shares) {
  bool again = false;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    shares[t].factor = (plastic->sums[t] - shares[t].held) / shares[t].free;
    shares[t].moves = shares[t].moves && isfinite(shares[t].factor);
  }
  bool *clipped = volley_alloc(plastic->n_targets, sizeof *clipped, "plastic synapses");
  for (uint64_t s = 0; s < plastic->synapses; s++) {
    const share *t = &shares[plastic->ids[s]];
    double *weight = &plastic->states[0][s];
    if (!t->moves || *weight == t->bound) continue;
    const double scaled = *weight * t->factor;
    const bool leaves = t->grows ? fabs(scaled) >= fabs(t->bound) : fabs(scaled) <= fabs(t->bound);
    *weight = leaves ? t->bound : scaled;
    clipped[plastic->ids[s]] |= leaves;
  }
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    shares[t].moves = shares[t].moves && clipped[t];
    shares[t].held = shares[t].free = 0;
    again |= shares[t].moves;
  }
  free(clipped);
  return again;
}

void volley_plastic_table_normalize(volley_plastic_table *plastic) {
  share *shares = volley_alloc(plastic->n_targets, sizeof *shares, "plastic synapses");
  for (uint32_t t = 0; t < plastic->n_targets; t++) shares[t].moves = true;
  add_up(plastic, shares);
  choose_bounds(plastic, shares);
  do add_up(plastic, shares);
  while (multiply(plastic, shares));
  free(shares);
}

void volley_plastic_table_change(volley_plastic_table *plastic, int64_t step) {
  const volley_plasticity_plan *plan = plastic->plan;
  double low, high;
  for (int c = 0; c < plan->n_changes; c++) {
    const volley_weight_change *change = &plan->changes[c];
    if (change->step != step) continue;
    plastic->model->range(plan->parameters, &low, &high);
    for (uint64_t s = 0; s < plastic->synapses; s++) {
      double *weight = &plastic->states[0][s];
      *weight = fmin(fmax(change->sets ? change->value : *weight * change->value, low), high);
    }
  }
}
