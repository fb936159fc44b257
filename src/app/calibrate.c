/* Time of a run from small pieces of it that are timed here: the neurons of one rank without synapses, the synapses of a few
 * neurons, and delivery from a made-up table with rows and runs like the real ones. */
#include "app/calibrate_plastic.h"
#include "base/parallel.h"
#include "build/connect.h"
#include "build/network.h"
#include "engine/arrivals.h"
#include "engine/simulate.h"
#include "force/feedback.h"
#include "force/learner.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* What an allgather of some hundred bytes takes for each doubling of the ranks, and a barrier of threads: seconds on a
 * common cluster. Not timed, since the ranks to come are not there. */
static const double doubling_s = 2e-6, barrier_s = 1e-6;

enum {
  SAMPLE_NEURONS = 96,
  SAMPLE_STEPS = 200,
  SAMPLE_SYNAPSES = 8 << 20,
  SAMPLE_SPIKES = 64,
  SAMPLE_LEARNING = 96,
  SAMPLE_MATRIX = 3000
};

/* Threads that can be timed at once: those of a rank, or the cores there are if they are fewer. */
static int sample_threads(const volley_estimate *estimate) {
  const int cores = omp_get_num_procs();
  return estimate->threads < cores ? estimate->threads : cores;
}

/* A stimulus that is on all the time, onto all neurons. */
static volley_stimulus always_on(volley_stimulus stimulus) {
  stimulus.start = 0;
  stimulus.stop = INFINITY;
  return stimulus;
}

/* The populations of a rank alone: as many neurons a thread as in the run, no synapses, no recorders, few steps. */
static volley_experiment shrink(const volley_experiment *experiment, const volley_estimate *estimate,
                                volley_population *populations, volley_stimulus *stimuli) {
  volley_experiment small = *experiment;
  const double share = (double)sample_threads(estimate) / estimate->threads / estimate->ranks;
  small.neurons = 0;
  for (int p = 0; p < experiment->n_populations; p++) {
    populations[p] = experiment->populations[p];
    populations[p].size = (uint32_t)ceil(experiment->populations[p].size * share);
    populations[p].first_gid = small.neurons;
    small.neurons += populations[p].size;
  }
  for (int s = 0; s < experiment->n_stimuli; s++) stimuli[s] = always_on(experiment->stimuli[s]);
  small.populations = populations;
  small.stimuli = stimuli;
  small.n_projections = small.n_recorders = 0;
  small.simulation.steps = SAMPLE_STEPS;
  return small;
}

/* Values from a dataset are not read for a sample: their time is the same with any values. */
static volley_status zeros(void *context, const volley_place *place, const char *file, const char *dataset,
                           uint32_t size, const uint32_t *indices, uint32_t n, double *out) {
  (void)context, (void)place, (void)file, (void)dataset, (void)size, (void)indices;
  memset(out, 0, n * sizeof *out);
  return VOLLEY_OK;
}

static void replace_datasets(const volley_experiment *experiment, volley_population *populations, volley_arena *arena) {
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_neuron_model *model = populations[p].model;
    const size_t n = (size_t)model->n_parameters;
    volley_distribution *parameters = volley_arena_alloc(arena, n, sizeof *parameters);
    for (size_t k = 0; k < n; k++) {
      parameters[k] = populations[p].parameters[k];
      if (parameters[k].kind != VOLLEY_DATASET) continue;
      const double value = model->parameters[k].fallback; /* a width of nearly 0 keeps one value a neuron */
      parameters[k] = (volley_distribution){
          .kind = VOLLEY_UNIFORM, .a = value, .b = nextafter(value, INFINITY), .min = -INFINITY, .max = INFINITY};
    }
    populations[p].parameters = parameters;
  }
}

/* The feedback of all readouts into the populations of a sample; what is fed back does not matter. */
static void add_feedback(volley_network *network, volley_arena *arena) {
  const volley_experiment *experiment = network->experiment;
  for (int r = 0; r < experiment->n_readouts; r++) {
    const volley_readout *readout = &experiment->readouts[r];
    if (!readout->feeds_back) continue;
    uint32_t *first = volley_arena_alloc(arena, (size_t)experiment->n_populations, sizeof *first), n = 0;
    for (int p = 0; p < experiment->n_populations; p++) first[p] = UINT32_MAX;
    for (int k = 0; k < readout->n_populations; k++) {
      first[readout->populations[k]] = n;
      n += experiment->populations[readout->populations[k]].size;
    }
    const size_t dimension = (size_t)readout->supervisor->dimension;
    const double *eta = volley_arena_alloc(arena, n * dimension, sizeof *eta);
    volley_feedback_add(network, readout, first, eta, volley_arena_alloc(arena, dimension, sizeof *eta));
  }
}

/* Seconds of a step for stimuli, feedback and neurons. */
static double time_neurons(const volley_experiment *experiment, const volley_estimate *estimate) {
  volley_arena *arena = volley_arena_create();
  volley_population *populations = volley_arena_alloc(arena, (size_t)experiment->n_populations, sizeof *populations);
  volley_stimulus *stimuli = volley_arena_alloc(arena, (size_t)experiment->n_stimuli, sizeof *stimuli);
  const volley_experiment small = shrink(experiment, estimate, populations, stimuli);
  replace_datasets(experiment, populations, arena);
  const volley_reader reader = {.values = zeros};
  volley_network *network;
  volley_summary summary = {0};
  double seconds = 0;
  if (volley_network_build(&small, &reader, sample_threads(estimate), MPI_COMM_SELF, &network) == VOLLEY_OK) {
    add_feedback(network, arena);
    if (volley_simulate(network, NULL, NULL, 0, NULL, &summary) == VOLLEY_OK) {
      seconds = (summary.phase_s[VOLLEY_PHASE_UPDATE] + summary.phase_s[VOLLEY_PHASE_STIMULI]) / SAMPLE_STEPS;
    } else {
      volley_fault(VOLLEY_FAILURE, NULL, "a trial of %d steps of these neurons with their stimuli failed",
                   SAMPLE_STEPS);
    }
    volley_summary_release(&summary);
    volley_network_destroy(network);
  }
  volley_arena_destroy(arena);
  return seconds;
}

/* Seconds to draw one synapse and put it into a table. */
static double time_synapses(const volley_experiment *experiment) {
  volley_edge_list *lists = volley_alloc((size_t)experiment->n_projections, sizeof *lists, "an estimate");
  volley_block block = {.slices = volley_alloc((size_t)experiment->n_populations, sizeof(volley_slice), "an estimate")};
  for (int p = 0; p < experiment->n_populations; p++) {
    const volley_population *population = &experiment->populations[p];
    volley_slice *slice = &block.slices[block.n_slices++];
    *slice = (volley_slice){.population = p, .offset = block.count};
    slice->count = population->size < SAMPLE_NEURONS ? population->size : SAMPLE_NEURONS;
    slice->gids = volley_alloc(slice->count, sizeof *slice->gids, "an estimate");
    for (uint32_t i = 0; i < slice->count; i++) slice->gids[i] = population->first_gid + i;
    block.count += slice->count;
    if (block.count + SAMPLE_NEURONS > VOLLEY_MAX_BLOCK) break;
  }
  const double start = MPI_Wtime();
  volley_connect_block(experiment, lists, &block);
  const double seconds = MPI_Wtime() - start;
  double synapses = (double)block.table.synapses;
  for (int k = 0; k < block.n_plastic; k++) {
    synapses += (double)block.plastic[k].synapses;
    volley_plastic_release(&block.plastic[k]);
  }
  free(block.plastic);
  for (int s = 0; s < block.n_slices; s++) free(block.slices[s].gids);
  free(block.slices);
  volley_table_release(&block.table);
  free(lists);
  return synapses > 0 ? seconds / synapses : 0;
}

/* A table like those of the run, but not larger than SAMPLE_SYNAPSES. */
static volley_table make_table(const volley_estimate *estimate, uint32_t targets, uint32_t *n_rows) {
  const double per_row = estimate->synapses / estimate->ranks / estimate->rows;
  const uint32_t runs = (uint32_t)fmax(1, round(estimate->runs / estimate->rows));
  const uint32_t synapses = (uint32_t)fmax(1, round(per_row));
  *n_rows = (uint32_t)fmax(1, fmin(estimate->rows, SAMPLE_SYNAPSES / (double)synapses));
  const volley_key key = volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, 0);
  volley_table_builder *builder = volley_table_builder_create();
  for (uint32_t r = 0; r < *n_rows; r++) {
    for (uint32_t k = 0; k < synapses; k++) volley_table_count(builder, r);
  }
  volley_table_allocate(builder);
  uint32_t *words = volley_alloc(synapses, sizeof *words, "an estimate");
  for (uint32_t r = 0; r < *n_rows; r++) {
    volley_random_words(key, r, 0, 0, synapses, words);
    for (uint32_t k = 0; k < synapses; k++) {
      const uint16_t due = (uint16_t)(1 + (uint64_t)k * runs / synapses);
      volley_table_fill(builder, r, (uint16_t)volley_below(words[k], targets), due, 0, (float)(k + 1));
    }
  }
  free(words);
  return volley_table_finish(builder);
}

/* Delivers from all rows, some spikes a step. Seconds a synapse. */
static double deliver_rows(const volley_estimate *estimate, uint32_t targets, volley_barrier *barrier) {
  uint32_t n_rows;
  volley_block block = {.stride = targets, .inputs = volley_alloc(targets, sizeof(double), "an estimate")};
  block.table = make_table(estimate, targets, &n_rows);
  volley_arrivals arrivals = volley_arrivals_create(&block, block.table.max_due);
  volley_barrier_wait(barrier);
  const double start = MPI_Wtime();
  int64_t step = 0;
  for (uint32_t first = 0; first < n_rows; first += SAMPLE_SPIKES, step++) {
    uint32_t gids[SAMPLE_SPIKES], n = 0;
    for (uint32_t r = first; r < n_rows && n < SAMPLE_SPIKES; r++) gids[n++] = r;
    volley_arrivals_deliver(&arrivals, step);
    volley_arrivals_schedule(&arrivals, step, gids, n);
  }
  for (int k = 0; k < block.table.max_due; k++) volley_arrivals_deliver(&arrivals, step++);
  const double seconds = (MPI_Wtime() - start) / fmax(1, (double)arrivals.events);
  volley_arrivals_free(&arrivals);
  volley_table_release(&block.table);
  free(block.inputs);
  return seconds;
}

/* Threads that deliver at the same time, as those of a rank do. */
typedef struct delivering {
  const volley_estimate *estimate;
  uint32_t targets;
  volley_barrier barrier;
  double *seconds; /* [threads] */
} delivering;

static void deliver_in_thread(void *context, int thread) {
  delivering *d = context;
  d->seconds[thread] = deliver_rows(d->estimate, d->targets, &d->barrier);
}

static double time_delivery(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double share = experiment->neurons / (double)estimate->ranks / estimate->blocks;
  const int threads = sample_threads(estimate);
  if (estimate->synapses == 0) return 0;
  delivering d = {.estimate = estimate, .targets = (uint32_t)fmin(fmax(1, share), VOLLEY_MAX_BLOCK)};
  d.seconds = volley_alloc((size_t)threads, sizeof *d.seconds, "an estimate");
  volley_barrier_init(&d.barrier, threads);
  volley_parallel(threads, deliver_in_thread, &d);
  double slowest = 0;
  for (int t = 0; t < threads; t++) slowest = fmax(slowest, d.seconds[t]);
  free(d.seconds);
  return slowest;
}

/* Learning steps of a readout in a run. */
static double count_learning(const volley_readout *readout, int64_t steps) {
  const int64_t stop = readout->stop < steps ? readout->stop : steps;
  return stop > readout->start ? (double)(stop - readout->start) / (double)readout->interval : 0;
}

/* Neurons of a readout that spike between two learning steps, in the mean; at most all. */
static double count_moved(const volley_experiment *experiment, const volley_readout *readout) {
  const double seconds = 1e-3 * (double)readout->interval * experiment->simulation.dt;
  double moved = 0;
  for (int k = 0; k < readout->n_populations; k++) {
    const volley_population *population = &experiment->populations[readout->populations[k]];
    moved += population->size * fmin(1, volley_expected_rate(population) * seconds);
  }
  return moved;
}

/* A learner whose matrix is as large as a rank's part of the run's, if that is not too large, and spikes to learn from. */
typedef struct learning {
  volley_learner learner;
  volley_filter filter;
  uint32_t *spiking, n_spiking;
  double *gains, *target, product;
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
    if (l->learner.batch)
      volley_batch_learn(l->learner.batch, l->filter.r, l->target, thread, &l->barrier);
    else
      volley_learner_step(&l->learner, &l->filter, l->gains, &l->product, thread, &l->barrier);
  }
}

/* Seconds of a learning step. */
static double time_learning(const volley_experiment *experiment, const volley_readout *readout,
                            const volley_estimate *estimate) {
  const double share = readout->size / sqrt(estimate->ranks); /* a matrix of the elements that a rank has */
  volley_readout sample = *readout;
  sample.size = (uint32_t)fmin(ceil(share), SAMPLE_MATRIX);
  const int threads = sample_threads(estimate);
  const size_t n = sample.size, k = (size_t)sample.supervisor->dimension;
  learning l = {.n_spiking = (uint32_t)ceil(count_moved(experiment, readout) / readout->size * sample.size)};
  double *decoders = volley_alloc(n * k, sizeof *decoders, "an estimate");
  l.learner = volley_learner_create(&sample, decoders, threads, MPI_COMM_SELF);
  l.filter = volley_filter_create(
      volley_kinetics_make(sample.rise, sample.decay, experiment->simulation.dt, sample.filter_unit), sample.size);
  l.spiking = volley_alloc(l.n_spiking, sizeof *l.spiking, "an estimate");
  for (uint32_t i = 0; i < l.n_spiking; i++) l.spiking[i] = (uint32_t)((uint64_t)i * sample.size / l.n_spiking);
  l.gains = volley_alloc(n, sizeof *l.gains, "an estimate");
  l.target = volley_alloc(k, sizeof *l.target, "an estimate");
  volley_barrier_init(&l.barrier, threads);
  const double start = MPI_Wtime();
  volley_parallel(threads, learn_in_thread, &l);
  const double seconds = (MPI_Wtime() - start) / SAMPLE_LEARNING;
  volley_learner_release(&l.learner);
  volley_filter_free(&l.filter);
  free(decoders);
  free(l.spiking);
  free(l.gains);
  free(l.target);
  return seconds * pow(share / sample.size, 2) * sample_threads(estimate) / estimate->threads;
}

/* Seconds to deliver all spikes of a run. */
static double estimate_delivery(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double seconds = 1e-3 * (double)experiment->simulation.steps * experiment->simulation.dt;
  const double workers = (double)estimate->ranks * estimate->threads;
  double plastic_events = 0, plastic_s = 0;
  for (int p = 0; p < experiment->n_projections; p++) {
    if (estimate->plastic[p] == 0) continue;
    const volley_population *source = &experiment->populations[experiment->projections[p].source];
    const double events = seconds * volley_expected_rate(source) * estimate->plastic[p];
    plastic_events += events;
    plastic_s +=
        events / workers * volley_time_plastic(experiment, estimate, p, estimate->plastic[p], sample_threads(estimate));
  }
  return plastic_s + (estimate->events - plastic_events) / workers * time_delivery(experiment, estimate);
}

volley_times volley_estimate_times(const volley_experiment *experiment, const volley_estimate *estimate) {
  const double steps = (double)experiment->simulation.steps;
  const double workers = (double)estimate->ranks * estimate->threads;
  volley_times times = {0};
  times.build_s = estimate->synapses / workers * time_synapses(experiment);
  times.update_s = steps * time_neurons(experiment, estimate);
  times.deliver_s = estimate_delivery(experiment, estimate);
  times.exchange_s = steps * (2 * barrier_s + doubling_s * log2(2.0 * estimate->ranks));
  for (int r = 0; r < experiment->n_readouts; r++)
    times.learn_s += count_learning(&experiment->readouts[r], experiment->simulation.steps) *
                     time_learning(experiment, &experiment->readouts[r], estimate);
  times.simulate_s = times.update_s + times.deliver_s + times.exchange_s + times.learn_s;
  return times;
}
