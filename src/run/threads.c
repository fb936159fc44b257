#define _GNU_SOURCE /* sched.h: processor sets */
#include "run/threads.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "run/step_cost.h"

#include <math.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

enum { MOST_THREADS = 65535 };

/* A number of threads that a variable of the environment gives; 0 if it is not set. One that is no number is a fault: what was
 * meant cannot be known. OMP_NUM_THREADS may be a list, of which the first number is meant. */
static int from_environment(const char *name) {
  const char *text = getenv(name);
  if (!text || !*text) return 0;
  char *end;
  const long n = strtol(text, &end, 10);
  end += strspn(end, " \t");
  const bool is_list = *end == ',' && strcmp(name, "OMP_NUM_THREADS") == 0;
  if (end != text && (!*end || is_list) && n > 0 && n <= MOST_THREADS) return (int)n;
  volley_fault(
      VOLLEY_USAGE, NULL,
      "%s is '%s' in the environment; a number of threads from 1 to %d is expected, or leave it unset, or give "
      "--threads",
      name, text, MOST_THREADS);
  return 0;
}

static MPI_Comm node_of(MPI_Comm comm) {
  MPI_Comm node;
  VOLLEY_MPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &node));
  return node;
}

int volley_node_ranks(MPI_Comm comm) {
  MPI_Comm node = node_of(comm);
  int ranks;
  VOLLEY_MPI(MPI_Comm_size(node, &ranks));
  VOLLEY_MPI(MPI_Comm_free(&node));
  return ranks;
}

/* Cores that the ranks of this node may run on together, divided by the ranks: right whether mpirun binds them or not. */
static int share_of_cores(MPI_Comm comm) {
  MPI_Comm node = node_of(comm);
  int ranks;
  cpu_set_t mine, all;
  CPU_ZERO(&mine);
  sched_getaffinity(0, sizeof mine, &mine);
  VOLLEY_MPI(MPI_Comm_size(node, &ranks));
  VOLLEY_MPI(MPI_Allreduce(&mine, &all, (int)sizeof mine, MPI_BYTE, MPI_BOR, node));
  VOLLEY_MPI(MPI_Comm_free(&node));
  return CPU_COUNT(&all) / ranks;
}

/* OpenMP may bind each thread to a core of its own. */
static void look_at_mask(void *context, int thread) {
  cpu_set_t *mask = (cpu_set_t *)context + thread;
  CPU_ZERO(mask);
  sched_getaffinity(0, sizeof *mask, mask);
}

/* Caller frees. */
static cpu_set_t *find_masks(int threads) {
  cpu_set_t *masks = volley_alloc((size_t)threads, sizeof *masks, "the cores of threads");
  volley_parallel(threads, look_at_mask, masks);
  return masks;
}

/* What a core has to carry if every thread runs as much on each of its cores. */
static void add_loads(const cpu_set_t *masks, int threads, double loads[CPU_SETSIZE]) {
  for (int t = 0; t < threads; t++) {
    for (size_t c = 0; c < CPU_SETSIZE; c++) {
      if (CPU_ISSET(c, &masks[t])) loads[c] += 1.0 / CPU_COUNT(&masks[t]);
    }
  }
}

/* Notes, by one rank of the host where it is worst, that threads share a core although other cores are idle. */
static void note_binding(int threads, MPI_Comm comm) {
  double mine[CPU_SETSIZE] = {0}, loads[CPU_SETSIZE];
  const long online = sysconf(_SC_NPROCESSORS_ONLN);
  struct {
    double excess;
    int rank;
  } own = {0, 0}, worst;
  int sharing, has, here;
  cpu_set_t *masks = find_masks(threads);
  add_loads(masks, threads, mine);
  free(masks);
  MPI_Comm node = node_of(comm);
  VOLLEY_MPI(MPI_Comm_rank(comm, &own.rank));
  VOLLEY_MPI(MPI_Comm_size(node, &here));
  VOLLEY_MPI(MPI_Allreduce(mine, loads, CPU_SETSIZE, MPI_DOUBLE, MPI_SUM, node));
  int fullest = 0;
  for (int c = 1; c < CPU_SETSIZE; c++) fullest = loads[c] > loads[fullest] ? c : fullest;
  has = mine[fullest] > 0;
  VOLLEY_MPI(MPI_Allreduce(&has, &sharing, 1, MPI_INT, MPI_SUM, node));
  VOLLEY_MPI(MPI_Comm_free(&node));
  own.excess = loads[fullest] / fmax(1, (double)here * threads / (double)(online > 0 ? online : 1));
  VOLLEY_MPI(MPI_Allreduce(&own, &worst, 1, MPI_DOUBLE_INT, MPI_MAXLOC, comm));
  if (own.rank != worst.rank || worst.excess < 1.25) return;
  struct utsname host;
  fprintf(
      stderr,
      "volley: note: on %s core %d has %.3g threads to run, of %d rank%s, while others have none; one thread a core "
      "is had by mpirun --map-by slot:PE=%d, or by --bind-to none%s\n",
      uname(&host) == 0 ? host.nodename : "this host", fullest, loads[fullest], sharing, sharing == 1 ? "" : "s",
      threads, getenv("OMP_PROC_BIND") || getenv("OMP_PLACES") ? " without OMP_PROC_BIND and OMP_PLACES" : "");
}

/* OpenMP gives no more threads than its limit, which the environment sets. */
static int within_limit(int threads, bool is_asked) {
  const int limit = omp_get_thread_limit();
  if (threads <= limit) return threads;
  if (is_asked)
    volley_fault(VOLLEY_USAGE, NULL, "--threads %d: OMP_THREAD_LIMIT in the environment allows %d; leave it unset",
                 threads, limit);
  return limit;
}

volley_status volley_choose_threads(int asked, const volley_experiment *experiment, int ranks, MPI_Comm comm,
                                    int *threads) {
  int n = asked;
  if (n <= 0) n = from_environment("SLURM_CPUS_PER_TASK");
  if (n <= 0) n = from_environment("OMP_NUM_THREADS");
  const int share = share_of_cores(comm);
  if (n <= 0) n = volley_steps_are_short(experiment, ranks) ? 1 : share;
  if (n < 1) n = 1;
  n = within_limit(n, asked > 0);
  VOLLEY_TRY(volley_agree(comm));
  VOLLEY_MPI(MPI_Allreduce(&n, threads, 1, MPI_INT, MPI_MIN, comm));
  note_binding(*threads, comm);
  return VOLLEY_OK;
}

/* The cores of a mask as Linux writes them: 0-3,8. Cut off with an ellipsis where they are too many. */
static void write_cores(const cpu_set_t *mask, char *text, size_t size) {
  size_t at = 0;
  text[0] = '\0';
  for (size_t c = 0; c < CPU_SETSIZE; c++) {
    if (!CPU_ISSET(c, mask)) continue;
    size_t last = c;
    while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, mask)) last++;
    char piece[32];
    const char *comma = at ? "," : "";
    const int n = last > c ? snprintf(piece, sizeof piece, "%s%zu-%zu", comma, c, last)
                           : snprintf(piece, sizeof piece, "%s%zu", comma, c);
    if (at + (size_t)n + sizeof ",..." > size) {
      strcpy(text + at, ",...");
      return;
    }
    at += (size_t)sprintf(text + at, "%s", piece);
    c = last;
  }
}

volley_rank_place *volley_places_find(int threads, MPI_Comm comm) {
  int ranks;
  volley_rank_place mine = {"", "", ""};
  cpu_set_t all, *masks = find_masks(threads);
  struct utsname host;
  CPU_ZERO(&all);
  bool each = true; /* has one core of its own */
  for (int t = 0; t < threads; t++) {
    CPU_OR(&all, &all, &masks[t]);
    each &= CPU_COUNT(&masks[t]) == 1;
  }
  free(masks);
  if (uname(&host) == 0) snprintf(mine.host, sizeof mine.host, "%.*s", (int)sizeof mine.host - 1, host.nodename);
  write_cores(&all, mine.cores, sizeof mine.cores);
  const bool some = CPU_COUNT(&all) < sysconf(_SC_NPROCESSORS_ONLN);
  strcpy(mine.binding, each && CPU_COUNT(&all) == threads ? "cores" : some ? "sets" : "none");
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  volley_rank_place *places = volley_alloc((size_t)ranks, sizeof *places, "the summary");
  VOLLEY_MPI(MPI_Allgather(&mine, sizeof mine, MPI_BYTE, places, sizeof mine, MPI_BYTE, comm));
  return places;
}
