/* Threads: one way to start them, one barrier between them. */
#ifndef VOLLEY_BASE_PARALLEL_H
#define VOLLEY_BASE_PARALLEL_H

#include <stdatomic.h>

/* Spins for as long as threads with a core each take, then sleeps, so that a machine with other work to do is not held up and
 * the thread that is late gets the core; sleeps at once with OMP_WAIT_POLICY=passive. */
typedef struct volley_barrier {
  _Alignas(64) atomic_int arrived;
  _Alignas(64) atomic_uint round;
  atomic_int sleepers;
  atomic_int threads;
  int spins;
} volley_barrier;

void volley_barrier_init(volley_barrier *barrier, int threads);

/* Returns when all threads have called it. What a thread wrote before is seen by the others after. */
void volley_barrier_wait(volley_barrier *barrier);

/* Calls work(context, t) for t = 0 .. threads - 1, each in a thread of its own, 0 in the caller's, and returns when all
 * have returned. Ends the job if the system does not give as many threads. */
void volley_parallel(int threads, void (*work)(void *context, int thread), void *context);

/* Of this thread: silent filters decay into subnormal numbers, on which the processor is many times slower. Returns what
 * volley_restore_subnormals() takes: a program that calls the library keeps its own arithmetic. */
unsigned volley_flush_subnormals(void);
void volley_restore_subnormals(unsigned mode);

#endif
