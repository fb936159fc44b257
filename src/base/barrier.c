#include "base/barrier.h"

#include <sched.h>

enum { SPINS = 4000 }; /* some ten microseconds */

void volley_barrier_init(volley_barrier *barrier, int threads) {
  atomic_init(&barrier->arrived, 0);
  atomic_init(&barrier->round, 0);
  barrier->threads = threads;
}

static void pause_briefly(void) {
#if defined __x86_64__ || defined __i386__
  __builtin_ia32_pause();
#endif
}

void volley_barrier_wait(volley_barrier *barrier) {
  const unsigned round = atomic_load_explicit(&barrier->round, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1 == barrier->threads) {
    atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
    atomic_fetch_add_explicit(&barrier->round, 1, memory_order_release);
    return;
  }
  for (int spin = 0; atomic_load_explicit(&barrier->round, memory_order_acquire) == round; spin++) {
    if (spin < SPINS) {
      pause_briefly();
    } else {
      sched_yield();
    }
  }
}
