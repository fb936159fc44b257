/* Loaded before all other libraries into the programs of tests. Open MPI calls sched_yield() over and over in a rank that
 * waits where a computer has more ranks than cores. That the rank sleeps instead, the longer the longer it waits, leaves the
 * cores to those that it waits for, and to other tests. */
#include <sched.h>
#include <stdint.h>
#include <time.h>

enum { AT_ONCE = 20000, LONGEST = 500000 }; /* ns */

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

int sched_yield(void) {
  static _Thread_local int64_t woken, sleep;
  sleep = now() - woken > AT_ONCE ? 1000 : sleep + sleep / 4; /* another wait, or the same one */
  if (sleep > LONGEST) sleep = LONGEST;
  const int code = nanosleep(&(const struct timespec){.tv_nsec = (long)sleep}, NULL);
  woken = now();
  return code;
}
