/* Speed of a run, phase by phase, beside what the machine's memory gives in the same run. Recording is off.
 *
 *   mpirun -n RANKS bench_network [FILE.yaml] [THREADS] [KEY=VALUE ...]
 *
 * FILE defaults to the microcircuit at full scale, 10 s of model time. */
#include "engine/engine.h"
#include "io/data/reader.h"
#include "io/experiment/file.h"
#include "run/threads.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef VOLLEY_EXPERIMENTS
#define VOLLEY_EXPERIMENTS "jobs/experiments"
#endif

enum { MEGABYTE = 1 << 20, TABLE_MEGABYTES = 512, CHUNK = 320, REPEATS = 3 };

/* Sums a table from front to back, or chunk by chunk in random order. Bytes a second of one thread. */
static double read_speed(const unsigned char *table, size_t size, bool at_random) {
  const uint64_t chunks = size / CHUNK;
  uint64_t sum = 0;
  const double start = MPI_Wtime();
  for (uint64_t c = 0; c < chunks; c++) {
    uint64_t place = c;
    if (at_random) {
      place = (c + 1) * UINT64_C(0x9E3779B97F4A7C15);
      place = (place ^ (place >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
      place = (place ^ (place >> 27)) % chunks;
    }
    const uint64_t *words = (const uint64_t *)(const void *)(table + place * CHUNK);
    for (int w = 0; w < CHUNK / 8; w++) sum += words[w];
  }
  volatile uint64_t keep = sum;
  (void)keep;
  return (double)size / (MPI_Wtime() - start);
}

/* Bytes a second that all threads of all ranks read together, the best of some repeats: in one stream each, and in random
 * pieces as long as a run of synapses. */
static void measure_memory(int threads, double speeds[2]) {
  const size_t size = (size_t)TABLE_MEGABYTES * MEGABYTE / (size_t)threads;
  speeds[0] = speeds[1] = 0;
#pragma omp parallel num_threads(threads)
  {
    unsigned char *table = volley_alloc_huge(size, "the memory benchmark");
    memset(table, 1, size);
    for (int k = 0; k < 2 * REPEATS; k++) {
#pragma omp barrier
      const double mine = read_speed(table, size, k % 2 == 1);
      static double sum;
#pragma omp single
      sum = 0;
#pragma omp atomic
      sum += mine;
#pragma omp barrier
#pragma omp single
      if (sum > speeds[k % 2]) speeds[k % 2] = sum;
    }
    volley_table_free(table, size);
  }
  MPI_Allreduce(MPI_IN_PLACE, speeds, 2, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD);
}

static void print_table(const volley_summary *s, const double speeds[2]) {
  uint64_t memory = 0;
  for (int r = 0; r < s->ranks; r++) memory += s->peak_rss_bytes[r];
  const double workers = (double)s->ranks * s->threads;
  const double delivered = (double)s->delivered_bytes / s->phase_s[VOLLEY_PHASE_DELIVER];
  printf("%-32s %d x %d\n", "ranks x threads", s->ranks, s->threads);
  printf("%-32s %llu, %llu\n", "neurons, synapses", (unsigned long long)s->neurons, (unsigned long long)s->synapses);
  printf("%-32s %.1f s\n", "build", s->build_s);
  printf("%-32s %.2f GB, %.2f bytes a synapse\n", "synapse tables", 1e-9 * (double)s->table_bytes,
         (double)s->table_bytes / (double)s->synapses);
  printf("%-32s %.2f GB\n", "peak memory, all ranks", 1e-9 * (double)memory);
  printf("%-32s %.1f s for %g s\n", "simulate", s->simulate_s, 1e-3 * s->model_ms);
  printf("%-32s %.2f\n", "real-time factor", s->real_time_factor);
  printf("%-32s %.3g\n", "synaptic events a second", s->synaptic_events_per_s);
  for (int phase = 0; phase < VOLLEY_PHASES; phase++) {
    printf("  %-30s %.2f s, %.0f %%\n", volley_phase_names[phase], s->phase_s[phase],
           100 * s->phase_s[phase] / s->simulate_s);
  }
  printf("%-32s %.2f ns an event and thread\n", "delivery",
         1e9 * s->phase_s[VOLLEY_PHASE_DELIVER] * workers / (double)s->synaptic_events);
  printf("%-32s %.1f GB/s\n", "delivery reads", 1e-9 * delivered);
  printf("%-32s %.1f GB/s in %d-byte pieces at random, %.1f GB/s in streams\n", "memory gives", 1e-9 * speeds[1], CHUNK,
         1e-9 * speeds[0]);
  printf("%-32s %.0f %%\n", "delivery of random pieces", 100 * delivered / speeds[1]);
}

static volley_status bench(const char *file, int asked_threads, const char *const *sets, int n_sets) {
  MPI_Comm comm = MPI_COMM_WORLD;
  volley_experiment *experiment;
  VOLLEY_TRY(volley_experiment_read(file, sets, n_sets, comm, &experiment));
  experiment->n_recorders = 0;
  int ranks, threads;
  VOLLEY_MPI(MPI_Comm_size(comm, &ranks));
  VOLLEY_TRY(volley_choose_threads(asked_threads, experiment, ranks, comm, &threads));
  const volley_reader reader = volley_data_reader(&comm);
  volley_network *network;
  volley_summary summary = {0};
  const double start = MPI_Wtime();
  VOLLEY_TRY(volley_network_build(experiment, &reader, threads, comm, &network));
  summary.build_s = MPI_Wtime() - start;
  VOLLEY_TRY(volley_simulate(&(volley_engine_setup){.network = network}, &summary));
  double speeds[2];
  measure_memory(threads, speeds);
  if (network->rank == 0) print_table(&summary, speeds);
  volley_summary_release(&summary);
  volley_network_destroy(network);
  volley_experiment_destroy(experiment);
  return VOLLEY_OK;
}

int main(int argc, char **argv) {
  int provided;
  MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  const char *ten_seconds = "simulation.duration=10 s";
  const volley_status status =
      argc > 1 ? bench(argv[1], argc > 2 ? atoi(argv[2]) : 0, (const char *const *)argv + 3, argc > 3 ? argc - 3 : 0)
               : bench(VOLLEY_EXPERIMENTS "/microcircuit.yaml", 0, &ten_seconds, 1);
  MPI_Finalize();
  return (int)status;
}
