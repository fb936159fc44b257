/* Plastic synapses in a continuous run. The spikes of a group are laid out in the order of their times, which takes its row from spike
 * to spike; then each target takes them by itself. */
#ifndef VOLLEY_NETWORK_PLASTIC_EVENTS_H
#define VOLLEY_NETWORK_PLASTIC_EVENTS_H

#include "network/plastic_table.h"
#include "synapse/timed.h"

/* A spike that is laid out: what its group was before. */
typedef struct volley_plastic_visit {
  volley_plastic_table *plastic;
  uint32_t group;
  volley_timed_visit visit;
} volley_plastic_visit;

/* Lays out a spike that was fired at `time`: the group's row takes it in. */
volley_plastic_visit volley_plastic_visit_begin(volley_plastic_table *plastic, uint32_t group, double time);

/* The spike comes to synapse i of the group. Returns what it adds to the input of its target, all of whose spikes before are
 * noted. */
double volley_plastic_visit_take(const volley_plastic_visit *visit, uint32_t i);

/* Notes a spike of a target, by its number. Times do not descend. */
void volley_plastic_note_time(volley_plastic_table *plastic, uint32_t target, double time);

/* Brings all synapses up to `time`, up to which all spikes have been taken, and forgets those of targets that are not needed any
 * more. Changes no bit of what follows. */
void volley_plastic_sweep_to(volley_plastic_table *plastic, double time);

/* The same if many spikes have been kept since the last time. */
void volley_plastic_sweep_sometimes(volley_plastic_table *plastic, double time);

/* Entry `state` of the model's states of a group as they are at `time`, as above: within out, [count]. Changes nothing. */
const double *volley_plastic_look_at(const volley_plastic_table *plastic, uint32_t group, double time, int state,
                                     double *out);

#endif
