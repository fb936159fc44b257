#define _GNU_SOURCE /* syscall */
#include "base/parallel.h"

#include "base/status.h"

#include <limits.h>
#include <linux/futex.h>
#include <omp.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/syscall.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

/* Some ten microseconds; none where OpenMP is told that threads that wait shall leave their cores to others. */
static int spins(void) {
  const char *policy = getenv("OMP_WAIT_POLICY");
  return policy && strcasecmp(policy, "passive") == 0 ? 0 : 4000;
}

void volley_barrier_init(volley_barrier *barrier, int threads) {
  atomic_store(&barrier->arrived, 0);
  atomic_store(&barrier->round, 0);
  atomic_store(&barrier->sleepers, 0);
  atomic_store(&barrier->threads, threads);
  barrier->spins = spins();
}

static void pause_briefly(void) {
#if defined __x86_64__ || defined __i386__
  __builtin_ia32_pause();
#endif
}

static void futex(volley_barrier *barrier, int operation, unsigned value) {
  _Static_assert(sizeof barrier->round == 4, "a futex has 32 bits");
  (void)syscall(SYS_futex, &barrier->round, operation, value, NULL, NULL, 0);
}

/* Sleeps until the round is over. Whoever ends it either sees that somebody sleeps, or has ended it before the kernel compares:
 * the order of both variables is the same to all threads. */
static void sleep_through(volley_barrier *barrier, unsigned round) {
  atomic_fetch_add(&barrier->sleepers, 1);
  while (atomic_load(&barrier->round) == round) futex(barrier, FUTEX_WAIT_PRIVATE, round);
  atomic_fetch_sub(&barrier->sleepers, 1);
}

void volley_barrier_wait(volley_barrier *barrier) {
  const unsigned round = atomic_load_explicit(&barrier->round, memory_order_relaxed);
  if (atomic_fetch_add_explicit(&barrier->arrived, 1, memory_order_acq_rel) + 1 ==
      atomic_load_explicit(&barrier->threads, memory_order_relaxed)) {
    atomic_store_explicit(&barrier->arrived, 0, memory_order_relaxed);
    atomic_fetch_add(&barrier->round, 1);
    if (atomic_load(&barrier->sleepers) > 0) futex(barrier, FUTEX_WAKE_PRIVATE, INT_MAX);
    return;
  }
  for (int spin = 0; spin < barrier->spins; spin++) {
    if (atomic_load_explicit(&barrier->round, memory_order_acquire) != round) return;
    pause_briefly();
  }
  sleep_through(barrier, round);
}

/* The barriers say to a thread sanitizer what the OpenMP library, which it does not see into, guarantees anyway. */
void volley_parallel(int threads, void (*work)(void *context, int thread), void *context) {
  volley_barrier barrier;
  volley_barrier_init(&barrier, threads);
  omp_set_dynamic(0); /* whatever the environment says, there are as many threads as there are shares of the work */
  if (omp_get_max_active_levels() < 1) omp_set_max_active_levels(1);
#pragma omp parallel num_threads(threads)
  {
    if (omp_get_num_threads() != threads) volley_die("%d threads asked for, %d given", threads, omp_get_num_threads());
    volley_barrier_wait(&barrier);
    work(context, omp_get_thread_num());
    volley_barrier_wait(&barrier);
  }
}

#ifdef __SSE__
unsigned volley_flush_subnormals(void) {
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(mode | 0x8040); /* flush to zero, denormals are zero */
  return mode;
}

void volley_restore_subnormals(unsigned mode) { _mm_setcsr(mode); }
#else
unsigned volley_flush_subnormals(void) { return 0; }

void volley_restore_subnormals(unsigned mode) { (void)mode; }
#endif
