#define _GNU_SOURCE /* sched.h: processor sets */
#include "app/threads.h"

#include "base/status.h"
#include "base/text.h"

#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

static int from_environment(const char *name) {
  const char *text = getenv(name);
  if (!text) return 0;
  char *end;
  const long n = strtol(text, &end, 10); /* OMP_NUM_THREADS may be a list: its first number is meant */
  return end != text && n > 0 && n < 65536 ? (int)n : 0;
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

static void note_binding(int threads, MPI_Comm comm) {
  int rank, bound = omp_get_num_procs(); /* of all threads: OMP_PROC_BIND has bound this one to a core already */
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &bound, 1, MPI_INT, MPI_MIN, comm));
  VOLLEY_MPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && bound < threads) {
    fprintf(stderr,
            "volley: note: %d threads of a rank share %s; mpirun --bind-to none, or --map-by slot:PE=%d, gives each "
            "a core of its own\n",
            threads, volley_count((uint64_t)bound, "core").text, threads);
  }
}

int volley_choose_threads(int asked, MPI_Comm comm) {
  int threads = asked;
  if (threads <= 0) threads = from_environment("SLURM_CPUS_PER_TASK");
  if (threads <= 0) threads = from_environment("OMP_NUM_THREADS");
  const int share = share_of_cores(comm);
  if (threads <= 0) threads = share;
  if (threads < 1) threads = 1;
  VOLLEY_MPI(MPI_Allreduce(MPI_IN_PLACE, &threads, 1, MPI_INT, MPI_MIN, comm));
  note_binding(threads, comm);
  return threads;
}
