/* Time of readouts: learning steps and eigenvalues, by matrices that are as large as a rank's part of the run's, if that
 * is not too large. */
#include "app/calibrate.h"
#include "base/parallel.h"
#include "learner/learner.h"
#include "solver/solver.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>

enum { SAMPLE_LEARNING = 96, SAMPLE_MATRIX = 2000, SAMPLE_DENSE = 256, SAMPLE_VECTOR = 4000 };

/* Learning steps of a readout in a run. */
static double count_learning(const volley_readout *readout, int64_t steps) {
  const int64_t stop = readout->stop < steps ? readout->stop : steps;
  return stop > readout->start ? (double)(stop - readout->start) / (double)readout->interval : 0;
}

/* Neurons of a readout that spike between two learning steps, in the mean; at most all. */
static double count_moved(const volley_experiment *experiment, const volley_readout *readout) {
  const double seconds = 1e-3 * (double)readout->interval * experiment->simulation.dt;
  double moved = 0;
  for (int k = 0; k < readout->reads.n; k++) {
    const volley_population *population = &experiment->populations[readout->reads.populations[k]];
    moved += population->size * fmin(1, volley_expected_rate(population) * seconds);
  }
  return moved;
}

/* A learner whose matrix is as large as a rank's part of the run's, if that is not too large, and spikes to learn from. */
typedef struct learning {
  volley_learner learner;
  volley_filter filter;
  uint32_t *spiking, n_spiking;
  volley_learning lesson;
  volley_barrier barrier;
} learning;

static void learn_in_thread(void *context, int thread) {
  learning *l = context;
  for (int step = 0; step < SAMPLE_LEARNING; step++) {
    if (thread == 0) {
      for (uint32_t i = 0; i < l->n_spiking; i++) l->spiking[i] = (l->spiking[i] + 1) % l->filter.n;
      volley_filter_note(&l->filter, l->spiking, l->n_spiking);
      volley_filter_sync(&l->filter);
    }
    volley_barrier_wait(&l->barrier);
    l->learner.kind->learn(l->learner.own, &l->lesson, thread, &l->barrier);
  }
}

/* Seconds of a learning step. */
static double time_step(const volley_experiment *experiment, const volley_readout *readout,
                        const volley_estimate *estimate) {
  const double share = readout->reads.size / sqrt(estimate->ranks); /* a matrix of the elements that a rank has */
  volley_readout sample = *readout;
  sample.reads.size = (uint32_t)fmin(ceil(share), SAMPLE_MATRIX);
  sample.start = 0; /* it learns after step 0 */
  sample.stop = INT64_MAX;
  const int threads = volley_sample_threads(estimate);
  const size_t n = sample.reads.size, k = (size_t)sample.supervisor->dimension;
  learning l = {.n_spiking =
                    (uint32_t)ceil(count_moved(experiment, readout) / readout->reads.size * sample.reads.size)};
  double *decoders = volley_alloc(n * k, sizeof *decoders, "an estimate");
  l.learner.kind = volley_learner_of(readout);
  l.learner.own = l.learner.kind->create(&sample, decoders, threads, MPI_COMM_SELF);
  volley_filter_create(&l.filter,
                       volley_kinetics_make(sample.rise, sample.decay, experiment->simulation.dt, sample.filter_unit),
                       sample.reads.size);
  l.spiking = volley_alloc(l.n_spiking, sizeof *l.spiking, "an estimate");
  for (uint32_t i = 0; i < l.n_spiking; i++) l.spiking[i] = (uint32_t)((uint64_t)i * sample.reads.size / l.n_spiking);
  double *values = volley_alloc(4 * k, sizeof *values, "an estimate");
  l.lesson = (volley_learning){.readout = &sample,
                               .filter = &l.filter,
                               .decoders = decoders,
                               .filtered = values,
                               .rising = values + k,
                               .target = values + 2 * k,
                               .error = values + 3 * k};
  volley_barrier_init(&l.barrier, threads);
  const double start = volley_thread_seconds();
  volley_parallel(threads, learn_in_thread, &l);
  const double seconds = (volley_thread_seconds() - start) / SAMPLE_LEARNING;
  l.learner.kind->destroy(l.learner.own);
  volley_filter_free(&l.filter);
  free(decoders);
  free(l.spiking);
  free(values);
  return seconds * pow(share / sample.reads.size, 2) * volley_sample_threads(estimate) / estimate->threads;
}

double volley_time_learning(const volley_experiment *experiment, const volley_readout *readout,
                            const volley_estimate *estimate) {
  const double steps = count_learning(readout, experiment->simulation.steps);
  return steps > 0 ? steps * time_step(experiment, readout, estimate) : 0;
}

/* Seconds of LAPACK for all eigenvalues of n x n, of random numbers: they grow with the third power. */
static double time_dense(double n) {
  const int sample = (int)fmin(n, SAMPLE_DENSE);
  const size_t n_values = (size_t)sample * (size_t)sample;
  double *matrix = volley_alloc(n_values + 2 * (size_t)sample, sizeof *matrix, "the estimate"), seconds = INFINITY;
  for (int k = 0; k < 2; k++) { /* the first time is that of loading pages, too */
    volley_stream stream = volley_stream_of(volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, 3), 0, 0);
    for (size_t i = 0; i < n_values; i++) matrix[i] = volley_stream_uniform(&stream) - 0.5;
    const double start = volley_thread_seconds();
    volley_eigen.reduce(matrix, (uint32_t)sample);
    volley_eigen.find_all(matrix, (uint32_t)sample, matrix + n_values);
    seconds = fmin(seconds, volley_thread_seconds() - start);
  }
  free(matrix);
  return seconds * pow(n / sample, 3);
}

/* Seconds of a product with a vector: of the synapses among the readout's neurons, those of a thread. */
static double time_product(const volley_experiment *experiment, const volley_readout *readout,
                           const volley_estimate *estimate) {
  const double event_s = 2e-9; /* a synapse; its weight comes from the table, the rest from the cache */
  double synapses = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    const volley_projection *projection = &experiment->projections[p];
    if (volley_pool_has(&readout->reads, projection->source) && volley_pool_has(&readout->reads, projection->target))
      synapses += estimate->expected[p];
  }
  const double start_threads_s = 5e-6 * estimate->threads;
  return synapses * event_s / estimate->ranks / estimate->threads + start_threads_s;
}

/* Seconds to make a vector orthogonal to `basis` others of n numbers, twice as is usual. */
static double time_orthogonal(double n, double basis) {
  const size_t length = (size_t)fmin(n, SAMPLE_VECTOR), count = (size_t)fmin(basis, 64);
  double *vectors = volley_alloc(length * (count + 1), sizeof *vectors, "an estimate"), *x = vectors + length * count;
  for (size_t i = 0; i < length * (count + 1); i++) vectors[i] = 1e-3 * (double)(i % 7);
  const double start = volley_thread_seconds();
  for (size_t v = 0; v < count; v++) {
    const double *y = vectors + v * length;
    double sum = 0;
    for (size_t i = 0; i < length; i++) sum += x[i] * y[i];
    for (size_t i = 0; i < length; i++) x[i] -= 1e-9 * sum * y[i];
  }
  const double seconds = volley_thread_seconds() - start;
  free(vectors);
  return 2 * seconds * n / (double)length * basis / (double)count;
}

double volley_time_spectra(const volley_experiment *experiment, const volley_readout *readout,
                           const volley_estimate *estimate) {
  const double n = readout->reads.size, wanted = readout->eigenvalues;
  if (readout->eigenvalues == 0) return 0;
  if (readout->eigenvalues < 0) { /* LAPACK takes both matrices at once, if there are processors for it */
    const int at_once = estimate->ranks > 1 || omp_get_num_procs() > 1 ? 1 : 2;
    const double row_s = 5e-9; /* of a column, which looks at the row of each source */
    return at_once * time_dense(n) + 2 * n * n * row_s;
  }
  /* Krylov-Schur with a basis of twice as many vectors, half of which are made anew each time, and a dense matrix of its
   * size. A random matrix has many
   * eigenvalues of about the same size, the more the fewer are wanted: found from 1000 to 4000 neurons. */
  const double basis = fmin(n, fmax(2 * wanted, wanted + 15));
  const double restarts = fmin(fmax(100, 2 * n / basis), fmax(1, 0.17 * pow(n / wanted, 1.5)));
  const double schur = 3; /* of a small matrix: with its vectors, in order */
  const double vector =
      time_product(experiment, readout, estimate) + time_orthogonal(n / estimate->ranks, 0.75 * basis);
  return 2 * restarts * ((basis - wanted) * vector + schur * time_dense(basis));
}
