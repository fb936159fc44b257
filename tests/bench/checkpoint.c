/* Speed of writing and reading a checkpoint beside a plain parallel write and read of as many bytes in the same run.
 *
 *   mpirun -n RANKS bench_checkpoint [GB] [FILE] [PARTITIONER]
 *
 * GB: size of the neurons' states, 1 by default. FILE: where to write, bench.checkpoint.h5 by default; FILE.plain too.
 * Plain: each rank writes its contiguous share of one file in pieces of 4 MB, then fsync; and reads it likewise. */
#include "io/checkpoint/checkpoint.h"
#include "base/memory.h"
#include "support/experiments.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIECE = 4 << 20, REPEATS = 5, BYTES_PER_NEURON = 24 /* iaf_psc_delta: three states */ };

enum { PLAIN_WRITE, WRITE, PLAIN_READ_COLD, READ_COLD, PLAIN_READ_WARM, READ_WARM, N_MEASURES };
static const char *const names[N_MEASURES] = {"plain write, fsync",        "checkpoint written",
                                              "plain read, not in memory", "checkpoint read, not in memory",
                                              "plain read, in page cache", "checkpoint read, in page cache"};

static int rank, ranks;
static double seconds[N_MEASURES][REPEATS];

static void need(bool condition, const char *what) {
  if (!condition) volley_die("the benchmark failed: %s", what);
}

/* Fills the states with numbers that no disk can compress. */
static void fill(const volley_network *network) {
  uint64_t number = (uint64_t)rank + 1;
  for (int b = 0; b < network->n_blocks; b++) {
    for (int s = 0; s < network->blocks[b].n_slices; s++) {
      volley_slice *slice = &network->blocks[b].slices[s];
      for (int k = 0; k < 3; k++) {
        for (uint32_t i = 0; i < slice->count; i++) {
          number = number * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
          slice->states[k][i] = (double)(number >> 11);
        }
      }
    }
  }
}

static void drop_from_memory(const char *path) {
  const int descriptor = open(path, O_RDONLY);
  need(descriptor >= 0 && fsync(descriptor) == 0, "fsync");
  need(posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED) == 0, "posix_fadvise");
  close(descriptor);
}

/* Writes or reads this rank's share of a file. */
static void go_over_share(const char *path, uint64_t bytes, bool write) {
  static char piece[PIECE];
  const uint64_t from = bytes / (uint64_t)ranks * (uint64_t)rank;
  const uint64_t end = rank == ranks - 1 ? bytes : from + bytes / (uint64_t)ranks;
  const int descriptor = open(path, write ? O_RDWR | O_CREAT : O_RDONLY, 0600);
  need(descriptor >= 0, "open");
  if (write && piece[1] == 0)
    for (int i = 0; i < PIECE; i++) piece[i] = (char)(rand() >> 8);
  for (uint64_t at = from; at < end; at += PIECE) {
    const size_t n = end - at < PIECE ? end - at : PIECE;
    const ssize_t done = write ? pwrite(descriptor, piece, n, (off_t)at) : pread(descriptor, piece, n, (off_t)at);
    need(done == (ssize_t)n, write ? "pwrite" : "pread");
  }
  need(!write || fsync(descriptor) == 0, "fsync");
  close(descriptor);
}

static void write_checkpoint(volley_network *network, const char *path) {
  const volley_experiment *experiment = network->experiment;
  volley_run_state state = {.step = 100, .n_populations = experiment->n_populations, .n_recent = 15};
  const volley_recorded past = {0};
  volley_run_state_allocate(&state);
  need(volley_checkpoint_write(&(volley_run_parts){.network = network}, &state, &past, "", path, 1) == VOLLEY_OK,
       "writing");
  volley_run_state_release(&state);
}

static void read_checkpoint(volley_network *network, const char *path) {
  volley_checkpoint *checkpoint;
  need(volley_checkpoint_open(path, MPI_COMM_WORLD, &checkpoint) == VOLLEY_OK, "opening");
  need(volley_checkpoint_restore(checkpoint, &(volley_run_parts){.network = network}) == VOLLEY_OK, "restoring");
  volley_checkpoint_close(checkpoint);
}

/* One measurement; what is to be written is removed and what is not to be in memory dropped before. */
static void measure(int what, int repeat, volley_network *network, const char *path, const char *plain,
                    uint64_t bytes) {
  const bool of_plain = what % 2 == 0, cold = what == PLAIN_READ_COLD || what == READ_COLD;
  const char *file = of_plain ? plain : path;
  if (rank == 0 && what <= WRITE) unlink(file);
  if (rank == 0 && cold) drop_from_memory(file);
  MPI_Barrier(MPI_COMM_WORLD);
  const double start = MPI_Wtime();
  if (of_plain) {
    go_over_share(file, bytes, what == PLAIN_WRITE);
  } else if (what == WRITE) {
    write_checkpoint(network, path);
  } else {
    read_checkpoint(network, path);
  }
  MPI_Barrier(MPI_COMM_WORLD);
  seconds[what][repeat] = MPI_Wtime() - start;
}

static int ascending(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void print_table(uint64_t bytes, const char *partitioner) {
  double median[N_MEASURES];
  printf("%.2f GB of states, %d ranks, %s, %d times each\n", 1e-9 * (double)bytes, ranks, partitioner, REPEATS);
  printf("%-34s %8s %8s %8s %9s %15s\n", "GB/s", "median", "least", "most", "of plain", "of plain write");
  for (int what = 0; what < N_MEASURES; what++) {
    qsort(seconds[what], REPEATS, sizeof(double), ascending);
    median[what] = 1e-9 * (double)bytes / seconds[what][REPEATS / 2];
    printf("%-34s %8.2f %8.2f %8.2f", names[what], median[what], 1e-9 * (double)bytes / seconds[what][REPEATS - 1],
           1e-9 * (double)bytes / seconds[what][0]);
    if (what % 2 == 1)
      printf(" %8.0f%% %14.0f%%", 100 * median[what] / median[what - 1], 100 * median[what] / median[PLAIN_WRITE]);
    printf("\n");
  }
}

static void bench(double gigabytes, const char *path, const char *partitioner) {
  volley_experiment *experiment = experiment_make(1);
  const uint64_t neurons = (uint64_t)(1e9 * gigabytes / BYTES_PER_NEURON), bytes = neurons * BYTES_PER_NEURON;
  need(neurons > 0 && neurons < UINT32_MAX, "GB must be a number above 0 and below 100");
  experiment_add_population(experiment, "neurons", "iaf_psc_delta", (uint32_t)neurons);
  experiment->simulation.partitioner = volley_partitioner_find(partitioner);
  need(experiment->simulation.partitioner != NULL, "there is no such partitioner");
  volley_network *network;
  need(volley_network_build(experiment, NULL, 1, MPI_COMM_WORLD, &network) == VOLLEY_OK, "building");
  fill(network);
  char *plain = volley_arena_format(experiment->arena, "%s.plain", path);
  for (int repeat = 0; repeat < REPEATS; repeat++) {
    for (int what = 0; what < N_MEASURES; what++) measure(what, repeat, network, path, plain, bytes);
  }
  if (rank == 0) {
    print_table(bytes, partitioner);
    unlink(path);
    unlink(plain);
  }
  volley_network_destroy(network);
  volley_experiment_destroy(experiment);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  bench(argc > 1 ? atof(argv[1]) : 1, argc > 2 ? argv[2] : "bench.checkpoint.h5", argc > 3 ? argv[3] : "block");
  MPI_Finalize();
  return 0;
}
