/* Who watches a run: recorders, readouts, progress. The engine calls, it never calls io itself. */
#ifndef VOLLEY_ENGINE_OBSERVER_H
#define VOLLEY_ENGINE_OBSERVER_H

#include "base/gid.h"
#include "base/parallel.h"
#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* A spike of a continuous run. */
typedef struct volley_timed_spike {
  double time; /* ms */
  volley_gid gid;
} volley_timed_spike;

typedef struct volley_observer {
  void *context;
  /* When a block has the state at the time `step` * dt, before anything is delivered that acts in this step; otherwise
   * as sample(). */
  void (*before)(void *context, int block, int64_t step);
  /* When a slice of a block has the state at the time `step` * dt, its input up to then included; by the thread that owns
   * the block, while other threads work. Called for steps 0 .. number of steps. */
  void (*sample)(void *context, int block, int slice, int64_t step);
  /* The spikes of a step that this rank has got: n gids, ascending. Steps come in order, each once, maybe later than the step
   * that is being taken. By one thread of each rank, on all ranks: may communicate. Returns an agreed status. */
  volley_status (*spikes)(void *context, int64_t step, const volley_gid *gids, uint32_t n);
  /* In place of spikes() in a continuous run: n spikes, by time and then by gid; later calls bring later ones. All are told
   * whose times are `until` or less. */
  volley_status (*timed)(void *context, const volley_timed_spike *spikes, size_t n, double until);
  /* In a continuous run: the first step from `step` on at which before(), sample() or advance() look at neurons of a population,
   * or of any (-1); INT64_MAX: none. They are called at these steps only. NULL: none, and advance() is called whenever spikes
   * are told. */
  int64_t (*next)(void *context, int population, int64_t step);
  /* Which spikes those must be: of all neurons of a population, wherever they are, or not; others may come with them. The
   * same on every rank; asked once. NULL: of all populations, so that all ranks are told the same. */
  bool (*needs)(void *context, int population);
  bool own; /* spikes() is to be told of spikes of this rank's neurons only, in the step in which they are fired */
  /* When all slices of all ranks were sampled for `step`; called like spikes(). Returns an agreed status. */
  volley_status (*advance)(void *context, int64_t step);
  /* Whether there is work for all threads after `step`: the same on every rank. Asked after all calls of advance(). */
  bool (*has_work)(void *context, int64_t step);
  /* This work, by every thread; barrier is between them, and is used at least once. Thread 0 may communicate. What thread 0
   * returns counts, an agreed status. */
  volley_status (*work)(void *context, int thread, volley_barrier *barrier);
} volley_observer; /* any of the functions may be NULL */

#endif
