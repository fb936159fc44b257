/* Spikes of a continuous run: lists of them, and their way to all ranks. */
#ifndef VOLLEY_ENGINE_TIMED_H
#define VOLLEY_ENGINE_TIMED_H

#include "engine/engine.h"

typedef struct volley_timed_list {
  volley_timed_spike *spikes; /* [n] */
  size_t n, capacity;
} volley_timed_list;

/* Sees that there is room for n spikes. */
void volley_timed_list_reserve(volley_timed_list *list, size_t n);

/* Adds n spikes. */
void volley_timed_list_add(volley_timed_list *list, const volley_timed_spike *spikes, size_t n);

/* Forgets spikes that are not on their way any more at the time `taken`, with delays up to the longest, all in ms. */
void volley_timed_list_forget(volley_timed_list *list, double taken, double longest);

/* Allocates the arrays of a state, and writes the recent spikes into it if it is not that of the beginning. Where there is no memory
 * for them, a fault is on this rank's list. */
void volley_timed_list_write(const volley_timed_list *recent, volley_run_state *state);

/* What goes with the spikes: of a rank, then the first and the sum of all. */
typedef struct volley_timed_message {
  int64_t next;      /* bucket in which there is something to do */
  double first;      /* time of the first spike of all, ms; INFINITY: there is none */
  unsigned requests; /* base/signals.h */
} volley_timed_message;

/* The experiment's exchange, for about `usual` spikes of a rank at a time. Collective; kind->destroy(). */
volley_exchange volley_timed_exchange_choose(const volley_engine_setup *setup, double usual);

/* Gives this rank's spikes to all ranks: known becomes those of all, by time and then by gid, and own is sorted likewise.
 * Collective. Returns the seconds that it waited for others. */
double volley_timed_exchange(const volley_exchange *exchange, volley_timed_list *own, volley_timed_message *message,
                             volley_timed_list *known);

#endif
