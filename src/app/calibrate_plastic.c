/* Time of plastic synapses, from a made-up block of them whose sources and targets spike at their mean rates. */
#include "app/calibrate.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "engine/lane.h"

#include <math.h>
#include <mpi.h>
#include <stdlib.h>

enum { SAMPLE_SYNAPSES = 1 << 19, SAMPLE_ROUNDS = 4 /* spikes of each source */, SAMPLE_STEPS = 100000 };

/* A population that spikes in turn, neuron by neuron, so often as its rate says. */
typedef struct cycle {
  uint32_t size, next;
  double per_step, due; /* spikes */
} cycle;

/* The spikes of a step, ascending: what would wrap waits for the next step. */
static void take_spikes(cycle *c, volley_spike_list *spikes) {
  bool wraps = false;
  spikes->n = 0;
  for (c->due += c->per_step; c->due >= 1 && !wraps; c->due--) {
    volley_spike_push(spikes, c->next);
    c->next = (c->next + 1) % c->size;
    wraps = c->next == 0;
  }
}

/* Rows of the run's length, spread over groups as the run's are. */
static volley_plastic_table make_synapses(const volley_experiment *experiment, const volley_estimate *estimate,
                                          int projection, uint32_t per_row, uint32_t rows, uint32_t targets) {
  const volley_projection *p = &experiment->projections[projection];
  const volley_gid source = experiment->populations[p->source].first_gid;
  const uint32_t groups = (uint32_t)fmax(1, round(estimate->groups / estimate->rows));
  const volley_key key = volley_key_of(1, VOLLEY_PURPOSE_ESTIMATE, (uint32_t)projection);
  volley_plastic_table_builder *builder = volley_plastic_table_begin(experiment, projection, 0, targets);
  for (uint32_t r = 0; r < rows; r++)
    for (uint32_t k = 0; k < per_row; k++) volley_plastic_table_count(builder, source + r);
  volley_plastic_table_allocate(builder);
  uint32_t *words = volley_alloc(per_row, sizeof *words, "an estimate");
  for (uint32_t r = 0; r < rows; r++) {
    volley_random_words(key, r, 0, 0, per_row, words);
    for (uint32_t k = 0; k < per_row; k++) {
      const uint16_t due = (uint16_t)(1 + (uint64_t)k * groups / per_row);
      volley_plastic_table_fill(builder, source + r, (uint16_t)volley_below(words[k], targets), due, due, 0,
                                volley_distribution_mean(&p->weight));
    }
  }
  free(words);
  return volley_plastic_table_finish(builder);
}

/* Threads that learn at the same time, as those of a rank do. */
typedef struct learning {
  double limit;         /* s */
  double dopamine_rate; /* spikes a step */
  const volley_experiment *experiment;
  const volley_estimate *estimate;
  int projection;
  uint32_t per_row, rows, targets;
  double source_rate, target_rate; /* spikes a step */
  volley_barrier barrier;
  double *seconds; /* [threads], of one event */
} learning;

/* Spikes in turn until each synapse has seen some, or there is no more time. Seconds of an event. */
static double run_sample(const learning *l, volley_plastic_delivery *plasticity) {
  volley_plastic_table *plastic = &plasticity->block->plastic[0];
  cycle sources = {l->rows, 0, l->rows * l->source_rate, 0};
  cycle targets = {l->targets, 0, l->targets * l->target_rate, 0};
  const uint64_t events = SAMPLE_ROUNDS * plastic->synapses;
  const double begin = volley_thread_seconds(), end = MPI_Wtime() + l->limit;
  double dopamine = 0;
  volley_spike_list spikes = {0};
  volley_gid_list gids = {0};
  int64_t step = 0;
  for (; plasticity->events < events && step < SAMPLE_STEPS; step++) {
    if (step % 16 == 0 && MPI_Wtime() > end) break;
    volley_plastic_delivery_deliver(plasticity, step);
    take_spikes(&targets, &spikes);
    volley_plastic_delivery_note(plasticity, step, &spikes);
    take_spikes(&sources, &spikes);
    volley_gid_list_reserve(&gids, spikes.n);
    for (uint32_t i = 0; i < spikes.n; i++) gids.gids[i] = plastic->first_source + spikes.ids[i];
    volley_plastic_delivery_schedule(plasticity, step, gids.gids, spikes.n);
    for (dopamine += l->dopamine_rate; dopamine >= 1; dopamine = fmod(dopamine, 1))
      volley_plastic_table_note_dopamine(plastic, step, (uint32_t)dopamine);
  }
  for (int late = 0; late <= plastic->max_due; late++) volley_plastic_delivery_deliver(plasticity, step++);
  free(spikes.ids);
  free(gids.gids);
  return (volley_thread_seconds() - begin) / fmax(1, (double)plasticity->events);
}

static void learn_in_thread(void *context, int thread) {
  learning *l = context;
  volley_plastic_table plastic =
      make_synapses(l->experiment, l->estimate, l->projection, l->per_row, l->rows, l->targets);
  volley_block block = {.stride = l->targets, .plastic = &plastic, .n_plastic = 1};
  block.inputs = volley_alloc(l->targets, sizeof(double), "an estimate");
  volley_plastic_delivery plasticity = volley_plastic_delivery_create(&block, plastic.max_due);
  volley_barrier_wait(&l->barrier);
  l->seconds[thread] = run_sample(l, &plasticity);
  volley_plastic_delivery_free(&plasticity);
  volley_plastic_table_release(&plastic);
  free(block.inputs);
}

/* Spikes a step of the neurons that release dopamine. */
static double dopamine_rate(const volley_experiment *experiment, const volley_plasticity_plan *plan) {
  if (plan->dopamine < 0) return 0;
  return 1e-3 * experiment->simulation.dt * volley_expected_rate(&experiment->populations[plan->dopamine]) *
         plan->dopamine_neurons.count;
}

double volley_time_plastic(const volley_experiment *experiment, const volley_estimate *estimate, int projection,
                           int threads, double seconds) {
  const volley_projection *p = &experiment->projections[projection];
  const volley_population *source = &experiment->populations[p->source], *target = &experiment->populations[p->target];
  const double blocks = (double)estimate->ranks * estimate->blocks, step = 1e-3 * experiment->simulation.dt;
  const double per_row = fmax(1, round(estimate->expected[projection] / source->size / blocks));
  const double synapses = fmax(SAMPLE_SYNAPSES * fmin(1, seconds / volley_sample_s) / threads, 1 << 12);
  learning l = {.experiment = experiment,
                .estimate = estimate,
                .projection = projection,
                .limit = seconds,
                .per_row = (uint32_t)fmin(per_row, synapses),
                .targets = (uint32_t)fmax(1, fmin(target->size / blocks, VOLLEY_MAX_BLOCK)),
                .source_rate = step * volley_expected_rate(source),
                .target_rate = step * volley_expected_rate(target),
                .dopamine_rate = dopamine_rate(experiment, &p->plasticity)};
  if (l.source_rate == 0) return 0;
  l.rows = (uint32_t)fmax(1, fmin(source->size, synapses / l.per_row));
  l.seconds = volley_alloc((size_t)threads, sizeof *l.seconds, "an estimate");
  volley_barrier_init(&l.barrier, threads);
  volley_parallel(threads, learn_in_thread, &l);
  double slowest = 0;
  for (int t = 0; t < threads; t++) slowest = fmax(slowest, l.seconds[t]);
  free(l.seconds);
  return slowest;
}
