/* Time by phase of one thread, in ticks. Where many ranks leave few neurons to each, a step is a microsecond, and the system's
 * clock would take a third of it. */
#ifndef VOLLEY_ENGINE_STOPWATCH_H
#define VOLLEY_ENGINE_STOPWATCH_H

#include "engine/summary.h"

#include <stdint.h>
#include <time.h>

/* Padded to a cache line so that threads do not disturb each other. */
typedef struct volley_stopwatch {
  _Alignas(64) uint64_t ticks[VOLLEY_PHASES];
  uint64_t last;
  double waited; /* seconds booked as exchange that were waiting */
} volley_stopwatch;

static inline double volley_seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* A counter of constant rate that can be read at once. */
static inline uint64_t volley_ticks(void) {
#if defined __x86_64__
  return __builtin_ia32_rdtsc();
#elif defined __aarch64__
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
#else
  return (uint64_t)(1e9 * volley_seconds());
#endif
}

/* Time by both clocks, which tells how long a tick is. */
typedef struct volley_timespan {
  double seconds;
  uint64_t ticks;
} volley_timespan;

static inline volley_timespan volley_now(void) { return (volley_timespan){volley_seconds(), volley_ticks()}; }

static inline void volley_timespan_add(volley_timespan *sum, volley_timespan begin) {
  const volley_timespan now = volley_now();
  sum->seconds += now.seconds - begin.seconds;
  sum->ticks += now.ticks - begin.ticks;
}

/* Seconds of a tick. */
static inline double volley_tick(const volley_timespan *time) {
  return time->ticks > 0 ? time->seconds / (double)time->ticks : 0;
}

/* Books the ticks since the last call, or since `last` was set, to a phase, and returns them. */
static inline uint64_t volley_book(volley_stopwatch *watch, volley_phase phase) {
  const uint64_t now = volley_ticks(), taken = now - watch->last;
  watch->ticks[phase] += taken;
  watch->last = now;
  return taken;
}

#endif
