/* How the program waits for other ranks; no part of the library. */
#include <sched.h>
#include <time.h>

/* Open MPI calls this over and over in a rank that waits where a computer has more ranks than cores, and nowhere else. That
 * the rank sleeps for a moment instead leaves the cores to those that it waits for: four ranks on two busy cores take a third
 * of the time. */
int sched_yield(void) { return nanosleep(&(const struct timespec){.tv_nsec = 1000}, NULL); }
