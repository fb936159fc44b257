#include "network/plastic_events.h"

#include "base/memory.h"

#include <math.h>
#include <string.h>

enum { FEW = 8 /* spikes of a target that there is room for at first */ };

/* Times are the source's, or the synapse's where the delay is the axon's: what spikes of the target have arrived before was dealt
 * with by a sweep. A last digit is left to the next, so that rounding decides nothing. */
static double swept_of(const volley_plastic_table *plastic, double delay) {
  const double swept = plastic->swept_time * (1 - 0x1p-50);
  return plastic->constants.is_axonal ? swept : swept - delay;
}

static volley_timed_visit visit_at(const volley_plastic_table *plastic, uint32_t g, double now) {
  const volley_plastic_group *group = &plastic->groups[g];
  const double delay = plastic->delays[g], swept = swept_of(plastic, delay);
  volley_timed_visit visit = {.last = group->last_time,
                              .since = fmax(group->last_time, fmax(swept, 0)),
                              .now = now,
                              .dendritic = plastic->constants.is_axonal ? 0 : delay};
  memcpy(visit.row, group->row, sizeof visit.row);
  return visit;
}

/* The key of the numbers that are drawn for one spike at a group: by what makes the group one of its source's, and how many spikes
 * of that time there were before. */
static volley_key key_of(const volley_plastic_table *plastic, uint32_t g, double time) {
  enum { WORDS = 4, HALF = 32 };
  const volley_plastic_group *group = &plastic->groups[g];
  uint32_t words[WORDS];
  uint64_t when, delay;
  memcpy(&when, &time, sizeof when);
  memcpy(&delay, &plastic->delays[g], sizeof delay);
  volley_random_block(plastic->constants.key, group->source, (uint32_t)when, (uint32_t)(when >> HALF), words);
  const volley_key of_spike = {{words[0], words[1]}};
  const uint32_t again = (uint32_t)group->row[0];
  volley_random_block(of_spike, (uint32_t)delay, (uint32_t)(delay >> HALF),
                      again << VOLLEY_RECEPTOR_BITS | group->receptor, words);
  return (volley_key){{words[0], words[1]}};
}

volley_plastic_visit volley_plastic_visit_begin(volley_plastic_table *plastic, uint32_t g, double time) {
  volley_plastic_group *group = &plastic->groups[g];
  const double now = plastic->constants.is_axonal ? time + plastic->delays[g] : time;
  volley_plastic_visit made = {plastic, g, visit_at(plastic, g, now)};
  volley_timed_row_advance(&plastic->constants, &made.visit, group->row);
  if (plastic->model->draws) made.visit.key = key_of(plastic, g, time);
  group->last_time = now;
  return made;
}

/* What a synapse keeps beside its weight; NULL: nothing. */
static double *own_of(const volley_plastic_table *plastic, uint64_t s) {
  return plastic->model->events->is_centred ? &plastic->states[1][s] : NULL;
}

/* The part of a weight that synapse s, of a group that begins with `first`, transmits by chance. */
static double part_of(const volley_plastic_visit *v, uint64_t first, uint64_t s) {
  const volley_plastic_table *plastic = v->plastic;
  const uint16_t *ids = plastic->ids;
  uint32_t number = 0; /* of synapses of one target, which are neighbours */
  while (s - number > first && ids[s - number - 1] == ids[s]) number++;
  return volley_timed_part(&plastic->constants, &v->visit, plastic->gids[ids[s]], number);
}

double volley_plastic_visit_take(const volley_plastic_visit *v, uint32_t i) {
  const volley_plastic_table *plastic = v->plastic;
  const volley_plastic_group *group = &plastic->groups[v->group];
  const uint64_t s = group->first + i;
  double *weight = &plastic->states[0][s];
  volley_timed_take(&plastic->constants, &plastic->past[plastic->ids[s]], &v->visit, weight, own_of(plastic, s));
  const double part = plastic->model->draws ? part_of(v, group->first, s) : v->visit.part;
  return (group->receptor == plastic->turned ? -1 : 1) * part * *weight;
}

void volley_plastic_note_time(volley_plastic_table *plastic, uint32_t target, double time) {
  volley_past_spikes *past = &plastic->past[target];
  const volley_past_spike *before = past->n > 0 ? &past->spikes[past->n - 1] : NULL;
  const volley_past_spike spike = volley_timed_target_traces(&plastic->constants, before, time);
  if (past->n == past->capacity) {
    const uint32_t more = past->capacity ? 2 * past->capacity : FEW;
    past->spikes =
        volley_grow(past->spikes, more, sizeof *past->spikes, "the recent spikes of neurons with plastic synapses");
    past->capacity = more;
  }
  past->spikes[past->n++] = spike;
  plastic->n_past++;
}

const double *volley_plastic_look_at(const volley_plastic_table *plastic, uint32_t g, double time, int state,
                                     double *out) {
  const volley_plastic_group *group = &plastic->groups[g];
  const double now = plastic->constants.is_axonal ? time : time - plastic->delays[g];
  const volley_timed_visit visit = visit_at(plastic, g, now);
  for (uint32_t i = 0; i < group->count; i++) {
    const uint64_t s = group->first + i;
    const volley_past_spikes *past = &plastic->past[plastic->ids[s]];
    double weight = plastic->states[0][s], kept = 0, *own = own_of(plastic, s);
    if (own) kept = *own, own = &kept;
    if (now > visit.since) volley_timed_catch_up(&plastic->constants, past, &visit, &weight, own);
    out[i] = state > 0 ? volley_timed_look(&plastic->constants, past, &visit, state - 1, own) : weight;
  }
  return out;
}

/* Forgets spikes before `bound`, but for the last of them. */
static void forget(volley_past_spikes *past, double bound) {
  uint32_t first = past->n;
  while (first > 0 && past->spikes[first - 1].time >= bound) first--;
  if (first > 0) first--;
  if (first > 0) memmove(past->spikes, past->spikes + first, (past->n - first) * sizeof *past->spikes);
  past->n -= first;
}

void volley_plastic_sweep_to(volley_plastic_table *plastic, double time) {
  const double swept = time * (1 - 0x1p-50);
  for (uint32_t g = 0; g < plastic->n_groups; g++) {
    const volley_plastic_group *group = &plastic->groups[g];
    volley_timed_visit visit = visit_at(plastic, g, plastic->constants.is_axonal ? swept : swept - plastic->delays[g]);
    for (uint32_t i = 0; i < group->count && visit.now > visit.since; i++) {
      const uint64_t s = group->first + i;
      volley_timed_catch_up(&plastic->constants, &plastic->past[plastic->ids[s]], &visit, &plastic->states[0][s],
                            own_of(plastic, s));
    }
  }
  plastic->swept_time = time;
  plastic->n_past = 0;
  for (uint32_t t = 0; t < plastic->n_targets; t++) {
    forget(&plastic->past[t], swept - 2 * plastic->longest - 1);
    plastic->n_past += plastic->past[t].n;
  }
  plastic->n_kept = plastic->n_past;
}

void volley_plastic_sweep_sometimes(volley_plastic_table *plastic, double time) {
  const uint64_t bound = 2 * plastic->n_kept + 64 * (uint64_t)plastic->n_targets + 1024;
  if (plastic->n_past > bound) volley_plastic_sweep_to(plastic, time);
}
