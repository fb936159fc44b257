/* How the program waits for other ranks; no part of the library. */
#define _GNU_SOURCE /* syscall */

#include "base/status.h"

#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { AWAKE = 100 }; /* calls: some fifty microseconds where cores are free */

/* Open MPI calls this over and over in a rank that waits where a computer has more ranks than cores, and nowhere else. That
 * the rank soon sleeps between two looks leaves the cores to those that it waits for: four ranks on two busy cores take a third
 * of the time. */
int sched_yield(void) {
  if (volley_yields++ < AWAKE) return (int)syscall(SYS_sched_yield);
  return nanosleep(&(const struct timespec){.tv_nsec = 1000}, NULL);
}
