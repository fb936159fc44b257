/* Time by phase of one thread. */
#ifndef VOLLEY_ENGINE_STOPWATCH_H
#define VOLLEY_ENGINE_STOPWATCH_H

#include "engine/summary.h"

#include <time.h>

/* Padded to a cache line so that threads do not disturb each other. */
typedef struct volley_stopwatch {
  _Alignas(64) double seconds[VOLLEY_PHASES];
  double last;
} volley_stopwatch;

static inline double volley_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Books the time since the last call, or since `last` was set, to a phase. */
static inline void volley_book(volley_stopwatch *watch, volley_phase phase) {
  const double now = volley_seconds();
  watch->seconds[phase] += now - watch->last;
  watch->last = now;
}

#endif
