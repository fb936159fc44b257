/* A barrier for the threads of a step loop: spins for as long as threads with a core each take, then yields, so that a
 * machine with other work to do is not held up. */
#ifndef VOLLEY_BASE_BARRIER_H
#define VOLLEY_BASE_BARRIER_H

#include <stdatomic.h>

typedef struct volley_barrier {
  _Alignas(64) atomic_int arrived;
  _Alignas(64) atomic_uint round;
  int threads;
} volley_barrier;

void volley_barrier_init(volley_barrier *barrier, int threads);

/* Returns when all threads have called it. What a thread wrote before is seen by the others after. */
void volley_barrier_wait(volley_barrier *barrier);

#endif
