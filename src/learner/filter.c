#include "learner/filter.h"

#include "base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

volley_kinetics volley_kinetics_make(double rise, double decay, double dt, double unit) {
  const double tr = rise / unit, td = decay / unit, step = dt / unit;
  const bool is_double = rise > 0;
  return (volley_kinetics){.dt = step,
                           .rise = is_double ? exp(-step / tr) : 0,
                           .decay = exp(-step / td),
                           .jump = is_double ? 1 / (tr * td) : 1 / td,
                           .is_double = is_double};
}

void volley_kinetics_step(const volley_kinetics *k, uint32_t n, double *r, double *h, const double *inputs) {
  for (uint32_t i = 0; i < n; i++) {
    if (k->is_double) {
      r[i] = r[i] * k->rise + h[i] * k->dt;
      h[i] = h[i] * k->decay + inputs[i] * k->jump;
    } else {
      r[i] = r[i] * k->decay + inputs[i] * k->jump;
    }
  }
}

/* Rows of the table of powers. */
enum { R_TO_R, H_TO_R, H_TO_H };

static double power(const volley_filter *filter, int which, int64_t steps) {
  return filter->powers[which * (VOLLEY_FILTER_STEPS + 1) + steps];
}

/* Steps applied to r = 1 and to h = 1. */
static void make_powers(volley_filter *filter) {
  const volley_kinetics *k = &filter->kinetics;
  const double nothing = 0;
  double r = 1, of_r = 0, h_in_r = 0, h = 1;
  filter->powers = volley_alloc(3 * (VOLLEY_FILTER_STEPS + 1), sizeof(double), "the filters of a readout");
  for (int64_t s = 0; s <= VOLLEY_FILTER_STEPS; s++) {
    filter->powers[R_TO_R * (VOLLEY_FILTER_STEPS + 1) + s] = r;
    filter->powers[H_TO_R * (VOLLEY_FILTER_STEPS + 1) + s] = h_in_r;
    filter->powers[H_TO_H * (VOLLEY_FILTER_STEPS + 1) + s] = h;
    volley_kinetics_step(k, 1, &r, &of_r, &nothing);
    volley_kinetics_step(k, 1, &h_in_r, &h, &nothing);
  }
}

void volley_filter_create(volley_filter *filter, volley_kinetics kinetics, uint32_t n) {
  *filter = (volley_filter){.kinetics = kinetics, .n = n};
  filter->r = volley_alloc(n, sizeof(double), "the filters of a readout");
  filter->h = volley_alloc(n, sizeof(double), "the filters of a readout");
  filter->is_moved = volley_alloc(n, sizeof *filter->is_moved, "the filters of a readout");
  filter->motion.moved = volley_alloc(n, sizeof *filter->motion.moved, "the filters of a readout");
  volley_filter_mark(filter);
  filter->counts = volley_alloc(VOLLEY_FILTER_STEPS, sizeof *filter->counts, "the filters of a readout");
  make_powers(filter);
}

void volley_filter_free(volley_filter *filter) {
  free(filter->r);
  free(filter->h);
  free(filter->motion.moved);
  free(filter->is_moved);
  free(filter->neurons);
  free(filter->counts);
  free(filter->powers);
}

void volley_filter_reserve(volley_filter *filter, uint32_t n) {
  const uint32_t noted = filter->n_noted + n;
  filter->neurons = volley_grow(filter->neurons, 2 * noted, sizeof *filter->neurons, "the filters of a readout");
  filter->capacity = 2 * noted;
}

void volley_filter_note(volley_filter *filter, const uint32_t *neurons, uint32_t n) {
  if (filter->next - filter->synced == VOLLEY_FILTER_STEPS) volley_filter_sync(filter);
  if (filter->n_noted + n > filter->capacity) volley_filter_reserve(filter, n);
  if (n > 0) memcpy(filter->neurons + filter->n_noted, neurons, n * sizeof *neurons);
  filter->n_noted += n;
  filter->counts[filter->next++ - filter->synced] = n;
}

void volley_filter_mark(volley_filter *filter) {
  volley_motion *motion = &filter->motion;
  for (uint32_t i = 0; i < motion->n_moved; i++) filter->is_moved[motion->moved[i]] = false;
  motion->n_moved = 0;
  motion->rr = motion->hh = 1;
  motion->rh = 0;
}

void volley_filter_note_moved(volley_filter *filter, uint32_t neuron) {
  if (filter->is_moved[neuron]) return;
  filter->is_moved[neuron] = true;
  filter->motion.moved[filter->motion.n_moved++] = neuron;
}

/* What the state at the last sync has become. */
static void decay(volley_filter *filter, int64_t steps) {
  const double r_to_r = power(filter, R_TO_R, steps), h_to_r = power(filter, H_TO_R, steps);
  const double h_to_h = power(filter, H_TO_H, steps);
  volley_motion *motion = &filter->motion;
  motion->rh = r_to_r * motion->rh + h_to_r * motion->hh;
  motion->rr *= r_to_r;
  motion->hh *= h_to_h;
  double *restrict r = filter->r, *restrict h = filter->h;
  if (!filter->kinetics.is_double) {
    for (uint32_t i = 0; i < filter->n; i++) r[i] *= r_to_r;
    return;
  }
  for (uint32_t i = 0; i < filter->n; i++) {
    r[i] = r[i] * r_to_r + h[i] * h_to_r;
    h[i] *= h_to_h;
  }
}

void volley_filter_sync(volley_filter *filter) {
  const int64_t steps = filter->next - filter->synced;
  const uint32_t *neuron = filter->neurons;
  const double jump = filter->kinetics.jump;
  decay(filter, steps);
  for (int64_t s = 0; s < steps; s++) {
    const int64_t after = steps - 1 - s; /* steps that followed the spike's own */
    const double to_r = jump * power(filter, filter->kinetics.is_double ? H_TO_R : R_TO_R, after);
    const double to_h = jump * power(filter, H_TO_H, after);
    for (uint32_t k = 0; k < filter->counts[s]; k++, neuron++) {
      volley_filter_note_moved(filter, *neuron);
      filter->r[*neuron] += to_r;
      filter->h[*neuron] += to_h;
    }
  }
  filter->synced = filter->next;
  filter->n_noted = 0;
}
